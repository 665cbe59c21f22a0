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
	EmbargoStory   Act = "set an embargo"
	CorrectStory   Act = "correct a story"
	RetractStory   Act = "retract a story"
	RestoreStory   Act = "restore an earlier version"
	SeeRevisions   Act = "see the revisions of a story"
	SeeAllStates   Act = "ask for stories that are not published"
	LockStory      Act = "lock a story"
	PreviewStory   Act = "make a preview of a story"
	WriteTags      Act = "write tags"
	MergeTags      Act = "merge tags"
	WriteTicker    Act = "write the ticker"
	WriteCoverages Act = "write coverages"
	ImportArchive  Act = "import an archive"
	ManageTokens   Act = "manage service tokens"
	ManageWebhooks Act = "manage webhooks"
)

// A Right says who may do an act.
type Right struct {
	Act   Act
	Least news.Role // and every role above it
	// Own holds contributors to what is theirs: stories that they created and that
	// have never been public, nor are about to be.
	Own bool
}

// Rights is the one table of who may do what. What it does not name nobody may do.
func Rights() []Right {
	return []Right{
		{Act: CreateStory, Least: news.Contributor},
		{Act: UpdateStory, Least: news.Contributor, Own: true},
		{Act: LockStory, Least: news.Contributor, Own: true},
		{Act: PreviewStory, Least: news.Contributor, Own: true},
		{Act: SeeAllStates, Least: news.Contributor, Own: true},

		{Act: PublishStory, Least: news.Editor},
		{Act: UnpublishStory, Least: news.Editor},
		{Act: EmbargoStory, Least: news.Editor},
		{Act: CorrectStory, Least: news.Editor},
		{Act: RetractStory, Least: news.Editor},
		{Act: RestoreStory, Least: news.Editor},
		{Act: SeeRevisions, Least: news.Editor},
		{Act: WriteTags, Least: news.Editor},
		{Act: WriteTicker, Least: news.Editor},
		{Act: WriteCoverages, Least: news.Editor},
		{Act: ImportArchive, Least: news.Editor},

		{Act: MergeTags, Least: news.Admin},
		{Act: ManageTokens, Least: news.Admin},
		{Act: ManageWebhooks, Least: news.Admin},
	}
}

// Least is the least role that may do act; empty where nobody may.
func Least(act Act) news.Role {
	right, _ := rightTo(act)
	return right.Least
}

// rightTo finds the right to an act; ok is false where nobody has it.
func rightTo(act Act) (r Right, ok bool) {
	rights := Rights()
	i := slices.IndexFunc(rights, func(r Right) bool { return r.Act == act })
	if i < 0 {
		return Right{}, false
	}
	return rights[i], true
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
	right, ok := rightTo(act)
	if !ok {
		return fmt.Errorf("nobody may %s: %w", act, news.ErrForbidden)
	}
	if rank(who.Role) < rank(right.Least) {
		return fmt.Errorf("to %s you need the role %s, and have %s: %w", act, right.Least, who.Role, news.ErrForbidden)
	}
	return nil
}

// authorizeOn is Authorize for an act on a story, which who may see.
func (d *Desk) authorizeOn(who news.Actor, act Act, s *news.Story) error {
	if err := d.Authorize(who, act); err != nil {
		return err
	}
	right, _ := rightTo(act)
	if !right.Own || who.Role != news.Contributor || s.CreatedBy == who.Name && s.Status == news.StoryDraft {
		return nil
	}
	return fmt.Errorf("a contributor may only change a draft of their own: %w", news.ErrForbidden)
}

func rank(role news.Role) int { return slices.Index(news.Roles(), role) }
