package transport_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// TestStockClientsWander has stock clients, which say the same for ever, wander
// from server to server over one store. Each line reaches each of them, and where
// nothing but drains separates them from their server, once.
func TestStockClientsWander(t *testing.T) {
	for _, row := range []struct {
		name string
		cuts bool
	}{{"drains", false}, {"drains and cuts", true}} {
		t.Run(row.name, func(t *testing.T) {
			const rounds, lines = 4, 60
			r := openWith(t, options{limits: asking})
			var clients []*stock
			for i := range 8 {
				s := &stock{t: t, id: fmt.Sprintf("%s%d", uuid[:35], i), query: everything}
				if i%2 == 0 {
					s.query, s.variables = follow, map[string]any{"after": r.place(0)}
				}
				clients = append(clients, s)
			}
			last := 0
			for round := range rounds {
				for _, s := range clients {
					if round == 0 {
						s.follow(r) // who is new begins at the head
					} else {
						s.connect(r)
					}
				}
				var reading sync.WaitGroup
				for _, s := range clients {
					reading.Go(func() { s.wander(r, row.cuts) })
				}
				for range lines {
					last++
					r.publish(t, strconv.Itoa(last))
				}
				must(t, r.handler.Drain(t.Context(), 0))
				reading.Wait()
				r.stop()
				if round < rounds-1 {
					r = openWith(t, options{limits: asking, folder: r.folder})
				}
			}
			// The last drain may have come before the last lines.
			r = openWith(t, options{limits: asking, folder: r.folder})
			for i, s := range clients {
				s.connect(r)
				for len(s.got) == 0 || s.got[len(s.got)-1] != strconv.Itoa(last) {
					s.take(1)
				}
				s.check(i, row.cuts)
			}
		})
	}
}

// wander reads until the server sends the client away. Where there are cuts it
// loses its connection now and then, having got something on it.
func (s *stock) wander(r *room, cuts bool) {
	for {
		for n := 1 + rand.IntN(30); n > 0 || !cuts; n-- {
			f, err := s.connection.next()
			if err != nil {
				if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway {
					s.t.Errorf("closed with %d (%v), want 1001", got, err)
				}
				return
			}
			line, _ := headline(s.t, f)
			s.got = append(s.got, line)
		}
		s.connection.conn.CloseNow() //nolint:errcheck // it may be closed already
		if !s.reconnect(r) {
			return
		}
	}
}

// reconnect is connect to a server that may drain.
func (s *stock) reconnect(r *room) bool {
	conn, _, err := websocket.Dial(s.t.Context(), r.socket(), &websocket.DialOptions{Subprotocols: []string{modern}})
	if err != nil {
		return false
	}
	s.t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed already
	s.connection = &client{s.t, conn, s.connection.ctx}
	for _, f := range []frame{{Type: "connection_init"}, s.request()} {
		if conn.Write(s.t.Context(), websocket.MessageText, []byte(encoded(s.t, f))) != nil {
			return false
		}
	}
	f, err := s.connection.next()
	return err == nil && f.Type == "connection_ack"
}

// check holds that nothing is missing, and what came again came only after a cut.
func (s *stock) check(i int, cuts bool) {
	s.t.Helper()
	top := 0
	for n, text := range s.got {
		line, err := strconv.Atoi(text)
		must(s.t, err)
		switch {
		case line > top+1:
			s.t.Errorf("client %d: line %d comes behind line %d", i, line, top)
		case line <= top && !cuts:
			s.t.Errorf("client %d: line %d comes again", i, line)
		case n > 0 && s.got[n-1] != strconv.Itoa(line-1) && !cuts:
			s.t.Errorf("client %d: line %d comes behind line %s", i, line, s.got[n-1])
		}
		top = max(top, line)
	}
}
