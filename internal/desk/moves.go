package desk

import (
	"context"
	"reflect"
	"time"

	"depeche/internal/news"
)

// A Publication says when a story is to be public.
type Publication struct {
	At Moment // zero: now
	// EmbargoedUntil moves the embargo; nil leaves it as it is, the zero Moment
	// lifts it.
	EmbargoedUntil *Moment
}

// PublishStory publishes a story, now or when its time comes: it is SCHEDULED until
// then. Under an embargo it is published and hidden until that ends. A story that
// is scheduled already is scheduled anew, or published now. Errors: as UpdateStory.
func (d *Desk) PublishStory(ctx context.Context, who news.Actor, id news.StoryID, expected int, p Publication) (*news.Story, error) {
	current, err := d.storyTo(ctx, who, PublishStory, id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status == news.StoryRetracted:
		return nil, isRetracted()
	case current.Public():
		return nil, news.Invalid("id", "names a story that is public already")
	case current.Status == news.StoryPublished:
		return nil, news.Invalid("id", "names a story that is published already and under embargo until %s: move or lift the embargo by itself", shownInstant(current.EmbargoedUntil))
	}
	next := d.nextStory(current)
	if p.EmbargoedUntil != nil {
		if err := d.Authorize(who, EmbargoStory); err != nil {
			return nil, err
		}
		if next.EmbargoedUntil, err = d.embargo("embargoedUntil", *p.EmbargoedUntil); err != nil {
			return nil, err
		}
	}
	if p.At.IsZero() {
		publish(next, d.now())
		return commitOne[*news.Story](ctx, d, who, news.OpPublished, next, current)
	}
	at, err := d.ahead("at", p.At)
	if err != nil {
		return nil, err
	}
	next.Status, next.Schedule = news.StoryScheduled, &at
	if next.EmbargoedUntil.Equal(current.EmbargoedUntil) && reflect.DeepEqual(next.Schedule, current.Schedule) {
		return current, nil
	}
	return commitOne[*news.Story](ctx, d, who, news.OpScheduled, next, current)
}

// publish makes of a story one that is published: a public one, unless an embargo
// is in force.
func publish(s *news.Story, now time.Time) {
	s.Status, s.Schedule = news.StoryPublished, nil
	if !s.EmbargoedUntil.After(now) {
		release(s)
	}
}

// release makes of a published story a public one.
func release(s *news.Story) {
	s.EmbargoedUntil = time.Time{}
	if s.PublishedAt.IsZero() {
		s.PublishedAt = s.UpdatedAt
	}
}

// UnpublishStory takes a story out of the public view; one that never was there, as
// it was under embargo, is a draft again. The embargo stays. Errors: as UpdateStory.
func (d *Desk) UnpublishStory(ctx context.Context, who news.Actor, id news.StoryID, expected int) (*news.Story, error) {
	current, err := d.storyTo(ctx, who, UnpublishStory, id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status == news.StoryScheduled:
		return nil, news.Invalid("id", "names a story that is not published yet: unschedule it")
	case current.Status != news.StoryPublished:
		return nil, news.Invalid("id", "names a story that is not published")
	}
	next := d.nextStory(current)
	next.Status = hiddenStatus(next)
	if current.Public() {
		next.WithdrawnIn = next.Version
	}
	return commitOne[*news.Story](ctx, d, who, news.OpUnpublished, next, current)
}

// UnscheduleStory takes a story that is to be published back to the drafts, or to
// the unpublished ones where it has been public before. Errors: as UpdateStory.
func (d *Desk) UnscheduleStory(ctx context.Context, who news.Actor, id news.StoryID, expected int) (*news.Story, error) {
	current, err := d.storyTo(ctx, who, PublishStory, id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status != news.StoryScheduled:
		return nil, news.Invalid("id", "names a story that is not scheduled")
	}
	next := d.nextStory(current)
	next.Status, next.Schedule = hiddenStatus(next), nil
	return commitOne[*news.Story](ctx, d, who, news.OpUnscheduled, next, current)
}

// hiddenStatus is the status of a story that is neither public nor about to be.
func hiddenStatus(s *news.Story) news.StoryStatus {
	if s.PublishedAt.IsZero() {
		return news.StoryDraft
	}
	return news.StoryUnpublished
}

// EmbargoStory sets or moves the embargo of a story that is not public; the zero
// Moment lifts it, which makes a published story public. It changes nothing, and
// makes no new version, where the embargo is so already. Errors: as UpdateStory.
func (d *Desk) EmbargoStory(ctx context.Context, who news.Actor, id news.StoryID, expected int, until Moment) (*news.Story, error) {
	current, err := d.storyTo(ctx, who, EmbargoStory, id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status == news.StoryRetracted:
		return nil, isRetracted()
	case current.Public():
		return nil, news.Invalid("id", "names a story that is public: unpublish it first")
	}
	next := d.nextStory(current)
	if next.EmbargoedUntil, err = d.embargo("until", until); err != nil {
		return nil, err
	}
	switch {
	case next.EmbargoedUntil.Equal(current.EmbargoedUntil):
		return current, nil
	case next.EmbargoedUntil.IsZero() && next.Status == news.StoryPublished:
		release(next)
		return commitOne[*news.Story](ctx, d, who, news.OpReleased, next, current)
	}
	return commitOne[*news.Story](ctx, d, who, news.OpEmbargoed, next, current)
}

// embargo is when an embargo ends that is asked for; zero for none.
func (d *Desk) embargo(field string, until Moment) (time.Time, error) {
	if until.IsZero() {
		return time.Time{}, nil
	}
	s, err := d.ahead(field, until)
	return s.At, err
}

// maxYearsAhead is how far ahead something can be planned: what is further away is
// mistyped.
const maxYearsAhead = 5

// ahead is a time to come.
func (d *Desk) ahead(field string, m Moment) (news.Schedule, error) {
	s, err := m.schedule(field)
	now := d.now()
	switch {
	case err != nil:
		return news.Schedule{}, err
	case !s.At.After(now):
		return news.Schedule{}, news.Invalid(field, "has passed: that was %s, and it is %s", shownInstant(s.At), shownInstant(now))
	case s.At.After(now.AddDate(maxYearsAhead, 0, 0)):
		return news.Schedule{}, news.Invalid(field, "is more than %d years ahead", maxYearsAhead)
	}
	return s, nil
}

// shownInstant is how errors speak of an instant.
func shownInstant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func isRetracted() error {
	return news.Invalid("id", "names a story that has been retracted: restore an earlier version first")
}
