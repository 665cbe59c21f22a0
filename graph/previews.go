package graph

import (
	"context"
	"time"

	"depeche/internal/news"
)

// maxPreview is how long a preview may be good, in minutes: seven days.
const maxPreview = 7 * 24 * 60

// shown is a story as it is shown to who asks: the one of a preview as if it had been
// published, any other one as it is.
func (r *Resolver) shown(ctx context.Context, s *news.Story) *news.Story {
	if s == nil || s.Public() || s.Status == news.StoryRetracted || s.ID != r.actor(ctx).Audience().Preview {
		return s
	}
	p := *s
	p.Status, p.Schedule, p.EmbargoedUntil = news.StoryPublished, nil, time.Time{}
	if p.PublishedAt.IsZero() {
		p.PublishedAt = p.UpdatedAt
	}
	return &p
}
