// Package wire moves bytes to and from tens of thousands of connections: it
// writes without blocking, waits for input without holding a buffer, and knows
// WebSocket frames. What the bytes mean is not its business.
//
// A write is tried at once, by whoever has something to send, and never waits.
// Only what the kernel does not take is finished by a goroutine of that
// connection, so one peer that does not read delays nobody. What waits to be
// sent is asked for when there is room for it: nothing is queued here but what
// Append is given, and the write under way. A connection at rest is a goroutine with its smallest stack
// and a few hundred bytes; it has no timer and no buffer.
package wire

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// A Source is what a connection carries. It is told of nothing: it is asked when
// the connection has room, and Flush is how it says that there is something.
type Source interface {
	// Gather appends to b what is to be sent next, roughly at most room bytes of
	// it (a single frame may be larger), and tells whether there is more to send
	// at once. What it has given is sent, or the connection ends. It is called
	// with the connection's lock held, by any goroutine, must not block, and must
	// not call the connection's methods.
	Gather(b []byte, room int) (out []byte, more bool)
}

// Options bounds a Conn. Zero fields take their defaults.
type Options struct {
	WriteWithin time.Duration // a write without progress ends the connection after one to two times this: 10 s
	Linger      time.Duration // how long End waits for the peer's end once all is sent: 2 s
	MaxPending  int           // bytes that Append may have waiting: 4 MiB
	// Gone is called once, on a goroutine of its own and without the lock, when
	// the connection has been closed. why is nil after End, where everything has
	// been handed to the kernel; io.EOF where the peer ended first; the error of
	// Cut; or what broke it, which wraps os.ErrDeadlineExceeded where the peer
	// took nothing for WriteWithin.
	Gone func(why error)
}

const (
	defaultWriteWithin = 10 * time.Second
	defaultLinger      = 2 * time.Second
	defaultMaxPending  = 4 << 20
)

var (
	// ErrFull says that more is waiting to be sent than Options.MaxPending.
	ErrFull = errors.New("too much is waiting to be sent")
	// ErrEnded says that nothing can be sent or received any more.
	ErrEnded = errors.New("the connection has ended")
)

// A Conn is a connection with its own way of reading and writing. Its lock, of
// Lock and Unlock, guards it and whatever state its Source keeps for it: methods
// say whether they want it held.
type Conn struct {
	mu     sync.Mutex
	nc     net.Conn
	raw    syscall.RawConn // nil where nothing can be tried without blocking
	source Source
	o      Options

	pending   []byte      // of Append; goes out before what Gather gives
	rest      []byte      // gathered, and not yet taken; its bytes are send's while it runs
	timer     *time.Timer // bounds what End began
	why       error       // of the end
	state     state
	sending   bool // send runs, and nobody else may write
	receiving bool // somebody reads, so the peer's end will be seen
	peerEnded bool
}

// state is how far a connection has come. It never goes back.
type state uint8

const (
	open   state = iota
	ending       // End has been called, and there is something left to send
	shut         // everything has been sent, and the write side is shut
	closed
)

// New takes over c: nobody else may read, write or close it, and it must have no
// deadlines set. What has a SyscallConn, as a *net.TCPConn does, is written to
// and read from by system calls that do not block, on unix; a type that embeds
// such a connection to see what is written would see nothing. Everything else
// has its writes done by a goroutine, which ends when nothing is left, and waits
// for input with a buffer of 4 KiB. New starts nothing: it is Receive that sees
// the peer's end.
func New(c net.Conn, s Source, o Options) *Conn {
	o.WriteWithin = cmp.Or(o.WriteWithin, defaultWriteWithin)
	o.Linger = cmp.Or(o.Linger, defaultLinger)
	o.MaxPending = cmp.Or(o.MaxPending, defaultMaxPending)
	return &Conn{nc: c, raw: nonBlocking(c), source: s, o: o}
}

// Lock locks the connection. It is held for no longer than a few writes that do
// not block.
func (c *Conn) Lock() { c.mu.Lock() }

// Unlock unlocks it.
func (c *Conn) Unlock() { c.mu.Unlock() }

// Append lets b go out before what Gather gives next, with the next Flush. b is
// copied. It wants the lock. Errors: ErrFull when more than Options.MaxPending
// bytes would wait (b alone always fits); ErrEnded.
func (c *Conn) Append(b []byte) error {
	if c.state != open {
		return ErrEnded
	}
	if len(c.pending) > 0 && len(c.pending)+len(b) > c.o.MaxPending {
		return ErrFull
	}
	c.pending = append(c.pending, b...)
	return nil
}

// Blocked tells whether the peer has not taken what was written, so that a
// goroutine is finishing it and Flush does nothing; that goroutine asks the
// Source again when it gets there. A connection without non-blocking writes is
// blocked during each of its writes. It wants the lock.
func (c *Conn) Blocked() bool { return c.sending }

// Waiting is how many bytes wait for the peer to take what is before them. It
// wants the lock.
func (c *Conn) Waiting() int { return len(c.pending) + len(c.rest) }

// Ended tells whether End or Cut has been called, or the connection broke. It
// wants the lock.
func (c *Conn) Ended() bool { return c.state != open }

// End sends what is pending and then last, and nothing of Gather any more, shuts
// the write side where the connection can do that, and closes when the peer ends
// or after Options.Linger. Sending takes Options.WriteWithin at most, all in
// all. It never blocks, wants the lock, and does nothing where the connection
// has ended already. last is copied.
func (c *Conn) End(last []byte) {
	if c.state != open {
		return
	}
	c.state = ending
	c.pending = append(c.pending, last...)
	c.Flush()
	if c.state == ending {
		c.timer = time.AfterFunc(c.o.WriteWithin, c.late)
	}
}

// Cut closes the connection at once, whatever is left to send, and has err given
// to Options.Gone. It must be called without the lock. Only the first call, or
// what broke the connection before, counts.
func (c *Conn) Cut(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.finish(err)
}

// hasShut waits for the peer's end, the write side being shut.
func (c *Conn) hasShut() {
	c.state = shut
	if c.peerEnded {
		c.finish(nil)
		return
	}
	if c.timer == nil {
		c.timer = time.AfterFunc(c.o.Linger, c.late)
	} else {
		c.timer.Reset(c.o.Linger)
	}
	c.drainIfNobodyReads()
}

// late ends what takes too long after End.
func (c *Conn) late() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == shut {
		c.finish(nil)
		return
	}
	c.finish(fmt.Errorf("send the last within %v: %w", c.o.WriteWithin, os.ErrDeadlineExceeded))
}

// finish closes the connection, unless that has been done.
func (c *Conn) finish(why error) {
	if c.state == closed {
		return
	}
	c.state, c.why, c.pending = closed, why, nil
	if c.timer != nil {
		c.timer.Stop()
	}
	if tcp, ok := c.nc.(*net.TCPConn); ok && c.sending {
		// The kernel would keep what such a peer has not taken for minutes.
		tcp.SetLinger(0) //nolint:errcheck // then it keeps it
	}
	// Closing a TLS connection writes to it, which may take its time.
	go func() {
		c.nc.Close()
		if c.o.Gone != nil {
			c.o.Gone(why)
		}
	}()
}
