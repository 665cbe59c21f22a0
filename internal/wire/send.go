package wire

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

const (
	// room is how much is gathered for one write: enough that the system call
	// costs little a byte, and little enough to be kept for a peer that does not
	// take it.
	room = 32 << 10
	// fair is how much Flush writes before it leaves the rest to a goroutine.
	fair = 256 << 10
)

// Flush sends what there is: what is pending, then what Gather gives, until it
// has no more, the kernel takes no more, or 256 KiB are sent; from there the
// connection's own goroutine goes on. While that runs, Flush does nothing. It
// never blocks and wants the lock.
func (c *Conn) Flush() {
	if c.sending || c.state >= shut {
		return
	}
	left := c.pump()
	switch {
	case left, c.state == ending && c.raw == nil:
		c.sending = true
		go c.send()
	case c.state == ending:
		if err := c.shutWrite(); err != nil {
			c.finish(err)
			return
		}
		c.hasShut()
	}
}

// pump sends without blocking and tells whether something is left to do: c.rest,
// or to pump again.
func (c *Conn) pump() bool {
	s := scratches.Get().(*scratch)
	defer s.release()
	for sent := 0; sent < fair; {
		more := c.gather(s)
		if len(s.b) == 0 {
			return false
		}
		n, err := 0, error(nil)
		if c.raw != nil {
			n, err = s.write(c.raw)
		}
		if err != nil {
			c.finish(fmt.Errorf("write: %w", err))
			return false
		}
		if n < len(s.b) {
			c.rest = bytes.Clone(s.b[n:])
			return true
		}
		if !more {
			return false
		}
		sent += n
	}
	return true
}

// gather puts what is to be sent next into s, in the order that it is to go out.
func (c *Conn) gather(s *scratch) (more bool) {
	s.b = s.b[:0]
	if len(c.pending) > 0 {
		n := min(len(c.pending), room)
		s.b = append(s.b, c.pending[:n]...)
		if c.pending = c.pending[n:]; len(c.pending) == 0 {
			c.pending = nil
		}
	}
	if c.state != open {
		return len(c.pending) > 0
	}
	if len(s.b) >= room {
		return true
	}
	s.b, more = c.source.Gather(s.b, room-len(s.b))
	return more
}

// send writes what the kernel did not take, and goes on until there is nothing
// left.
func (c *Conn) send() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.state != closed && (len(c.rest) > 0 || c.pump()) {
		rest := c.rest
		c.mu.Unlock()
		n, err := c.write(rest)
		c.mu.Lock()
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			c.rest = nil
		}
		if err != nil {
			c.finish(err)
		}
	}
	c.rest = nil
	if c.state == ending {
		// TLS has something to write when its write side is shut.
		c.mu.Unlock()
		err := c.shutWrite()
		c.mu.Lock()
		if err != nil {
			c.finish(err)
		}
	}
	c.sending = false
	switch c.state {
	case open:
		_ = c.nc.SetWriteDeadline(time.Time{}) // a connection that is broken tells so when it is used
	case ending:
		c.hasShut()
	}
}

// write writes some of b, and waits for it as long as it may take.
func (c *Conn) write(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	if err := c.nc.SetWriteDeadline(time.Now().Add(c.o.WriteWithin)); err != nil {
		return 0, fmt.Errorf("set a write deadline: %w", err)
	}
	n, err := c.nc.Write(b)
	if err == nil || n > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		return n, nil
	}
	return n, fmt.Errorf("write: %w", err)
}

func (c *Conn) shutWrite() error {
	w, ok := c.nc.(interface{ CloseWrite() error })
	if !ok {
		return nil
	}
	if err := w.CloseWrite(); err != nil {
		return fmt.Errorf("shut the write side: %w", err)
	}
	return nil
}

// scratches are what is written from. They are held during writes that do not
// block, and so there are about as many as processors.
var scratches = sync.Pool{New: func() any {
	s := &scratch{b: make([]byte, 0, room)}
	s.attempt = s.try
	return s
}}

// A scratch is a buffer and the attempt to write it, bound to each other once so
// that a write allocates nothing.
type scratch struct {
	b       []byte
	n       int
	err     error
	attempt func(fd uintptr) bool
}

// write tries once, and returns how much the kernel took.
func (s *scratch) write(raw syscall.RawConn) (int, error) {
	if err := raw.Write(s.attempt); err != nil {
		return 0, err
	}
	return s.n, s.err
}

func (s *scratch) try(fd uintptr) bool {
	s.n, s.err = tryWrite(fd, s.b)
	return true // or the runtime would wait
}

func (s *scratch) release() {
	if cap(s.b) > 2*room {
		s.b = make([]byte, 0, room) // a large frame has passed
	}
	scratches.Put(s)
}
