package intake_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

// A room is a newsroom of its own for a test.
type room struct {
	testing.TB
	store news.Store
	desk  *desk.Desk
	now   time.Time
}

func newRoom(t testing.TB) *room {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "depeche.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	r := &room{TB: t, store: store, now: instant(t, "2025-07-09T10:30:00Z")}
	r.desk = desk.New(store, func() time.Time { return r.now })
	return r
}

func importer() news.Actor { return news.Actor{Name: "import", Role: news.Admin} }
func marie() news.Actor    { return news.Actor{Name: "marie", Role: news.Editor} }

func instant(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at.UTC()
}

func paris(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// page is a pasted page, taken at noon in Paris on 9 July 2025.
func (r *room) page(text string) intake.TickerPage {
	return intake.TickerPage{Text: text, At: instant(r, "2025-07-09T10:00:00Z"), Zone: paris(r)}
}

func (r *room) ticker(text string) intake.TickerResult {
	r.Helper()
	return r.tickerPage(r.page(text))
}

func (r *room) tickerPage(in intake.TickerPage) intake.TickerResult {
	r.Helper()
	result, err := intake.ImportTicker(r.Context(), r.desk, r.store, importer(), in)
	if err != nil {
		r.Fatal(err)
	}
	return result
}

// shows checks the ticker as a reader sees it, newest first: Paris time and
// headline, with "!" before those that have been retracted.
func (r *room) shows(want ...string) {
	r.Helper()
	var got []string
	w := news.Window{First: news.MaxPage}
	for {
		p, err := r.store.TickerEntries(r.Context(), news.TickerFilter{}, w)
		if err != nil {
			r.Fatal(err)
		}
		for _, e := range p.Items {
			shown := e.OccurredAt.In(paris(r)).Format("01-02 15:04 ") + e.Headline
			if e.Status == news.TickerRetracted {
				shown = "!" + shown
			}
			got = append(got, shown)
		}
		if !p.HasNext {
			break
		}
		after := news.CursorOf(p.Items[len(p.Items)-1])
		w.After = &after
	}
	if !slices.Equal(got, want) {
		r.Errorf("the ticker shows\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// entry finds an entry by its headline.
func (r *room) entry(headline string) *news.TickerEntry {
	r.Helper()
	p, err := r.store.TickerEntries(r.Context(), news.TickerFilter{}, news.Window{First: news.MaxPage})
	if err != nil {
		r.Fatal(err)
	}
	i := slices.IndexFunc(p.Items, func(e *news.TickerEntry) bool { return e.Headline == headline })
	if i < 0 {
		r.Fatalf("no entry has the headline %q", headline)
	}
	return p.Items[i]
}

func (r *room) head() news.Seq {
	r.Helper()
	head, err := r.store.Head(r.Context())
	if err != nil {
		r.Fatal(err)
	}
	return head
}

func counts(r intake.TickerResult) [3]int { return [3]int{r.Added, r.Changed, r.Unchanged} }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
