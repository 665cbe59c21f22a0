package cache_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/cache"
	"depeche/internal/news"
	"depeche/internal/store/storetest"
)

// made is an answer that may be kept.
func made(body string) cache.Made {
	return cache.Made{Answer: &cache.Answer{Status: 200, Type: "text/plain", Body: []byte(body)}, Keep: true}
}

func key(name string) cache.Key { return cache.KeyOf([]byte(name)) }

func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		name string
		a, b []string
		same bool
	}{
		{"the same", []string{"a", "b"}, []string{"a", "b"}, true},
		{"another part", []string{"a", "b"}, []string{"a", "c"}, false},
		{"another cut", []string{"ab", "c"}, []string{"a", "bc"}, false},
		{"an empty part", []string{"a"}, []string{"a", ""}, false},
	} {
		keyOf := func(parts []string) cache.Key {
			var list [][]byte
			for _, p := range parts {
				list = append(list, []byte(p))
			}
			return cache.KeyOf(list...)
		}
		if got := keyOf(tt.a) == keyOf(tt.b); got != tt.same {
			t.Errorf("%s: got the same key %v, want %v", tt.name, got, tt.same)
		}
	}
}

func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ages []time.Duration
		c := cache.New(cache.Options{Lifetime: time.Minute, OnHit: func(age time.Duration) { ages = append(ages, age) }})
		do := func() cache.Outcome {
			_, outcome := c.Do(t.Context(), key("a"), func(context.Context) cache.Made {
				time.Sleep(5 * time.Second) // what is made slowly is old when it is there
				return made("a")
			})
			return outcome
		}
		if got := do(); got != cache.Miss {
			t.Errorf("the first: got outcome %v, want Miss", got)
		}
		time.Sleep(55*time.Second - time.Nanosecond)
		if a := c.Get(key("a")); a == nil || string(a.Body) != "a" {
			t.Errorf("within the lifetime: got %v", a)
		}
		if len(ages) != 1 || ages[0] != time.Minute-time.Nanosecond {
			t.Errorf("the ages at hits: got %v, want a minute", ages)
		}
		time.Sleep(time.Nanosecond)
		if a := c.Get(key("a")); a != nil {
			t.Errorf("after the lifetime: got %v, want none", a)
		}
		if got := do(); got != cache.Miss {
			t.Errorf("after the lifetime: got outcome %v, want Miss", got)
		}
		want := cache.Stats{Hits: 1, Misses: 2, Answers: 1}
		if got := c.Stats(); got.Hits != want.Hits || got.Misses != want.Misses || got.Answers != want.Answers || got.Bytes < 1 {
			t.Errorf("stats: got %+v, want %+v", got, want)
		}
	})
}

// TestManyLines: an answer may name a place in the log, and from one too far back
// nothing is replayed.
func TestManyLines(t *testing.T) {
	c := cache.New(cache.Options{})
	do := func() cache.Outcome {
		_, outcome := c.Do(t.Context(), key("a"), func(context.Context) cache.Made { return made("a") })
		return outcome
	}
	do()
	seq := news.Seq(0)
	pass := func(n int) {
		for range n {
			seq++
			id := news.TickerEntryID(fmt.Sprint("tick_", seq))
			c.Passed([]news.Line{{Seq: seq, Change: news.Change{Op: news.OpPublished, Doc: &news.TickerEntry{ID: id, Version: 1, Status: news.TickerPublished}}}})
		}
	}
	pass(4000)
	if got := do(); got != cache.Hit {
		t.Errorf("after 4,000 lines: got outcome %v, want Hit", got)
	}
	pass(1)
	for i, want := range []cache.Outcome{cache.Miss, cache.Hit} {
		if got := do(); got != want {
			t.Errorf("after one more, call %d: got outcome %v, want %v", i+1, got, want)
		}
	}
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cache.New(cache.Options{Lifetime: time.Minute, StaleFor: time.Hour})
		end := time.Now().Add(10 * time.Second)
		c.Do(t.Context(), key("a"), func(ctx context.Context) cache.Made {
			cache.Until(ctx, end.Add(time.Second))
			cache.Until(ctx, end)
			cache.Until(ctx, time.Time{})
			return made("a")
		})
		time.Sleep(10*time.Second - time.Nanosecond)
		if c.Get(key("a")) == nil {
			t.Error("before its end: got none")
		}
		time.Sleep(time.Nanosecond)
		if a := c.Get(key("a")); a != nil {
			t.Errorf("after its end: got %s", a.Body)
		}
		a, outcome := c.Do(t.Context(), key("a"), func(context.Context) cache.Made { return away })
		if outcome == cache.Stale || string(a.Body) != "away" {
			t.Errorf("after its end, while the store is away: got %s, %v", a.Body, outcome)
		}

		// Somebody who comes after the end, while it is being made, gets another.
		release := make(chan struct{})
		go c.Do(t.Context(), key("b"), func(ctx context.Context) cache.Made {
			cache.Until(ctx, time.Now().Add(time.Second))
			<-release
			return made("old")
		})
		synctest.Wait()
		time.Sleep(time.Second)
		var got string
		go func() {
			a, _ := c.Do(t.Context(), key("b"), func(context.Context) cache.Made { return made("new") })
			got = string(a.Body)
		}()
		synctest.Wait()
		close(release)
		synctest.Wait()
		if got != "new" {
			t.Errorf("who came after the end got %q, want the new one", got)
		}
	})
}

var away = cache.Made{Answer: &cache.Answer{Status: 503, Body: []byte("away"), ETag: `W/"x"`, Made: time.Unix(1, 0)}, Away: true}

func TestStandingIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		c := cache.New(cache.Options{Lifetime: time.Minute, StaleFor: time.Minute})
		s := c.Over(m)
		commit(t, s, storetest.Tag("tag_a"), storetest.Tag("tag_b"))
		q := named(question{readings: []reading{{read: func(ctx context.Context, s news.Store) (any, error) {
			return s.TagsByID(ctx, []news.TagID{"tag_a"})
		}}}}, "a tag")
		good, _ := ask(t.Context(), c, s, q)
		m.fail(news.ErrUnavailable)

		time.Sleep(time.Minute)
		if got, outcome := ask(t.Context(), c, s, q); got != good || outcome != cache.Stale {
			t.Errorf("past its lifetime: got %s, %v; want what was there, Stale", got, outcome)
		}
		if a := c.Get(q.key()); a != nil {
			t.Errorf("past its lifetime it was there as if it were true: %s", a.Body)
		}
		time.Sleep(time.Minute - time.Nanosecond)
		if got, outcome := ask(t.Context(), c, s, q); got != good || outcome != cache.Stale {
			t.Errorf("at the last moment: got %s, %v; want what was there, Stale", got, outcome)
		}
		time.Sleep(time.Nanosecond)
		if got, outcome := ask(t.Context(), c, s, q); got == good || outcome != cache.Miss {
			t.Errorf("after that: got %s, %v; want that the store is away", got, outcome)
		}

		// The store comes back, something happens, and it is away again.
		m.fail(nil)
		ask(t.Context(), c, s, q)
		lines := commit(t, m, storetest.Next(storetest.Tag("tag_a")))
		m.fail(news.ErrUnavailable)
		time.Sleep(time.Minute)
		c.Passed(lines)
		if got, outcome := ask(t.Context(), c, s, q); got == good || outcome == cache.Stale {
			t.Errorf("dropped by a line: got %s, %v", got, outcome)
		}
		if got := c.Stats().Stale; got != 2 {
			t.Errorf("%d were counted as stale, want 2", got)
		}
	})
}

func TestWhatIsNotKept(t *testing.T) {
	c := cache.New(cache.Options{Bytes: 64 << 10})
	for _, tt := range []struct {
		name string
		make cache.Made
		want cache.Outcome
	}{
		{"not to be kept", cache.Made{Answer: &cache.Answer{Body: []byte("x")}}, cache.Miss},
		{"no answer", cache.Made{Keep: true}, cache.Bypass},
		{"too large", made(strings.Repeat("x", 8<<10)), cache.Miss},
		{"the store is away", cache.Made{Answer: &cache.Answer{Body: []byte("x")}, Keep: true, Away: true}, cache.Miss},
	} {
		a, outcome := c.Do(t.Context(), key(tt.name), func(context.Context) cache.Made { return tt.make })
		if outcome != tt.want || a != tt.make.Answer {
			t.Errorf("%s: got %v, %v; want %v, %v", tt.name, a, outcome, tt.make.Answer, tt.want)
		}
		if a != nil && a.ETag == "" {
			t.Errorf("%s: it has no ETag", tt.name)
		}
		if a := c.Get(key(tt.name)); a != nil {
			t.Errorf("%s: it was kept", tt.name)
		}
	}
}

func TestETags(t *testing.T) {
	c := cache.New(cache.Options{})
	tag := func(name, body string) string {
		a, _ := c.Do(t.Context(), key(name), func(context.Context) cache.Made { return made(body) })
		return a.ETag
	}
	a, same, other := tag("1", "a"), tag("2", "a"), tag("3", "b")
	if a != same || a == other || !strings.HasPrefix(a, `W/"`) || !strings.HasSuffix(a, `"`) {
		t.Errorf("got %s and %s for the same body, %s for another", a, same, other)
	}
}

func TestForms(t *testing.T) {
	a := &cache.Answer{Body: []byte("12345678")}
	made := 0
	half := func(body []byte) []byte { made++; return body[:6] }
	for range 2 {
		if got := a.Form("gzip", half); string(got) != "123456" {
			t.Errorf("got %q, want what was made", got)
		}
	}
	for range 2 {
		if got := a.Form("br", func(body []byte) []byte { made++; return body[:7] }); got != nil {
			t.Errorf("a form that saves little: got %q, want none", got)
		}
	}
	if got := a.Form("zstd", half); got != nil {
		t.Errorf("a third form: got %q, want none", got)
	}
	if made != 2 {
		t.Errorf("forms were made %d times, want 2", made)
	}
}

func TestFormsAreMadeOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &cache.Answer{Body: bytes.Repeat([]byte("a"), 100)}
		made := 0
		for range 100 {
			go func() {
				if got := a.Form("gzip", func([]byte) []byte { made++; return []byte("z") }); string(got) != "z" {
					t.Errorf("got %q, want z", got)
				}
			}()
		}
		synctest.Wait()
		if made != 1 {
			t.Errorf("it was made %d times, want once", made)
		}
	})
}

func TestNoCache(t *testing.T) {
	c := cache.New(cache.Options{Bytes: -1})
	if c != nil {
		t.Fatalf("got %v, want none", c)
	}
	m := newMemory()
	if s := c.Over(m); s != news.Store(m) {
		t.Errorf("over a store: got %v, want the store", s)
	}
	for range 2 {
		a, outcome := c.Do(t.Context(), key("a"), func(ctx context.Context) cache.Made {
			cache.Until(ctx, time.Now())
			return made("a")
		})
		if string(a.Body) != "a" || outcome != cache.Miss {
			t.Errorf("got %v, %v; want a, Miss", a, outcome)
		}
	}
	if a, outcome := c.Do(t.Context(), key("a"), func(context.Context) cache.Made { return cache.Made{} }); a != nil || outcome != cache.Bypass {
		t.Errorf("no answer: got %v, %v; want none, Bypass", a, outcome)
	}
	c.Passed(commit(t, m, storetest.Tag("tag_a")))
	if a, stats := c.Get(key("a")), c.Stats(); a != nil || stats != (cache.Stats{}) {
		t.Errorf("got %v and %+v, want nothing", a, stats)
	}
}

// TestBytesAreHonest floods a cache with distinct answers and looks at what it
// takes of the heap.
func TestBytesAreHonest(t *testing.T) {
	for _, tt := range []struct {
		name string
		body int
		read func(ctx context.Context, s news.Store, i int)
	}{
		{"small answers", 100, func(context.Context, news.Store, int) {}},
		{"large answers", 20_000, func(context.Context, news.Store, int) {}},
		{"answers made of many entities", 500, func(ctx context.Context, s news.Store, i int) {
			var ids []news.EntityID
			for j := range 30 {
				ids = append(ids, news.EntityID(idOf(i*30+j)))
			}
			must(s.Nodes(ctx, news.Audience{}, ids))
		}},
		{"answers made of long ids that are none", 100, func(ctx context.Context, s news.Store, i int) {
			must(s.Nodes(ctx, news.Audience{}, []news.EntityID{news.EntityID(idOf(i) + strings.Repeat("x", 10_000))}))
		}},
		{"answers made of absent slugs", 100, func(ctx context.Context, s news.Store, i int) {
			must(s.TagsBySlug(ctx, []string{idOf(i)}))
		}},
		{"answers made of lists of their own", 100, func(ctx context.Context, s news.Store, i int) {
			for j := range 5 {
				f := news.StoryFilter{Tags: []news.TagID{news.TagID(idOf(i*5 + j))}, Language: "fr"}
				must(s.Stories(ctx, news.Audience{}, f, news.Window{First: 5}))
			}
		}},
		{"pages of one list", 100, func(ctx context.Context, s news.Store, i int) {
			w := news.Window{First: 5, After: &news.PageCursor{List: news.KindStory, At: dawn, ID: news.EntityID(idOf(i))}}
			must(s.Stories(ctx, news.Audience{}, news.StoryFilter{}, w))
		}},
	} {
		const bound = 4 << 20
		before := heap()
		c := cache.New(cache.Options{Bytes: bound})
		s := c.Over(newMemory())
		for i := 0; c.Stats().Evictions < 300; i++ {
			var name [8]byte
			binary.LittleEndian.PutUint64(name[:], uint64(i))
			c.Do(t.Context(), cache.KeyOf(name[:]), func(ctx context.Context) cache.Made {
				tt.read(ctx, s, i)
				m := cache.Made{Answer: &cache.Answer{Body: make([]byte, tt.body)}, Keep: true}
				for _, coding := range []string{"gzip", "br"} {
					m.Answer.Form(coding, func(body []byte) []byte { return body[:len(body)*3/4] })
				}
				return m
			})
		}
		took := heap() - before
		stats := c.Stats()
		t.Logf("%s: %d answers, %d KiB counted, %d KiB taken", tt.name, stats.Answers, stats.Bytes>>10, took>>10)
		if stats.Bytes > bound || took > bound*3/2 {
			t.Errorf("%s: %d bytes are counted and %d taken, want at most about %d", tt.name, stats.Bytes, took, bound)
		}
		runtime.KeepAlive(c)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func idOf(i int) string {
	r := rand.New(rand.NewPCG(uint64(i), 1))
	return "story_01J" + strings.Repeat("0", 11) + string(binary.LittleEndian.AppendUint64(nil, r.Uint64()))
}

func must[T any](found T, err error) T {
	if err != nil {
		panic(err)
	}
	return found
}

// commit commits entities, each a new version of what is there.
func commit(t testing.TB, s news.Store, entities ...news.Entity) []news.Line {
	t.Helper()
	var changes []news.Change
	before := make(map[news.EntityID]news.Entity)
	for _, e := range entities {
		ref := e.Ref()
		was := before[ref.ID]
		if was == nil && ref.Version > 1 {
			line, err := s.Version(t.Context(), ref.ID, ref.Version-1)
			if err != nil {
				t.Fatalf("version %d of %s: %v", ref.Version-1, ref.ID, err)
			}
			was = line.Doc
		}
		changes = append(changes, storetest.Change(e, was))
		before[ref.ID] = e
	}
	lines, err := s.Commit(t.Context(), changes)
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	return lines
}

func named(q question, name string) question {
	q.name = name
	return q
}
