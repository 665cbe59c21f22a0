package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/wire"
)

func TestEndSendsEverythingFirst(t *testing.T) {
	server, client := tcp(t)
	small(t, server, client)
	stream := newNumbers(2000, 200_000)
	o, gone := ends()
	o.Linger = time.Hour // it is the peer's end that counts
	c := wire.New(server, stream, o)
	pending := bytes.Repeat([]byte("pending "), 1<<17)
	var gathered []byte
	locked(c, func() {
		c.Flush()
		if err := c.Append(pending); err != nil {
			t.Error(err)
		}
		left := stream.left
		c.End([]byte("last"))
		c.Flush()
		c.End([]byte("never"))
		if !c.Ended() {
			t.Error("not ended after End")
		}
		if err := c.Append(nil); !errors.Is(err, wire.ErrEnded) {
			t.Errorf("Append after End: %v, want %v", err, wire.ErrEnded)
		}
		if stream.left != left {
			t.Error("the Source was asked after End")
		}
		gathered = stream.sum.Sum(nil)
	})
	got, err := io.ReadAll(client)
	if err != nil {
		t.Fatal(err)
	}
	rest, ok := bytes.CutSuffix(got, []byte("last"))
	if !ok {
		t.Fatalf("the last bytes are %q", got[max(0, len(got)-10):])
	}
	if rest, ok = bytes.CutSuffix(rest, pending); !ok {
		t.Fatal("what was pending is not before the last")
	}
	if sum := sumOf(rest); !bytes.Equal(sum, gathered) {
		t.Errorf("of the Source came %d bytes, and not those it gave", len(rest))
	}
	select {
	case why := <-gone:
		t.Errorf("gone because of %v before the peer ended", why)
	default:
	}
	client.Close()
	if why := <-gone; why != nil {
		t.Errorf("gone because of %v, want nil", why)
	}
}

func TestEndTakesItsTime(t *testing.T) {
	tests := []struct {
		name   string
		last   string
		reads  time.Duration // between two bytes that the peer reads; never where it is 0
		closes bool          // the peer ends when it has everything
		took   time.Duration
		want   error
	}{
		{name: "nothing to send and a peer that stays", took: 2 * time.Second},
		{name: "the peer reads and goes", last: "xy", reads: time.Second, closes: true, took: 2 * time.Second},
		{name: "the peer reads and stays", last: "xy", reads: time.Second, took: 4 * time.Second},
		{name: "the peer does not read", last: "xy", took: 10 * time.Second, want: os.ErrDeadlineExceeded},
		{name: "the peer reads too slowly", last: "xyz", reads: 4 * time.Second, took: 10 * time.Second, want: os.ErrDeadlineExceeded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, client := net.Pipe()
				defer client.Close()
				o, gone := ends()
				c := wire.New(server, frames("never"), o)
				begun := time.Now()
				locked(c, func() { c.End([]byte(test.last)) })
				var peer sync.WaitGroup
				defer peer.Wait()
				peer.Go(func() {
					for range test.last {
						if test.reads == 0 {
							return
						}
						time.Sleep(test.reads)
						if _, err := io.ReadFull(client, make([]byte, 1)); err != nil {
							return
						}
					}
					if test.closes {
						client.Close()
					}
				})
				if why := <-gone; !errors.Is(why, test.want) {
					t.Errorf("gone because of %v, want %v", why, test.want)
				}
				if took := time.Since(begun); took != test.took {
					t.Errorf("it took %v, want %v", took, test.took)
				}
			})
		})
	}
}

func TestEndDoesNotWaitForever(t *testing.T) {
	server, _ := tcp(t)
	o, gone := ends()
	o.Linger = time.Millisecond
	c := wire.New(server, nothing{}, o)
	locked(c, func() { c.End([]byte("last")) })
	if why := <-gone; why != nil {
		t.Errorf("gone because of %v, want nil", why)
	}
}

// shy is a connection that takes its time to shut its write side, as TLS may.
type shy struct {
	net.Conn
	shut chan struct{}
}

func (s *shy) CloseWrite() error {
	s.shut <- struct{}{}
	return nil
}

func TestEndWaitsForAPeerThatHasEndedItsSide(t *testing.T) {
	server, client := tcp(t)
	small(t, server, client)
	o, gone := ends()
	o.Linger = time.Hour
	c := wire.New(server, nothing{}, o)
	received := make(chan error, 1)
	go func() { received <- c.Receive(nil, func([]byte) error { return nil }) }()
	locked(c, func() { c.End(make([]byte, 1<<20)) })
	if err := client.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	// Its end is known before it has read anything.
	if err := <-received; err != nil {
		t.Errorf("Receive returned %v, want nil", err)
	}
	if got, err := io.ReadAll(client); err != nil || len(got) != 1<<20 {
		t.Errorf("the peer got %d bytes, %v, want all", len(got), err)
	}
	if why := <-gone; why != nil {
		t.Errorf("gone because of %v, want nil", why)
	}
}

func TestEndShutsTheWriteSide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, client := net.Pipe()
		s := &shy{server, make(chan struct{})}
		o, gone := ends()
		c := wire.New(s, nothing{}, o)
		received := make(chan string, 1)
		go func() {
			var got []byte
			err := c.Receive(nil, func(b []byte) error {
				got = append(got, b...)
				return nil
			})
			if err != nil {
				t.Errorf("Receive returned %v, want nil", err)
			}
			received <- string(got)
		}()
		synctest.Wait()
		locked(c, func() { c.End(nil) })
		<-s.shut
		// What the peer still has to say is handed on.
		if _, err := client.Write([]byte("farewell")); err != nil {
			t.Error(err)
		}
		client.Close()
		if got := <-received; got != "farewell" {
			t.Errorf("received %q, want farewell", got)
		}
		if why := <-gone; why != nil {
			t.Errorf("gone because of %v, want nil", why)
		}
	})
}
