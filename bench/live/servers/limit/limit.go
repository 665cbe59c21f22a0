// Package limit is the fastest broadcast over WebSocket that Go can write: one
// thread, raw epoll, one system call a subscriber and pass, and of GraphQL no more
// than its messages look like. What a real server costs is told in multiples of it.
//
// A subscriber is a place among the numbered events. A pass brings all of them to
// the newest: the frames of the events since the last pass are made once, in one
// buffer, and for each subscriber its own operation id is laid into them.
package limit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"

	"depeche/bench/live/event"
)

const (
	// kept is how many payloads are kept for those who return.
	kept = 16 << 10
	// mostBehind is how many events a subscriber that does not read may fall
	// behind before it is cut off.
	mostBehind = 1024
	// maxWrite bounds what one write gives to a subscriber, in bytes.
	maxWrite = 256 << 10
)

type server struct {
	plain    bool // one write a frame
	epoll    int
	listener int
	conns    []*conn // by file descriptor
	readers  []*conn // those that are subscribed
	payloads [][]byte
	head     uint64 // number of the newest event
	passed   uint64 // number of the newest that has been given to all
	frames   frames // of the pass
	other    frames // for those that are not where most are
	buf      []byte
}

// Serve serves on a free port of the loopback interface, which it prints, until
// ctx ends. With plain it writes each frame by itself, as a simple loop would.
func Serve(ctx context.Context, stdout io.Writer, plain bool) error {
	s := &server{plain: plain, buf: make([]byte, 64<<10)}
	port, err := s.listen()
	if err != nil {
		return err
	}
	defer s.close()
	if _, err := fmt.Fprintf(stdout, "http://%s\n", net.JoinHostPort("127.0.0.1", fmt.Sprint(port))); err != nil {
		return err
	}
	for ctx.Err() == nil {
		if err := s.step(); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) listen() (port int, err error) {
	if s.epoll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return 0, fmt.Errorf("make an epoll: %w", err)
	}
	if s.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return 0, fmt.Errorf("open a socket: %w", err)
	}
	if err := unix.Bind(s.listener, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(s.listener, 4096); err != nil {
		return 0, fmt.Errorf("listen: %w", err)
	}
	if err := s.watch(unix.EPOLL_CTL_ADD, s.listener, unix.EPOLLIN); err != nil {
		return 0, err
	}
	at, err := unix.Getsockname(s.listener)
	if err != nil {
		return 0, fmt.Errorf("ask for the port: %w", err)
	}
	return at.(*unix.SockaddrInet4).Port, nil
}

func (s *server) close() {
	for _, c := range s.conns {
		if c != nil {
			_ = unix.Close(c.fd)
		}
	}
	_ = unix.Close(s.listener)
	_ = unix.Close(s.epoll)
}

func (s *server) watch(op, fd int, events uint32) error {
	if err := unix.EpollCtl(s.epoll, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)}); err != nil {
		return fmt.Errorf("watch a connection: %w", err)
	}
	return nil
}

// step takes what has come in and then gives out what is new.
func (s *server) step() error {
	var ready [512]unix.EpollEvent
	n, err := unix.EpollWait(s.epoll, ready[:], 200) // so that the end of the context is seen
	if err != nil && !errors.Is(err, unix.EINTR) {
		return fmt.Errorf("wait for connections: %w", err)
	}
	for _, e := range ready[:max(n, 0)] {
		if int(e.Fd) == s.listener {
			s.accept()
			continue
		}
		c := s.conns[e.Fd]
		if c == nil {
			continue
		}
		if e.Events&unix.EPOLLOUT != 0 {
			s.resume(c)
		}
		if e.Events&^uint32(unix.EPOLLOUT) != 0 && s.conns[e.Fd] == c {
			s.read(c)
		}
	}
	s.pass()
	return nil
}

func (s *server) accept() {
	for {
		fd, _, err := unix.Accept4(s.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return // none is left, or no descriptor is
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
		for len(s.conns) <= fd {
			s.conns = append(s.conns, nil)
		}
		s.conns[fd] = &conn{fd: fd, place: -1}
		if s.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN) != nil {
			s.drop(s.conns[fd])
		}
	}
}

// publish numbers an event. The next pass gives it out.
func (s *server) publish(headline, body string) {
	s.head++
	payload := event.Payload(s.head, headline, body, time.Now())
	if len(s.payloads) < kept {
		s.payloads = append(s.payloads, payload)
	} else {
		s.payloads[(s.head-1)%kept] = payload
	}
}

func (s *server) payload(number uint64) []byte { return s.payloads[(number-1)%kept] }

// pass gives all subscribers what has been published since the last pass.
func (s *server) pass() {
	for s.passed < s.head {
		last := s.head
		if s.plain {
			last = s.passed + 1
		}
		last = s.frames.make(s, s.passed+1, last)
		for i := 0; i < len(s.readers); i++ {
			c := s.readers[i]
			switch {
			case len(c.rest) > 0 || c.next <= s.passed: // it does not read, or catches up
				if last-c.next > mostBehind {
					// A reset, so that the kernel does not keep what it has of the rest.
					_ = unix.SetsockoptLinger(c.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
					s.drop(c)
					i-- // another took its place
				}
			default:
				if !s.give(c, &s.frames, last) {
					i--
				}
			}
		}
		s.passed = last
	}
}

// resume goes on with a subscriber that has read.
func (s *server) resume(c *conn) {
	if len(c.rest) > 0 {
		n, err := write(c.fd, c.rest)
		switch {
		case err == unix.EAGAIN:
			return
		case err != 0:
			s.drop(c)
			return
		}
		c.rest = c.rest[n:]
		if len(c.rest) > 0 {
			return
		}
		c.rest = nil
	}
	s.catchUp(c)
}

// catchUp brings a subscriber to where the others are, as far as it takes it.
func (s *server) catchUp(c *conn) {
	for c.place >= 0 && c.next <= s.passed {
		if s.head-c.next >= kept {
			s.drop(c)
			return
		}
		last := s.passed
		if s.plain {
			last = c.next
		}
		last = s.other.make(s, c.next, last)
		if !s.give(c, &s.other, last) || len(c.rest) > 0 {
			return
		}
	}
	if c.waits {
		c.waits = false
		_ = s.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN)
	}
}

// give writes frames to a subscriber and keeps what it does not take. It returns
// false when the subscriber is gone.
func (s *server) give(c *conn, f *frames, last uint64) bool {
	text := f.of(c.id)
	n, err := write(c.fd, text)
	if err != 0 && err != unix.EAGAIN {
		s.drop(c)
		return false
	}
	c.next = last + 1
	if n = max(n, 0); err != 0 {
		n = 0
	}
	if n < len(text) {
		c.rest = append([]byte(nil), text[n:]...)
		if !c.waits {
			c.waits = true
			_ = s.watch(unix.EPOLL_CTL_MOD, c.fd, unix.EPOLLIN|unix.EPOLLOUT)
		}
	}
	return true
}

// subscribe adds a subscriber behind an event.
func (s *server) subscribe(c *conn, id string, after uint64) {
	c.id, c.next = []byte(id), min(after, s.passed)+1
	if c.place < 0 {
		c.place = len(s.readers)
		s.readers = append(s.readers, c)
	}
	s.catchUp(c)
}

func (s *server) drop(c *conn) {
	if s.conns[c.fd] != c {
		return
	}
	s.conns[c.fd] = nil
	_ = unix.Close(c.fd)
	if c.place >= 0 {
		last := s.readers[len(s.readers)-1]
		s.readers[c.place], last.place = last, c.place
		s.readers = s.readers[:len(s.readers)-1]
		c.place = -1
	}
}
