package desk

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"depeche/internal/news"
)

// CorrectStory changes a story that is public and explains the change to readers,
// in one act. Errors: as UpdateStory.
func (d *Desk) CorrectStory(ctx context.Context, who news.Actor, id news.StoryID, expected int, note string, kind news.CorrectionKind, edit func(*StoryEdit)) (*news.Story, error) {
	if err := d.Authorize(who, CorrectStory); err != nil {
		return nil, err
	}
	var rules rulebook
	note = rules.line("note", note, maxNote)
	if kind != news.Correcting && kind != news.Clarifying {
		rules.refuse("kind", "must be CORRECTION or CLARIFICATION; to withdraw a story, retract it")
	}
	if rules.err != nil {
		return nil, rules.err
	}
	current, err := d.story(ctx, who, id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status == news.StoryRetracted:
		return nil, isRetracted()
	case !current.Public():
		return nil, news.Invalid("id", "names a story that is not public, of which readers need no explanation: update it")
	}
	content, err := d.edited(ctx, current, edit)
	if err != nil {
		return nil, err
	}
	next := d.nextStory(current)
	setContent(next, content)
	explain(&next.Corrections, news.Correction{
		At: next.UpdatedAt, Note: note, Kind: kind, FromVersion: current.Version, ToVersion: next.Version,
	})
	made, err := commitOne[*news.Story](ctx, d, who, news.OpCorrected, next, current)
	return made, slugError(who, err)
}

// RetractStory withdraws a story that is or was public, for good: body, summary and
// image go; title, slug and the public note stay. Errors: as UpdateStory.
func (d *Desk) RetractStory(ctx context.Context, who news.Actor, id news.StoryID, expected int, note string) (*news.Story, error) {
	if err := d.Authorize(who, RetractStory); err != nil {
		return nil, err
	}
	var rules rulebook
	if note = rules.line("note", note, maxNote); rules.err != nil {
		return nil, rules.err
	}
	current, err := d.story(ctx, who, id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status == news.StoryRetracted:
		return nil, news.Invalid("id", "names a story that has been retracted already")
	case current.PublishedAt.IsZero():
		return nil, news.Invalid("id", "names a story that has never been public: there is nothing to take back")
	}
	next := d.nextStory(current)
	if !current.Public() {
		if err := d.asLastPublic(ctx, next); err != nil {
			return nil, err
		}
	}
	next.Status, next.WithdrawnIn = news.StoryRetracted, next.Version
	next.Schedule, next.EmbargoedUntil = nil, time.Time{}
	blank(next)
	explain(&next.Corrections, news.Correction{
		At: next.UpdatedAt, Note: note, Kind: news.Retracting, FromVersion: current.Version, ToVersion: next.Version,
	})
	return commitOne[*news.Story](ctx, d, who, news.OpRetracted, next, current)
}

// asLastPublic gives a story that is hidden the content that the public saw last:
// what was written since is nobody's business, also when the story is retracted.
func (d *Desk) asLastPublic(ctx context.Context, s *news.Story) error {
	was, err := s, error(nil)
	for !was.Public() { // a retraction withdraws what was hidden already, too
		if was.WithdrawnIn < 2 {
			return nil // it came with an archive, which does not tell
		}
		if was, err = d.storyVersion(ctx, s.ID, was.WithdrawnIn-1); err != nil {
			return fmt.Errorf("read what the public saw last of %s: %w", s.ID, err)
		}
	}
	content, err := d.contentOf(ctx, was)
	if err != nil {
		return err
	}
	setContent(s, content)
	return nil
}

// blank takes from a story what a retraction does.
func blank(s *news.Story) { s.Summary, s.Body, s.Image = "", "", nil }

// RestoreStory makes the content of an earlier version the newest. A story that was
// retracted becomes an unpublished one; others are as public as they were. Tags that
// were merged since are those that stand for them now, deleted ones are left out. It
// changes nothing, and makes no new version, where the content is that already.
// Errors: as UpdateStory.
func (d *Desk) RestoreStory(ctx context.Context, who news.Actor, id news.StoryID, expected, version int) (*news.Story, error) {
	current, err := d.storyTo(ctx, who, RestoreStory, id, expected)
	if err != nil {
		return nil, err
	}
	was, err := d.storyVersion(ctx, id, version)
	switch {
	case errors.Is(err, news.ErrNotFound):
		return nil, news.Invalid("version", "must be one of the story: 1 to %d", current.Version)
	case err != nil:
		return nil, err
	case was.Status == news.StoryRetracted:
		return nil, news.Invalid("version", "is one in which the story was retracted: it has no text")
	}
	content, err := d.contentOf(ctx, was)
	if err != nil {
		return nil, err
	}
	if current.Status != news.StoryRetracted && reflect.DeepEqual(content, current.StoryContent) {
		return current, nil
	}
	next := d.nextStory(current)
	setContent(next, content)
	if next.Status == news.StoryRetracted {
		next.Status = news.StoryUnpublished
	}
	made, err := commitOne[*news.Story](ctx, d, who, news.OpRestored, next, current)
	return made, slugError(who, err)
}

// contentOf is the content of an earlier version, with the tags that stand for its
// tags now.
func (d *Desk) contentOf(ctx context.Context, was *news.Story) (content news.StoryContent, err error) {
	content = was.StoryContent
	if content.Tags, err = d.standing(ctx, was.Tags); err != nil {
		return content, err
	}
	content.Authors, err = d.standing(ctx, was.Authors)
	return content, err
}

// standing lists the tags that stand for tags now, in their order.
func (d *Desk) standing(ctx context.Context, tags []news.TagID) ([]news.TagID, error) {
	if len(tags) == 0 {
		return nil, nil
	}
	found, err := d.store.TagsByID(ctx, tags)
	if err != nil {
		return nil, err
	}
	var list []news.TagID
	for _, id := range tags {
		if tag := found[id]; tag != nil && !slices.Contains(list, tag.ID) {
			list = append(list, tag.ID)
		}
	}
	return list, nil
}
