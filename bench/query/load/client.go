// Package load is a lean HTTP/1.1 client: one thread, one epoll loop, requests that
// were formed beforehand, and answers of which nothing is read but the status and
// the length. It costs a fraction of what it asks for, so that a server on another
// core is what is measured.
//
// A Client belongs to one goroutine.
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

// A Request is what is sent, and what is known of its answer.
type Request struct {
	Text []byte // the whole HTTP request
	Size int    // of the body of its answer, in bytes; 0 for any
}

// A Result is what came of many requests.
type Result struct {
	Answers uint64
	Wrong   uint64        // of these, not 200 or not of the right size
	Took    time.Duration // until the last answer
	Latency latency.Histogram
}

// PerSecond is how many answers came a second.
func (r *Result) PerSecond() float64 {
	if r.Took <= 0 {
		return 0
	}
	return float64(r.Answers) / r.Took.Seconds()
}

// A Client has some connections that are kept alive.
type Client struct {
	epoll int
	conns []conn
	ready []unix.EpollEvent
}

// A conn is a connection, with at most one request under way.
type conn struct {
	fd      int
	in      []byte // the answer as far as it has come
	answer  answer // its head, when that has come
	request *Request
	due     time.Time
}

// Dial connects. Close it in the end.
func Dial(address string, connections int) (_ *Client, err error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !to.Addr().Is4() {
		return nil, fmt.Errorf("address %q: want an IPv4 address and a port", address)
	}
	c := &Client{ready: make([]unix.EpollEvent, 256)}
	if c.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make an epoll: %w", err)
	}
	for len(c.conns) < connections {
		fd, err := dial(&unix.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
		if err == nil {
			err = unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(c.conns))})
		}
		if err != nil {
			c.Close()
			return nil, fmt.Errorf("connect to %s: %w", address, err)
		}
		c.conns = append(c.conns, conn{fd: fd})
	}
	return c, nil
}

func dial(to unix.Sockaddr) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := errors.Join(unix.Connect(fd, to), unix.SetNonblock(fd, true), unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)); err != nil {
		_ = unix.Close(fd)
		return 0, err
	}
	return fd, nil
}

// Close ends all connections.
func (c *Client) Close() {
	for i := range c.conns {
		_ = unix.Close(c.conns[i].fd)
	}
	_ = unix.Close(c.epoll)
}

// Saturate sends the requests again and again, each connection the next as soon as
// it has an answer, for so long.
func (c *Client) Saturate(ctx context.Context, requests []Request, lasting time.Duration) (*Result, error) {
	return c.run(ctx, requests, plan{end: time.Now().Add(lasting)})
}

// Each sends every request once, as fast as answers come.
func (c *Client) Each(ctx context.Context, requests []Request) (*Result, error) {
	return c.run(ctx, requests, plan{count: len(requests)})
}

// Keep sends so many requests a second, whether answers come or not, for so long.
// A latency counts from when its request was due, even if no connection was free.
func (c *Client) Keep(ctx context.Context, requests []Request, rate float64, lasting time.Duration) (*Result, error) {
	every := time.Duration(float64(time.Second) / rate)
	return c.run(ctx, requests, plan{every: every, count: max(1, int(lasting/every))})
}

// A plan says when requests are sent: every so often, or with 0 at once; until the
// end, or with a count so many.
type plan struct {
	every time.Duration
	end   time.Time
	count int
}

func (p plan) over(sent int, now time.Time) bool {
	if p.count > 0 {
		return sent >= p.count
	}
	return !now.Before(p.end)
}

// answersWithin is how long a client waits without any answer.
const answersWithin = 30 * time.Second

func (c *Client) run(ctx context.Context, requests []Request, p plan) (*Result, error) {
	const whole = 100 // milliseconds, after which ctx is looked at
	r := &Result{}
	began := time.Now()
	var idle []*conn
	for i := range c.conns {
		idle = append(idle, &c.conns[i])
	}
	sent, last := 0, began
	for now := began; ; now = time.Now() {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		for len(idle) > 0 && !p.over(sent, now) {
			due := now
			if p.every > 0 {
				if due = began.Add(time.Duration(sent) * p.every); due.After(now) {
					break
				}
			}
			k := idle[len(idle)-1]
			if err := k.send(&requests[sent%len(requests)], due); err != nil {
				return r, err
			}
			idle = idle[:len(idle)-1]
			sent++
		}
		over := p.over(sent, now)
		if over && len(idle) == len(c.conns) {
			r.Took = last.Sub(began)
			return r, nil
		}
		wait := whole
		if !over && len(idle) > 0 { // one is due before long: look again rather than sleep past it
			wait = 0
		}
		n, err := unix.EpollWait(c.epoll, c.ready, wait)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return r, fmt.Errorf("wait for answers: %w", err)
		}
		for _, e := range c.ready[:max(n, 0)] {
			k := &c.conns[e.Fd]
			done, err := k.read()
			if err != nil {
				return r, err
			}
			if done {
				last = time.Now()
				r.add(k, last)
				idle = append(idle, k)
			}
		}
		if now.Sub(last) > answersWithin && len(idle) < len(c.conns) {
			return r, fmt.Errorf("no answer within %s", answersWithin)
		}
	}
}

func (r *Result) add(k *conn, now time.Time) {
	r.Answers++
	if k.answer.status != 200 || k.request.Size > 0 && k.answer.length != k.request.Size {
		r.Wrong++
	}
	r.Latency.Add(now.Sub(k.due))
}

func (k *conn) send(request *Request, due time.Time) error {
	k.request, k.due, k.in, k.answer = request, due, k.in[:0], answer{}
	// The socket's buffer is empty: there is room for any request.
	n, err := unix.Write(k.fd, request.Text)
	if err != nil {
		return fmt.Errorf("send a request: %w", err)
	}
	if n < len(request.Text) {
		return fmt.Errorf("send a request: %d of %d bytes were taken", n, len(request.Text))
	}
	return nil
}

// read reads what has come and tells whether the answer is complete.
func (k *conn) read() (done bool, err error) {
	const room = 32 << 10
	if cap(k.in)-len(k.in) < room/2 {
		k.in = append(make([]byte, 0, 2*cap(k.in)+room), k.in...)
	}
	n, err := unix.Read(k.fd, k.in[len(k.in):cap(k.in)])
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read an answer: %w", err)
	}
	if n == 0 {
		return false, errors.New("the server has closed a connection")
	}
	k.in = k.in[:len(k.in)+n]
	return k.answer.parse(k.in)
}
