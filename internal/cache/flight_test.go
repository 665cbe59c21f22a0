package cache_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"depeche/internal/cache"
	"depeche/internal/news"
	"depeche/internal/store/storetest"
)

func TestManyAskAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(cache.Options{})
		var times atomic.Int32
		release := make(chan struct{})
		var outcomes [cache.Stale + 1]atomic.Int32
		for range 1000 {
			go func() {
				a, outcome := c.Do(t.Context(), key("a"), func(context.Context) cache.Made {
					times.Add(1)
					<-release
					return made("a")
				})
				outcomes[outcome].Add(1)
				if string(a.Body) != "a" {
					t.Errorf("got %v, want a", a)
				}
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if n, miss, coalesced := times.Load(), outcomes[cache.Miss].Load(), outcomes[cache.Coalesced].Load(); n != 1 || miss != 1 || coalesced != 999 {
			t.Errorf("it was made %d times, %d missed and %d shared; want 1, 1 and 999", n, miss, coalesced)
		}
		if got := c.Stats(); got.Misses != 1 || got.Coalesced != 999 {
			t.Errorf("stats: got %+v, want 1 miss and 999 coalesced", got)
		}
	})
}

// TestWhatIsNotKeptIsShared: those who wait get it, those who come later don't.
func TestWhatIsNotKeptIsShared(t *testing.T) {
	for _, tt := range []struct {
		name    string
		make    cache.Made
		outcome cache.Outcome
	}{
		{"not to be kept", cache.Made{Answer: &cache.Answer{Body: []byte("x")}}, cache.Coalesced},
		{"the store is away", cache.Made{Answer: &cache.Answer{Body: []byte("x")}, Away: true}, cache.Coalesced},
		{"nothing to be shared", cache.Made{}, cache.Bypass},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cache.New(cache.Options{})
				release := make(chan struct{})
				times := 0
				make := func(context.Context) cache.Made { times++; <-release; return tt.make }
				go c.Do(t.Context(), key("a"), make)
				synctest.Wait()
				go func() {
					if a, outcome := c.Do(t.Context(), key("a"), make); a != tt.make.Answer || outcome != tt.outcome {
						t.Errorf("who waited got %v, %v; want %v, %v", a, outcome, tt.make.Answer, tt.outcome)
					}
				}()
				synctest.Wait()
				close(release)
				synctest.Wait()
				c.Do(t.Context(), key("a"), make)
				if times != 2 {
					t.Errorf("it was made %d times, want 2", times)
				}
			})
		})
	}
}

func TestWhoLeaves(t *testing.T) {
	type valueKey struct{}
	for _, tt := range []struct {
		name  string
		leave []int // who, in this order; 0 makes it
		ended bool
	}{
		{"nobody", nil, false},
		{"who makes it", []int{0}, false},
		{"who waits", []int{1, 2}, false},
		{"all", []int{0, 1, 2}, true},
		{"all, who makes it last", []int{2, 1, 0}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cache.New(cache.Options{})
				release := make(chan struct{})
				var inside context.Context
				var cancels [3]context.CancelFunc
				var got [3]*cache.Answer
				for i := range 3 {
					ctx, cancel := context.WithCancel(context.WithValue(t.Context(), valueKey{}, i))
					cancels[i] = cancel
					go func() {
						got[i], _ = c.Do(ctx, key("a"), func(ctx context.Context) cache.Made {
							inside = ctx
							<-release
							return made("a")
						})
					}()
					synctest.Wait()
				}
				for _, i := range tt.leave {
					if inside.Err() != nil {
						t.Fatalf("it was ended before %d left", i)
					}
					cancels[i]()
					synctest.Wait()
				}
				if ended := inside.Err() != nil; ended != tt.ended || inside.Value(valueKey{}) != 0 {
					t.Errorf("it was ended: %v, want %v; its value is %v, want that of the first", ended, tt.ended, inside.Value(valueKey{}))
				}
				// What is given up must not be given to who comes now.
				var late string
				go func() {
					a, _ := c.Do(t.Context(), key("a"), func(context.Context) cache.Made { return made("b") })
					late = string(a.Body)
				}()
				synctest.Wait()
				close(release)
				synctest.Wait()
				if want := map[bool]string{false: "a", true: "b"}[tt.ended]; late != want || string(c.Get(key("a")).Body) != want {
					t.Errorf("who came late got %q, and %q is kept; want %q", late, c.Get(key("a")).Body, want)
				}
				for i, a := range got {
					left := false
					for _, j := range tt.leave {
						left = left || i == j
					}
					if (a == nil) != left {
						t.Errorf("%d left: %v; got %v", i, left, a)
					}
					cancels[i]()
				}
				if inside.Err() == nil {
					t.Error("the context outlives the making")
				}
			})
		})
	}
}

func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(cache.Options{})
		release := make(chan struct{})
		var panicked any
		go func() {
			defer func() { panicked = recover() }()
			c.Do(t.Context(), key("a"), func(context.Context) cache.Made {
				<-release
				panic("made badly")
			})
		}()
		synctest.Wait()
		var good atomic.Int32
		for range 10 {
			go func() {
				if a, _ := c.Do(t.Context(), key("a"), func(context.Context) cache.Made { return made("a") }); a != nil {
					good.Add(1)
				}
			}()
		}
		synctest.Wait()
		close(release)
		synctest.Wait()
		if panicked != "made badly" || good.Load() != 10 {
			t.Errorf("got the panic %v and %d answers, want it and 10", panicked, good.Load())
		}
	})
}

// TestLinesMeanwhile has a line come in each moment of the making of an answer that
// it makes untrue, or does not.
func TestLinesMeanwhile(t *testing.T) {
	other := storetest.Tag("tag_b")
	for _, tt := range []struct {
		name   string
		change func(tag *news.Tag) news.Entity
		untrue bool
	}{
		{"of it", func(tag *news.Tag) news.Entity { return storetest.Next(tag) }, true},
		{"of something else", func(*news.Tag) news.Entity { return storetest.Next(other) }, false},
	} {
		for _, own := range []bool{true, false} {
			for _, moment := range []string{"before the reading", "after the reading"} {
				t.Run(tt.name+", "+moment, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						m := newMemory()
						c := cache.New(cache.Options{})
						s := c.Over(m)
						tag := storetest.Tag("tag_a")
						c.Passed(commit(t, m, tag, other))
						happen := func() {
							if own {
								commit(t, s, tt.change(tag))
							} else {
								c.Passed(commit(t, m, tt.change(tag)))
							}
						}
						var once sync.Once
						arrived, proceed := make(chan struct{}), make(chan struct{})
						q := named(question{readings: []reading{{read: func(ctx context.Context, s news.Store) (any, error) {
							if moment == "before the reading" {
								once.Do(func() { close(arrived); <-proceed })
							}
							found, err := s.TagsByID(ctx, []news.TagID{"tag_a"})
							once.Do(func() { close(arrived); <-proceed })
							return found, err
						}}}}, "tag")
						var first, early, late string
						go func() { first, _ = ask(t.Context(), c, s, q) }()
						<-arrived
						go func() { early, _ = ask(t.Context(), c, s, q) }()
						synctest.Wait()
						happen()
						var outcome cache.Outcome
						go func() { late, outcome = ask(t.Context(), c, s, q) }()
						synctest.Wait()
						close(proceed)
						synctest.Wait()
						now := fresh(t.Context(), m, q)
						if late != now {
							t.Errorf("who came after the line got %s, want %s", late, now)
						}
						if first == "" || early != first {
							t.Errorf("who came before the line got %s and %s, want the same", first, early)
						}
						if a := c.Get(q.key()); a != nil && string(a.Body) != now {
							t.Errorf("%s is kept, want %s", a.Body, now)
						}
						if shared := outcome == cache.Coalesced; shared && tt.untrue || !shared && !tt.untrue {
							t.Errorf("who came after the line shared it: %v, want %v", shared, !tt.untrue)
						}
					})
				})
			}
		}
	}
}

// TestManyLinesMeanwhile: what can't be checked any more is not kept.
func TestManyLinesMeanwhile(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lines int
		kept  bool
	}{{"as many as an answer may be behind", 4000, true}, {"more", 20_000, false}} {
		c := cache.New(cache.Options{})
		s := c.Over(newMemory())
		change := storetest.Change(storetest.Tag("tag_b"), nil)
		c.Do(t.Context(), key("a"), func(ctx context.Context) cache.Made {
			must(s.TagsByID(ctx, []news.TagID{"tag_a"}))
			for i := range tt.lines {
				c.Passed([]news.Line{{Seq: news.Seq(i + 1), Change: change}})
			}
			return made("a")
		})
		if kept := c.Get(key("a")) != nil; kept != tt.kept {
			t.Errorf("%s: kept %v, want %v", tt.name, kept, tt.kept)
		}
	}
}

// TestLinesTwice: what is made after a commit is not dropped when its lines come
// again by the log.
func TestLinesTwice(t *testing.T) {
	m := newMemory()
	c := cache.New(cache.Options{})
	s := c.Over(m)
	tag := storetest.Tag("tag_a")
	c.Passed(commit(t, m, tag))
	keep := func() {
		c.Do(t.Context(), key("a"), func(ctx context.Context) cache.Made {
			must(s.TagsByID(ctx, []news.TagID{"tag_a"}))
			return made("a")
		})
	}
	next := func() *news.Tag { tag = storetest.Next(tag); return tag }

	keep()
	own := commit(t, s, next())
	if c.Get(key("a")) != nil {
		t.Error("it is kept when the commit returns")
	}
	keep()
	c.Passed(own)
	if c.Get(key("a")) == nil {
		t.Error("it was dropped for a line that was there before it")
	}
	c.Passed(commit(t, m, next()))
	if c.Get(key("a")) != nil {
		t.Error("it is kept after a line of another node")
	}

	// The follower is faster than the commit.
	keep()
	quick := c.Over(&quickly{m, c})
	commit(t, quick, next())
	if c.Get(key("a")) == nil {
		t.Error("it was dropped for a line that had been followed before it")
	}

	// A commit that fails half way drops what it has changed.
	changes := []news.Change{storetest.Change(next(), tag), storetest.Change(tag, tag)}
	if lines, err := s.Commit(t.Context(), changes); err == nil || len(lines) != 1 {
		t.Fatalf("got %d lines, %v; want one and a conflict", len(lines), err)
	}
	if c.Get(key("a")) != nil {
		t.Error("it is kept after a commit that failed half way")
	}
}

// quickly is a store whose follower has seen a commit before it returns, and has
// had time for a reader who asked then.
type quickly struct {
	*memory
	c *cache.Cache
}

func (q *quickly) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	lines, err := q.memory.Commit(ctx, changes)
	q.c.Passed(lines)
	s := q.c.Over(q.memory)
	q.c.Do(ctx, key("a"), func(ctx context.Context) cache.Made {
		must(s.TagsByID(ctx, []news.TagID{"tag_a"}))
		return made("a")
	})
	return lines, err
}
