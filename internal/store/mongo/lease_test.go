package mongo_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// turn is a lease until a minute past noon.
func turn(holder string) news.Lease {
	return news.Lease{Key: "turn", Holder: holder, Until: storetest.Noon().Add(time.Minute)}
}

// take takes a lease at an instant, and wants want to be kept then.
func take(t *testing.T, s *mongo.Store, now time.Time, l, want news.Lease) {
	t.Helper()
	got, err := s.TakeLease(t.Context(), now, l)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%s takes the lease: %v (-want +got):\n%s", l.Holder, err, diff)
	}
}

// kept wants leases to be kept, as s sees it.
func kept(t *testing.T, s *mongo.Store, want ...news.Lease) {
	t.Helper()
	all := make(map[string]news.Lease)
	for _, l := range want {
		all[l.Key] = l
	}
	got, err := s.Leases(t.Context(), []string{"turn"})
	if diff := cmp.Diff(all, got); err != nil || diff != "" {
		t.Errorf("what is kept: %v (-want +got):\n%s", err, diff)
	}
}

func onLeases(command string) func(*mongotest.Command) bool {
	return func(c *mongotest.Command) bool { return c.Collection == "leases" && c.Name == command }
}

// meet has action done to the first command that hits hits.
func meet(hits func(*mongotest.Command) bool, action func() mongotest.Action) func(*mongotest.Command) mongotest.Action {
	var met atomic.Bool
	return func(c *mongotest.Command) mongotest.Action {
		if hits(c) && !met.Swap(true) {
			return action()
		}
		return mongotest.Pass
	}
}

// between has act done while the first command that hits hits is on its way. acted
// waits until that is over, and fails the test when it was not begun.
func between(t *testing.T, proxy *mongotest.Proxy, hits func(*mongotest.Command) bool, act func()) (acted func()) {
	var wg sync.WaitGroup
	over := make(chan struct{})
	proxy.On(meet(hits, func() mongotest.Action {
		wg.Go(func() {
			defer close(over)
			act()
		})
		return mongotest.Hold(over)
	}))
	return func() {
		t.Helper()
		wg.Wait()
		select {
		case <-over:
		default:
			t.Error("the command in which something was to happen never came")
		}
	}
}

// TestLeasesOnLossyConnection loses a command that writes a lease, or its reply:
// who takes it, renews it or drops it does not notice, and nobody else gets in.
func TestLeasesOnLossyConnection(t *testing.T) {
	for _, command := range []string{"update", "insert", "delete"} {
		for name, action := range map[string]mongotest.Action{"request": mongotest.DropRequest, "reply": mongotest.DropReply} {
			t.Run(name+" of "+command, func(t *testing.T) {
				uri := mongotest.Database(t, mongotest.URI(t))
				proxy := mongotest.NewProxy(t, uri)
				s, rival := opened(t, proxy.URI()), opened(t, uri)
				lost := make(chan struct{})
				proxy.On(meet(onLeases(command), func() mongotest.Action { close(lost); return action }))
				mine, longer := turn("anna"), turn("anna")
				longer.Until = mine.Until.Add(time.Hour)
				take(t, s, storetest.Noon(), mine, mine)
				take(t, rival, storetest.Noon(), turn("otto"), mine)
				take(t, s, storetest.Noon(), longer, longer)
				take(t, rival, mine.Until, turn("otto"), longer)
				if err := s.DropLease(t.Context(), "turn", "anna"); err != nil {
					t.Errorf("drop: %v", err)
				}
				kept(t, rival)
				select {
				case <-lost:
				default:
					t.Error("nothing was lost")
				}
			})
		}
	}
}

// TestRivalsForLease has another node act between two commands of who takes a
// lease.
func TestRivalsForLease(t *testing.T) {
	later := storetest.Noon().Add(time.Hour)
	own, other := turn("anna"), turn("otto")
	own.Until, other.Until = later.Add(time.Hour), later.Add(time.Hour)
	over := turn("maya")
	takes := func(t *testing.T, rival *mongo.Store) { take(t, rival, later, other, other) }
	drops := func(t *testing.T, rival *mongo.Store) {
		for _, holder := range []string{"maya", "otto"} {
			if err := rival.DropLease(t.Context(), "turn", holder); err != nil {
				t.Error(err)
			}
		}
	}
	letsGo := func(t *testing.T, rival *mongo.Store) {
		ended := other
		ended.Until = later
		take(t, rival, storetest.Noon(), ended, ended)
	}
	for _, tt := range []struct {
		name    string
		before  []news.Lease // that is kept at first
		command string       // which waits for the rival
		rival   func(*testing.T, *mongo.Store)
		want    news.Lease
	}{
		{"taken before it is found to be over", []news.Lease{over}, "update", takes, other},
		{"dropped before it is found to be over", []news.Lease{over}, "update", drops, own},
		{"taken when there was none", nil, "insert", takes, other},
		{"held when it was looked for, and dropped since", []news.Lease{other}, "find", drops, own},
		{"held when it was looked for, and let go of since", []news.Lease{other}, "find", letsGo, own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			uri := mongotest.Database(t, mongotest.URI(t))
			proxy := mongotest.NewProxy(t, uri)
			s, rival := opened(t, proxy.URI()), opened(t, uri)
			for _, l := range tt.before {
				take(t, rival, storetest.Noon(), l, l)
			}
			acted := between(t, proxy, onLeases(tt.command), func() { tt.rival(t, rival) })
			take(t, s, later, own, tt.want)
			acted()
			kept(t, rival, tt.want)
		})
	}
}

// TestOneTakerOfManyNodes has nodes take the turn from each other, time after time.
func TestOneTakerOfManyNodes(t *testing.T) {
	const nodes, rounds = 4, 10
	uri := mongotest.Database(t, replicaSet(t))
	var stores []*mongo.Store
	for range nodes {
		stores = append(stores, opened(t, uri))
	}
	now := storetest.Noon()
	for round := range rounds {
		until := now.Add(time.Second)
		var takers atomic.Int64
		var wg sync.WaitGroup
		for n, s := range stores {
			wg.Go(func() {
				// Nobody had it before: a holder would go on.
				mine := news.Lease{Key: "turn", Holder: fmt.Sprintf("node %d in round %d", n, round), Until: until}
				got, err := s.TakeLease(t.Context(), now, mine)
				if err != nil {
					t.Error(err)
				}
				if got.Holder == mine.Holder {
					takers.Add(1)
				}
			})
		}
		wg.Wait()
		if n := takers.Load(); n != 1 {
			t.Errorf("round %d: %d nodes have the turn, want 1", round, n)
		}
		now = until
	}
}

func TestLeasesOfReader(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	take(t, opened(t, uri), storetest.Noon(), turn("anna"), turn("anna"))
	reader := opened(t, uri, func(o *mongo.Options) { o.ReadOnly = true })
	if _, err := reader.TakeLease(t.Context(), storetest.Noon(), turn("otto")); !errors.Is(err, mongo.ErrReadOnly) {
		t.Errorf("take: got %v, want ErrReadOnly", err)
	}
	if err := reader.DropLease(t.Context(), "turn", "anna"); !errors.Is(err, mongo.ErrReadOnly) {
		t.Errorf("drop: got %v, want ErrReadOnly", err)
	}
	kept(t, reader, turn("anna"))
}
