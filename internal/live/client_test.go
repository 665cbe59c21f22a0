package live_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"testing"

	"depeche/internal/live"
	"depeche/internal/news"
)

// follow starts a follower of log that ends with the test.
func follow(t testing.TB, log live.Source, o live.Options) *live.Follower {
	t.Helper()
	f, err := live.Follow(t.Context(), log, o)
	if err != nil {
		t.Fatal(err)
	}
	run(t, f.Run)
	return f
}

// serve starts a hub over log that ends with the test.
func serve(t testing.TB, log live.Source, o live.Options, hub live.HubOptions) *live.Hub {
	t.Helper()
	h := live.NewHub(follow(t, log, o), hub)
	run(t, h.Run)
	return h
}

// run lets something run until the test ends, or until the caller stops it.
func run(t testing.TB, do func(context.Context) error) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v, want the context's error", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// A client takes all there is whenever it is woken, as a connection does whose
// other end reads.
type client struct {
	room int  // of every Take; 0: plenty
	idle bool // takes only when the test says so

	mu    sync.Mutex
	sub   *live.Subscription
	got   []live.Payload
	err   error
	wakes int
}

// join lets a client follow what an operation does.
func join(t testing.TB, h *live.Hub, key string, o *operation, after *news.LogCursor) *client {
	t.Helper()
	c := &client{}
	c.join(t, h, key, o, after)
	return c
}

func (c *client) join(t testing.TB, h *live.Hub, key string, o *operation, after *news.LogCursor) {
	t.Helper()
	sub, err := h.Join(t.Context(), o.joining(key, c, after))
	if err != nil {
		t.Fatalf("join %s: %v", key, err)
	}
	c.mu.Lock()
	c.sub = sub
	c.mu.Unlock()
	if !c.idle {
		c.take()
	}
}

func (c *client) Wake() {
	c.mu.Lock()
	c.wakes++
	c.mu.Unlock()
	if !c.idle {
		c.take()
	}
}

func (c *client) take() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for more := c.sub != nil; more && c.err == nil; {
		var list []live.Payload
		list, more, c.err = c.sub.Take(c.spare())
		c.got = append(c.got, list...)
	}
}

func (c *client) spare() int {
	if c.room == 0 {
		return 1 << 30
	}
	return c.room
}

// leave ends what the client follows, and forgets what it got.
func (c *client) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sub.Leave()
	c.sub, c.got, c.err = nil, nil, nil
}

// end is why the client gets nothing any more.
func (c *client) end() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// seqs are the lines that the client got.
func (c *client) seqs() []news.Seq {
	c.mu.Lock()
	defer c.mu.Unlock()
	return seqsOf(c.got)
}

func seqsOf(list []live.Payload) []news.Seq {
	var out []news.Seq
	for _, p := range list {
		out = append(out, p.Seq)
	}
	return out
}

// shown is what the client got to see.
func (c *client) shown(t testing.TB) []shown {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []shown
	for _, p := range c.got {
		out = append(out, decoded(t, p))
	}
	return out
}

func decoded(t testing.TB, p live.Payload) shown {
	t.Helper()
	var s shown
	if err := json.NewDecoder(bytes.NewReader(p.JSON)).Decode(&s); err != nil {
		t.Errorf("the payload of line %d: %v", p.Seq, err)
	}
	if s.Seq != p.Seq {
		t.Errorf("the payload of line %d shows line %d", p.Seq, s.Seq)
	}
	return s
}

// mustHave tells of a client that did not get the lines it should have, and goes on.
func (c *client) mustHave(t testing.TB, name string, want []news.Seq) {
	t.Helper()
	if got, err := c.seqs(), c.end(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: got %v, %v, want %v", name, got, err, want)
	}
}

// place is a line of the log of the tests.
func place(seq news.Seq) *news.LogCursor { return &news.LogCursor{Epoch: "epoch", Seq: seq} }
