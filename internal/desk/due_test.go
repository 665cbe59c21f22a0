package desk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// schedule has a story published at a moment.
func (r *room) schedule(t *testing.T, id string, at desk.Moment) *news.Story {
	t.Helper()
	s := r.draft(t, editor, id, id)
	s, err := r.PublishStory(t.Context(), editor, s.ID, s.Version, desk.Publication{At: at})
	must(t, err)
	return s
}

// told lists what the public was told of since a line: PUBLISHED story_1.
func (r *room) told(t *testing.T, since news.Seq) []string {
	t.Helper()
	lines, err := r.store.Lines(t.Context(), since, 1000)
	must(t, err)
	var events []string
	for _, line := range lines {
		if kind, ok := line.Event(); ok {
			events = append(events, fmt.Sprintf("%s %s", kind, line.Doc.Ref().ID))
		}
	}
	return events
}

func TestWhatIsDueHappensAtItsTime(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	at := noon.Add(time.Hour)
	r.schedule(t, "story_1", desk.Moment{At: at})
	until := desk.Moment{At: noon.Add(2 * time.Hour)}
	s := r.draft(t, editor, "story_2", "Embargoed")
	_, err := r.PublishStory(ctx, editor, s.ID, 1, desk.Publication{EmbargoedUntil: &until})
	must(t, err)
	s = r.draft(t, editor, "story_3", "Both")
	_, err = r.PublishStory(ctx, editor, s.ID, 1, desk.Publication{At: desk.Moment{At: at}, EmbargoedUntil: &until})
	must(t, err)
	s = r.draft(t, editor, "story_4", "An embargo alone")
	_, err = r.EmbargoStory(ctx, editor, s.ID, 1, until)
	must(t, err)

	for _, c := range []struct {
		name  string
		after time.Duration
		next  time.Time
		ops   []string
		told  []string
	}{
		{"nothing is due", 0, at, nil, nil},
		{"a millisecond before", time.Hour - time.Millisecond, at, nil, nil},
		{"the first hour is over", time.Millisecond, until.At, []string{"PUBLISHED story_1", "PUBLISHED story_3"}, []string{"PUBLISHED story_1"}},
		{"once", 0, until.At, nil, nil},
		{"the second hour is over", time.Hour, time.Time{}, []string{"RELEASED story_2", "RELEASED story_3"}, []string{"PUBLISHED story_2", "PUBLISHED story_3"}},
		{"nothing is left", time.Hour, time.Time{}, nil, nil},
	} {
		r.advance(c.after)
		head := r.lines(t)
		next, err := r.Due(ctx)
		must(t, err)
		lines, err := r.store.Lines(ctx, head, 100)
		must(t, err)
		var ops []string
		for _, line := range lines {
			ops = append(ops, fmt.Sprintf("%s %s", line.Op, line.Doc.Ref().ID))
			s := line.Doc.(*news.Story)
			if line.By != "schedule" || line.At != r.clock() || s.Schedule != nil || s.UpdatedAt != r.clock() || s.Public() && s.PublishedAt != r.clock() || !s.Public() && !s.PublishedAt.IsZero() {
				t.Errorf("%s: got %+v by %s", c.name, s, line.By)
			}
		}
		slices.Sort(ops)
		told := r.told(t, head)
		slices.Sort(told)
		if !next.Equal(c.next) || !slices.Equal(ops, c.ops) || !slices.Equal(told, c.told) {
			t.Errorf("%s: got %v and told %v, next at %v; want %v, %v, %v", c.name, ops, told, next, c.ops, c.told, c.next)
		}
	}
}

// TestTheNightsWhenClocksChange lets both nights of a year go by minute by minute,
// and holds that what was planned by the clocks of a place happens when they show it.
func TestTheNightsWhenClocksChange(t *testing.T) {
	for _, night := range []struct {
		name, from string
		plans      []desk.Moment // of stories story-0 on
		want       []string      // when each of them is public
	}{
		{"spring", "2026-03-28T23:30:00Z", []desk.Moment{
			{Local: "2026-03-29T01:59", Zone: "Europe/Paris"}, {Local: "2026-03-29T03:00", Zone: "Europe/Paris"},
			{Local: "2026-03-29T03:30", Zone: "Europe/Paris"}, {Local: "2026-03-29T02:30", Zone: "Europe/London"},
		}, []string{"2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z", "2026-03-29T01:30:00Z"}},
		{"autumn", "2026-10-24T23:30:00Z", []desk.Moment{
			{Local: "2026-10-25T01:59", Zone: "Europe/Paris"}, {Local: "2026-10-25T02:30", Zone: "Europe/Paris", Pass: desk.FirstPass},
			{Local: "2026-10-25T02:30", Zone: "Europe/Paris", Pass: desk.SecondPass}, {Local: "2026-10-25T03:00", Zone: "Europe/Paris"},
			{Local: "2026-10-25T02:00", Zone: "Europe/Paris", Pass: desk.SecondPass},
		}, []string{"2026-10-24T23:59:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z", "2026-10-25T01:00:00Z"}},
	} {
		t.Run(night.name, func(t *testing.T) {
			r := open(t)
			from, err := time.Parse(time.RFC3339, night.from)
			must(t, err)
			r.advance(from.Sub(noon))
			for i, at := range night.plans {
				r.schedule(t, fmt.Sprint("story-", i), at)
			}
			head := r.lines(t)
			for range 180 {
				r.advance(time.Minute)
				_, err := r.Due(t.Context())
				must(t, err)
			}
			if told := r.told(t, head); len(told) != len(night.plans) {
				t.Errorf("the public was told %v", told)
			}
			for i, want := range night.want {
				line, err := r.store.Version(t.Context(), news.EntityID(fmt.Sprint("story-", i)), 3)
				must(t, err)
				if got := line.At.Format(time.RFC3339); got != want || line.Op != news.OpPublished {
					t.Errorf("%v was %s at %s, want %s", night.plans[i], line.Op, got, want)
				}
			}
		})
	}
}

func TestAStoppedProcessIsLateAndLosesNothing(t *testing.T) {
	r := open(t)
	r.schedule(t, "story_1", desk.Moment{At: noon.Add(time.Hour)})
	until := desk.Moment{At: noon.Add(2 * time.Hour)}
	s := r.draft(t, editor, "story_2", "Both")
	_, err := r.PublishStory(t.Context(), editor, s.ID, 1, desk.Publication{At: desk.Moment{At: noon.Add(time.Hour)}, EmbargoedUntil: &until})
	must(t, err)
	head := r.lines(t)

	r.advance(48 * time.Hour)
	again := desk.New(r.store, r.clock)
	for range 3 {
		next, err := again.Due(t.Context())
		must(t, err)
		if !next.IsZero() {
			t.Errorf("something is due at %v", next)
		}
	}
	if got := r.told(t, head); !slices.Equal(got, []string{"PUBLISHED story_2", "PUBLISHED story_1"}) && !slices.Equal(got, []string{"PUBLISHED story_1", "PUBLISHED story_2"}) {
		t.Errorf("the public was told %v", got)
	}
	if got := r.lines(t) - head; got != 2 {
		t.Errorf("%d lines were written", got)
	}
	found, err := r.store.StoriesByID(t.Context(), news.Audience{}, []news.StoryID{"story_1", "story_2"})
	must(t, err)
	for id, s := range found {
		if s.PublishedAt != r.clock() || !s.EmbargoedUntil.IsZero() {
			t.Errorf("%s: got %+v", id, s)
		}
	}
}

// TestNodesThatAllTry lets several desks on one store do what is due at once, many
// times: each story is published by one of them.
func TestNodesThatAllTry(t *testing.T) {
	r := open(t)
	nodes := make([]*desk.Desk, 4)
	for i := range nodes {
		nodes[i] = desk.New(r.store, r.clock)
	}
	for round := range 40 {
		at := desk.Moment{At: r.clock().Add(time.Hour)}
		var want []string
		for i := range 1 + round%3 {
			id := fmt.Sprintf("story-%d-%d", round, i)
			if r.schedule(t, id, at); round%2 == 0 {
				_, err := r.EmbargoStory(t.Context(), editor, news.StoryID(id), 2, at)
				must(t, err)
			}
			want = append(want, "PUBLISHED "+id)
		}
		head := r.lines(t)
		r.advance(time.Hour)
		together(len(nodes), func(i int) {
			if _, err := nodes[i].Due(t.Context()); err != nil {
				t.Error(err)
			}
		})
		got := r.told(t, head)
		if slices.Sort(got); !slices.Equal(got, want) || r.lines(t)-head != news.Seq(len(want)) {
			t.Fatalf("round %d: got %v on %d lines, want %v", round, got, r.lines(t)-head, want)
		}
	}
}

// A grudge is a store that refuses to commit some entities.
type grudge struct {
	news.Store
	against map[news.EntityID]error
}

func (g grudge) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if err := g.against[changes[0].Doc.Ref().ID]; err != nil {
		return nil, err
	}
	return g.Store.Commit(ctx, changes)
}

func TestOneThatFailsHoldsNobodyUp(t *testing.T) {
	r := open(t)
	var want []string
	for i := range 70 { // several batches; many of one instant
		id := fmt.Sprintf("story-%02d", i)
		r.schedule(t, id, desk.Moment{At: noon.Add(time.Hour + time.Duration(i/10)*time.Minute)})
		want = append(want, "PUBLISHED "+id)
	}
	r.schedule(t, "later", desk.Moment{At: noon.Add(10 * time.Hour)})
	refused := errors.New("refused")
	failing := grudge{r.store, map[news.EntityID]error{"story-00": refused, "story-33": refused, "story-69": refused}}
	head := r.lines(t)
	r.advance(2 * time.Hour)
	next, err := desk.New(failing, r.clock).Due(t.Context())
	if !errors.Is(err, refused) || strings.Count(err.Error(), "publish story-") != 3 || !strings.Contains(err.Error(), "publish story-33, which is due: refused") {
		t.Errorf("got %v", err)
	}
	if !next.Equal(noon.Add(10 * time.Hour)) {
		t.Errorf("the next is due at %v", next)
	}
	got := r.told(t, head)
	if len(got) != 67 || slices.Contains(got, "PUBLISHED story-33") {
		t.Errorf("the public was told of %d: %v", len(got), got)
	}
	lines, err := r.store.Lines(t.Context(), head, 1000)
	must(t, err)
	for i := range lines[1:] {
		if a, b := lines[i].Before.At, lines[i+1].Before.At; b.Before(a) {
			t.Errorf("what was due at %v came before what was due at %v", a, b)
		}
	}
	_, err = r.Due(t.Context())
	must(t, err)
	got = r.told(t, head)
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("then the public was told %v", got)
	}
}

// A shelf is a store with stories that wait, and no more.
type shelf struct {
	news.Store
	mu      sync.Mutex
	stories []*news.Story
	lines   []news.Change
	looks   int
	fails   error
}

func (s *shelf) Listed(_ context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var page news.Page[news.Entity]
	if s.fails != nil || sel.Kind != news.KindStory {
		return page, s.fails
	}
	s.looks++
	for _, story := range s.stories {
		if sel.Holds(story.Listing()) && (w.Before == nil || story.Listing().At.After(w.Before.At)) {
			page.Items = append(page.Items, story)
		}
	}
	slices.SortFunc(page.Items, func(a, b news.Entity) int { return b.Listing().At.Compare(a.Listing().At) })
	if n := len(page.Items); n > w.Last {
		page.Items, page.HasPrevious = page.Items[n-w.Last:], true
	}
	return page, nil
}

func (s *shelf) Commit(_ context.Context, changes []news.Change) ([]news.Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	next := changes[0].Doc.(*news.Story)
	i := slices.IndexFunc(s.stories, func(story *news.Story) bool { return story.ID == next.ID })
	if s.stories[i].Version+1 != next.Version {
		return nil, &news.ConflictError{ID: news.EntityID(next.ID), Current: s.stories[i].Version}
	}
	s.stories[i] = next
	s.lines = append(s.lines, changes[0])
	return []news.Line{{Seq: news.Seq(len(s.lines)), Change: changes[0]}}, nil
}

// put has a story wait for an instant.
func (s *shelf) put(id news.StoryID, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stories = append(s.stories, &news.Story{ID: id, Version: 1, Status: news.StoryScheduled, Schedule: &news.Schedule{At: news.Instant(at)}})
}

func (s *shelf) done() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var done []string
	for _, line := range s.lines {
		done = append(done, fmt.Sprintf("%s %s", line.Doc.Ref().ID, line.At.Format("15:04:05.000")))
	}
	return done
}

// keep keeps the time of a store until the test ends.
func keep(t *testing.T, store *shelf, clock func() time.Time) *bytes.Buffer {
	t.Helper()
	var log bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- desk.New(store, clock).KeepTime(ctx, slog.New(slog.NewTextHandler(&log, nil)))
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
	return &log
}

func TestTimeIsKeptToTheMillisecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &shelf{}
		now := time.Now().UTC()
		store.put("a", now.Add(-time.Hour)) // when it begins, it is late
		store.put("b", now.Add(1500*time.Millisecond))
		store.put("c", now.Add(1501*time.Millisecond))
		store.put("d", now.Add(time.Hour+123*time.Millisecond))
		keep(t, store, time.Now)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		// Between two looks for what is due there are 10 ms at least.
		want := []string{"a 00:00:00.000", "b 00:00:01.500", "c 00:00:01.510", "d 01:00:00.123"}
		if got := store.done(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if seconds := 2 * 60 * 60; store.looks < seconds || store.looks > seconds+10 {
			t.Errorf("it looked %d times in %d seconds", store.looks, seconds)
		}
	})
}

func TestAClockThatJumps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &shelf{}
		var mu sync.Mutex
		var ahead time.Duration
		clock := func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return time.Now().Add(ahead)
		}
		jump := func(d time.Duration) {
			mu.Lock()
			ahead += d
			mu.Unlock()
			time.Sleep(time.Second)
			synctest.Wait()
		}
		at := time.Now().Add(time.Hour)
		store.put("a", at)
		keep(t, store, clock)
		synctest.Wait()
		jump(-24 * time.Hour)
		if got := store.done(); got != nil {
			t.Errorf("a clock that was put back: got %v", got)
		}
		jump(26 * time.Hour)
		if got := store.done(); len(got) != 1 {
			t.Errorf("a clock that was put forward: got %v", got)
		}
		jump(-26 * time.Hour)
		// What somebody else plans is noticed within a second.
		store.put("b", clock())
		jump(0)
		if got := store.done(); len(got) != 2 {
			t.Errorf("planned meanwhile: got %v", got)
		}
	})
}

func TestWhatFailsIsLoggedAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &shelf{fails: fmt.Errorf("no route: %w", news.ErrUnavailable)}
		store.put("a", time.Now())
		log := keep(t, store, time.Now)
		time.Sleep(90 * time.Second)
		synctest.Wait()
		store.mu.Lock()
		store.fails = nil
		store.mu.Unlock()
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if got := store.done(); len(got) != 1 || !strings.HasPrefix(got[0], "a 00:01:3") {
			t.Errorf("got %v", got)
		}
		said := log.String()
		if n := strings.Count(said, "level=WARN"); n != 2 || !strings.Contains(said, "op=due") || !strings.Contains(said, "no route") {
			t.Errorf("a minute and a half was complained of %d times:\n%s", n, said)
		}
		if strings.Count(said, "is done again") != 1 {
			t.Errorf("it does not say that it works again:\n%s", said)
		}
	})
}
