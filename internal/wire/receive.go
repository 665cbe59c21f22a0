package wire

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
)

const (
	chunkSize    = 16 << 10
	ownChunkSize = 4 << 10 // of a connection that can't wait without a buffer
)

// Receive hands handle what the peer sends, in order, in chunks of any size,
// until the connection ends or handle fails, and returns why: nil after End,
// io.EOF where the peer ended first, handle's error, or what broke it. early is
// handed over first, where there is any: bytes that were read with something
// else. A chunk is handle's to change, and only during the call. It is called
// without the lock, on another goroutine than Receive's, which does not recover
// from a panic: a goroutine that waits for input keeps its smallest stack so, and
// Receive is best called by one that has done nothing else.
//
// After End, input is still handed on until the peer ends. Other than by
// handle's error, the connection is closed when Receive returns, or about to be;
// after handle's error it is for the caller to End or to Cut it, and what still
// arrives is thrown away. Receive may be called once a connection; it returns
// ErrEnded where another reads, or what arrives is thrown away, already.
func (c *Conn) Receive(early []byte, handle func(chunk []byte) error) error {
	if may, why := c.beginReceiving(); !may {
		return why
	}
	if len(early) > 0 {
		if err := elsewhere(handle, early); err != nil {
			return c.refused(err)
		}
	}
	in := newInput(c)
	for {
		chunk, err := in.wait()
		if err != nil {
			return c.inputEnded(err)
		}
		err = elsewhere(handle, chunk)
		in.release()
		if err != nil {
			return c.refused(err)
		}
	}
}

func (c *Conn) beginReceiving() (may bool, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == closed:
		return false, c.why
	case c.receiving:
		return false, ErrEnded
	}
	c.receiving = true
	return true, nil
}

// elsewhere calls handle on a stack that is given back afterwards. The one of a
// goroutine that waits would never become small again.
func elsewhere(handle func([]byte) error, chunk []byte) error {
	done := make(chan error, 1)
	go func() { done <- handle(chunk) }()
	return <-done
}

// inputEnded is told that there is no more to read, and why.
func (c *Conn) inputEnded(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.state == shut:
		c.finish(nil)
	case c.state == ending && err == io.EOF:
		c.peerEnded = true
	case err == io.EOF:
		c.finish(io.EOF)
	default:
		c.finish(fmt.Errorf("read: %w", err))
	}
	return c.why
}

// refused is told that handle wants no more.
func (c *Conn) refused(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.receiving = false
	if c.state == shut {
		c.drainIfNobodyReads()
	}
	return err
}

// drainIfNobodyReads looks for the peer's end itself. What is not read when a TCP
// connection is closed makes the kernel reset it, and the peer may then lose
// what was sent last.
func (c *Conn) drainIfNobodyReads() {
	if c.receiving {
		return
	}
	c.receiving = true
	go func() {
		in := newInput(c)
		for {
			_, err := in.wait()
			if err != nil {
				_ = c.inputEnded(err)
				return
			}
			in.release()
		}
	}()
}

// chunks are what is read into, from the moment there is something to read until
// it has been handled.
var chunks = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// An input waits for what arrives on a connection.
type input struct {
	conn *Conn
	own  []byte // where the connection can't wait without a buffer

	chunk   *[chunkSize]byte // while there is something in it
	n       int
	err     error
	attempt func(fd uintptr) bool
}

func newInput(c *Conn) *input {
	in := &input{conn: c}
	if c.raw == nil {
		in.own = make([]byte, ownChunkSize)
	}
	in.attempt = in.try
	return in
}

// wait returns what has arrived, which is the caller's until release, or why
// nothing will: io.EOF at the peer's end.
func (in *input) wait() ([]byte, error) {
	if in.own != nil {
		for {
			n, err := in.conn.nc.Read(in.own)
			if n > 0 {
				return in.own[:n], nil
			}
			if err != nil {
				if errors.Is(err, io.EOF) {
					err = io.EOF
				}
				return nil, err
			}
		}
	}
	if err := in.conn.raw.Read(in.attempt); err != nil {
		return nil, err
	}
	if in.err != nil {
		in.release()
		return nil, in.err
	}
	return in.chunk[:in.n], nil
}

// try reads what there is, and tells whether that was anything.
func (in *input) try(fd uintptr) bool {
	in.chunk = chunks.Get().(*[chunkSize]byte)
	in.n, in.err = tryRead(fd, in.chunk[:])
	if in.err == syscall.EAGAIN {
		in.release()
		return false
	}
	return true
}

func (in *input) release() {
	if in.chunk != nil {
		chunks.Put(in.chunk)
		in.chunk = nil
	}
}
