package wire_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/wire"
)

// queue is a Source of frames.
type queue struct{ frames [][]byte }

func (q *queue) Gather(b []byte, room int) ([]byte, bool) {
	for begin := len(b); len(q.frames) > 0 && len(b)-begin < room; q.frames = q.frames[1:] {
		b = append(b, q.frames[0]...)
	}
	return b, len(q.frames) > 0
}

// nothing is a Source of nothing.
type nothing struct{}

func (nothing) Gather(b []byte, _ int) ([]byte, bool) { return b, false }

func frames(of ...string) *queue {
	q := &queue{}
	for _, f := range of {
		q.frames = append(q.frames, []byte(f))
	}
	return q
}

// tcp returns both ends of a connection over the loopback, and has the test wait
// until nothing is done with it any more.
func tcp(t testing.TB) (server, client *net.TCPConn) {
	t.Helper()
	t.Cleanup(func() { settle(t) })
	return loopback(t)
}

func loopback(t testing.TB) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.(*net.TCPConn), c.(*net.TCPConn)
}

// settle waits until no goroutine of the package is left. One that stays makes
// the test run into its deadline.
func settle(t testing.TB) {
	stacks := make([]byte, 1<<20)
	for begun := time.Now(); ; runtime.Gosched() {
		all := stacks[:runtime.Stack(stacks, true)]
		if !bytes.Contains(all, []byte("wire.(*")) && !bytes.Contains(all, []byte("wire.elsewhere")) {
			return
		}
		if time.Since(begun) > 20*time.Second {
			t.Fatalf("goroutines are left:\n%s", all)
		}
	}
}

// small makes the kernel hold little of what is sent from one to the other: with
// even less, a loopback with its large segments stands still for most of the time.
func small(t testing.TB, from, to *net.TCPConn) {
	t.Helper()
	if err := errors.Join(from.SetWriteBuffer(64<<10), to.SetReadBuffer(128<<10)); err != nil {
		t.Fatal(err)
	}
}

// ends returns Options whose Gone tells the channel.
func ends() (wire.Options, <-chan error) {
	gone := make(chan error, 1)
	return wire.Options{Gone: func(why error) { gone <- why }}, gone
}

// locked calls do with the lock held.
func locked(c *wire.Conn, do func()) {
	c.Lock()
	defer c.Unlock()
	do()
}

// ways are the two ways of writing.
func ways(t *testing.T, test func(t *testing.T, server, client net.Conn)) {
	t.Run("non-blocking", func(t *testing.T) {
		server, client := tcp(t)
		test(t, server, client)
	})
	t.Run("by a goroutine", func(t *testing.T) {
		t.Cleanup(func() { settle(t) })
		server, client := net.Pipe()
		t.Cleanup(func() { client.Close() })
		test(t, server, client)
	})
}

func TestSendsInOrder(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		q := frames("c", "d")
		o, gone := ends()
		c := wire.New(server, q, o)
		locked(c, func() {
			if err := errors.Join(c.Append([]byte("a")), c.Append([]byte("b"))); err != nil {
				t.Error(err)
			}
			c.Flush()
			q.frames = append(q.frames, []byte("e"))
			if err := c.Append([]byte("f")); err != nil {
				t.Error(err)
			}
		})
		got := make([]byte, 4)
		if _, err := io.ReadFull(client, got); err != nil || string(got) != "abcd" {
			t.Fatalf("got %q, %v, want abcd", got, err)
		}
		locked(c, func() {
			c.Flush()
			c.Flush() // nothing more
		})
		got = make([]byte, 2)
		if _, err := io.ReadFull(client, got); err != nil {
			t.Fatal(err)
		}
		// A goroutine may have asked for the next frame before it was pending.
		if string(got) != "fe" && string(got) != "ef" {
			t.Errorf("got %q, want f and e", got)
		}
		locked(c, func() { c.End([]byte("last")) })
		got = make([]byte, 4)
		if _, err := io.ReadFull(client, got); err != nil || string(got) != "last" {
			t.Errorf("got %q, %v, want last", got, err)
		}
		client.Close()
		if why := <-gone; why != nil {
			t.Errorf("gone because of %v, want nil", why)
		}
	})
}

// counted is a connection that counts its writes.
type counted struct {
	net.Conn
	writes int
}

func (c *counted) Write(b []byte) (int, error) {
	c.writes++
	return c.Conn.Write(b)
}

// countedTCP is one that does so where it is written to without blocking.
type countedTCP struct {
	*net.TCPConn
	writes int
}

func (c *countedTCP) SyscallConn() (syscall.RawConn, error) {
	raw, err := c.TCPConn.SyscallConn()
	return &countedRaw{raw, &c.writes}, err
}

type countedRaw struct {
	syscall.RawConn
	writes *int
}

func (r *countedRaw) Write(f func(uintptr) bool) error {
	*r.writes++
	return r.RawConn.Write(f)
}

func TestManyFramesGoOutInOneWrite(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		var writes *int
		if s, ok := server.(*net.TCPConn); ok {
			s := &countedTCP{TCPConn: s}
			server, writes = s, &s.writes
		} else {
			s := &counted{Conn: server}
			server, writes = s, &s.writes
		}
		o, gone := ends()
		c := wire.New(server, frames("b", "c", "d", "e"), o)
		locked(c, func() {
			_ = c.Append([]byte("a"))
			c.Flush()
		})
		got := make([]byte, 5)
		if _, err := io.ReadFull(client, got); err != nil || string(got) != "abcde" {
			t.Fatalf("got %q, %v, want abcde", got, err)
		}
		c.Cut(nil)
		<-gone
		settle(t)
		if *writes != 1 {
			t.Errorf("%d writes, want 1", *writes)
		}
	})
}

// numbers is a Source of frames of random sizes, and knows their hash.
type numbers struct {
	r    *rand.Rand
	left int // frames
	most int // bytes of a frame, one of fifty
	sum  hash.Hash
}

func newNumbers(n, most int) *numbers {
	return &numbers{rand.New(rand.NewPCG(1, uint64(n))), n, most, sha256.New()}
}

func (n *numbers) Gather(b []byte, room int) ([]byte, bool) {
	begin := len(b)
	for ; n.left > 0 && len(b)-begin < room; n.left-- {
		size := n.r.IntN(2000)
		if n.r.IntN(50) == 0 {
			size = n.r.IntN(n.most)
		}
		b = slices.Grow(b, size)
		for range size {
			b = append(b, byte(n.r.Uint32()))
		}
	}
	n.sum.Write(b[begin:])
	return b, n.left > 0
}

func TestPeerThatDoesNotReadBlocksItsOwnConnectionOnly(t *testing.T) {
	t.Run("small frames", func(t *testing.T) { blocksItsOwnOnly(t, newNumbers(4000, 2000)) })
	t.Run("large frames too", func(t *testing.T) { blocksItsOwnOnly(t, newNumbers(2000, 200_000)) })
}

func blocksItsOwnOnly(t *testing.T, stream *numbers) {
	server, client := tcp(t)
	small(t, server, client)
	o, gone := ends()
	c := wire.New(server, stream, o)
	locked(c, func() {
		c.Flush()
		if !c.Blocked() {
			t.Error("not blocked with most of the stream left")
		}
	})

	otherServer, otherClient := tcp(t)
	otherOptions, otherGone := ends()
	hello := bytes.Repeat([]byte("hello"), 6<<10) // enough to overwrite what the first has left, were it still there
	other := wire.New(otherServer, frames(string(hello)), otherOptions)
	locked(other, func() {
		other.Flush()
		if other.Blocked() {
			t.Error("the other connection is blocked too")
		}
	})
	got := make([]byte, len(hello))
	if _, err := io.ReadFull(otherClient, got); err != nil || !bytes.Equal(got, hello) {
		t.Errorf("the other got %.20q, %v, want %.20q", got, err, hello)
	}
	other.Cut(nil)
	<-otherGone

	received := sha256.New()
	read := make(chan error, 1)
	go func() {
		_, err := io.Copy(received, &slow{client, rand.New(rand.NewPCG(2, 3))})
		client.Close()
		read <- err
	}()
	// Once all is taken, the connection is as it was before.
	for free := false; !free; runtime.Gosched() {
		locked(c, func() { free = !c.Blocked() })
	}
	locked(c, func() {
		if stream.left > 0 {
			t.Errorf("not blocked with %d frames left", stream.left)
		}
		stream.left = 1
		c.Flush()
		c.End(nil)
	})
	if err := <-read; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(received.Sum(nil), stream.sum.Sum(nil)) {
		t.Error("the peer received something else than was sent")
	}
	if why := <-gone; why != nil {
		t.Errorf("gone because of %v, want nil", why)
	}
}

// slow reads in pieces of random sizes.
type slow struct {
	io.Reader
	r *rand.Rand
}

func (s *slow) Read(b []byte) (int, error) {
	return s.Reader.Read(b[:min(len(b), 1+s.r.IntN(20_000))])
}

func TestFlushLeavesALongStreamToAGoroutine(t *testing.T) {
	server, client := tcp(t)
	// The kernel takes a few MB before it blocks.
	if err := server.SetWriteBuffer(4 << 20); err != nil {
		t.Fatal(err)
	}
	q := &queue{}
	frame := make([]byte, 1<<10)
	const n = 1 << 10
	for range n {
		q.frames = append(q.frames, frame)
	}
	o, gone := ends()
	c := wire.New(server, q, o)
	locked(c, func() {
		c.Flush()
		if sent := n - len(q.frames); sent > 300 {
			t.Errorf("a call sent %d KiB, want 256 and a little", sent)
		}
		if !c.Blocked() {
			t.Error("nobody goes on with the rest")
		}
	})
	if _, err := io.CopyN(io.Discard, client, n*int64(len(frame))); err != nil {
		t.Fatal(err)
	}
	c.Cut(nil)
	<-gone
}

func TestPeerThatTakesNothingIsCut(t *testing.T) {
	tests := []struct {
		name  string
		every time.Duration // the peer reads a byte, or never
		after time.Duration // the connection is cut, or never
	}{
		{"reads nothing", 0, 10 * time.Second},
		{"reads a little", 9 * time.Second, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := net.Pipe()
				defer client.Close()
				o, gone := ends()
				c := wire.New(server, frames("0123456789"), o)
				begun := time.Now()
				locked(c, c.Flush)
				if test.every > 0 {
					for range 10 {
						time.Sleep(test.every)
						if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
							t.Fatal(err)
						}
					}
					synctest.Wait()
					locked(c, func() {
						if c.Blocked() || c.Ended() {
							t.Errorf("blocked: %v, ended: %v, want neither", c.Blocked(), c.Ended())
						}
					})
					c.Cut(nil)
					<-gone
					return
				}
				if why := <-gone; !errors.Is(why, os.ErrDeadlineExceeded) {
					t.Errorf("gone because of %v, want %v", why, os.ErrDeadlineExceeded)
				}
				if took := time.Since(begun); took != test.after {
					t.Errorf("cut after %v, want %v", took, test.after)
				}
			})
		})
	}
}

// deadlines is a connection that keeps the last write deadline.
type deadlines struct {
	net.Conn
	last time.Time
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.last = t
	return d.Conn.SetWriteDeadline(t)
}

func TestNoDeadlineIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		defer client.Close()
		d := &deadlines{Conn: server}
		o, gone := ends()
		c := wire.New(d, frames("x"), o)
		locked(c, c.Flush)
		synctest.Wait()
		locked(c, func() {
			if want := time.Now().Add(10 * time.Second); !d.last.Equal(want) {
				t.Errorf("the deadline is %v, want %v", d.last, want)
			}
		})
		if _, err := client.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		locked(c, func() {
			if !d.last.IsZero() {
				t.Errorf("the deadline %v is left", d.last)
			}
		})
		c.Cut(nil)
		<-gone
	})
}

func TestAppendIsBounded(t *testing.T) {
	server, client := net.Pipe()
	defer client.Close()
	t.Cleanup(func() { settle(t) })
	o, gone := ends()
	o.MaxPending = 10
	c := wire.New(server, nothing{}, o)
	locked(c, func() {
		if err := c.Append(make([]byte, 11)); err != nil {
			t.Errorf("a single one: %v", err)
		}
		if err := c.Append(nil); !errors.Is(err, wire.ErrFull) {
			t.Errorf("one more: %v, want %v", err, wire.ErrFull)
		}
	})
	c.Cut(nil)
	locked(c, func() {
		if err := c.Append(nil); !errors.Is(err, wire.ErrEnded) {
			t.Errorf("after the end: %v, want %v", err, wire.ErrEnded)
		}
		if !c.Ended() {
			t.Error("not ended after Cut")
		}
		c.Flush()
		c.End(nil)
	})
	<-gone
}

func TestCutTellsTheFirstReason(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		o, gone := ends()
		c := wire.New(server, nothing{}, o)
		received := make(chan error)
		go func() { received <- c.Receive(nil, func([]byte) error { return nil }) }()
		first := errors.New("first")
		c.Cut(first)
		c.Cut(errors.New("second"))
		if why := <-gone; why != first {
			t.Errorf("gone because of %v, want %v", why, first)
		}
		if err := <-received; err != first {
			t.Errorf("Receive returned %v, want %v", err, first)
		}
		if _, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("the peer read %v, want %v", err, io.EOF)
		}
	})
}

func TestCutFreesABlockedWrite(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		if s, ok := server.(*net.TCPConn); ok {
			small(t, s, client.(*net.TCPConn))
		}
		o, gone := ends()
		c := wire.New(server, newNumbers(2000, 200_000), o)
		locked(c, func() {
			c.Flush()
			if !c.Blocked() {
				t.Error("not blocked")
			}
		})
		c.Cut(nil)
		<-gone
	})
}

func TestWriteToAPeerThatIsGone(t *testing.T) {
	server, client := tcp(t)
	if err := client.SetLinger(0); err != nil { // resets
		t.Fatal(err)
	}
	client.Close()
	o, gone := ends()
	c := wire.New(server, nothing{}, o)
	for ended := false; !ended; {
		locked(c, func() {
			_ = c.Append([]byte("x"))
			c.Flush()
			ended = c.Ended()
		})
	}
	if why := <-gone; !errors.Is(why, syscall.EPIPE) && !errors.Is(why, syscall.ECONNRESET) {
		t.Errorf("gone because of %v, want a reset", why)
	}
}

// TestTogether lets everything that may be called at once be called at once.
func TestTogether(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		o, gone := ends()
		q := &queue{}
		c := wire.New(server, q, o)
		var all sync.WaitGroup
		all.Go(func() { _, _ = io.Copy(io.Discard, client) })
		all.Go(func() {
			for range 100 {
				if _, err := client.Write([]byte("x")); err != nil {
					return
				}
			}
		})
		all.Go(func() {
			_ = c.Receive([]byte("early"), func(b []byte) error {
				locked(c, func() { _ = c.Append(b) })
				return nil
			})
		})
		var sending sync.WaitGroup
		for i := range 4 {
			sending.Go(func() {
				for j := range 200 {
					locked(c, func() {
						if (i+j)%2 == 0 {
							_ = c.Append(make([]byte, j))
						} else {
							q.frames = append(q.frames, make([]byte, 10*j))
						}
						c.Flush()
						_ = c.Blocked()
					})
				}
			})
		}
		sending.Wait()
		var ending sync.WaitGroup
		ending.Go(func() { locked(c, func() { c.End([]byte("bye")) }) })
		ending.Go(func() { c.Cut(errors.New("cut")) })
		ending.Go(func() { locked(c, c.Flush) })
		ending.Wait()
		<-gone
		client.Close()
		all.Wait()
	})
}

func TestFlushAllocatesNothing(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); !ok || slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		t.Skip("the race detector allocates")
	}
	server, client := tcp(t)
	go func() {
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{client}, make([]byte, 64<<10))
	}()
	f := &fixed{frame: []byte(strings.Repeat("x", 300))}
	o, gone := ends()
	c := wire.New(server, f, o)
	if n := testing.AllocsPerRun(1000, func() {
		c.Lock()
		f.due = 2
		c.Flush()
		c.Unlock()
	}); n >= 1 {
		t.Errorf("%v allocations a Flush, want none", n)
	}
	c.Cut(nil)
	<-gone
}

// fixed is a Source of the same frame, as often as it is due.
type fixed struct {
	frame []byte
	due   int
}

func (f *fixed) Gather(b []byte, _ int) ([]byte, bool) {
	if f.due == 0 {
		return b, false
	}
	f.due--
	return append(b, f.frame...), f.due > 0
}

func Example() {
	server, client := net.Pipe()
	c := wire.New(server, nothing{}, wire.Options{})
	c.Lock()
	_ = c.Append(wire.AppendText(nil, []byte("hello")))
	c.End(wire.AppendClose(nil, 1000, ""))
	c.Unlock()
	b := make([]byte, 11)
	_, _ = io.ReadFull(client, b)
	fmt.Printf("%q\n", b)
	client.Close()
	// Output: "\x81\x05hello\x88\x02\x03\xe8"
}
