package desk

import (
	"context"
	"time"

	"depeche/internal/news"
)

// The bounds of a preview's life.
const (
	shortestPreview = time.Minute
	longestPreview  = 7 * 24 * time.Hour
)

// previewer is the name of who bears a preview.
const previewer = "preview"

// PreviewStory is who somebody is that may read one story as if it were published,
// for so long, and nothing else beside what is public. Errors: ErrNotFound,
// ErrInvalid (minutes), and those of Authorize.
func (d *Desk) PreviewStory(ctx context.Context, who news.Actor, id news.StoryID, life time.Duration) (news.Actor, error) {
	if err := d.Authorize(who, PreviewStory); err != nil {
		return news.Actor{}, err
	}
	if life < shortestPreview || life > longestPreview {
		return news.Actor{}, news.Invalid("minutes", "must be 1 to %d, which are seven days", longestPreview/time.Minute)
	}
	story, err := d.visibleStory(ctx, who, id)
	if err != nil {
		return news.Actor{}, err
	}
	if err := d.authorizeOn(who, PreviewStory, story); err != nil {
		return news.Actor{}, err
	}
	until := d.now().Add(life).Truncate(time.Second) // which is all that a token can say
	return news.Actor{Name: previewer, Role: news.Reader, Expires: until, Preview: id}, nil
}
