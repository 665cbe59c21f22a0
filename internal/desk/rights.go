package desk

import (
	"fmt"
	"slices"

	"depeche/internal/news"
)

// An Act is something that only some may do.
type Act string

// The acts of the desk.
const (
	CreateStory    Act = "create a story"
	UpdateStory    Act = "update a story"
	PublishStory   Act = "publish a story"
	UnpublishStory Act = "unpublish a story"
	WriteTags      Act = "write tags"
	WriteTicker    Act = "write the ticker"
	WriteCoverages Act = "write coverages"
	ImportArchive  Act = "import an archive"
	SeeAllStates   Act = "ask for stories that are not published"
)

// Least is the least role that may do act.
func Least(act Act) news.Role {
	switch act {
	case CreateStory, UpdateStory, SeeAllStates:
		return news.Contributor // of their own drafts: see ownDraft
	}
	return news.Editor
}

// Authorize tells whether who may do act at all. Errors: ErrUnauthenticated for
// somebody without a valid token, ErrForbidden.
func (d *Desk) Authorize(who news.Actor, act Act) error {
	if who.Name == "" {
		return fmt.Errorf("to %s you need a token: %w", act, news.ErrUnauthenticated)
	}
	if !who.Expires.IsZero() && !d.now().Before(who.Expires) {
		return fmt.Errorf("the token has expired: %w", news.ErrUnauthenticated)
	}
	if rank(who.Role) < rank(Least(act)) {
		return fmt.Errorf("to %s you need the role %s, and have %s: %w", act, Least(act), who.Role, news.ErrForbidden)
	}
	return nil
}

func rank(role news.Role) int { return slices.Index(news.Roles(), role) }

// ownDraft holds contributors to what is theirs: stories that they created and
// that have never been public.
func ownDraft(who news.Actor, s *news.Story) error {
	if who.Role != news.Contributor || s.CreatedBy == who.Name && s.Status == news.StoryDraft {
		return nil
	}
	return fmt.Errorf("a contributor may only change a draft of their own: %w", news.ErrForbidden)
}
