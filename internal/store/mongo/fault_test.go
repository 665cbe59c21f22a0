package mongo_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// A fault is something that a network or a server does to a command.
type fault struct {
	name   string
	hits   func(*mongotest.Command) bool
	action mongotest.Action
	every  int64 // how many of those that it hits pass for one that does not
}

func onLog(c *mongotest.Command) bool { return c.Name == "insert" && c.Collection == "log" }

func onProjection(c *mongotest.Command) bool {
	return (c.Name == "insert" || c.Name == "update") && c.Collection != "log" && c.Collection != "meta"
}

func onReading(c *mongotest.Command) bool { return c.Name == "find" }

func faults() []fault {
	return []fault{
		{"the log's line is lost on its way", onLog, mongotest.DropRequest, 3},
		{"the log's line arrives, its reply is lost", onLog, mongotest.DropReply, 3},
		{"the log's line is late", onLog, mongotest.Delay(30 * time.Millisecond), 3},
		{"the log's line meets a former primary", onLog, mongotest.Fail(10107, "NotWritablePrimary", "RetryableWriteError"), 3},
		{"the log's line meets a primary that steps down", onLog, mongotest.Fail(11602, "InterruptedDueToReplStateChange", "RetryableWriteError"), 3},
		{"the projection is lost on its way", onProjection, mongotest.DropRequest, 3},
		{"the projection arrives, its reply is lost", onProjection, mongotest.DropReply, 3},
		{"the projection is late", onProjection, mongotest.Delay(30 * time.Millisecond), 3},
		{"the projection meets a former primary", onProjection, mongotest.Fail(10107, "NotWritablePrimary", "RetryableWriteError"), 3},
		{"a question is lost on its way", onReading, mongotest.DropRequest, 12},
		{"an answer is lost", onReading, mongotest.DropReply, 12},
		{"an answer is late", onReading, mongotest.Delay(30 * time.Millisecond), 12},
	}
}

// TestFaults injects each fault, and then all of them, into the commands of two
// stores that are written to by several writers each, and looks whether anything
// was lost, doubled or acknowledged falsely, and whether who tails the log sees
// each line once.
func TestFaults(t *testing.T) {
	for _, network := range []struct {
		name string
		// proxy returns two ways to an empty database, and what decides about
		// the commands on both.
		proxy func(*testing.T) (uris [2]string, on func(func(*mongotest.Command) mongotest.Action))
	}{
		{"standalone", func(t *testing.T) ([2]string, func(func(*mongotest.Command) mongotest.Action)) {
			uri := mongotest.Database(t, mongotest.URI(t))
			a, b := mongotest.NewProxy(t, uri), mongotest.NewProxy(t, uri)
			return [2]string{a.URI(), b.URI()}, func(f func(*mongotest.Command) mongotest.Action) { a.On(f); b.On(f) }
		}},
		{"replica set", func(t *testing.T) ([2]string, func(func(*mongotest.Command) mongotest.Action)) {
			r := mongotest.ReplicaSet(t, mongotest.Database(t, mongotest.URI(t)))
			return [2]string{r.URI(), r.URI()}, r.On
		}},
	} {
		t.Run(network.name, func(t *testing.T) {
			var table []string
			run := func(name string, some ...fault) {
				t.Run(name, func(t *testing.T) {
					uris, on := network.proxy(t)
					stores := [2]*mongo.Store{opened(t, uris[0]), opened(t, uris[1])}
					o := storm(t, stores, on, some)
					audit(t, database(t, uris[0]))
					table = append(table, fmt.Sprintf("%-48s injected %3d, acknowledged %3d, unavailable %2d, lost %d, doubled %d",
						name, o.injected, o.acknowledged, o.unavailable, o.lost, o.doubled))
					if o.lost+o.doubled > 0 {
						t.Errorf("%d lines were lost and %d doubled", o.lost, o.doubled)
					}
					if o.injected == 0 {
						t.Error("it was never injected")
					}
				})
			}
			for _, f := range faults() {
				run(f.name, f)
			}
			run("all of them", faults()...)
			t.Logf("%s:\n%s", network.name, strings.Join(table, "\n"))
		})
	}
}

// An outcome is what a storm did.
type outcome struct {
	injected, acknowledged, unavailable, lost, doubled int
}

// storm has writers commit while some of the faults are injected. A larger one
// is asked for by DEPECHE_TEST_STORM, the number of stories of each writer.
func storm(t *testing.T, stores [2]*mongo.Store, on func(func(*mongotest.Command) mongotest.Action), some []fault) outcome {
	t.Helper()
	const writers = 4
	each := 3
	if n, err := strconv.Atoi(os.Getenv("DEPECHE_TEST_STORM")); err == nil {
		each = n
	}
	var met, injected atomic.Int64
	on(func(c *mongotest.Command) mongotest.Action {
		hitting := slices.DeleteFunc(slices.Clone(some), func(f fault) bool { return !f.hits(c) })
		if len(hitting) == 0 {
			return mongotest.Pass
		}
		f := hitting[rand.IntN(len(hitting))]
		if met.Add(1)%f.every != 0 {
			return mongotest.Pass
		}
		injected.Add(1)
		return f.action
	})
	var (
		mu          sync.Mutex
		o           outcome
		attempted   []news.Ref
		all         = make([]acknowledgements, writers)
		tailed, end = tail(t, stores[1])
	)
	var wg sync.WaitGroup
	for writer := range writers {
		wg.Go(func() {
			for n := range each {
				id := news.StoryID(fmt.Sprintf("story_%d_%d", writer, n))
				one := storetest.Story(id, func(s *news.Story) { s.Tags = []news.TagID{"tag_a"} })
				two := storetest.Next(one, func(s *news.Story) { s.Title += "!" })
				lines, err := stores[writer%2].Commit(t.Context(), []news.Change{storetest.Change(one, nil), storetest.Change(two, one)})
				mu.Lock()
				attempted = append(attempted, one.Ref(), two.Ref())
				all[writer] = append(all[writer], lines...)
				switch {
				case errors.Is(err, news.ErrUnavailable):
					o.unavailable++
				case err != nil:
					t.Errorf("commit of %s: %v", id, err)
				case len(lines) != 2:
					t.Errorf("commit of %s: got %d lines, want 2", id, len(lines))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	// All the same faults for who looks at what has come of it, but none for
	// the comparison.
	if _, err := stores[0].Stories(t.Context(), news.Audience{}, news.StoryFilter{}, news.Window{First: 5}); err != nil && !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("list: %v", err)
	}
	on(nil)
	log := logged(t, stores[0])
	for _, a := range all {
		o.acknowledged += len(a)
		a.check(t, log)
		for _, line := range a {
			if _, ok := log[line.Doc.Ref()]; !ok {
				o.lost++
			}
		}
	}
	head := end()
	if len(tailed()) != int(head) {
		t.Errorf("who tails the log has seen %d lines of %d", len(tailed()), head)
	}
	seen := make(map[news.Ref]int)
	for _, line := range tailed() {
		seen[line.Doc.Ref()]++
	}
	for _, ref := range attempted {
		if seen[ref] > 1 {
			o.doubled++
		}
	}
	o.injected = int(injected.Load())
	return o
}

// tail follows the log of s as live readers do: woken, or by and by. end waits
// until the tail has come to the head, and ends it.
func tail(t *testing.T, s *mongo.Store) (seen func() []news.Line, end func() news.Seq) {
	ctx, stop := context.WithCancel(t.Context())
	var (
		mu    sync.Mutex
		lines []news.Line
		wg    sync.WaitGroup
		woken = make(chan struct{}, 1)
		until = news.Seq(-1)
		there = make(chan struct{})
	)
	wake := func() {
		select {
		case woken <- struct{}{}:
		default:
		}
	}
	wg.Go(func() {
		if err := s.Watch(ctx, wake); !errors.Is(err, context.Canceled) {
			t.Errorf("watch: %v", err)
		}
	})
	wg.Go(func() {
		for {
			mu.Lock()
			after := news.Seq(len(lines))
			done := until >= 0 && after >= until
			mu.Unlock()
			if done {
				close(there)
				return
			}
			more, err := s.Lines(ctx, after, 50)
			if err != nil && !errors.Is(err, news.ErrUnavailable) {
				t.Errorf("lines after %d: %v", after, err)
				close(there)
				return
			}
			mu.Lock()
			for _, line := range more {
				if line.Seq != news.Seq(len(lines))+1 {
					t.Errorf("line %d came where line %d was due", line.Seq, len(lines)+1)
				}
				lines = append(lines, line)
			}
			mu.Unlock()
			if len(more) == 0 {
				select {
				case <-woken:
				case <-time.After(time.Second):
				}
			}
		}
	})
	seen = func() []news.Line {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(lines)
	}
	return seen, func() news.Seq {
		head, err := s.Head(ctx)
		if err != nil {
			t.Fatalf("head: %v", err)
		}
		mu.Lock()
		until = head
		mu.Unlock()
		wake()
		select {
		case <-there:
		case <-time.After(time.Minute):
			t.Errorf("who tails the log has not come to line %d", head)
		}
		stop()
		wg.Wait()
		return head
	}
}

// TestUnknownOutcome loses every reply of the log for good: what is committed
// nobody hears of, and the same call made again doubles nothing.
func TestUnknownOutcome(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	proxy := mongotest.NewProxy(t, uri)
	s, beside := opened(t, proxy.URI()), opened(t, uri)
	var lost atomic.Bool
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		switch {
		case onLog(c):
			lost.Store(true)
			return mongotest.DropReply
		case lost.Load():
			return mongotest.DropRequest
		}
		return mongotest.Pass
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	change := []news.Change{storetest.Change(storetest.Tag("tag_a"), nil)}
	if lines, err := s.Commit(ctx, change); err == nil {
		t.Errorf("got %d lines and no error, though nobody heard of them", len(lines))
	}
	proxy.On(nil)
	var lines []news.Line
	var err error
	await(t, "the store to find the server again", func() bool {
		lines, err = s.Commit(t.Context(), change)
		return !errors.Is(err, news.ErrUnavailable)
	})
	if !errors.Is(err, news.ErrConflict) || len(lines) != 0 {
		t.Errorf("made again: got %d lines, %v; want a conflict", len(lines), err)
	}
	if head, err := beside.Head(t.Context()); err != nil || head != 1 {
		t.Errorf("head: got %d, %v; want 1", head, err)
	}
	await(t, "the line to be projected", func() bool { return unprojected(t, database(t, uri)) == nil })
}

// TestOutage takes the server away and gives it back.
func TestOutage(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	proxy := mongotest.NewProxy(t, uri)
	s := opened(t, proxy.URI())
	seen, end := tail(t, s)
	commit := func(id news.TagID) error {
		_, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag(id), nil)})
		return err
	}
	if err := commit("tag_before"); err != nil {
		t.Fatal(err)
	}
	proxy.Cut()
	// The first calls may wait for a server. Once it is known that there is
	// none, they are refused without any.
	for name, call := range map[string]func() error{
		"commit": func() error { return commit("tag_meanwhile") },
		"head":   func() error { _, err := s.Head(t.Context()); return err },
		"list": func() error {
			_, err := s.Tags(t.Context(), news.TagFilter{}, news.Window{First: 5})
			return err
		},
	} {
		if err := call(); !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("%s without a server: got %v, want ErrUnavailable", name, err)
		}
	}
	const calls = 1000
	begin := time.Now()
	for range calls {
		if err := commit("tag_meanwhile"); !errors.Is(err, news.ErrUnavailable) {
			t.Fatalf("commit without a server: got %v, want ErrUnavailable", err)
		}
	}
	t.Logf("%d commits without a server were refused in %s", calls, time.Since(begin))
	proxy.Restore()
	await(t, "the store to find the server again", func() bool { return commit("tag_after") == nil })
	if head := end(); len(seen()) != int(head) {
		t.Errorf("who tails the log has seen %d lines of %d", len(seen()), head)
	}
	audit(t, database(t, uri))
}

// TestBlame has a call whose second change is refused lose the race for its
// first one: the error may not speak of the second before the first is in.
func TestBlame(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	proxy := mongotest.NewProxy(t, uri)
	s, rival := opened(t, proxy.URI()), opened(t, uri)
	var first sync.Once
	raced := make(chan struct{})
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		action := mongotest.Action(mongotest.Pass)
		if onLog(c) {
			first.Do(func() {
				go func() {
					defer close(raced)
					if _, err := rival.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_rival"), nil)}); err != nil {
						t.Error(err)
					}
				}()
				action = mongotest.Hold(raced)
			})
		}
		return action
	})
	good := storetest.Tag("tag_good")
	bad := storetest.Tag("tag_bad", func(t *news.Tag) { t.Version = 5 })
	lines, err := s.Commit(t.Context(), []news.Change{storetest.Change(good, nil), storetest.Change(bad, nil)})
	var conflict *news.ConflictError
	if !errors.As(err, &conflict) || conflict.ID != "tag_bad" {
		t.Errorf("got %v, want a conflict of tag_bad", err)
	}
	if len(lines) != 1 || lines[0].Seq != 2 {
		t.Errorf("got %d lines, want tag_good as line 2", len(lines))
	}
}

// TestRefusedForLong has a server refuse to write for a reason that may pass and
// does not: the call ends when its patience does, and says why.
func TestRefusedForLong(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes as long as a call is patient")
	}
	proxy := mongotest.NewProxy(t, mongotest.Database(t, mongotest.URI(t)))
	s := opened(t, proxy.URI())
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		if onLog(c) {
			return mongotest.Fail(14031, "OutOfDiskSpace")
		}
		return mongotest.Pass
	})
	_, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_a"), nil)})
	if !errors.Is(err, news.ErrUnavailable) || !strings.Contains(err.Error(), "OutOfDiskSpace") {
		t.Errorf("got %v, want ErrUnavailable because of OutOfDiskSpace", err)
	}
	proxy.On(nil)
	put(t, s, storetest.Tag("tag_b"))
}

// TestDeadlines tells the end of the caller's time from a store that is away.
func TestDeadlines(t *testing.T) {
	proxy := mongotest.NewProxy(t, mongotest.Database(t, mongotest.URI(t)))
	s := opened(t, proxy.URI())
	put(t, s, storetest.Tag("tag_a"))
	never := make(chan struct{})
	defer close(never)
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		if c.Name == "find" {
			return mongotest.Hold(never)
		}
		return mongotest.Pass
	})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.TagsByID(ctx, []news.TagID{"tag_a"}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, news.ErrUnavailable) {
		t.Errorf("when its time was over: got %v, want context.DeadlineExceeded", err)
	}
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		if c.Name == "find" {
			return mongotest.Fail(50, "MaxTimeMSExpired")
		}
		return mongotest.Pass
	})
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, err := s.TagsByID(ctx, []news.TagID{"tag_a"}); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, news.ErrUnavailable) {
		t.Errorf("when the server saw that its time was over: got %v, want context.DeadlineExceeded", err)
	}
	if _, err := s.TagsByID(t.Context(), []news.TagID{"tag_a"}); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("when the store took too long: got %v, want ErrUnavailable", err)
	}
	ctx, cancel = context.WithCancel(t.Context())
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		if c.Name == "find" {
			cancel()
			return mongotest.Hold(never)
		}
		return mongotest.Pass
	})
	if _, err := s.TagsByID(ctx, []news.TagID{"tag_a"}); !errors.Is(err, context.Canceled) || errors.Is(err, news.ErrUnavailable) {
		t.Errorf("when it was cancelled: got %v, want context.Canceled", err)
	}
	proxy.On(nil)
}
