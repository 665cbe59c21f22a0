package demo_test

import (
	"context"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/demo"
	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

func open(t *testing.T) (*sqlite.Store, *desk.Desk) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "depeche.db")})
	if err != nil {
		t.Fatal(err)
	}
	return store, desk.New(store, time.Now)
}

const base = "http://127.0.0.1:1"

// TestPicturesAreThere looks for the drawing of each story.
func TestPicturesAreThere(t *testing.T) {
	store, d := open(t)
	defer store.Close()
	if err := demo.Load(t.Context(), d, store, base); err != nil {
		t.Fatal(err)
	}
	page, err := store.Stories(t.Context(), news.Audience{Staff: true}, news.StoryFilter{}, news.Window{First: news.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, s := range page.Items {
		if s.Image == nil {
			continue
		}
		name, ours := strings.CutPrefix(string(s.Image.URL), base+"/pictures/")
		drawing, err := fs.ReadFile(demo.Pictures(), name)
		if !ours || err != nil || !strings.HasPrefix(string(drawing), "<svg ") {
			t.Errorf("%s: there is no drawing at %s: %v", s.ID, s.Image.URL, err)
		}
		shown[name] = true
	}
	if len(shown) < 50 {
		t.Errorf("%d stories have a drawing, want most of them", len(shown))
	}
	err = fs.WalkDir(demo.Pictures(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && !shown[name] {
			t.Errorf("nothing shows %s", name)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestTimesMoveToNow(t *testing.T) {
	store, d := open(t)
	defer store.Close()
	began := d.Now()
	if err := demo.Load(t.Context(), d, store, base); err != nil {
		t.Fatal(err)
	}
	page, err := store.Stories(t.Context(), news.Audience{}, news.StoryFilter{}, news.Window{First: news.MaxPage})
	if err != nil {
		t.Fatal(err)
	}
	lately := 0
	for _, s := range page.Items {
		switch age := began.Sub(s.PublishedAt); {
		case age < -time.Minute || age > 11*24*time.Hour:
			t.Errorf("%s was published %v ago, want the last ten days", s.ID, age)
		case age < 24*time.Hour:
			lately++
		}
	}
	if len(page.Items) < 60 || lately < 10 {
		t.Errorf("got %d stories, %d of the last day", len(page.Items), lately)
	}
	coverages, err := store.Coverages(t.Context(), news.CoverageFilter{}, news.Window{First: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range coverages.Items {
		if upcoming := c.StartsAt.After(began); upcoming != (c.Status == news.CoverageUpcoming) {
			t.Errorf("%s is %s and starts at %v, now being %v", c.ID, c.Status, c.StartsAt, began)
		}
	}
	if err := demo.Load(t.Context(), d, store, base); err != nil {
		t.Errorf("loading it again: %v", err)
	}
}

// TestWireShowsLife lets the wire run for the time that it takes to play its
// whole script, and more.
func TestWireShowsLife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, d := open(t)
		defer store.Close()
		if err := demo.Load(t.Context(), d, store, base); err != nil {
			t.Fatal(err)
		}
		before, err := store.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		complaints := &complaints{}
		wire, err := demo.NewWire(d, slog.New(complaints))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), 15*time.Minute)
		defer stop()
		wire.Run(ctx)

		ops, priorities := map[news.Op]int{}, map[news.Priority]int{}
		var last time.Time
		for after := before; ; {
			lines, err := store.Lines(t.Context(), after, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if len(lines) == 0 {
				break
			}
			for _, line := range lines {
				ops[line.Op]++
				priorities[line.Doc.(*news.TickerEntry).Priority]++
				if gap := line.At.Sub(last); !last.IsZero() && gap > 7*time.Second {
					t.Errorf("nothing happened for %v", gap)
				}
				last, after = line.At, line.Seq
			}
		}
		if ops[news.OpPublished] < 120 || ops[news.OpCorrected] == 0 || ops[news.OpRetracted] == 0 || priorities[news.Flash] == 0 {
			t.Errorf("got %v and %v, want all sorts", ops, priorities)
		}
		if complaints.n > 0 {
			t.Errorf("the wire complained %d times", complaints.n)
		}
	})
}

// complaints counts what is logged.
type complaints struct{ n int }

func (c *complaints) Enabled(context.Context, slog.Level) bool  { return true }
func (c *complaints) Handle(context.Context, slog.Record) error { c.n++; return nil }
func (c *complaints) WithAttrs([]slog.Attr) slog.Handler        { return c }
func (c *complaints) WithGroup(string) slog.Handler             { return c }
