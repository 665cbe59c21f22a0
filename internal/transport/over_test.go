package transport

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"depeche/internal/wire"
)

// overHTTP2 serves by handler over TLS and HTTP/2.
func overHTTP2(handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.EnableHTTP2 = true
	s.StartTLS()
	return s
}

// TestDeadlineOfAStreamThatIsOver: the goroutine that writes may be about to set one
// when the client leaves. net/http has nothing behind the control by then, and
// would end the process.
func TestDeadlineOfAStreamThatIsOver(t *testing.T) {
	made := make(chan *http2Stream, 1)
	server := overHTTP2(func(w http.ResponseWriter, r *http.Request) {
		s := newHTTP2Stream(w, r)
		s.Close() //nolint:errcheck // it never fails
		<-s.over
		made <- s
	})
	response, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	server.Close() // when the handler has returned
	if err := (<-made).SetWriteDeadline(time.Now()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v, want net.ErrClosed", err)
	}
}

// TestClientsOfHTTP2WhoLeave come and go while events are sent to them.
func TestClientsOfHTTP2WhoLeave(t *testing.T) {
	server := overHTTP2(func(w http.ResponseWriter, r *http.Request) {
		conn, over, err := hijack(w, r)
		if err != nil {
			t.Error(err)
			return
		}
		c := wire.New(conn, silent{}, wire.Options{})
		go func() {
			for ended := false; !ended; {
				c.Lock()
				c.Append([]byte(":\n\n")) //nolint:errcheck // it may have ended
				c.Flush()
				ended = c.Ended()
				c.Unlock()
			}
		}()
		c.Receive(nil, func([]byte) error { return nil }) //nolint:errcheck // the client has left
		<-over
	})
	defer server.Close()
	var clients sync.WaitGroup
	for range 10 {
		clients.Go(func() {
			for range 5 {
				ctx, leave := context.WithCancel(t.Context())
				request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
				if err != nil {
					t.Error(err)
				}
				response, err := server.Client().Do(request)
				if err != nil {
					t.Error(err)
				} else {
					response.Body.Read(make([]byte, 100)) //nolint:errcheck // whatever there is
				}
				leave()
				if err == nil {
					response.Body.Close()
				}
			}
		})
	}
	clients.Wait()
}
