package transport

import (
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// An http2Stream is the response to a request over HTTP/2 as a connection to be
// written to. Reading from it waits for the client to go.
type http2Stream struct {
	control *http.ResponseController
	request *http.Request
	over    <-chan struct{} // closed when it is closed and nobody writes any more
	end     func()

	mu     sync.Mutex
	w      http.ResponseWriter // nil when it is closed
	closed chan struct{}
}

func newHTTP2Stream(w http.ResponseWriter, r *http.Request) *http2Stream {
	over := make(chan struct{})
	s := &http2Stream{control: http.NewResponseController(w), request: r, over: over, w: w, closed: make(chan struct{})}
	// Those of the server are for requests that come to an end.
	s.control.SetReadDeadline(time.Time{})  //nolint:errcheck // then it ends with them
	s.control.SetWriteDeadline(time.Time{}) //nolint:errcheck // likewise
	s.end = sync.OnceFunc(func() {
		close(s.closed)
		if !s.mu.TryLock() {
			// Whoever writes is to stop. It resets the stream, so that a client
			// may lose what came last: only where there is no other way.
			s.control.SetWriteDeadline(time.Now()) //nolint:errcheck // then the client is waited for
			s.mu.Lock()
		}
		s.w = nil
		s.mu.Unlock()
		close(over)
	})
	return s
}

// Write implements net.Conn.
func (s *http2Stream) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return 0, net.ErrClosed
	}
	n, err := s.w.Write(b)
	if err == nil {
		err = s.control.Flush()
	}
	// A deadline that passes between two writes would end the stream.
	s.control.SetWriteDeadline(time.Time{}) //nolint:errcheck // the next write tells
	return n, err
}

// Read implements net.Conn.
func (s *http2Stream) Read([]byte) (int, error) {
	select {
	case <-s.request.Context().Done():
		return 0, io.EOF
	case <-s.closed:
		return 0, net.ErrClosed
	}
}

// CloseWrite ends the stream: there is nothing to wait for behind that.
func (s *http2Stream) CloseWrite() error { return s.Close() }

// Close implements net.Conn.
func (s *http2Stream) Close() error {
	s.end()
	return nil
}

// SetWriteDeadline implements net.Conn.
func (s *http2Stream) SetWriteDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.w == nil {
		return net.ErrClosed // there is nothing behind the control any more
	}
	return s.control.SetWriteDeadline(t)
}

// SetReadDeadline implements net.Conn.
func (s *http2Stream) SetReadDeadline(time.Time) error { return os.ErrNoDeadline }

// SetDeadline implements net.Conn.
func (s *http2Stream) SetDeadline(t time.Time) error { return s.SetWriteDeadline(t) }

// LocalAddr implements net.Conn.
func (s *http2Stream) LocalAddr() net.Addr {
	addr, _ := s.request.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return addr
}

// RemoteAddr implements net.Conn.
func (s *http2Stream) RemoteAddr() net.Addr {
	addr, _ := net.ResolveTCPAddr("tcp", s.request.RemoteAddr)
	return addr
}
