package transport

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/wire"
)

// A stream is an event stream (HTML, section 9.2) that carries one subscription,
// in the form of distinct connections of the package graphql-sse, PROTOCOL.md. An
// event's id is its cursor, so that a browser's EventSource goes on by itself where
// it was. What is not marked otherwise is guarded by the lock of its connection.
type stream struct {
	base
	cancel context.CancelFunc // of the join
	sub    *live.Subscription // nil until it follows
	since  news.Seq           // what came before has not been delivered live
	cold   bool               // nothing of what is followed goes out any more
	wrote  time.Time
}

const typeEvents = "text/event-stream"

// wantsEvents tells whether a request takes an event stream for an answer.
func wantsEvents(r *http.Request) bool {
	return r.Method != http.MethodHead && strings.Contains(r.Header.Get("Accept"), typeEvents)
}

// eventsOnly tells whether it takes nothing else. There are clients who name with
// each operation all that they could read.
func eventsOnly(r *http.Request) bool {
	return wantsEvents(r) && !strings.Contains(r.Header.Get("Accept"), "json")
}

// serveEvents opens an event stream for a subscription.
func (c *connections) serveEvents(w http.ResponseWriter, r *http.Request, b base, op *graphql.OperationContext) {
	b.introduced = true
	c.admission.introduced()
	conn, over, err := hijack(w, r)
	if err != nil {
		c.admission.leave(b.from, b.known, true)
		b.debug("an event stream can't be opened", "error", err)
		return
	}
	s := &stream{base: b, wrote: time.Now()}
	s.traffic = c.traffic[eventStream]
	ctx, cancel := s.operationContext()
	s.cancel = cancel
	s.conn = wire.New(conn, s, wire.Options{WriteWithin: c.limits.WriteWithin, Linger: time.Second, MaxPending: c.limits.AnswerBytes, Gone: s.gone})
	s.traffic.connections.Inc()
	c.add(s)
	s.debug("an event stream is open", "from", r.RemoteAddr)
	s.conn.Lock()
	s.conn.Append(c.limits.appendRetry(nil)) //nolint:errcheck // it is the first, and the stream is open
	s.conn.Flush()
	s.conn.Unlock()
	back := live.Return{EventID: r.Header.Get("Last-Event-ID")}
	go s.join(ctx, op, back)
	if over == nil {
		go s.receive()
		return
	}
	s.receive()
	<-over
}

// join has the reader follow.
func (s *stream) join(ctx context.Context, op *graphql.OperationContext, back live.Return) {
	defer func() {
		if v := recover(); v != nil {
			s.c.logger.ErrorContext(ctx, "an operation panicked", "op", "events", "requestId", s.request, "panic", v, "stack", string(debug.Stack()))
			s.conn.Cut(errPanicked)
		}
	}()
	since := s.c.follow.Head()
	sub, refused := s.c.follow.Join(ctx, op, back, s)
	s.conn.Lock()
	defer s.conn.Unlock()
	defer s.cancel()
	switch {
	case refused != nil:
		s.cold = true
		s.conn.End(appendResponse(nil, refused))
	case s.cold || s.conn.Ended():
		go sub.Leave()
	default:
		s.sub, s.since = sub, since
		s.c.metrics.following.Inc()
		s.debug("a reader follows", "from", sub.At(), "returning", back.EventID != "")
		if back.EventID != "" {
			s.c.metrics.returns.WithLabelValues("client").Inc()
		}
		s.conn.Flush()
	}
}

// receive waits for the client to go. It has nothing more to say.
func (s *stream) receive() {
	s.conn.Receive(nil, func([]byte) error { return nil }) //nolint:errcheck // gone is told why
}

func (s *stream) gone(why error) {
	s.cancel()
	s.c.metrics.noteEnd(why)
	s.conn.Lock()
	sub := s.sub
	s.sub, s.cold = nil, true
	s.conn.Unlock()
	if sub != nil {
		sub.Leave()
		s.c.metrics.following.Dec()
	}
	s.c.remove(s)
	s.traffic.connections.Dec()
	s.c.admission.leave(s.from, s.known, s.introduced)
	s.debug("an event stream is closed", "why", why)
}

// Wake implements live.Reader.
func (s *stream) Wake() {
	s.conn.Lock()
	defer s.conn.Unlock()
	if !s.conn.Blocked() {
		s.conn.Flush()
		return
	}
	if s.sub == nil || s.cold {
		return
	}
	if why := s.c.limits.slowness(s.sub); why != "" {
		s.c.metrics.overflows.WithLabelValues(why).Inc()
		s.debug("a reader is too slow", "what", why)
		s.end(appendEvent(nil, "error", encoded(failure(codeSlow, "the reader does not take what is sent"), s.request)))
	}
}

// Gather implements wire.Source.
func (s *stream) Gather(b []byte, room int) (out []byte, more bool) {
	now := time.Now()
	if s.cold || s.sub == nil || s.expired(now) { // tick ends it
		return b, false
	}
	list, more, err := s.sub.Take(room)
	for _, p := range list {
		b = append(append(append(b, "id: "...), p.Mark...), '\n')
		b = appendEvent(b, "next", p.JSON)
	}
	s.traffic.delivered(list, s.since, now)
	if err != nil {
		b = s.fail(b, err)
	}
	if len(b) > 0 {
		s.wrote = now
	}
	return b, more
}

// fail tells the reader why there is nothing more.
func (s *stream) fail(b []byte, err error) []byte {
	s.cold = true
	go func() {
		s.conn.Lock()
		defer s.conn.Unlock()
		s.conn.End(nil)
	}()
	ctx, cancel := s.operationContext()
	defer cancel()
	if errors.Is(err, context.Canceled) { // the server ends; the reader shall come back
		return s.c.limits.appendRetry(b)
	}
	return appendResponse(b, s.c.follow.Fail(ctx, err))
}

// end ends the stream, so that the reader opens it again a little later.
func (s *stream) end(last []byte) {
	s.cold = true
	s.conn.End(s.c.limits.appendRetry(last))
}

// tick implements connection.
func (s *stream) tick(now time.Time) {
	s.conn.Lock()
	defer s.conn.Unlock()
	switch {
	case s.conn.Ended() || s.cold:
	case s.expired(now):
		s.debug("a token has expired")
		s.end(appendEvent(nil, "error", encoded(failure(codeUnauthenticated, "the token has expired"), s.request)))
	case now.Sub(s.wrote) >= s.c.limits.PingEvery && !s.conn.Blocked():
		s.wrote = now
		b := []byte(":\n")
		if s.sub != nil {
			// An id without data is no event, but tells how far the reader has
			// come: whoever hears of nothing for long must not fall behind by that.
			b = append(append(append(b, "id: "...), s.c.follow.Mark(s.sub.At())...), '\n')
		}
		s.conn.Append(append(b, '\n')) //nolint:errcheck // a stream that is full is cut off by its writes
		s.conn.Flush()
	}
}

// freeze implements connection: what has been given to the client's system it asks
// for again by itself, if it has not got it.
func (s *stream) freeze() {
	s.conn.Lock()
	defer s.conn.Unlock()
	s.cold = true
}

// confirmed implements connection.
func (s *stream) confirmed() bool { return true }

// places implements connection: a reader of events knows its place itself.
func (s *stream) places() []*live.Place { return nil }

// leave implements connection.
func (s *stream) leave() {
	s.conn.Lock()
	defer s.conn.Unlock()
	s.end(nil)
}

// appendRetry says when a stream that has ended is to be opened again: not by all
// at once.
func (l Limits) appendRetry(b []byte) []byte {
	after := l.RetryLeast + rand.N(l.RetrySpread)
	b = strconv.AppendInt(append(b, "retry: "...), after.Milliseconds(), 10)
	return append(b, '\n', '\n')
}

// appendEvent appends an event; data is one line.
func appendEvent(b []byte, event string, data []byte) []byte {
	b = append(append(append(b, "event: "...), event...), '\n')
	b = append(append(append(b, "data: "...), data...), '\n', '\n')
	return b
}

// appendResponse appends a response after which there is no other.
func appendResponse(b []byte, response *graphql.Response) []byte {
	// Without data EventSource keeps an event to itself.
	return appendEvent(appendEvent(b, "next", encoded(response, "")), "complete", nil)
}

// sayAll answers with all the events that there will be.
func sayAll(w http.ResponseWriter, response *graphql.Response) {
	eventHeaders(w.Header())
	w.Write(appendResponse(nil, response)) //nolint:errcheck // there is nobody to tell
}

// eventHeaders are those of an event stream: proxies are to hand each event on at
// once, and to keep nothing of it.
func eventHeaders(h http.Header) {
	h.Set("Content-Type", typeEvents+"; charset=utf-8")
	h.Set("Cache-Control", "private, no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h.Add("Vary", "Accept, Authorization")
}

// hijack takes the connection of a response, whose headers it sends. over is nil
// where it is all the caller's; with HTTP/2 the handler has to wait for it.
func hijack(w http.ResponseWriter, r *http.Request) (conn net.Conn, over <-chan struct{}, err error) {
	h := w.Header()
	eventHeaders(h)
	if r.ProtoMajor >= 2 {
		s := newHTTP2Stream(w, r)
		w.WriteHeader(http.StatusOK)
		return s, s.over, nil
	}
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second)) //nolint:errcheck // then there is none
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	io.WriteString(rw, "HTTP/1.1 200 OK\r\n") //nolint:errcheck // Flush tells
	h.Write(rw)                               //nolint:errcheck // Flush tells
	io.WriteString(rw, "\r\n")                //nolint:errcheck // Flush tells
	if err := rw.Flush(); err != nil {
		conn.Close()
		return nil, nil, err
	}
	return conn, nil, conn.SetDeadline(time.Time{})
}
