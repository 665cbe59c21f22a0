package transport_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/coder/websocket"

	"depeche/internal/news"
	"depeche/internal/transport"
)

// uuid is an operation id as stock clients make it up.
const uuid = "7a4b1fcd-9ba6-4f1b-8c3d-0123456789ab"

const everything = `subscription { ticker { cursor entry { headline } } }`

// asking is the limits of a server that asks for acknowledgement of everything.
var asking = transport.Limits{AckEvery: time.Nanosecond}

// A stock client subscribes again as it did before when its connection is lost.
type stock struct {
	t          testing.TB
	id         string
	query      string
	variables  map[string]any
	init       string
	silent     bool // it does not acknowledge
	got        []string
	connection *client
}

// connect begins anew.
func (s *stock) connect(r *room) {
	s.t.Helper()
	s.connection = r.call(s.t, websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool { return !s.silent }})
	init := s.init
	if init == "" {
		init = begin
	}
	s.connection.say(init)
	s.connection.expect("connection_ack")
	s.connection.send(s.request())
}

// request is what it says, in the same words each time.
func (s *stock) request() frame {
	s.t.Helper()
	payload, err := json.Marshal(map[string]any{"query": s.query, "variables": s.variables})
	must(s.t, err)
	return frame{ID: s.id, Type: "subscribe", Payload: payload}
}

// follow connects, and waits until the server has it follow.
func (s *stock) follow(r *room) {
	s.t.Helper()
	before := r.metric(s.t, following)
	s.connect(r)
	r.await(s.t, following, before+1)
}

// take waits for some events.
func (s *stock) take(n int) {
	s.t.Helper()
	for range n {
		line, _ := headline(s.t, s.connection.expect("next"))
		s.got = append(s.got, line)
	}
}

// lose cuts the connection and waits until the server has noticed.
func (s *stock) lose(r *room) {
	s.t.Helper()
	before := r.metric(s.t, sockets)
	must(s.t, s.connection.conn.CloseNow())
	r.await(s.t, sockets, before-1)
}

// acknowledge waits until the server knows that all that was taken has arrived.
// The answer to a ping is sent while the next message is read; the server has
// read it when it answers to what came behind it.
func (s *stock) acknowledge() {
	s.t.Helper()
	if left := s.connection.until(); len(left) > 0 {
		s.t.Fatalf("unexpected: %+v", left)
	}
	if left := s.connection.until(); len(left) > 0 {
		s.t.Fatalf("unexpected: %+v", left)
	}
}

func (r *room) lines(t testing.TB, from, to int) {
	t.Helper()
	for i := from; i <= to; i++ {
		r.publish(t, fmt.Sprint(i))
	}
}

func TestStockClientsGoOn(t *testing.T) {
	sixth := map[string]any{"after": ""} // filled in: behind line 0
	for _, row := range []struct {
		name  string
		stock stock // the first time
		again func(*stock)
		want  string // of lines 1 to 3, taken, and 4 and 5, which happen while it is away
	}{
		{"as it was", stock{id: uuid, query: everything}, nil, "[1 2 3 4 5]"},
		{"as it was, with after", stock{id: uuid, query: follow, variables: sixth}, nil, "[1 2 3 4 5]"},
		{"in large letters", stock{id: "7A4B1FCD-9BA6-4F1B-8C3D-0123456789AB", query: everything}, nil, "[1 2 3 4 5]"},
		{"without acknowledgement", stock{id: uuid, query: everything, silent: true}, nil, "[1 2 3 1 2 3 4 5]"},
		{"without acknowledgement, with after", stock{id: uuid, query: follow, variables: sixth, silent: true}, nil, "[1 2 3 1 2 3 4 5]"},
		{"another payload", stock{id: uuid, query: follow, variables: sixth}, func(s *stock) { s.query += " " }, "[1 2 3 1 2 3 4 5]"},
		{"another id", stock{id: uuid, query: follow, variables: sixth}, func(s *stock) { s.id = "8" + uuid[1:] }, "[1 2 3 1 2 3 4 5]"},
		{"an id that is no UUID", stock{id: "1", query: follow, variables: sixth}, nil, "[1 2 3 1 2 3 4 5]"},
		{"nearly a UUID", stock{id: uuid[:35] + "g", query: follow, variables: sixth}, nil, "[1 2 3 1 2 3 4 5]"},
		{"somebody else", stock{id: uuid, query: follow, variables: sixth}, func(s *stock) { s.init = "editor" }, "[1 2 3 1 2 3 4 5]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := openWith(t, options{limits: asking})
			s := row.stock
			s.t = t
			if s.variables != nil {
				s.variables = map[string]any{"after": r.place(0)}
			}
			s.follow(r)
			r.lines(t, 1, 3)
			s.take(3)
			s.acknowledge()
			s.lose(r)
			r.lines(t, 4, 5)
			if row.again != nil {
				row.again(&s)
			}
			if s.init == "editor" {
				s.init = `{"type":"connection_init","payload":{"Authorization":"Bearer ` + r.token(t, news.Editor) + `"}}`
			}
			s.connect(r)
			for len(s.got) < 5 || s.got[len(s.got)-1] != "5" {
				s.take(1)
			}
			if got := fmt.Sprint(s.got); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func TestWhoIsNewBeginsAtTheHead(t *testing.T) {
	r := openWith(t, options{limits: asking})
	r.lines(t, 1, 3)
	s := stock{t: t, id: uuid, query: everything}
	s.follow(r)
	r.lines(t, 4, 4)
	s.take(1)
	if s.got[0] != "4" {
		t.Errorf("got line %s, want 4", s.got[0])
	}
}

func TestWhoHasCompletedIsNotKnown(t *testing.T) {
	r := openWith(t, options{limits: asking})
	s := stock{t: t, id: uuid, query: everything}
	s.follow(r)
	r.lines(t, 1, 2)
	s.take(2)
	s.acknowledge()
	s.connection.send(frame{ID: s.id, Type: "complete"})
	s.connection.until()
	s.lose(r)
	r.lines(t, 3, 3)
	s.follow(r)
	r.lines(t, 4, 4)
	s.take(1)
	if got := fmt.Sprint(s.got); got != "[1 2 4]" {
		t.Errorf("got %s, want [1 2 4]", got)
	}
}

// TestOldConnectionThatNobodyHasNoticed: a reader is back before the server knows
// that it was gone.
func TestOldConnectionThatNobodyHasNoticed(t *testing.T) {
	for _, row := range []struct {
		name   string
		query  string
		silent bool
		want   string
	}{
		{"with after", follow, false, "[1 2 3 4 5]"},
		{"without after", everything, false, "[1 2 3 4 5]"},
		{"without after and without acknowledgement", everything, true, "[1 2 3 1 2 3 4 5]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := openWith(t, options{limits: asking})
			s := stock{t: t, id: uuid, query: row.query, silent: row.silent}
			if row.query == follow {
				s.variables = map[string]any{"after": r.place(0)}
			}
			s.follow(r)
			r.lines(t, 1, 3)
			s.take(3)
			s.acknowledge()
			r.lines(t, 4, 5) // which go to the old connection, and are lost there
			s.connect(r)
			for s.got[len(s.got)-1] != "5" {
				s.take(1)
			}
			if got := fmt.Sprint(s.got); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// TestTwoWhoSayTheSame: one who is there answers for itself, and keeps its place.
func TestTwoWhoSayTheSame(t *testing.T) {
	r := openWith(t, options{limits: asking})
	first := stock{t: t, id: uuid, query: follow, variables: map[string]any{"after": r.place(0)}}
	second := first
	first.follow(r)
	r.lines(t, 1, 3)
	first.take(3)
	first.acknowledge()
	there := make(chan struct{})
	go func() {
		defer close(there)
		first.take(2)
	}()
	second.connect(r)
	second.take(3)
	r.lines(t, 4, 5)
	second.take(2)
	<-there
	for _, got := range [][]string{first.got, second.got} {
		if got := fmt.Sprint(got); got != "[1 2 3 4 5]" {
			t.Errorf("got %s", got)
		}
	}
}

func TestPlacesAreHandedOver(t *testing.T) {
	for _, query := range []string{everything, follow} {
		r := openWith(t, options{limits: asking})
		s := stock{t: t, id: uuid, query: query}
		if query == follow {
			s.variables = map[string]any{"after": r.place(0)}
		}
		s.follow(r)
		r.lines(t, 1, 3)
		s.take(3)
		gone := stock{t: t, id: "9" + uuid[1:], query: everything}
		gone.follow(r)
		r.lines(t, 4, 4)
		gone.take(1)
		gone.acknowledge()
		gone.lose(r)
		drained := make(chan error, 1)
		go func() { drained <- r.handler.Drain(t.Context(), 0) }()
		s.take(1)
		if f, err := s.connection.next(); websocket.CloseStatus(err) != 1001 {
			t.Errorf("got %+v, %v", f, err)
		}
		must(t, <-drained)
		r.lines(t, 5, 6)
		r.stop()
		r = openWith(t, options{limits: asking, folder: r.folder})
		s.connect(r)
		s.take(2)
		gone.connect(r)
		gone.take(2)
		r.lines(t, 7, 7)
		s.take(1)
		gone.take(1)
		if got := fmt.Sprint(s.got); got != "[1 2 3 4 5 6 7]" {
			t.Errorf("got %s", got)
		}
		if got := fmt.Sprint(gone.got); got != "[4 5 6 7]" {
			t.Errorf("the one who was gone got %s", got)
		}
		r.stop()
	}
}
