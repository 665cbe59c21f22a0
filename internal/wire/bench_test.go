package wire_test

import (
	"bytes"
	"io"
	"net"
	"testing"

	"depeche/internal/wire"
)

// BenchmarkBroadcast delivers a frame to each of many connections, whose peers
// read while the clock stands still.
func BenchmarkBroadcast(b *testing.B) {
	const (
		connections = 1000
		rounds      = 64 // that the kernel takes without anybody reading
	)
	frame := bytes.Repeat([]byte("x"), 300)
	pairs := func(b *testing.B) (servers, clients []*net.TCPConn) {
		for range connections {
			s, c := loopback(b)
			servers, clients = append(servers, s), append(clients, c)
		}
		return servers, clients
	}
	measure := func(b *testing.B, clients []*net.TCPConn, deliver func(i int)) {
		buf := make([]byte, rounds*len(frame))
		drain := func(n int) {
			for _, c := range clients {
				if _, err := io.ReadFull(c, buf[:n*len(frame)]); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportAllocs()
		b.ResetTimer()
		for n := range b.N {
			for i := range clients {
				deliver(i)
			}
			if (n+1)%rounds == 0 {
				b.StopTimer()
				drain(rounds)
				b.StartTimer()
			}
		}
		b.StopTimer()
		drain(b.N % rounds)
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*connections), "ns/delivery")
	}
	b.Run("wire", func(b *testing.B) {
		servers, clients := pairs(b)
		sources := make([]fixed, connections)
		conns := make([]*wire.Conn, connections)
		for i, s := range servers {
			sources[i].frame = frame
			conns[i] = wire.New(s, &sources[i], wire.Options{})
		}
		measure(b, clients, func(i int) {
			conns[i].Lock()
			sources[i].due = 1
			conns[i].Flush()
			conns[i].Unlock()
		})
		for _, c := range conns {
			c.Cut(nil)
		}
	})
	b.Run("net.Conn", func(b *testing.B) {
		servers, clients := pairs(b)
		measure(b, clients, func(i int) {
			if _, err := servers[i].Write(frame); err != nil {
				b.Fatal(err)
			}
		})
	})
}

// BenchmarkReceive is how long a message takes there and back.
func BenchmarkReceive(b *testing.B) {
	b.Run("wire", func(b *testing.B) {
		server, client := loopback(b)
		c := wire.New(server, nothing{}, wire.Options{})
		go func() {
			_ = c.Receive(nil, func(chunk []byte) error {
				c.Lock()
				defer c.Unlock()
				defer c.Flush()
				return c.Append(chunk)
			})
		}()
		thereAndBack(b, client)
		c.Cut(nil)
	})
	b.Run("net.Conn", func(b *testing.B) {
		server, client := loopback(b)
		go func() { _, _ = io.Copy(struct{ io.Writer }{server}, struct{ io.Reader }{server}) }()
		thereAndBack(b, client)
		server.Close()
	})
}

func thereAndBack(b *testing.B, client net.Conn) {
	message := bytes.Repeat([]byte("x"), 100)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Write(message); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(client, message); err != nil {
			b.Fatal(err)
		}
	}
}
