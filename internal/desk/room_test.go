package desk_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

var (
	noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

	editor      = news.Actor{Name: "marie", Role: news.Editor}
	contributor = news.Actor{Name: "jo", Role: news.Contributor}
)

// A room is a desk over a store of its own, with a clock that stands still.
type room struct {
	*desk.Desk
	store *sqlite.Store

	mu  sync.Mutex
	now time.Time
}

func open(t testing.TB) *room {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "depeche.db")})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	r := &room{store: store, now: noon}
	r.Desk = desk.New(store, r.clock)
	return r
}

func (r *room) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *room) advance(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

// lines is how many lines the log has.
func (r *room) lines(t testing.TB) news.Seq {
	t.Helper()
	head, err := r.store.Head(t.Context())
	must(t, err)
	return head
}

// ops lists what has been done to an entity and by whom.
func (r *room) ops(t testing.TB, id news.EntityID) []string {
	t.Helper()
	var ops []string
	for version := 1; ; version++ {
		line, err := r.store.Version(t.Context(), id, version)
		if errors.Is(err, news.ErrNotFound) {
			return ops
		}
		must(t, err)
		ops = append(ops, string(line.Op)+" by "+line.By)
	}
}

func (r *room) tag(t testing.TB, id news.TagID, kind news.TagKind) {
	t.Helper()
	_, err := r.CreateTag(t.Context(), editor, string(id), news.TagContent{Name: string(id), Kind: kind})
	must(t, err)
}

// draft makes a story of who's.
func (r *room) draft(t testing.TB, who news.Actor, id, title string) *news.Story {
	t.Helper()
	s, err := r.CreateStory(t.Context(), who, id, func(e *desk.StoryEdit) { e.Title, e.Language = title, "fr" })
	must(t, err)
	return s
}

func (r *room) entry(t testing.TB, id, headline string) *news.TickerEntry {
	t.Helper()
	e, err := r.PublishTickerEntry(t.Context(), editor, id, false, func(e *desk.TickerEdit) { e.Headline = headline })
	must(t, err)
	return e
}

// wantInvalid wants err to be about field.
func wantInvalid(t testing.TB, err error, field string) {
	t.Helper()
	var invalid *news.InvalidError
	if !errors.As(err, &invalid) || invalid.Field != field {
		t.Errorf("got %v, want %s to be invalid", err, field)
	}
}

func wantConflict(t testing.TB, err error, current int) {
	t.Helper()
	var conflict *news.ConflictError
	if !errors.As(err, &conflict) || conflict.Current != current {
		t.Errorf("got %v, want a conflict with version %d", err, current)
	}
}

func wantIs(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// together runs f in n goroutines that start at once.
func together(n int, f func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
