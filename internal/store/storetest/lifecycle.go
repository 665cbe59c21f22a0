package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"depeche/internal/news"
)

// calls are calls of every method that can fail, on a store that holds what
// Full and Bare are.
func calls(s news.Store) map[string]func(context.Context) error {
	who := news.Audience{Staff: true}
	w := news.Window{First: 1}
	return map[string]func(context.Context) error{
		"Commit": func(ctx context.Context) error {
			_, err := s.Commit(ctx, []news.Change{Change(Tag("tag_late"), nil)})
			return err
		},
		"Commit nothing":   func(ctx context.Context) error { _, err := s.Commit(ctx, nil); return err },
		"Head":             func(ctx context.Context) error { _, err := s.Head(ctx); return err },
		"Lines":            func(ctx context.Context) error { _, err := s.Lines(ctx, 0, 10); return err },
		"Version":          func(ctx context.Context) error { _, err := s.Version(ctx, "tag_full", 1); return err },
		"Versions":         func(ctx context.Context) error { _, err := s.Versions(ctx, "tag_full", 0, 10); return err },
		"Watch":            func(ctx context.Context) error { return s.Watch(ctx, func() {}) },
		"Nodes":            func(ctx context.Context) error { _, err := s.Nodes(ctx, who, []news.EntityID{"tag_full"}); return err },
		"Nodes of nothing": func(ctx context.Context) error { _, err := s.Nodes(ctx, who, nil); return err },
		"StoriesByID": func(ctx context.Context) error {
			_, err := s.StoriesByID(ctx, who, []news.StoryID{"story_full"})
			return err
		},
		"TagsByID": func(ctx context.Context) error { _, err := s.TagsByID(ctx, []news.TagID{"tag_full"}); return err },
		"TickerEntriesByID": func(ctx context.Context) error {
			_, err := s.TickerEntriesByID(ctx, []news.TickerEntryID{"tick_full"})
			return err
		},
		"CoveragesByID": func(ctx context.Context) error {
			_, err := s.CoveragesByID(ctx, []news.CoverageID{"cov_full"})
			return err
		},
		"StoriesBySlug": func(ctx context.Context) error {
			_, err := s.StoriesBySlug(ctx, who, []string{"story-full"})
			return err
		},
		"TagsBySlug":      func(ctx context.Context) error { _, err := s.TagsBySlug(ctx, []string{"tag-full"}); return err },
		"CoveragesBySlug": func(ctx context.Context) error { _, err := s.CoveragesBySlug(ctx, []string{"cov-full"}); return err },
		"Stories":         func(ctx context.Context) error { _, err := s.Stories(ctx, who, news.StoryFilter{}, w); return err },
		"Tags":            func(ctx context.Context) error { _, err := s.Tags(ctx, news.TagFilter{}, w); return err },
		"TickerEntries":   func(ctx context.Context) error { _, err := s.TickerEntries(ctx, news.TickerFilter{}, w); return err },
		"Coverages":       func(ctx context.Context) error { _, err := s.Coverages(ctx, news.CoverageFilter{}, w); return err },
		"Listed":          func(ctx context.Context) error { _, err := s.Listed(ctx, news.HeldLocks(), w); return err },
		"TagUses":         func(ctx context.Context) error { _, err := s.TagUses(ctx, []news.TagID{"tag_full"}); return err },
		"StoryCounts":     func(ctx context.Context) error { _, err := s.StoryCounts(ctx, []news.TagID{"tag_full"}); return err },
		"TrendingTags":    func(ctx context.Context) error { _, err := s.TrendingTags(ctx, time.Time{}, nil, 5); return err },
		"RelatedStories": func(ctx context.Context) error {
			_, err := s.RelatedStories(ctx, who, []news.StoryID{"story_full"}, 5)
			return err
		},
		"Entities": func(ctx context.Context) error { _, err := s.Entities(ctx, news.KindStory, "", 5); return err },
		"LeavePlaces": func(ctx context.Context) error {
			return s.LeavePlaces(ctx, Noon(), []news.Place{{Key: "late", Seq: 1, Until: Noon()}})
		},
		"LeavePlaces of nobody": func(ctx context.Context) error { return s.LeavePlaces(ctx, Noon(), nil) },
		"TakePlaces":            func(ctx context.Context) error { _, err := s.TakePlaces(ctx, Noon(), []string{"late"}); return err },
		"TakePlaces of nobody":  func(ctx context.Context) error { _, err := s.TakePlaces(ctx, Noon(), nil); return err },
		"TakeLease": func(ctx context.Context) error {
			_, err := s.TakeLease(ctx, Noon(), leaseOf("late", "anna", ""))
			return err
		},
		"DropLease":        func(ctx context.Context) error { return s.DropLease(ctx, "late", "anna") },
		"Leases":           func(ctx context.Context) error { _, err := s.Leases(ctx, []string{"late"}); return err },
		"Leases of nobody": func(ctx context.Context) error { _, err := s.Leases(ctx, nil); return err },
	}
}

func testEndedContext(t *testing.T, l *lab) {
	l.put(append(Full(), Bare()...)...)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	for name, call := range calls(l.store) {
		if err := call(cancelled); !errors.Is(err, context.Canceled) {
			t.Errorf("%s when cancelled: got %v, want context.Canceled", name, err)
		}
		if err := call(expired); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s too late: got %v, want context.DeadlineExceeded", name, err)
		}
	}
	l.checkAll()
}

func testClosed(t *testing.T, l *lab) {
	l.put(append(Full(), Bare()...)...)
	epoch := l.store.Epoch()
	if err := l.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	for name, call := range calls(l.store) {
		if err := call(t.Context()); !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
	}
	if got := l.store.Epoch(); got != epoch {
		t.Errorf("Epoch: got %q, want %q", got, epoch)
	}
	if err := l.store.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
	l.open()
	l.checkAll()
}

func testReopen(t *testing.T, l *lab) {
	l.reopen()
	l.checkAll()
	story := Story("story_a", func(s *news.Story) { s.Tags = []news.TagID{"tag_full"} })
	l.put(append(Full(), story)...)
	l.put(Next(story, func(s *news.Story) { s.Slug, s.PreviousSlugs = "new", []string{s.Slug} }))
	l.reopen()
	l.checkAll()
	l.put(Story("story_b"))
	l.checkAll()
	rival := Story("story_c", func(s *news.Story) { s.Slug = story.Slug })
	_, err := l.store.Commit(t.Context(), []news.Change{Change(rival, nil)})
	wantTaken(t, err, story.Slug, "story_a")
}
