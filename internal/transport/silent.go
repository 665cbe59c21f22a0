package transport

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// silentFor is how long a connection may go on saying nothing when the server ends:
// what it has said by then may be on its way still.
const silentFor = 250 * time.Millisecond

// A Silent knows the connections of a server that have not said anything yet, such as
// browsers open ahead of need. The server would wait 5 s for them when it ends.
type Silent struct {
	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// Watch has the server tell of its connections, and those that stay silent cut when it
// shuts down. It is called once, before the server serves.
func (s *Silent) Watch(server *http.Server) {
	s.conns = map[net.Conn]struct{}{}
	server.ConnState = s.note
	server.RegisterOnShutdown(func() { time.AfterFunc(silentFor, s.cut) })
}

func (s *Silent) note(conn net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == http.StateNew {
		s.conns[conn] = struct{}{}
	} else {
		delete(s.conns, conn)
	}
}

func (s *Silent) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for conn := range s.conns {
		conn.Close() // the server goes on from there
	}
}
