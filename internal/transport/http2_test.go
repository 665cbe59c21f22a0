package transport_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/transport"
)

// overHTTP2 runs a test over HTTP/2 in both of its forms, on one connection to a
// server that gives requests a while to come to an end.
func overHTTP2(t *testing.T, within time.Duration, o options, test func(t *testing.T, r *room, by http.RoundTripper, dials func() int)) {
	var dials atomic.Int64
	dialed := func() int { return int(dials.Load()) }
	t.Run("TLS", func(t *testing.T) {
		dials.Store(0)
		o.server = func(s *httptest.Server) {
			s.EnableHTTP2 = true
			s.Config.WriteTimeout, s.Config.ReadTimeout = within, within
			s.StartTLS()
		}
		r := openWith(t, o)
		by := r.Client().Transport.(*http.Transport).Clone()
		by.TLSClientConfig.NextProtos = []string{"h2"}
		by.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}
		t.Cleanup(by.CloseIdleConnections)
		config := by.TLSClientConfig
		by.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
		}
		test(t, r, by, dialed)
		by.CloseIdleConnections()
	})
	t.Run("without TLS", func(t *testing.T) {
		dials.Store(0)
		o.server = func(s *httptest.Server) {
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
			s.Config.WriteTimeout, s.Config.ReadTimeout = within, within
			s.Start()
		}
		r := openWith(t, o)
		by := &http.Transport{Protocols: new(http.Protocols), HTTP2: &http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}}
		by.Protocols.SetUnencryptedHTTP2(true)
		by.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			dials.Add(1)
			return new(net.Dialer).DialContext(ctx, network, address)
		}
		test(t, r, by, dialed)
		by.CloseIdleConnections()
	})
}

// TestManyStreamsOnOneConnection: none of them ends with the timeouts of requests.
func TestManyStreamsOnOneConnection(t *testing.T) {
	overHTTP2(t, 500*time.Millisecond, options{limits: transport.Limits{PingEvery: time.Millisecond}}, func(t *testing.T, r *room, by http.RoundTripper, dials func() int) {
		const many = 50
		r.lines(t, 1, 1)
		var all []*eventSource
		for range many {
			all = append(all, eventsOf(t, by, "GET", r.URL+asked(follow, `{"after":`+strconv.Quote(r.place(0))+`}`), ""))
		}
		if first := all[0].response; first.ProtoMajor != 2 || first.Header.Get("Connection") != "" {
			t.Errorf("got %s %v", first.Proto, first.Header)
		}
		if n := dials(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		var reading sync.WaitGroup
		for _, s := range all {
			reading.Go(func() {
				defer s.leave()
				if got := s.line(); got != "1" {
					t.Errorf("got %s", got)
				}
				// The server's clock ticks once a second, so this is long after its
				// timeouts.
				for range 2 {
					if e, err := s.next(); err != nil || e.hasData {
						t.Errorf("got %+v, %v, want a sign of life", e, err)
						return
					}
				}
				if got := s.line(); got != "2" {
					t.Errorf("got %s", got)
				}
			})
		}
		r.awaitBy(t, by, streams, many)
		// Everybody has seen two signs of life by the time of the third.
		for range 3 {
			s := eventsOf(t, by, "GET", r.URL+asked(everything, `{}`), "")
			s.next() //nolint:errcheck // retry
			if _, err := s.next(); err != nil {
				t.Error(err)
			}
			s.leave()
		}
		r.lines(t, 2, 2)
		reading.Wait()
		r.awaitBy(t, by, streams, 0)
		r.awaitBy(t, by, following, 0)
	})
}

// TestStreamsEndInOrder: HTTP/2 tells an end from a break, and what is broken off
// may lose what came last.
func TestStreamsEndInOrder(t *testing.T) {
	overHTTP2(t, patience, options{}, func(t *testing.T, r *room, by http.RoundTripper, _ func() int) {
		for _, query := range []string{`subscription{story(slug:"x"){kind}}`, `{viewer{role}}`} {
			s := eventsOf(t, by, "GET", r.URL+asked(query, `{}`), "")
			s.expect("next")
			s.expect("complete")
			s.ends()
		}
		s := eventsOf(t, by, "GET", r.URL+asked(follow, `{}`), "")
		_, err := s.next()
		must(t, err)
		s.retry = ""
		drained := make(chan error, 1)
		go func() { drained <- r.handler.Drain(t.Context(), 0) }()
		s.ends()
		if s.retry == "" {
			t.Error("the stream does not say when to come back")
		}
		must(t, <-drained)
		// Whoever comes now is told to come back.
		s = eventsOf(t, by, "GET", r.URL+asked(follow, `{}`), "")
		if e, err := s.next(); err != nil || e.hasData || s.retry == "" {
			t.Errorf("got %+v, %v", e, err)
		}
		if _, err := s.next(); !errors.Is(err, io.EOF) {
			t.Errorf("got %v, want the end", err)
		}
	})
}

func TestSlowStreamOnASharedConnection(t *testing.T) {
	overHTTP2(t, patience, options{limits: transport.Limits{WriteWithin: patience, LagMessages: 8}}, func(t *testing.T, r *room, by http.RoundTripper, _ func() int) {
		slow := eventsOf(t, by, "GET", r.URL+asked(fat, `{}`), "")
		quick := eventsOf(t, by, "GET", r.URL+asked(everything, `{}`), "")
		r.awaitBy(t, by, following, 2)
		last := r.overflowBy(t, by, "messages")
		for line := ""; line != last; {
			line = quick.line()
		}
		var got []string
		for {
			e, err := slow.event()
			must(t, err)
			if e.kind == "error" {
				break
			}
			got = append(got, fatLine(t, e.data))
		}
		gapless(t, got)
		slow.ends()
	})
}
