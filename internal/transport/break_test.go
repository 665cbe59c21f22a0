package transport_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// late is a store that, on request, finds no story before it is let.
type late struct {
	news.Store
	asked, let chan struct{}
}

func (l late) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	if who.Staff {
		l.asked <- struct{}{}
		<-l.let
	}
	return l.Store.StoriesBySlug(ctx, who, slugs)
}

// TestLostWhileComingBack: a reader whose connection breaks again before it goes on
// has not been served anything, so the next time it is known as it was.
func TestLostWhileComingBack(t *testing.T) {
	r := openWith(t, options{limits: asking})
	story, err := r.desk.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) { e.Title, e.Language, e.Slug = "A", "fr", "a" })
	must(t, err)
	story, err = r.desk.PublishStory(t.Context(), editor, story.ID, story.Version, desk.Publication{})
	must(t, err)
	s := stock{t: t, id: uuid, query: `subscription { story(slug: "a") { kind story { version } } }`}
	s.follow(r)
	change := func() {
		t.Helper()
		story, err = r.desk.UpdateStory(t.Context(), editor, story.ID, story.Version, func(e *desk.StoryEdit) { e.Title += "x" })
		must(t, err)
	}
	change()
	s.connection.expect("next")
	s.acknowledge()
	must(t, r.handler.Drain(t.Context(), 0))
	change() // which it has to get
	r.stop()

	l := late{asked: make(chan struct{}, 10), let: make(chan struct{})}
	r = openWith(t, options{limits: asking, folder: r.folder, pane: func(s news.Store) news.Store {
		l.Store = s
		return l
	}})
	s.connect(r)
	<-l.asked
	s.lose(r)
	close(l.let)
	s.follow(r)
	if f := s.connection.expect("next"); !strings.Contains(string(f.Payload), fmt.Sprint(story.Version)) {
		t.Errorf("got %s, want version %d", f.Payload, story.Version)
	}
}

// hesitant is a store that keeps whoever asks for a place waiting until it is let.
type hesitant struct {
	news.Store
	asked, let chan struct{}
}

func (h hesitant) TakePlaces(ctx context.Context, now time.Time, keys []string) (map[string]news.Seq, error) {
	h.asked <- struct{}{}
	<-h.let
	return h.Store.TakePlaces(ctx, now, keys)
}

// TestLostWhileAskedFor is the same a moment earlier.
func TestLostWhileAskedFor(t *testing.T) {
	r := openWith(t, options{limits: asking})
	s := stock{t: t, id: uuid, query: everything}
	s.follow(r)
	r.lines(t, 1, 1)
	s.take(1)
	s.acknowledge()
	must(t, r.handler.Drain(t.Context(), 0))
	r.lines(t, 2, 2)
	r.stop()
	h := hesitant{asked: make(chan struct{}, 10), let: make(chan struct{})}
	r = openWith(t, options{limits: asking, folder: r.folder, pane: func(s news.Store) news.Store {
		h.Store = s
		return h
	}})
	s.connect(r)
	<-h.asked
	s.lose(r)
	close(h.let)
	s.follow(r)
	r.lines(t, 3, 3)
	s.take(1)
	if got := fmt.Sprint(s.got); got != "[1 2]" {
		t.Errorf("got %s, want [1 2]", got)
	}
}
