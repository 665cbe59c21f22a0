package mongo_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// never is a poll that no test lives to see.
const never = time.Hour

// TestStreamWakes has nothing but a change stream announce the lines of another
// node, and has the stream end in every way there is.
func TestStreamWakes(t *testing.T) {
	r := mongotest.ReplicaSet(t, mongotest.Database(t, mongotest.URI(t)))
	// Of each opened stream, whether it went on from where another had ended.
	resumed := make(chan bool, 100)
	var interrupt atomic.Int64 // streams to be interrupted, as by an election
	r.On(func(c *mongotest.Command) mongotest.Action {
		if stage, err := c.Body.LookupErr("pipeline", "0", "$changeStream"); err == nil {
			_, err := stage.Document().LookupErr("resumeAfter")
			resumed <- err == nil
		}
		if c.Name == "getMore" && interrupt.Add(-1) >= 0 {
			return mongotest.Fail(11602, "InterruptedDueToReplStateChange", "ResumableChangeStreamError")
		}
		return mongotest.Pass
	})
	a := opened(t, r.URI())
	b := opened(t, r.URI(), func(o *mongo.Options) { o.Poll = never })
	woken := watch(t, b)
	announce := func(id string) {
		t.Helper()
		for len(woken) > 0 {
			<-woken
		}
		put(t, a, storetest.TickerEntry(news.TickerEntryID("tick_"+id)))
		select {
		case <-woken:
		case <-time.After(time.Minute):
			t.Fatalf("nobody was woken by %s", id)
		}
	}
	opened := func(n int) (all []bool) {
		t.Helper()
		for range n {
			select {
			case again := <-resumed:
				all = append(all, again)
			case <-time.After(time.Minute):
				t.Fatal("no stream is opened")
			}
		}
		r.AwaitStreams(t, n)
		return all
	}
	opened(2)
	announce("first")

	interrupt.Store(2)
	if all := opened(2); !all[0] || !all[1] {
		t.Errorf("after an election the streams were opened anew, not resumed: %v", all)
	}
	announce("after an election")

	r.FailStreams(286, "ChangeStreamHistoryLost", "NonResumableChangeStreamError")
	await(t, "the streams to end", func() bool { return r.Streams() == 0 })
	r.MendStreams()
	await(t, "the streams to be opened", func() bool { return r.Streams() == 2 })
	announce("after the history was lost")

	for len(resumed) > 0 {
		<-resumed
	}
	r.Invalidate()
	if all := opened(2); all[0] || all[1] {
		t.Errorf("after an invalidation the streams were resumed: %v", all)
	}
	announce("after an invalidation")
}

// TestPollWithoutStream has the poll announce what a stream does not, while the
// server refuses streams.
func TestPollWithoutStream(t *testing.T) {
	r := mongotest.ReplicaSet(t, mongotest.Database(t, mongotest.URI(t)))
	r.FailStreams(286, "ChangeStreamHistoryLost", "NonResumableChangeStreamError")
	a, b := opened(t, r.URI()), opened(t, r.URI())
	woken := watch(t, b)
	put(t, a, storetest.TickerEntry("tick_a"))
	select {
	case <-woken:
	case <-time.After(time.Minute):
		t.Fatal("nobody was woken")
	}
}

// TestConcerns looks at what the commands of a store ask of a replica set.
func TestConcerns(t *testing.T) {
	r := mongotest.ReplicaSet(t, mongotest.Database(t, mongotest.URI(t)))
	s := opened(t, r.URI())
	put(t, s, storetest.Story("story_a"))
	take(t, s, storetest.Noon(), turn("anna"), turn("anna"))
	written := len(r.Concerns())
	kept(t, s, turn("anna"))
	if _, err := s.Stories(t.Context(), news.Audience{}, news.StoryFilter{}, news.Window{First: 5}); err != nil {
		t.Fatal(err)
	}
	reads, writes := 0, 0
	for n, c := range r.Concerns() {
		switch c.Command {
		case "insert", "update":
			writes++
			if got := c.Write.Lookup("w").String(); got != `"majority"` {
				t.Errorf("%s of %s: write concern %v, want majority", c.Command, c.Collection, c.Write)
			}
		case "find":
			if c.Collection == "meta" {
				continue
			}
			reads++
			if c.Level != "majority" {
				t.Errorf("find in %s: read concern %q, want majority", c.Collection, c.Level)
			}
			if n >= written && c.After.IsZero() {
				t.Errorf("find in %s may show what was before the commit", c.Collection)
			}
		}
	}
	if reads == 0 || writes == 0 {
		t.Errorf("got %d reads and %d writes", reads, writes)
	}
}

// TestElection takes the primary away while writers write: they are served when
// there is one again, and nobody notices.
func TestElection(t *testing.T) {
	r := mongotest.ReplicaSet(t, mongotest.Database(t, mongotest.URI(t)))
	s := opened(t, r.URI())
	put(t, s, storetest.Tag("tag_before"))
	r.StepDown()
	var met atomic.Int64
	refused := make(chan struct{})
	r.On(func(c *mongotest.Command) mongotest.Action {
		if c.Monitoring && met.Add(1) == 3 {
			close(refused) // the driver looks for a primary
		}
		return mongotest.Pass
	})
	done := make(chan error, 2)
	go func() {
		_, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_meanwhile"), nil)})
		done <- err
	}()
	go func() {
		_, err := s.Tags(t.Context(), news.TagFilter{}, news.Window{First: 5})
		done <- err
	}()
	<-refused
	r.StepUp()
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("during an election: %v", err)
		}
	}
	if head, err := s.Head(t.Context()); err != nil || head != 2 {
		t.Errorf("head: got %d, %v; want 2", head, err)
	}
}

// watch returns what is sent a value when s wakes those who watch.
func watch(t *testing.T, s *mongo.Store) chan struct{} {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	woken, ended := make(chan struct{}, 100), make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Watch(ctx, func() { woken <- struct{}{} })
	}()
	t.Cleanup(func() { stop(); <-ended })
	return woken
}

// put commits entities as they are.
func put(t testing.TB, s news.Store, entities ...news.Entity) {
	t.Helper()
	var changes []news.Change
	for _, e := range entities {
		changes = append(changes, storetest.Change(e, nil))
	}
	lines, err := s.Commit(t.Context(), changes)
	if err != nil {
		t.Fatal(fmt.Errorf("commit: got %d lines, %w", len(lines), err))
	}
}
