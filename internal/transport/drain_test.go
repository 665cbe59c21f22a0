package transport_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/transport"
)

func TestDrainLetsQueriesFinish(t *testing.T) {
	b := newBlocking()
	r := openWith(t, options{pane: b.pane, limits: transport.Limits{DrainWithin: patience}})
	modern, old := r.ready(t), r.oldReady(t)
	modern.subscribe("q", blocked, nil)
	old.say(start(t, "q", blocked))
	plain := make(chan string, 2)
	for _, accept := range []string{"application/json", "text/event-stream"} {
		go func() {
			_, body := r.send(t, "POST", "/graphql", `{"query":"`+blocked+`"}`, asJSON, "Accept: "+accept)
			plain <- body
		}()
	}
	for range 4 {
		<-b.asked
	}
	reader := r.ready(t)
	reader.subscribe("s", everything, nil)
	r.await(t, following, 1)
	drained := make(chan error, 1)
	go func() { drained <- r.handler.Drain(t.Context(), 0) }()
	for status := 0; status != 503; {
		response, _ := r.send(t, "GET", transport.PathReady, "")
		status = response.StatusCode
	}
	close(b.let)
	modern.expect("next")
	modern.expect("complete")
	old.expect("data")
	old.expect("complete")
	for range 2 {
		if got := <-plain; !strings.Contains(got, `"nodes":[]`) {
			t.Errorf("got %s", got)
		}
	}
	for _, c := range []*client{modern, old, reader} {
		if f, err := c.next(); websocket.CloseStatus(err) != 1001 {
			t.Errorf("got %+v, %v, want 1001", f, err)
		}
	}
	must(t, <-drained)
}

// TestDrainOfManyLeavesNothing: spread over its time, everybody is told to come
// back, and nothing goes on running.
func TestDrainOfManyLeavesNothing(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{RetryLeast: time.Second}})
	const many = 200
	var all sync.WaitGroup
	var readers []*client
	for i := range many {
		c := r.ready(t)
		for j := range 3 {
			c.subscribe(fmt.Sprintf("%s%03d%d", uuid[:32], i, j), everything, nil)
		}
		if i%2 == 0 {
			c.subscribe("q", `{viewer{role}}`, nil)
		}
		readers = append(readers, c)
	}
	var sources []*eventSource
	for range many {
		sources = append(sources, r.stream(t, "null"))
	}
	r.await(t, following, 3*many+many)
	for _, c := range readers {
		all.Go(func() {
			for {
				f, err := c.next()
				if err != nil {
					if got := websocket.CloseStatus(err); got != 1001 {
						t.Errorf("closed with %d (%v), want 1001", got, err)
					}
					return
				}
				if f.ID != "q" && f.Type != "next" {
					t.Errorf("got %+v", f)
				}
			}
		})
	}
	for _, s := range sources {
		all.Go(func() {
			for {
				e, err := s.event()
				if err != nil {
					if s.retry == "" {
						t.Error("a stream does not say when to come back")
					}
					return
				}
				if e.kind != "next" {
					t.Errorf("got %+v", e)
				}
			}
		})
	}
	r.lines(t, 1, 5)
	must(t, r.handler.Drain(t.Context(), 3*time.Second))
	for _, name := range []string{sockets, streams, following} {
		if n := r.metric(t, name); n != 0 {
			t.Errorf("%s is %d", name, n)
		}
	}
	if got := r.refused(t, nil); got != 1012 {
		t.Errorf("a new socket: closed with %d, want 1012", got)
	}
	all.Wait()
	settle(t)
}

// settle waits until nothing is done for a connection any more.
func settle(t testing.TB) {
	t.Helper()
	stacks := make([]byte, 4<<20)
	for begun := time.Now(); ; runtime.Gosched() {
		all := stacks[:runtime.Stack(stacks, true)]
		left := ""
		for _, of := range []string{"transport.(*socket)", "transport.(*stream)", "transport.(*http2Stream)", "wire.(*Conn)"} {
			if bytes.Contains(all, []byte("depeche/internal/"+of)) {
				left = of
			}
		}
		if left == "" {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s is left:\n%s", left, all)
		}
	}
}

// TestEndOfTheServerIsNoError: who is told of an error does not come back.
func TestEndOfTheServerIsNoError(t *testing.T) {
	r := open(t)
	c := r.ready(t)
	c.subscribe("1", everything, nil)
	r.await(t, following, 1)
	r.stopHub()
	for n := 0; ; n++ {
		// Whatever is sent asks for what there is.
		if err := c.conn.Write(c.ctx, websocket.MessageText, []byte(`{"type":"ping"}`)); err != nil {
			break
		}
		_, text, err := c.conn.Read(c.ctx)
		if err != nil {
			if got := websocket.CloseStatus(err); got != 1001 {
				t.Errorf("closed with %d (%v), want 1001", got, err)
			}
			break
		}
		if strings.Contains(string(text), "error") {
			t.Fatalf("got %s", text)
		}
		if n > 1000 {
			break
		}
	}
}

// hindered is an executor that, on request, begins no operation before it is let.
type hindered struct {
	graphql.GraphExecutor
	asked, let chan struct{}
}

func (h hindered) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	if strings.Contains(params.Query, "late") {
		h.asked <- struct{}{}
		<-h.let
	}
	return h.GraphExecutor.CreateOperationContext(ctx, params)
}

// TestStreamThatBeginsDuringADrain: whoever was let in before the drain and opens
// only after everybody else has left is told to come back as well.
func TestStreamThatBeginsDuringADrain(t *testing.T) {
	h := hindered{asked: make(chan struct{}), let: make(chan struct{})}
	r := openWith(t, options{executor: func(e graphql.GraphExecutor) graphql.GraphExecutor {
		h.GraphExecutor = e
		return h
	}})
	other := r.stream(t, "null")
	r.await(t, following, 1)
	ended := make(chan string)
	go func() {
		s := r.events(t, "GET", asked(`subscription late { ticker { cursor } }`, `{}`), "")
		for {
			if _, err := s.next(); err != nil {
				ended <- s.retry
				return
			}
		}
	}()
	<-h.asked
	drained := make(chan error, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	go func() { drained <- r.handler.Drain(ctx, 0) }()
	other.ends()
	r.await(t, streams, 0)
	close(h.let)
	if err := <-drained; err != nil {
		t.Errorf("the drain waits for it in vain: %v", err)
		r.handler.Drain(t.Context(), 0) //nolint:errcheck // so that the test ends
	}
	if retry := <-ended; retry == "" {
		t.Error("it is not told when to come back")
	}
}
