// Package load is a generator of readers: one thread, one epoll loop, thousands
// of WebSockets that speak graphql-transport-ws and check what they get. One
// publisher in the same loop gives them events.
//
// A Loop belongs to one goroutine. Nothing in it is safe for others.
package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"

	"depeche/bench/latency"
)

const (
	// sources is how many source addresses readers come from, 127.0.1.1 and up.
	sources = 32

	maxTries   = 20
	retryAfter = time.Second

	// A slow reader takes slowBytes every slowEvery.
	slowBytes = 2 << 10
	slowEvery = 100 * time.Millisecond
)

// Options says who the readers are. Address, Path, Query and Readers are required.
type Options struct {
	Address string // of the server, an IPv4 address and a port
	Path    string // of its WebSockets
	Query   string // the subscription, with a variable $after
	After   string // the cursor that readers begin with
	Readers int

	// Never of the readers subscribe and read no more, Slow others read 20 KB a
	// second. Their receive buffer is ReceiveBuffer bytes, 0 for the system's.
	Never, Slow   int
	ReceiveBuffer int

	// AtOnce is how many connections are being made at a time; 512 for 0.
	AtOnce int
	// Return makes readers come back, with their cursor, when the server ends a
	// connection. Else they stay away.
	Return bool
}

// A Loop runs readers and a publisher.
type Loop struct {
	o         Options
	address   *unix.SockaddrInet4
	handshake handshake
	epoll     int
	readers   []reader
	buf, out  []byte
	ready     []unix.EpollEvent
	queue     []int32       // of readers to connect
	later     []appointment // of readers to connect, by time
	dialling  int           // connections that are being made
	nextSlow  time.Time
	faults    Tally
	began     time.Time

	// Publisher gives events to the server; nil for none.
	Publisher *Publisher

	Following int    // readers that are subscribed now
	Lost      uint64 // events that were passed over, ever
	Again     uint64 // events that had come before, or came late, ever

	// Since the last Reset:
	Deliveries uint64            // events that came in order
	Bytes      uint64            // of their messages
	Latency    latency.Histogram // from publishing to receiving
	Ends       Tally             // of connections that the server ended, by reason

	// OnEvent, when set, is told each event that came in order.
	OnEvent func(reader int, number uint64)
}

type appointment struct {
	at     time.Time
	reader int32
}

// New makes a Loop without connections. Close it in the end.
func New(o Options) (*Loop, error) {
	address, err := sockaddr(o.Address)
	if err != nil {
		return nil, err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make an epoll: %w", err)
	}
	if o.AtOnce == 0 {
		o.AtOnce = 512
	}
	l := &Loop{
		o: o, address: address, handshake: newHandshake(o.Address, o.Path), epoll: epoll,
		readers: make([]reader, o.Readers), buf: make([]byte, 256<<10), ready: make([]unix.EpollEvent, 1024),
		faults: Tally{}, Ends: Tally{}, began: time.Now(),
	}
	for i := range l.readers {
		r := &l.readers[i]
		r.index, r.fd = int32(i), -1
		switch {
		case i < o.Never:
			r.pace = never
		case i < o.Never+o.Slow:
			r.pace = slowly
		}
	}
	return l, nil
}

func sockaddr(address string) (*unix.SockaddrInet4, error) {
	a, err := netip.ParseAddrPort(address)
	if err != nil || !a.Addr().Is4() {
		return nil, fmt.Errorf("address %q: want an IPv4 address and a port", address)
	}
	return &unix.SockaddrInet4{Addr: a.Addr().As4(), Port: int(a.Port())}, nil
}

// Close cuts all connections.
func (l *Loop) Close() {
	l.Cut(func(int) bool { return true })
	if l.Publisher != nil {
		l.Publisher.close()
	}
	_ = unix.Close(l.epoll)
}

// Now is the clock of headlines, in nanoseconds. It never goes back.
func (l *Loop) Now() int64 { return l.began.UnixNano() + int64(time.Since(l.began)) }

// Connect queues all readers that are not connected and have not come to an end.
func (l *Loop) Connect() {
	for i := range l.readers {
		if r := &l.readers[i]; r.state == apart && r.end == "" {
			l.queue = append(l.queue, r.index)
		}
	}
	l.later = nil // they are queued
}

// Cut ends all connections, with a reset where reset says so.
func (l *Loop) Cut(reset func(reader int) bool) {
	l.queue, l.later = nil, nil
	for i := range l.readers {
		l.drop(&l.readers[i], reset(i))
	}
}

// Hurry makes the slow readers read at once from now on.
func (l *Loop) Hurry() {
	for i := range l.readers {
		r := &l.readers[i]
		if r.pace == atOnce {
			continue
		}
		r.pace = atOnce
		if r.state == following {
			l.watchOrLose(r, unix.EPOLLIN)
		}
	}
}

// Reset begins counting anew, but for what is wrong.
func (l *Loop) Reset() {
	l.Deliveries, l.Bytes = 0, 0
	l.Latency = latency.Histogram{}
	l.Ends = Tally{}
}

// A Standing is how readers stand towards the events up to one.
type Standing struct {
	Complete int // have it
	Behind   int // are connected, or on their way, and have it not
	Ended    int // have it not, and the server ended their connection
}

// Standing tells how many readers have the event with the number. slowToo counts
// the slow readers in.
func (l *Loop) Standing(number uint64, slowToo bool) (s Standing) {
	for i := range l.readers {
		switch r := &l.readers[i]; {
		case r.pace != atOnce && !slowToo:
		case r.next > number:
			s.Complete++
		case r.end != "":
			s.Ended++
		default:
			s.Behind++
		}
	}
	return s
}

// Faults tells what readers found wrong, of all kinds, since the Loop was made.
func (l *Loop) Faults() Tally { return l.faults }

func (l *Loop) fault(_ *reader, what string) { l.faults.add(what) }

// Wait runs the loop until done, for at most so long. It tells whether done came.
// done is asked every few milliseconds; nil is never done.
func (l *Loop) Wait(ctx context.Context, atMost time.Duration, done func() bool) (bool, error) {
	const askEvery = 5 * time.Millisecond
	end := time.Now().Add(atMost)
	for ask := time.Now(); ; {
		now := time.Now()
		if !now.Before(ask) {
			if err := ctx.Err(); err != nil {
				return false, err
			}
			if done != nil && done() {
				return true, nil
			}
			if ask = now.Add(askEvery); now.After(end) {
				return false, nil
			}
		}
		if err := l.step(ask); err != nil {
			return false, err
		}
	}
}

// step does what is due and what has come in, and waits for it until the time.
func (l *Loop) step(until time.Time) error {
	now := time.Now()
	if err := l.dialMore(now); err != nil {
		return err
	}
	if l.Publisher != nil {
		due, err := l.Publisher.step(l, now)
		if err != nil {
			return err
		}
		if due.Before(until) {
			until = due
		}
	}
	if now.After(l.nextSlow) {
		l.readSlowly()
		l.nextSlow = now.Add(slowEvery)
	}
	const whole = time.Millisecond // what epoll counts in
	n, err := unix.EpollWait(l.epoll, l.ready, int((max(0, time.Until(until))+whole-1)/whole))
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for connections: %w", err)
	}
	for _, e := range l.ready[:max(n, 0)] {
		if e.Fd == publisherIndex {
			if err := l.Publisher.ready(e.Events, l.Now()); err != nil {
				return err
			}
			continue
		}
		r := &l.readers[e.Fd]
		switch {
		case e.Pad != r.round: // it is of a connection that is gone
		case r.state == connecting:
			l.connected(r)
		case r.pace == never && r.state == following: // only the end of it is told
			l.lose(r, "reset")
		default:
			l.read(r, l.buf)
		}
	}
	return nil
}

func (l *Loop) dialMore(now time.Time) error {
	for len(l.later) > 0 && now.After(l.later[0].at) {
		l.queue = append(l.queue, l.later[0].reader)
		l.later = l.later[1:]
	}
	for len(l.queue) > 0 && l.dialling < l.o.AtOnce {
		r := &l.readers[l.queue[0]]
		l.queue = l.queue[1:]
		if r.state != apart {
			continue
		}
		if err := l.dial(r); err != nil {
			return err
		}
	}
	return nil
}

func (l *Loop) readSlowly() {
	if l.o.Slow == 0 {
		return
	}
	for i := range l.readers {
		if r := &l.readers[i]; r.pace == slowly && r.state == following {
			l.read(r, l.buf[:slowBytes+len(r.rest)])
		}
	}
}

// read reads once. What is left over, epoll tells again.
func (l *Loop) read(r *reader, buf []byte) {
	n := copy(buf, r.rest)
	if n == len(buf) {
		l.fault(r, "a frame is longer than the buffer")
		l.lose(r, "frame too long")
		return
	}
	got, err := read(r.fd, buf[n:])
	switch {
	case err == unix.EAGAIN || err == unix.EINTR:
	case err != 0:
		l.lose(r, "read: "+err.Error())
	case got == 0:
		l.lose(r, "end of file")
	default:
		l.take(r, buf[:n+got], l.Now())
	}
}

// watch sets what epoll tells of a reader's connection.
func (l *Loop) watch(op int, r *reader, events uint32) error {
	err := unix.EpollCtl(l.epoll, op, r.fd, &unix.EpollEvent{Events: events, Fd: r.index, Pad: r.round})
	if err != nil {
		return fmt.Errorf("watch a connection: %w", err)
	}
	return nil
}

func (l *Loop) watchOrLose(r *reader, events uint32) bool {
	if err := l.watch(unix.EPOLL_CTL_MOD, r, events); err != nil {
		l.lose(r, err.Error())
		return false
	}
	return true
}
