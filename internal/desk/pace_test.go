package desk_test

import (
	"errors"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A contributor can't fill the log: who was away would lose their place in it.
func TestPaceOfAContributor(t *testing.T) {
	r := open(t)
	s, err := r.CreateStory(t.Context(), contributor, "", func(e *desk.StoryEdit) { e.Title, e.Language = "Long", "fr" })
	must(t, err)
	written := 0
	for range 1000 {
		if _, err = r.LockStory(t.Context(), contributor, s.ID, false); err == nil {
			_, err = r.ReleaseLock(t.Context(), contributor, s.ID)
		}
		if err != nil {
			break
		}
		written += 2
	}
	if !errors.Is(err, news.ErrRateLimited) || written < 100 || written > 300 {
		t.Fatalf("after %d lines: got %v, want ErrRateLimited", written, err)
	}
	if _, err := r.UpdateStory(t.Context(), editor, s.ID, 1, func(e *desk.StoryEdit) { e.Title = "Longer" }); err != nil {
		t.Errorf("an editor is held up by a contributor: %v", err)
	}
	r.advance(time.Minute)
	if _, err := r.UpdateStory(t.Context(), contributor, s.ID, 2, func(e *desk.StoryEdit) { e.Title = "Long again" }); err != nil {
		t.Errorf("a minute later: %v", err)
	}
}

// What was written while a story was hidden stays hidden when it is retracted.
func TestARetractionShowsWhatWasPublic(t *testing.T) {
	r, ctx := open(t), t.Context()
	s, err := r.CreateStory(ctx, editor, "s", func(e *desk.StoryEdit) { e.Title, e.Slug, e.Language = "Harmless", "harmless", "fr" })
	must(t, err)
	s, err = r.PublishStory(ctx, editor, s.ID, 1, desk.Publication{})
	must(t, err)
	s, err = r.UnpublishStory(ctx, editor, s.ID, s.Version)
	must(t, err)
	s, err = r.UpdateStory(ctx, editor, s.ID, s.Version, func(e *desk.StoryEdit) {
		e.Title, e.Slug, e.Source = "Secret", "secret", &news.Source{Name: "Secret"}
	})
	must(t, err)
	s, err = r.EmbargoStory(ctx, editor, s.ID, s.Version, desk.Moment{At: noon.Add(time.Hour)})
	must(t, err)
	s, err = r.RetractStory(ctx, editor, s.ID, s.Version, "It was wrong.")
	must(t, err)
	if s.Title != "Harmless" || s.Slug != "harmless" || s.Source != nil || !s.EmbargoedUntil.IsZero() {
		t.Errorf("the retraction shows %q at %q, from %v", s.Title, s.Slug, s.Source)
	}
}
