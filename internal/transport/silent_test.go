package transport_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/transport"
)

// pipes are a listener whose connections a test makes.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}
func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.TCPAddr{} }

func (p pipes) dial() net.Conn {
	client, server := net.Pipe()
	p.conns <- server
	return client
}

// TestSilentConnectionsDoNotHoldUpTheEnd: one that says nothing is cut soon, one that
// is being answered is answered.
func TestSilentConnectionsDoNotHoldUpTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			<-answer
			io.WriteString(w, "done") //nolint:errcheck // the client tells
		})}
		new(transport.Silent).Watch(server)
		listener := pipes{make(chan net.Conn), make(chan struct{})}
		go server.Serve(listener) //nolint:errcheck // it ends with the server

		silent, busy := listener.dial(), listener.dial()
		if _, err := io.WriteString(busy, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		began := time.Now() // of the bubble's clock
		ended := make(chan error, 1)
		go func() { ended <- server.Shutdown(context.Background()) }()
		if _, err := silent.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v, want the end", err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("the silent connection was cut after %v", took)
		}
		close(answer)
		if text, err := io.ReadAll(busy); err != nil || len(text) == 0 {
			t.Errorf("got %q and %v, want an answer", text, err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("it took %v to end", took)
		}
	})
}
