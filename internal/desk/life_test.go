package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

func TestLifeOfAStory(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	later := func() time.Time { r.advance(time.Minute); return r.clock() }

	s := r.draft(t, contributor, "story_1", "First title")
	if s.Status != news.StoryDraft || !s.PublishedAt.IsZero() || s.CreatedAt != noon || s.UpdatedAt != noon || s.CreatedBy != "jo" {
		t.Errorf("a draft: got %+v", s)
	}
	_, err := r.UnpublishStory(ctx, editor, s.ID, 1)
	wantInvalid(t, err, "id")

	first := later()
	s, err = r.PublishStory(ctx, editor, s.ID, 1, desk.Publication{})
	must(t, err)
	if s.Status != news.StoryPublished || s.PublishedAt != first || s.UpdatedAt != first || s.CreatedAt != noon || s.Version != 2 {
		t.Errorf("published: got %+v", s)
	}
	_, err = r.PublishStory(ctx, editor, s.ID, 2, desk.Publication{})
	wantInvalid(t, err, "id")

	changed := later()
	s, err = r.UpdateStory(ctx, editor, s.ID, 2, func(e *desk.StoryEdit) { e.Title = "Second title" })
	must(t, err)
	if s.UpdatedAt != changed || s.PublishedAt != first || s.Slug != "first-title" || s.Status != news.StoryPublished {
		t.Errorf("changed: got %+v", s)
	}

	later()
	s, err = r.UnpublishStory(ctx, editor, s.ID, 3)
	must(t, err)
	if s.Status != news.StoryUnpublished || s.PublishedAt != first {
		t.Errorf("withdrawn: got %+v", s)
	}

	again := later()
	s, err = r.PublishStory(ctx, editor, s.ID, 4, desk.Publication{})
	must(t, err)
	if s.Status != news.StoryPublished || s.PublishedAt != first || s.UpdatedAt != again || s.Version != 5 {
		t.Errorf("published again: got %+v", s)
	}
	want := []string{"CREATED by jo", "PUBLISHED by marie", "UPDATED by marie", "UNPUBLISHED by marie", "PUBLISHED by marie"}
	if got := r.ops(t, "story_1"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUpdatedAtNeverGoesBack(t *testing.T) {
	r := open(t)
	s := r.draft(t, editor, "story_1", "A")
	r.advance(-time.Hour)
	s, err := r.PublishStory(t.Context(), editor, s.ID, 1, desk.Publication{})
	must(t, err)
	if s.UpdatedAt != noon || s.PublishedAt != noon {
		t.Errorf("a clock that was put back: got %v, published %v, want %v", s.UpdatedAt, s.PublishedAt, noon)
	}
}

func TestAnUpdateThatChangesNothing(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	s := r.draft(t, editor, "story_1", "A")
	c, err := r.CreateCoverage(ctx, editor, "cov_1", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt, e.TagRefs = "A", news.CoverageEnded, noon, []string{"topic"}
	})
	must(t, err)
	e := r.entry(t, "tick_1", "A")
	r.advance(time.Hour)
	head := r.lines(t)

	s, err = r.UpdateStory(ctx, editor, s.ID, 1, func(e *desk.StoryEdit) { e.Title, e.Slug, e.TagRefs = " A ", "", []string{} })
	must(t, err)
	g, err := r.UpdateTag(ctx, editor, "topic", 1, func(c *news.TagContent) { c.Name, c.Aliases = "topic ", []string{} })
	must(t, err)
	c, err = r.UpdateCoverage(ctx, editor, c.ID, 1, func(e *desk.CoverageEdit) { e.TagRefs = []string{"topic", "topic"} })
	must(t, err)
	e, err = r.PinTickerEntry(ctx, editor, e.ID, 1, false, desk.Moment{})
	must(t, err)
	if s.Version != 1 || g.Version != 1 || c.Version != 1 || e.Version != 1 || r.lines(t) != head || s.UpdatedAt != noon {
		t.Errorf("versions %d %d %d %d, %d new lines", s.Version, g.Version, c.Version, e.Version, r.lines(t)-head)
	}
}

func TestSlugsOfOneEntity(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.draft(t, editor, "story_1", "A")
	for i, c := range []struct {
		slug     string
		previous []string
	}{
		{"b", []string{"a"}},
		{"c", []string{"a", "b"}},
		{"a", []string{"b", "c"}},
		{"b", []string{"c", "a"}},
	} {
		var err error
		s, err = r.UpdateStory(ctx, editor, s.ID, i+1, func(e *desk.StoryEdit) { e.Slug = c.slug })
		must(t, err)
		if s.Slug != c.slug || !slices.Equal(s.PreviousSlugs, c.previous) {
			t.Errorf("after %s: got %s, earlier %v, want %v", c.slug, s.Slug, s.PreviousSlugs, c.previous)
		}
	}
	other := r.draft(t, editor, "story_2", "D")
	for _, slug := range []string{"a", "b", "c"} {
		_, err := r.UpdateStory(ctx, editor, other.ID, 1, func(e *desk.StoryEdit) { e.Slug = slug })
		wantInvalid(t, err, "slug")
		_, err = r.CreateStory(ctx, editor, "", func(e *desk.StoryEdit) { e.Title, e.Language, e.Slug = "E", "fr", slug })
		wantInvalid(t, err, "slug")
	}
	// A slug belongs to one of a kind.
	_, err := r.CreateTag(ctx, editor, "", news.TagContent{Name: "a", Kind: news.TagTopic})
	must(t, err)
}

func TestWhatIsNotThere(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	errs := map[string]error{}
	_, errs["UpdateStory"] = r.UpdateStory(ctx, editor, "topic", 1, func(*desk.StoryEdit) {})
	_, errs["PublishStory"] = r.PublishStory(ctx, editor, "nope", 1, desk.Publication{})
	_, errs["UnpublishStory"] = r.UnpublishStory(ctx, editor, "nope", 1)
	_, errs["UnscheduleStory"] = r.UnscheduleStory(ctx, editor, "nope", 1)
	_, errs["EmbargoStory"] = r.EmbargoStory(ctx, editor, "nope", 1, desk.Moment{})
	_, errs["CorrectStory"] = r.CorrectStory(ctx, editor, "nope", 1, "a", news.Correcting, func(*desk.StoryEdit) {})
	_, errs["RetractStory"] = r.RetractStory(ctx, editor, "nope", 1, "a")
	_, errs["RestoreStory"] = r.RestoreStory(ctx, editor, "topic", 1, 1)
	_, errs["UpdateTag"] = r.UpdateTag(ctx, editor, "nope", 1, func(*news.TagContent) {})
	_, errs["UpdateCoverage"] = r.UpdateCoverage(ctx, editor, "nope", 1, func(*desk.CoverageEdit) {})
	_, errs["CorrectTickerEntry"] = r.CorrectTickerEntry(ctx, editor, "nope", 1, "a", news.Correcting, func(*desk.TickerEdit) {})
	_, errs["ReviseTickerEntry"] = r.ReviseTickerEntry(ctx, editor, "nope", 1, "a")
	_, errs["RetractTickerEntry"] = r.RetractTickerEntry(ctx, editor, "nope", 1, "a")
	_, errs["PinTickerEntry"] = r.PinTickerEntry(ctx, editor, "nope", 1, true, desk.Moment{})
	for name, err := range errs {
		t.Run(name, func(t *testing.T) { wantIs(t, err, news.ErrNotFound) })
	}
}

func TestAVersionThatIsNotTheNewest(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	r.draft(t, editor, "story_1", "A")
	r.entry(t, "tick_1", "A")
	_, err := r.CreateCoverage(ctx, editor, "cov_1", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt = "A", news.CoverageLive, noon
	})
	must(t, err)
	head := r.lines(t)
	for _, version := range []int{-1, 0, 2, 1 << 40} {
		errs := map[string]error{}
		_, errs["UpdateStory"] = r.UpdateStory(ctx, editor, "story_1", version, func(e *desk.StoryEdit) { e.Title = "B" })
		_, errs["PublishStory"] = r.PublishStory(ctx, editor, "story_1", version, desk.Publication{})
		_, errs["UnpublishStory"] = r.UnpublishStory(ctx, editor, "story_1", version)
		_, errs["UnscheduleStory"] = r.UnscheduleStory(ctx, editor, "story_1", version)
		_, errs["EmbargoStory"] = r.EmbargoStory(ctx, editor, "story_1", version, desk.Moment{})
		_, errs["CorrectStory"] = r.CorrectStory(ctx, editor, "story_1", version, "a", news.Correcting, func(*desk.StoryEdit) {})
		_, errs["RetractStory"] = r.RetractStory(ctx, editor, "story_1", version, "a")
		_, errs["RestoreStory"] = r.RestoreStory(ctx, editor, "story_1", version, 1)
		_, errs["UpdateTag"] = r.UpdateTag(ctx, editor, "topic", version, func(c *news.TagContent) { c.Name = "B" })
		_, errs["UpdateCoverage"] = r.UpdateCoverage(ctx, editor, "cov_1", version, func(e *desk.CoverageEdit) { e.Title = "B" })
		_, errs["CorrectTickerEntry"] = r.CorrectTickerEntry(ctx, editor, "tick_1", version, "a", news.Correcting, func(*desk.TickerEdit) {})
		_, errs["ReviseTickerEntry"] = r.ReviseTickerEntry(ctx, editor, "tick_1", version, "B")
		_, errs["RetractTickerEntry"] = r.RetractTickerEntry(ctx, editor, "tick_1", version, "a")
		_, errs["PinTickerEntry"] = r.PinTickerEntry(ctx, editor, "tick_1", version, true, desk.Moment{})
		for name, err := range errs {
			t.Run(fmt.Sprint(name, version), func(t *testing.T) { wantConflict(t, err, 1) })
		}
	}
	if r.lines(t) != head {
		t.Errorf("%d lines were written", r.lines(t)-head)
	}
}
