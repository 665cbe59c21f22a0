package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/wire"
)

// A Subscriber lets readers follow what an operation asks for.
type Subscriber interface {
	// Join begins; a response says why it can't. It may wait until ctx ends.
	Join(ctx context.Context, op *graphql.OperationContext, back live.Return, reader live.Reader) (*live.Subscription, *graphql.Response)
	// Fail is the response that tells why a subscription has ended.
	Fail(ctx context.Context, err error) *graphql.Response
	// Mark is a place in the log as a reader is given it.
	Mark(at news.Seq) string
	// Head is the newest line of the log that has been seen.
	Head() news.Seq
}

// connections are the WebSockets and event streams that are open.
type connections struct {
	exec      graphql.GraphExecutor
	follow    Subscriber
	places    *live.Places
	verify    verifier
	failures  *failures
	limits    Limits
	admission *admission
	metrics   *metrics
	traffic   map[string]*traffic // by transport
	logger    *slog.Logger
	ctx       context.Context // of the operations; it ends when the last connection has
	stop      context.CancelFunc
	input     atomic.Int64  // bytes of incomplete messages
	waiting   atomic.Int64  // bytes that readers have not taken: of answers, and of writes under way
	turns     chan struct{} // for those who execute
	refusing  atomic.Int64  // WebSockets that are open to be told that they may not be

	mu  sync.Mutex
	all map[connection]struct{}
}

// A connection is an open WebSocket or event stream.
type connection interface {
	// tick looks at what is due.
	tick(now time.Time)
	// freeze stops what is delivered, and asks what has arrived of it; confirmed
	// tells, later, whether that has been answered.
	freeze()
	confirmed() bool
	// places are the places of what is followed.
	places() []*live.Place
	// leave ends the connection: the server is shutting down.
	leave()
	// cut ends it at once.
	cut()
}

func (c *connections) add(k connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[k] = struct{}{}
}

func (c *connections) remove(k connection) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.all, k)
}

func (c *connections) list() []connection {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]connection, 0, len(c.all))
	for k := range c.all {
		list = append(list, k)
	}
	return list
}

// tickEvery is how exact the times of Limits are kept.
const tickEvery = time.Second

// watch has the connections look after themselves until ctx ends: one clock for
// all, so that a connection at rest has no timer.
func (c *connections) watch(ctx context.Context) {
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, k := range c.list() {
				k.tick(now)
			}
			c.failures.tick()
			if n%60 == 0 {
				c.places.Sweep()
			}
		}
	}
}

// base is what WebSockets and event streams have in common.
type base struct {
	c       *connections
	conn    *wire.Conn
	traffic *traffic
	who     news.Actor
	request string // its id

	from       netip.Addr
	known      bool // from is
	introduced bool
}

// expired tells whether who has asked is nobody any more.
func (b *base) expired(now time.Time) bool {
	return !b.who.Expires.IsZero() && !now.Before(b.who.Expires)
}

// operationContext is the context of an operation of the connection.
func (b *base) operationContext() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.WithValue(b.c.ctx, requestIDKey{}, b.request))
	return news.WithActor(graphql.StartOperationTrace(ctx), b.who), cancel
}

func (b *base) cut() { b.conn.Cut(errCut) }

var errCut = errors.New("the server has ended")

func (b *base) debug(message string, args ...any) {
	b.c.logger.DebugContext(b.c.ctx, message, append([]any{"op", "connection", "requestId", b.request}, args...)...)
}

// cut ends the connections at once.
func (c *connections) cut() {
	for _, k := range c.list() {
		k.cut()
	}
	c.stop()
}

// mostRefused is how many WebSockets are refused politely at a time.
const mostRefused = 256

// refuse answers whoever may not come in. Clients try again after a close, or the
// end of a stream; after an answer that is neither, stock ones give up for good.
func (c *connections) refuse(w http.ResponseWriter, r *http.Request, because string) {
	c.metrics.refused.WithLabelValues(because).Inc()
	c.logger.DebugContext(r.Context(), "a connection is refused", "op", "connection", "requestId", RequestID(r.Context()), "reason", because)
	closing, code, reason := closeTryAgain, codeRateLimited, "too many connections are open"
	if because == refusedDraining {
		closing, code, reason = closeRestart, codeUnavailable, "the server is shutting down"
	}
	if because == refusedRate {
		reason = "too many requests"
	}
	switch {
	case isSocket(r) && c.refusing.Add(1) <= mostRefused:
		conn, early, err := wire.Upgrade(w, r, choose(r))
		if err != nil {
			c.refusing.Add(-1)
			return
		}
		k := wire.New(conn, silent{}, wire.Options{Gone: func(error) { c.refusing.Add(-1) }})
		k.Lock()
		k.End(wire.AppendClose(nil, closing, reason))
		k.Unlock()
		go k.Receive(early, func([]byte) error { return nil }) //nolint:errcheck // nobody listens
	case isSocket(r):
		c.refusing.Add(-1)
		writeRefusal(w, r, http.StatusServiceUnavailable, codeRateLimited, reason+"; try again")
	case r.Method == http.MethodGet:
		eventHeaders(w.Header())
		w.Write(c.limits.appendRetry([]byte(":\n"))) //nolint:errcheck // there is nobody to tell
	default:
		w.Header().Set("Retry-After", "5")
		writeRefusal(w, r, http.StatusServiceUnavailable, code, reason+"; try again")
	}
}

// silent is the source of a connection that says nothing but its end.
type silent struct{}

func (silent) Gather(b []byte, _ int) ([]byte, bool) { return b, false }

// slowness says why a reader is too slow: what waits for it is too much. Empty
// when it is not.
func (l Limits) slowness(s *live.Subscription) string {
	messages, bytes := s.Lag()
	switch {
	case messages > l.LagMessages:
		return "messages"
	case bytes > l.LagBytes:
		return "bytes"
	}
	return ""
}

// execute answers a query or a mutation.
func execute(ctx context.Context, exec graphql.GraphExecutor, op *graphql.OperationContext) *graphql.Response {
	responses, ctx := exec.DispatchOperation(ctx, op)
	return responses(ctx)
}
