package storetest

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

func testCommitReturnsLines(t *testing.T, l *lab) {
	first := Story("story_a", func(s *news.Story) { s.Status = news.StoryDraft })
	second := Next(first, func(s *news.Story) { s.Status = news.StoryPublished })
	before := first.Listing()
	changes := []news.Change{
		{Op: news.OpCreated, At: Noon(), By: "marie", Doc: first},
		{Op: news.OpPublished, At: Noon().Add(time.Minute), By: "paul", Doc: second, Before: &before},
	}
	want := []news.Line{{Seq: 1, Change: changes[0]}, {Seq: 2, Change: changes[1]}}

	got, err := l.store.Commit(t.Context(), changes)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("committed (-want +got):\n%s", diff)
	}
	got, err = l.store.Lines(t.Context(), 0, 10)
	if err != nil {
		t.Fatalf("lines: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	if head := l.head(); head != 2 {
		t.Errorf("head: got %d, want 2", head)
	}
}

func testCommitOfNothing(t *testing.T, l *lab) {
	lines, err := l.store.Commit(t.Context(), nil)
	if len(lines) != 0 || err != nil {
		t.Errorf("got %v, %v; want no lines and no error", lines, err)
	}
	if head := l.head(); head != 0 {
		t.Errorf("head: got %d, want 0", head)
	}
}

func testVersionConflicts(t *testing.T, l *lab) {
	one := Tag("tag_a")
	two := Next(one)
	l.put(one, two)
	version := func(n int) *news.Tag {
		return Tag("tag_a", func(t *news.Tag) { t.Version = n })
	}
	for _, tt := range []struct {
		name    string
		doc     news.Entity
		current int
	}{
		{"created again", version(1), 2},
		{"stale", version(2), 2},
		{"ahead", version(4), 2},
		{"zero", version(0), 2},
		{"created at version 2", Tag("tag_b", func(t *news.Tag) { t.Version = 2 }), 0},
		{"new entity of another kind", TickerEntry("tag_a"), 2},
		{"next version of another kind", TickerEntry("tag_a", func(e *news.TickerEntry) { e.Version = 3 }), 2},
	} {
		lines, err := l.store.Commit(t.Context(), []news.Change{Change(tt.doc, nil)})
		var conflict *news.ConflictError
		if !errors.As(err, &conflict) || !errors.Is(err, news.ErrConflict) {
			t.Errorf("%s: got %v, want a *ConflictError", tt.name, err)
			continue
		}
		want := news.ConflictError{ID: tt.doc.Ref().ID, Current: tt.current}
		if !reflect.DeepEqual(*conflict, want) {
			t.Errorf("%s: got %+v, want %+v", tt.name, *conflict, want)
		}
		if len(lines) != 0 {
			t.Errorf("%s: got %d lines, want none", tt.name, len(lines))
		}
	}
	l.checkAll()
}

func testFailedCommitLeavesNoTrace(t *testing.T, l *lab) {
	owner := Story("story_owner", func(s *news.Story) { s.Slug = "taken"; s.Tags = []news.TagID{"tag_a"} })
	l.put(Tag("tag_a"), owner)

	for name, doc := range map[string]*news.Story{
		"taken": Story("story_new", func(s *news.Story) {
			s.Slug, s.PreviousSlugs, s.Tags = "free", []string{"taken"}, []news.TagID{"tag_a"}
		}),
		"conflict": Next(Next(owner), func(s *news.Story) { s.Slug = "free" }),
	} {
		if _, err := l.store.Commit(t.Context(), []news.Change{Change(doc, nil)}); err == nil {
			t.Fatalf("%s: the change was committed", name)
		}
	}
	l.checkAll()

	// Its slug is still free, and its number still the next one.
	heir := Story("story_heir", func(s *news.Story) { s.Slug = "free" })
	if lines := l.put(heir); lines[0].Seq != 3 {
		t.Errorf("the line after the failed ones: got %d, want 3", lines[0].Seq)
	}
	l.checkAll()
}

func testPartialBatch(t *testing.T, l *lab) {
	l.put(Tag("tag_old"))
	batch := l.model.changes(Tag("tag_a"), Tag("tag_b"), Tag("tag_old"), Tag("tag_c"))

	lines, err := l.store.Commit(t.Context(), batch)
	if !errors.Is(err, news.ErrConflict) {
		t.Errorf("got %v, want a conflict", err)
	}
	var conflict *news.ConflictError
	if errors.As(err, &conflict) && conflict.ID != "tag_old" {
		t.Errorf("the error speaks of %s, want tag_old", conflict.ID)
	}
	if len(lines) != 2 {
		t.Fatalf("got %d lines, want 2", len(lines))
	}
	l.model.enter(lines...)
	l.checkAll()

	lines, err = l.store.Commit(t.Context(), batch)
	if len(lines) != 0 || !errors.Is(err, news.ErrConflict) {
		t.Errorf("made again: got %v, %v; want no lines and a conflict", lines, err)
	}
	l.checkAll()
}

func testBatchOfVersions(t *testing.T, l *lab) {
	one := Story("story_a", func(s *news.Story) { s.Status = news.StoryDraft; s.Tags = []news.TagID{"tag_a"} })
	two := Next(one, func(s *news.Story) { s.Status = news.StoryPublished })
	three := Next(two, func(s *news.Story) {
		s.PreviousSlugs, s.Slug = []string{s.Slug}, "renamed"
		s.Tags = []news.TagID{"tag_b"}
	})
	l.put(Tag("tag_a"), Tag("tag_b"), one, two, three)
	l.checkAll()
}

func testBatchOfRivals(t *testing.T, l *lab) {
	first := Story("story_a", func(s *news.Story) { s.Slug = "same" })
	second := Story("story_b", func(s *news.Story) { s.Slug = "same" })

	lines, err := l.store.Commit(t.Context(), l.model.changes(first, second, Story("story_c")))
	wantTaken(t, err, "same", "story_a")
	if len(lines) != 1 {
		t.Fatalf("got %d lines, want 1", len(lines))
	}
	l.model.enter(lines...)
	l.checkAll()
}

func testSlugsBelongForEver(t *testing.T, l *lab) {
	rename := func(s *news.Story, slug string, previous ...string) *news.Story {
		next := Next(s, func(s *news.Story) { s.Slug, s.PreviousSlugs = slug, previous })
		l.put(next)
		return next
	}
	claim := func(slugs ...string) {
		t.Helper()
		for _, slug := range slugs {
			rival := Story("story_rival", func(s *news.Story) { s.Slug = slug })
			_, err := l.store.Commit(t.Context(), []news.Change{Change(rival, nil)})
			wantTaken(t, err, slug, "story_a")
		}
	}
	story := Story("story_a", func(s *news.Story) { s.Slug = "a" })
	l.put(story)
	claim("a")
	story = rename(story, "b", "a")
	claim("a", "b")
	story = rename(story, "a", "b")
	claim("a", "b")
	// Also where the entity says nothing of it any more.
	story = rename(story, "c")
	claim("a", "b", "c")

	found, err := l.store.StoriesBySlug(t.Context(), news.Audience{}, []string{"a", "b", "c", "d"})
	if err != nil {
		t.Fatalf("by slug: %v", err)
	}
	want := map[string]*news.Story{"a": story, "b": story, "c": story}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("by slug (-want +got):\n%s", diff)
	}
	l.checkAll()
}

func testSlugsOfKinds(t *testing.T, l *lab) {
	const slug = "élections-2027"
	story := Story("story_a", func(s *news.Story) { s.Slug = slug })
	tag := Tag("tag_a", func(t *news.Tag) { t.Slug = slug })
	coverage := Coverage("cov_a", func(c *news.Coverage) { c.Slug = slug })
	l.put(story, tag, coverage)

	stories, err := l.store.StoriesBySlug(t.Context(), news.Audience{}, []string{slug})
	if err != nil || stories[slug] == nil || stories[slug].ID != story.ID {
		t.Errorf("story: got %v, %v", stories, err)
	}
	tags, err := l.store.TagsBySlug(t.Context(), []string{slug})
	if err != nil || tags[slug] == nil || tags[slug].ID != tag.ID {
		t.Errorf("tag: got %v, %v", tags, err)
	}
	coverages, err := l.store.CoveragesBySlug(t.Context(), []string{slug})
	if err != nil || coverages[slug] == nil || coverages[slug].ID != coverage.ID {
		t.Errorf("coverage: got %v, %v", coverages, err)
	}
}

func wantTaken(t *testing.T, err error, slug string, owner news.EntityID) {
	t.Helper()
	var taken *news.TakenError
	if !errors.As(err, &taken) || !errors.Is(err, news.ErrTaken) {
		t.Fatalf("claiming %q: got %v, want a *TakenError", slug, err)
	}
	if want := (news.TakenError{Slug: slug, Owner: owner}); *taken != want {
		t.Errorf("claiming %q: got %+v, want %+v", slug, *taken, want)
	}
}
