package cache_test

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"depeche/internal/cache"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

// TestWhatIsKeptIsTrue lets things happen at random and compares, after each, what
// is kept with what is read.
func TestWhatIsKeptIsTrue(t *testing.T) {
	for _, tt := range []struct {
		name  string
		open  func(t *testing.T) news.Store
		steps int
	}{
		{"in memory", func(*testing.T) news.Store { return newMemory() }, 1000},
		{"in SQLite", openSQLite, 50},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seed := rand.Uint64()
			defer func() {
				if t.Failed() {
					t.Logf("the seed was %d", seed)
				}
			}()
			keepTrue(t, seed, tt.open(t), tt.steps)
		})
	}
}

func openSQLite(t *testing.T) news.Store {
	s, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "news.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func keepTrue(t *testing.T, seed uint64, store news.Store, steps int) {
	const asked = 60
	var (
		ctx  = t.Context()
		r    = newNewsroom(seed)
		here = cache.New(cache.Options{})
		// Another node sees the same store and hears of lines by the log alone.
		there    = cache.New(cache.Options{})
		s        = here.Over(store)
		s2       = there.Over(store)
		followed news.Seq
	)
	questions := make([]question, asked)
	answers := make([]string, asked) // as they were when they were kept
	var dropped, needless tally
	for step := range steps {
		var changes []news.Change
		for range 1 + r.IntN(3)/2 {
			changes = append(changes, r.change())
		}
		was := here.Stats().Invalidated
		lines, err := s.Commit(ctx, changes)
		if err != nil {
			t.Fatalf("step %d: %v", step, err)
		}
		if now := here.Stats().Invalidated; now > was && !slices.ContainsFunc(changes, seen) {
			t.Fatalf("step %d: %d answers dropped by what nobody may hear of: %s", step, now-was, inFull(lines))
		}
		for i, q := range questions {
			// Each is looked at after every third step, but all are at the end.
			if q.name == "" || i%3 != step%3 && step < steps-3 {
				continue
			}
			if a := here.Get(q.key()); a == nil {
				if answers[i] != "" {
					dropped.add(q)
					if answers[i] == fresh(ctx, store, q) {
						needless.add(q)
					}
				}
				answers[i] = ""
			} else if now := fresh(ctx, store, q); string(a.Body) != now {
				t.Fatalf("step %d: %s: what is kept is not true after line %d, %s\ngot  %s\nwant %s",
					step, q.name, lines[0].Seq, inFull(lines), a.Body, now)
			}
		}
		// The follower comes later, and sometimes with many lines at once.
		if r.chance(50) {
			lines, err := store.Lines(ctx, followed, 1000)
			if err != nil {
				t.Fatal(err)
			}
			followed = lines[len(lines)-1].Seq
			here.Passed(lines)
			there.Passed(lines)
			for _, q := range questions {
				if a := there.Get(q.key()); a != nil {
					if now := fresh(ctx, store, q); string(a.Body) != now {
						t.Fatalf("step %d: %s: the other node keeps what is not true after line %d\ngot  %s\nwant %s",
							step, q.name, followed, a.Body, now)
					}
				}
			}
		}
		for range 8 {
			i := r.IntN(asked)
			if questions[i].name == "" || r.chance(10) {
				questions[i] = r.question(3)
				answers[i] = ""
			}
			answers[i] = ""
			got, _ := ask(ctx, here, s, questions[i])
			ask(ctx, there, s2, questions[i])
			if here.Get(questions[i].key()) != nil {
				answers[i] = got
			}
		}
	}
	t.Logf("%d answers to one reading dropped, %d of them for nothing: %s", dropped.all, needless.all, needless.of(&dropped))
	t.Logf("%+v", here.Stats())
}

// seen tells whether the public sees what a change is of, or saw it before.
func seen(c news.Change) bool {
	if _, ok := c.Doc.(*news.Story); !ok {
		return !c.Doc.Ref().Kind.Private()
	}
	public := func(l news.Listing) bool {
		return l.Status == string(news.StoryPublished) || l.Status == string(news.StoryRetracted)
	}
	return public(c.Doc.Listing()) || c.Before != nil && public(*c.Before)
}

// A tally counts answers to a single reading, by what was read.
type tally struct {
	all int
	by  [methods]int
}

func (n *tally) add(q question) {
	if len(q.readings) == 1 {
		n.all++
		n.by[q.readings[0].method]++
	}
}

// of tells how many of others n has.
func (n *tally) of(others *tally) string {
	var b strings.Builder
	for method, name := range methodNames {
		if others.by[method] > 0 {
			fmt.Fprintf(&b, "%s %d of %d, ", name, n.by[method], others.by[method])
		}
	}
	return strings.TrimSuffix(b.String(), ", ")
}
