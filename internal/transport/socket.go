package transport

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"depeche/internal/live"
	"depeche/internal/wire"
)

// A socket is a WebSocket on which GraphQL is spoken. What is not marked
// otherwise is guarded by the lock of its connection.
type socket struct {
	base
	dialect *dialect
	frames  wire.Frames // used by the one who receives
	held    int         // bytes counted in connections.input
	waiting int         // bytes counted in connections.waiting
	over    bool        // the connection is closed

	operations []*running
	turns      chan struct{} // for those that execute; nil until one does

	peer string // its address, until it has introduced itself

	opened     time.Time
	cold       bool // nothing of what is followed goes out any more
	heard      time.Time
	partial    time.Time // since when a message is incomplete; zero: none is
	pinged     time.Time
	pings      uint32 // sent
	pongs      uint32 // of them, answered
	deliveries int    // since the last ping
}

// serveSocket opens a WebSocket and leaves it to itself.
func (c *connections) serveSocket(w http.ResponseWriter, r *http.Request, b base) {
	subprotocol := choose(r)
	conn, early, err := wire.Upgrade(w, r, subprotocol)
	if err != nil {
		c.admission.leave(b.from, b.known, false)
		b.debug("a WebSocket can't be opened", "error", err)
		return
	}
	now := time.Now()
	k := &socket{base: b, peer: r.RemoteAddr, dialect: dialects[subprotocol], frames: wire.Frames{MaxMessage: maxMessage}, opened: now, heard: now, pinged: now}
	k.conn = wire.New(conn, k, wire.Options{WriteWithin: c.limits.WriteWithin, MaxPending: c.limits.AnswerBytes, Gone: k.gone})
	if k.dialect == nil {
		k.dialect = dialects[modern]
	}
	k.traffic = c.traffic[k.dialect.subprotocol]
	k.traffic.connections.Inc()
	c.add(k)
	k.debug("a WebSocket is open", "protocol", subprotocol, "from", r.RemoteAddr)
	if subprotocol == "" {
		k.conn.Lock()
		k.end(closeNoProtocol, "Subprotocol not acceptable")
		k.conn.Unlock()
	}
	go k.receive(early)
}

// choose picks the protocol to be spoken of those that are offered; empty when
// there is none that is known.
func choose(r *http.Request) string {
	offered := wire.Subprotocols(r)
	for _, protocol := range []string{modern, legacy} {
		if slices.Contains(offered, protocol) {
			return protocol
		}
	}
	return ""
}

// receive reads what the client says until the connection ends.
func (k *socket) receive(early []byte) {
	if err := k.conn.Receive(early, k.hear); errors.Is(err, errPanicked) {
		k.conn.Cut(err)
	}
}

// hear takes a chunk of what the client sends.
func (k *socket) hear(chunk []byte) (err error) {
	defer func() {
		if v := recover(); v != nil {
			k.c.logger.Error("a message panicked", "op", "websocket", "requestId", k.request, "panic", v, "stack", string(debug.Stack()))
			err = errPanicked
		}
	}()
	err = k.frames.Feed(chunk, k.message)
	held := k.frames.Held()
	k.conn.Lock()
	defer k.conn.Unlock()
	if k.over {
		return err
	}
	k.heard = time.Now()
	total := k.c.input.Add(int64(held - k.held))
	switch {
	case held == 0:
		k.partial = time.Time{}
	case k.partial.IsZero():
		k.partial = k.heard
	}
	k.held = held
	var breach *wire.CloseError
	switch {
	case errors.As(err, &breach):
		k.end(breach.Code, breach.Reason)
	case held > fairShare(k.c.limits.InputBytes) && total > int64(k.c.limits.InputBytes):
		k.c.metrics.overflows.WithLabelValues("input").Inc()
		k.end(closeTryAgain, "too much is coming in at the moment")
		err = errOverload
	}
	return err
}

var (
	errOverload = errors.New("too much is coming in")
	errPanicked = errors.New("a message panicked")
)

// gone cleans up behind the connection.
func (k *socket) gone(why error) {
	k.c.metrics.noteEnd(why)
	k.conn.Lock()
	operations, held := k.operations, k.held
	k.operations, k.cold, k.over = nil, true, true
	k.weigh()
	k.conn.Unlock()
	for _, o := range operations {
		k.drop(o, false)
	}
	k.c.input.Add(-int64(held))
	k.c.remove(k)
	k.traffic.connections.Dec()
	k.c.admission.leave(k.from, k.known, k.introduced)
	k.debug("a WebSocket is closed", "why", why)
}

// end closes the socket with a code, once all that is waiting has been sent.
func (k *socket) end(code int, reason string) {
	if !k.conn.Ended() {
		k.debug("a WebSocket is being closed", "code", code, "reason", reason)
	}
	k.cold = true
	k.conn.End(wire.AppendClose(nil, code, reason))
}

// Wake implements live.Reader.
func (k *socket) Wake() {
	k.conn.Lock()
	defer k.conn.Unlock()
	if !k.conn.Blocked() {
		k.conn.Flush()
		return
	}
	if k.cold {
		return
	}
	for _, o := range k.operations {
		if o.sub == nil {
			continue
		}
		if why := k.c.limits.slowness(o.sub); why != "" {
			k.c.metrics.overflows.WithLabelValues(why).Inc()
			k.end(closeSlow, "slow consumer")
			return
		}
	}
}

// Gather implements wire.Source.
func (k *socket) Gather(b []byte, room int) (out []byte, more bool) {
	now := time.Now()
	if k.cold || k.expired(now) { // tick closes it
		return b, false
	}
	before := len(b)
	var ended []*running
	for _, o := range k.operations {
		if o.sub == nil {
			continue
		}
		left := room - (len(b) - before)
		if left <= 0 {
			more = true
			break
		}
		var list []live.Payload
		var again bool
		list, again, o.err = o.sub.Take(left)
		for _, p := range list {
			b = appendMessage(b, o.id, k.dialect.next, p.JSON)
		}
		k.deliveries += len(list)
		k.traffic.delivered(list, o.since, now)
		more = more || again
		if o.err != nil {
			ended = append(ended, o)
		}
	}
	for _, o := range ended {
		b = k.fail(b, o)
	}
	if k.pingDue(now) {
		b = k.ping(b, now)
	}
	return b, more
}

// fail tells the reader why an operation has ended by itself.
func (k *socket) fail(b []byte, o *running) []byte {
	if errors.Is(o.err, context.Canceled) { // the server ends; the reader shall come back
		k.cold = true
		go k.leave()
		return b
	}
	k.remove(o)
	k.drop(o, true)
	ctx, cancel := k.operationContext()
	defer cancel()
	return k.dialect.appendError(b, o.id, k.c.follow.Fail(ctx, o.err).Errors)
}

// ackGrace is how long a question waits for a delivery to go along with: by itself
// it would cost as much as one.
const ackGrace = 2 * time.Second

// pingDue tells whether a reader is to be asked what has arrived: it is, now and
// then, of what it gets.
func (k *socket) pingDue(now time.Time) bool {
	// A new reader is asked soon: what has not been confirmed comes twice if its
	// connection breaks.
	every := min(k.c.limits.AckEvery, time.Second<<min(2*k.pings, 10))
	if k.deliveries == 0 || k.pings != k.pongs || now.Sub(k.pinged) < every {
		return false
	}
	return slices.ContainsFunc(k.operations, func(o *running) bool { return o.place != nil })
}

// ping asks for a sign of life. Every client answers with what it was sent, behind
// all that it has got before: so its answer tells what has arrived.
func (k *socket) ping(b []byte, now time.Time) []byte {
	k.pings++
	k.pinged, k.deliveries = now, 0
	for _, o := range k.operations {
		if o.sub != nil {
			o.pinged = o.sub.At()
		}
	}
	return wire.AppendPing(b, strconv.AppendUint(nil, uint64(k.pings), 10))
}

// ponged notes what has arrived.
func (k *socket) ponged(payload []byte) {
	if k.pings == k.pongs || !bytes.Equal(payload, strconv.AppendUint(nil, uint64(k.pings), 10)) {
		return // nobody asked for it
	}
	k.pongs = k.pings
	for _, o := range k.operations {
		if o.place != nil && o.pinged > o.place.Served() {
			o.place.Serve(o.pinged)
		}
	}
}

// tick implements connection.
func (k *socket) tick(now time.Time) {
	k.conn.Lock()
	defer k.conn.Unlock()
	l := k.c.limits
	switch {
	case k.conn.Ended():
	case !k.introduced && now.Sub(k.opened) >= l.InitWithin:
		k.end(closeInitLate, "Connection initialisation timeout")
	case k.expired(now):
		k.debug("a token has expired")
		k.end(closeForbidden, "the token has expired")
	case !k.partial.IsZero() && now.Sub(k.partial) >= l.MessageWithin:
		k.end(closePolicy, "a message took too long")
	case k.pings != k.pongs && now.Sub(k.pinged) >= l.PongWithin && now.Sub(k.heard) >= l.PongWithin:
		go k.conn.Cut(errSilent)
	case k.conn.Blocked():
	case now.Sub(k.pinged) >= l.PingEvery:
		b := k.ping(nil, now)
		if k.introduced {
			b = append(b, k.dialect.keepAlive...)
		}
		k.say(b)
	case k.pingDue(now.Add(-ackGrace)):
		k.say(k.ping(nil, now))
	}
	k.weigh()
}

var (
	errSilent   = errors.New("the client gave no sign of life")
	errReplaced = errors.New("the reader came back on another connection")
)

// say sends frames.
func (k *socket) say(b []byte) {
	err := k.conn.Append(b)
	k.conn.Flush()
	if k.weigh(); errors.Is(err, wire.ErrFull) || k.waiting > fairShare(k.c.limits.AllAnswerBytes) && k.c.waiting.Load() > int64(k.c.limits.AllAnswerBytes) {
		k.c.metrics.overflows.WithLabelValues("answers").Inc()
		k.end(closeSlow, "slow consumer")
	}
}

// weigh counts what waits to be taken by the reader.
func (k *socket) weigh() {
	waiting := k.conn.Waiting()
	if k.over {
		waiting = 0
	}
	k.c.waiting.Add(int64(waiting - k.waiting))
	k.waiting = waiting
}

// freeze implements connection.
func (k *socket) freeze() {
	k.conn.Lock()
	defer k.conn.Unlock()
	k.cold = true
	if !k.conn.Ended() {
		k.say(k.ping(nil, time.Now()))
	}
}

// confirmed implements connection.
func (k *socket) confirmed() bool {
	k.conn.Lock()
	defer k.conn.Unlock()
	if k.conn.Ended() {
		return true
	}
	executing := slices.ContainsFunc(k.operations, func(o *running) bool { return o.sub == nil })
	return k.pings == k.pongs && !executing
}

// places implements connection.
func (k *socket) places() []*live.Place {
	k.conn.Lock()
	defer k.conn.Unlock()
	var places []*live.Place
	for _, o := range k.operations {
		if o.place != nil {
			places = append(places, o.place)
		}
	}
	return places
}

// leave implements connection, with 1001: a 1000 says that all is said.
func (k *socket) leave() {
	k.conn.Lock()
	defer k.conn.Unlock()
	k.end(closeGoingAway, "the server is shutting down")
}
