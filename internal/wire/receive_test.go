package wire_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"syscall"
	"testing"
	"time"

	"depeche/internal/wire"
)

func sumOf(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func TestReceiveHandsOnEverythingInOrder(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		o, gone := ends()
		c := wire.New(server, nothing{}, o)
		sent := make([]byte, 1<<20)
		r := rand.New(rand.NewPCG(4, 5))
		for i := range sent {
			sent[i] = byte(r.Uint32())
		}
		early, rest := sent[:1000], sent[1000:]
		go func() {
			for len(rest) > 0 {
				n := min(len(rest), 1+r.IntN(50_000))
				if _, err := client.Write(rest[:n]); err != nil {
					t.Error(err)
				}
				rest = rest[n:]
			}
			client.Close()
		}()
		var got []byte
		err := c.Receive(bytes.Clone(early), func(b []byte) error {
			if len(b) == 0 {
				t.Error("an empty chunk")
			}
			got = append(got, b...)
			clear(b) // it is ours
			return nil
		})
		if err != io.EOF {
			t.Errorf("Receive returned %v, want %v", err, io.EOF)
		}
		if !bytes.Equal(got, sent) {
			t.Errorf("received %d bytes, want the %d sent", len(got), len(sent))
		}
		if why := <-gone; why != io.EOF {
			t.Errorf("gone because of %v, want %v", why, io.EOF)
		}
		if err := c.Receive(early, nil); err != io.EOF {
			t.Errorf("Receive once more: %v, want %v", err, io.EOF)
		}
	})
}

func TestReceiveFromAPeerThatResets(t *testing.T) {
	server, client := tcp(t)
	o, gone := ends()
	c := wire.New(server, nothing{}, o)
	if err := client.SetLinger(0); err != nil {
		t.Fatal(err)
	}
	client.Close()
	if err := c.Receive(nil, nil); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("Receive returned %v, want %v", err, syscall.ECONNRESET)
	}
	if why := <-gone; !errors.Is(why, syscall.ECONNRESET) {
		t.Errorf("gone because of %v, want %v", why, syscall.ECONNRESET)
	}
}

func TestReceiveWithoutTheLock(t *testing.T) {
	ways(t, func(t *testing.T, server, client net.Conn) {
		o, gone := ends()
		c := wire.New(server, nothing{}, o)
		go func() {
			_, _ = client.Write([]byte("x"))
			_, _ = io.ReadFull(client, make([]byte, 1))
			client.Close()
		}()
		err := c.Receive(nil, func(b []byte) error {
			locked(c, func() { c.End(b) })
			return nil
		})
		if err != nil {
			t.Errorf("Receive returned %v, want nil", err)
		}
		if why := <-gone; why != nil {
			t.Errorf("gone because of %v, want nil", why)
		}
	})
}

// TestHandleFails holds that the last bytes reach a peer that goes on sending
// when nobody handles it any more.
func TestHandleFails(t *testing.T) {
	tests := []struct {
		name   string
		inside bool // End is called by handle
		early  string
	}{
		{name: "ended afterwards"},
		{name: "ended by handle", inside: true},
		{name: "of what came early", early: "early"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ways(t, func(t *testing.T, server, client net.Conn) {
				o, gone := ends()
				o.Linger = time.Hour // it is the peer's end that counts
				c := wire.New(server, nothing{}, o)
				go func() {
					for {
						if _, err := client.Write(make([]byte, 100_000)); err != nil {
							return
						}
					}
				}()
				go func() {
					if err := c.Receive([]byte(test.early), func([]byte) error {
						if test.inside {
							locked(c, func() { c.End([]byte("no")) })
						}
						return io.ErrUnexpectedEOF
					}); err != io.ErrUnexpectedEOF {
						t.Errorf("Receive returned %v, want %v", err, io.ErrUnexpectedEOF)
					}
					locked(c, func() { c.End([]byte("no")) })
				}()
				got := make([]byte, 2)
				if _, err := io.ReadFull(client, got); err != nil || string(got) != "no" {
					t.Errorf("got %q, %v, want no", got, err)
				}
				client.Close()
				if why := <-gone; why != nil {
					t.Errorf("gone because of %v, want nil", why)
				}
			})
		})
	}
}

func TestReceiveAfterEnd(t *testing.T) {
	server, client := tcp(t)
	o, gone := ends()
	c := wire.New(server, nothing{}, o)
	locked(c, func() { c.End(nil) })
	if err := c.Receive(nil, nil); err != wire.ErrEnded {
		t.Errorf("Receive returned %v, want %v", err, wire.ErrEnded)
	}
	client.Close()
	if why := <-gone; why != nil {
		t.Errorf("gone because of %v, want nil", why)
	}
}
