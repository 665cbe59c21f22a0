package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"depeche/bench/latency"
)

// publisherIndex stands for the publisher's connection among those of readers.
const publisherIndex = -1

// A Publisher gives events to a server over one kept-alive HTTP connection. It
// keeps to its rate whatever the server does: requests are pipelined, in order,
// and so a slow server has them waiting, and not its load lessened.
type Publisher struct {
	request func(headline string) []byte

	fd       int
	watching uint32
	in, out  []byte
	sent     []int64 // when the requests that are not answered went out

	every     time.Duration
	remaining int
	due       time.Time

	Published uint64            // events handed to the server; the number of the newest
	Accepted  uint64            // of these, those that the server has answered
	Answer    latency.Histogram // from publishing to the answer
}

// Join gives the loop a publisher, which makes its requests with request. It
// connects when it has something to publish.
func (l *Loop) Join(request func(headline string) []byte) {
	l.Publisher = &Publisher{request: request, fd: -1}
}

func (p *Publisher) connect(l *Loop) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	if err := unix.Connect(fd, l.address); err != nil {
		unix.Close(fd)
		return fmt.Errorf("connect the publisher: %w", err)
	}
	_ = unix.SetNonblock(fd, true)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	p.watching = unix.EPOLLIN
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: p.watching, Fd: publisherIndex}); err != nil {
		unix.Close(fd)
		return fmt.Errorf("watch the publisher: %w", err)
	}
	p.fd, p.in = fd, nil
	return nil
}

// Begin publishes count events, the first now, so many a second.
func (p *Publisher) Begin(rate float64, count int) {
	p.every, p.remaining, p.due = time.Duration(float64(time.Second)/rate), count, time.Now()
}

// Stop publishes no more.
func (p *Publisher) Stop() { p.remaining = 0 }

// Done tells whether all events that were to come are published and accepted.
func (p *Publisher) Done() bool { return p.remaining == 0 && p.Accepted == p.Published }

func (p *Publisher) close() {
	if p.fd >= 0 {
		_ = unix.Close(p.fd)
		p.fd = -1
	}
}

// step publishes what is due and tells when the next is.
func (p *Publisher) step(l *Loop, now time.Time) (due time.Time, err error) {
	if p.fd < 0 {
		if p.remaining == 0 {
			return now.Add(time.Hour), nil
		}
		if err := p.connect(l); err != nil {
			return now, err
		}
	}
	for p.remaining > 0 && !now.Before(p.due) {
		p.Published++
		p.remaining--
		p.due = p.due.Add(p.every)
		at := l.Now()
		p.sent = append(p.sent, at)
		p.out = append(p.out, p.request(Headline(p.Published, at))...)
	}
	if err := p.flush(); err != nil {
		return now, err
	}
	watching := uint32(unix.EPOLLIN)
	if len(p.out) > 0 {
		watching |= unix.EPOLLOUT
	}
	if watching != p.watching {
		p.watching = watching
		if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, p.fd, &unix.EpollEvent{Events: watching, Fd: publisherIndex}); err != nil {
			return now, fmt.Errorf("watch the publisher: %w", err)
		}
	}
	if p.remaining == 0 {
		return now.Add(time.Hour), nil
	}
	return p.due, nil
}

func (p *Publisher) flush() error {
	for len(p.out) > 0 {
		n, err := unix.Write(p.fd, p.out)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("publish: %w", err)
		}
		p.out = p.out[:copy(p.out, p.out[n:])]
	}
	return nil
}

// ready reads answers.
func (p *Publisher) ready(events uint32, now int64) error {
	if p.fd < 0 || events&^unix.EPOLLOUT == 0 {
		return nil
	}
	var buf [8 << 10]byte
	n, errno := read(p.fd, buf[:])
	switch {
	case errno == unix.EAGAIN || errno == unix.EINTR:
		return nil
	case errno != 0:
		return fmt.Errorf("read the answer to a publication: %w", errno)
	case n == 0 && len(p.sent) == 0: // a server may end an idle connection
		p.close()
		return nil
	case n == 0:
		return errors.New("the server has closed the publisher's connection")
	}
	p.in = append(p.in, buf[:n]...)
	for {
		size, err := answer(p.in)
		if err != nil || size == 0 {
			return err
		}
		p.in = p.in[:copy(p.in, p.in[size:])]
		if len(p.sent) == 0 {
			return errors.New("the server answers what was not asked")
		}
		p.Answer.Add(time.Duration(now - p.sent[0]))
		p.sent = p.sent[1:]
		p.Accepted++
	}
}

// answer reads the HTTP response at the beginning of text and tells how long it
// is, 0 for not all there yet. One that accepts nothing is an error.
func answer(text []byte) (size int, err error) {
	head, _, all := bytes.Cut(text, []byte("\r\n\r\n"))
	if !all {
		return 0, nil
	}
	length := 0
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		name, value, _ := bytes.Cut(line, []byte(":"))
		if bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, fmt.Errorf("read the length of an answer: %w", err)
			}
		}
	}
	size = len(head) + 4 + length
	if len(text) < size {
		return 0, nil
	}
	body := text[len(head)+4 : size]
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 2")) || bytes.Contains(body, []byte(`"errors"`)) {
		return 0, fmt.Errorf("an event is refused: %s %s", bytes.SplitN(head, []byte("\r\n"), 2)[0], body)
	}
	return size, nil
}
