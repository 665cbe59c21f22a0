package transport_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"depeche/internal/transport"
)

// raw opens a socket without saying anything.
func (r *room) raw(t testing.TB) *client {
	t.Helper()
	conn, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(r.URL, "http")+transport.PathGraphQL, &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
	})
	must(t, err)
	t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed already
	return &client{t, conn, t.Context()}
}

// TestBreachesOfTheProtocol goes through the codes of the protocol's document.
func TestBreachesOfTheProtocol(t *testing.T) {
	r := open(t)
	const (
		begin     = `{"type":"connection_init"}`
		subscribe = `{"id":"a","type":"subscribe","payload":{"query":"subscription{ticker{cursor}}"}}`
	)
	for _, row := range []struct {
		name   string
		frames []string
		want   websocket.StatusCode
	}{
		{"not JSON", []string{"rubbish"}, 4400},
		{"not an object", []string{begin, `[]`}, 4400},
		{"unknown type", []string{begin, `{"type":"start"}`}, 4400},
		{"no type", []string{begin, `{"id":"a"}`}, 4400},
		{"subscribe without an id", []string{begin, strings.Replace(subscribe, `"id":"a",`, "", 1)}, 4400},
		{"subscribe before init", []string{subscribe}, 4401},
		{"a payload that is no object", []string{`{"type":"connection_init","payload":{"Authorization":7}}`}, 4403},
		{"an id twice", []string{begin, subscribe, subscribe}, 4409},
		{"init twice", []string{begin, begin}, 4429},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.raw(t)
			for _, f := range row.frames {
				must(t, c.conn.Write(t.Context(), websocket.MessageText, []byte(f)))
			}
			for {
				if _, err := c.next(); err != nil {
					if got := websocket.CloseStatus(err); got != row.want {
						t.Errorf("closed with %d (%v), want %d", got, err, row.want)
					}
					return
				}
			}
		})
	}
	c := r.raw(t)
	must(t, c.conn.Write(t.Context(), websocket.MessageBinary, []byte(begin)))
	if _, err := c.next(); websocket.CloseStatus(err) != 4400 {
		t.Errorf("a binary frame: got %v, want 4400", err)
	}
}

func TestOperationsOfAConnectionAreBounded(t *testing.T) {
	r := open(t)
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	for i := range 101 {
		c.subscribe(fmt.Sprint(i), follow, nil)
	}
	f := c.expect("error")
	if f.ID != "100" || !strings.Contains(string(f.Payload), "RATE_LIMITED") {
		t.Errorf("got %s %s", f.ID, f.Payload)
	}
	// One that ends makes room.
	c.send(frame{ID: "7", Type: "complete"})
	c.subscribe("again", `{viewer{role}}`, nil)
	f = c.expect("next")
	for f.ID == "7" { // what was on its way when it ended
		f = c.expect("next")
	}
	if f.ID != "again" {
		t.Errorf("got %s for %s", f.Type, f.ID)
	}
}

// TestNobodyIsToldCompleteByADrain: a stock client that is told so does not come
// back for what it has not seen.
func TestNobodyIsToldCompleteByADrain(t *testing.T) {
	r := open(t)
	var readers []*client
	for range 20 {
		c := r.dial(t, `{}`)
		c.expect("connection_ack")
		for i := range 3 {
			c.subscribe(fmt.Sprint(i), follow, nil)
		}
		c.subscribe("q", `{viewer{role}}`, nil)
		c.expect("next")
		c.expect("complete")
		readers = append(readers, c)
	}
	drained := make(chan error, 1)
	go func() { drained <- r.handler.Drain(t.Context()) }()
	for i, c := range readers {
		f, err := c.next()
		if err == nil {
			t.Errorf("reader %d is told %s of %s", i, f.Type, f.ID)
			continue
		}
		if got := websocket.CloseStatus(err); got != websocket.StatusGoingAway {
			t.Errorf("reader %d: closed with %d, want 1001", i, got)
		}
	}
	must(t, <-drained)
	if _, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(r.URL, "http")+transport.PathGraphQL, &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
	}); err == nil {
		t.Error("a socket is accepted while the server drains")
	}
}
