package desk_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// TestARetryIsHarmless asks for the same thing under the same id again, one after
// the other and at the same time, with slugs chosen and made.
func TestARetryIsHarmless(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	story := func(slug string) func(id string) (news.Entity, error) {
		return func(id string) (news.Entity, error) {
			return r.CreateStory(ctx, editor, id, func(e *desk.StoryEdit) {
				e.Title, e.Language, e.Slug, e.TagRefs = "The same", "fr", slug, []string{"topic"}
				e.Image = &news.Image{URL: "https://example.org/a.jpg", Alt: "a", Credit: "c", FocalPoint: &news.FocalPoint{X: 1}}
			})
		}
	}
	coverage := func(slug string) func(id string) (news.Entity, error) {
		return func(id string) (news.Entity, error) {
			return r.CreateCoverage(ctx, editor, id, func(e *desk.CoverageEdit) {
				e.Title, e.Status, e.StartsAt, e.Slug = "The same", news.CoverageEnded, noon, slug
			})
		}
	}
	for name, create := range map[string]func(id string) (news.Entity, error){
		"story":                story(""),
		"story with a slug":    story("chosen"),
		"coverage":             coverage(""),
		"coverage with a slug": coverage("chosen"),
		"tag": func(id string) (news.Entity, error) {
			return r.CreateTag(ctx, editor, id, news.TagContent{Name: "The same", Kind: news.TagTopic})
		},
		"line": func(id string) (news.Entity, error) {
			return r.PublishTickerEntry(ctx, editor, id, true, func(e *desk.TickerEdit) { e.Headline, e.TagRefs = "The same", []string{"topic"} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := fmt.Sprintf("same-%d", len(name))
			head := r.lines(t)
			var mu sync.Mutex
			slugs := map[string]bool{}
			together(8, func(int) {
				for range 2 {
					r.advance(time.Second)
					e, err := create(id)
					if err != nil {
						t.Error(err)
						return
					}
					if ref := e.Ref(); string(ref.ID) != id || ref.Version != 1 {
						t.Errorf("got %+v", ref)
					}
					mu.Lock()
					slugs[fmt.Sprint(e.Slugs())] = true
					mu.Unlock()
				}
			})
			if got := r.lines(t) - head; got != 1 || len(slugs) != 1 {
				t.Errorf("%d lines were written, with the slugs %v", got, slugs)
			}
		})
	}
}

func TestARetryAnswersWithWhatItHasBecome(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.draft(t, editor, "story_1", "First")
	_, err := r.UpdateStory(ctx, editor, s.ID, 1, func(e *desk.StoryEdit) { e.Title = "Second" })
	must(t, err)
	again := r.draft(t, editor, "story_1", "First")
	if again.Version != 2 || again.Title != "Second" {
		t.Errorf("got %+v", again)
	}
}

func TestAnIDThatWasUsedForSomethingElse(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	r.draft(t, editor, "story_1", "First")
	published, err := r.PublishStory(ctx, editor, "story_1", 1, desk.Publication{})
	must(t, err)
	title := func(title string) func(*desk.StoryEdit) {
		return func(e *desk.StoryEdit) { e.Title, e.Language = title, "fr" }
	}
	_, err = r.CreateStory(ctx, editor, "story_1", title("Other"))
	wantConflict(t, err, published.Version)
	_, err = r.CreateStory(ctx, news.Actor{Name: "root", Role: news.Admin}, "story_1", title("First"))
	wantConflict(t, err, published.Version) // what somebody else made is not what one asked for
	_, err = r.CreateStory(ctx, editor, "topic", title("First"))
	wantConflict(t, err, 1)
	_, err = r.CreateTag(ctx, editor, "story_1", news.TagContent{Name: "First", Kind: news.TagTopic})
	wantConflict(t, err, published.Version)
	_, err = r.PublishTickerEntry(ctx, editor, "topic", false, func(e *desk.TickerEdit) { e.Headline = "A" })
	wantConflict(t, err, 1)

	// Whoever may not see it learns that the id is taken, and nothing else.
	_, err = r.CreateStory(ctx, contributor, "story_1", title("First"))
	var conflict *news.ConflictError
	if !errors.Is(err, news.ErrConflict) || errors.As(err, &conflict) {
		t.Errorf("a contributor got %v", err)
	}
	var taken *news.TakenError
	_, err = r.CreateStory(ctx, contributor, "", func(e *desk.StoryEdit) { e.Title, e.Language, e.Slug = "A", "fr", "first" })
	wantInvalid(t, err, "slug")
	if errors.As(err, &taken) || errors.Is(err, news.ErrTaken) {
		t.Errorf("a contributor got %v", err)
	}
}

func TestOneOfSeveralChangesWins(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	r.draft(t, editor, "story_1", "A")
	r.draft(t, editor, "story_2", "A")
	r.entry(t, "tick_1", "A")
	r.entry(t, "tick_2", "A")
	_, err := r.CreateCoverage(ctx, editor, "cov_1", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt = "A", news.CoverageLive, noon
	})
	must(t, err)
	for name, change := range map[string]func(i int) error{
		"story": func(i int) error {
			_, err := r.UpdateStory(ctx, editor, "story_1", 1, func(e *desk.StoryEdit) { e.Title = fmt.Sprint("B", i) })
			return err
		},
		"publishing": func(int) error { _, err := r.PublishStory(ctx, editor, "story_2", 1, desk.Publication{}); return err },
		"tag": func(i int) error {
			_, err := r.UpdateTag(ctx, editor, "topic", 1, func(c *news.TagContent) { c.Name = fmt.Sprint("B", i) })
			return err
		},
		"coverage": func(i int) error {
			_, err := r.UpdateCoverage(ctx, editor, "cov_1", 1, func(e *desk.CoverageEdit) { e.Title = fmt.Sprint("B", i) })
			return err
		},
		"correction": func(i int) error {
			_, err := r.CorrectTickerEntry(ctx, editor, "tick_1", 1, "a", news.Correcting, func(e *desk.TickerEdit) { e.Headline = fmt.Sprint("B", i) })
			return err
		},
		"pin": func(int) error { _, err := r.PinTickerEntry(ctx, editor, "tick_2", 1, true, desk.Moment{}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			head := r.lines(t)
			errs := make([]error, 8)
			together(len(errs), func(i int) { errs[i] = change(i) })
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
					continue
				}
				wantConflict(t, err, 2)
			}
			if won != 1 || r.lines(t) != head+1 {
				t.Errorf("%d won, on %d lines", won, r.lines(t)-head)
			}
		})
	}
}

func TestEqualTitlesAreNumbered(t *testing.T) {
	r := open(t)
	var mu sync.Mutex
	slugs := map[string]bool{}
	together(8, func(i int) {
		s, err := r.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) { e.Title, e.Language = "The same title", "fr" })
		if err != nil {
			t.Error(err)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		slugs[s.Slug] = true
	})
	for i := range 8 {
		want := "the-same-title"
		if i > 0 {
			want = fmt.Sprintf("the-same-title-%d", i+1)
		}
		if !slugs[want] {
			t.Errorf("no story has the slug %s: %v", want, slugs)
		}
	}
}

// A title that has been used very often still finds a slug, even when many use it
// within one millisecond.
func TestATitleThatIsUsedVeryOften(t *testing.T) {
	r := open(t)
	slugs := map[string]bool{}
	for range 40 {
		s := r.draft(t, editor, "", "Météo")
		if slugs[s.Slug] {
			t.Fatalf("%s was given twice", s.Slug)
		}
		slugs[s.Slug] = true
	}
}

func TestATagIsNeverNumbered(t *testing.T) {
	r := open(t)
	errs := make([]error, 8)
	together(len(errs), func(i int) {
		_, errs[i] = r.CreateTag(t.Context(), editor, "", news.TagContent{Name: "Sénat", Kind: news.TagOrganisation})
	})
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		wantInvalid(t, err, "slug")
	}
	if made != 1 {
		t.Errorf("%d tags were made of one name", made)
	}
}

func TestIDsAreOrderedInTime(t *testing.T) {
	r := open(t)
	last := news.StoryID("")
	for i := range 20 {
		s := r.draft(t, editor, "", fmt.Sprintf("Story %d", i))
		if s.ID <= last || !news.ValidID(string(s.ID)) {
			t.Errorf("%s follows %s", s.ID, last)
		}
		last = s.ID
	}
}
