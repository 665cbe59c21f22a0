package transport_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"

	"depeche/graph/scalar"
)

const follow = `subscription($after: Cursor) { ticker(after: $after) { cursor entry { headline } } }`

// headline reads an event of follow.
func headline(t testing.TB, f frame) (headline, cursor string) {
	t.Helper()
	var event struct {
		Data struct {
			Ticker struct {
				Cursor string
				Entry  struct{ Headline string }
			}
		}
		Errors json.RawMessage
	}
	if err := json.Unmarshal(f.Payload, &event); err != nil || f.Type != "next" || event.Errors != nil {
		t.Fatalf("got %s %s, want an event", f.Type, f.Payload)
	}
	return event.Data.Ticker.Entry.Headline, event.Data.Ticker.Cursor
}

func TestSubscribeAndComplete(t *testing.T) {
	r := open(t)
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	r.publish(t, "first")
	c.subscribe("a", follow, map[string]any{"after": scalar.OfLog(r.follower.Cursor(0))})
	if got, _ := headline(t, c.expect("next")); got != "first" {
		t.Errorf("got %q", got)
	}
	c.send(frame{ID: "a", Type: "complete"})
	// Whatever comes of the old subscription comes before the answer to this.
	c.subscribe("b", `{viewer{role}}`, nil)
	for {
		f, err := c.next()
		must(t, err)
		if f.ID == "b" && f.Type == "next" {
			break
		}
	}
}

// TestReturningReadersMissNothing cuts readers off again and again while lines
// are published, and holds that each gets all of them once and in order.
func TestReturningReadersMissNothing(t *testing.T) {
	r := open(t)
	const lines, readers = 500, 4
	want := make([]string, lines)
	for i := range want {
		want[i] = fmt.Sprintf("Line %d", i)
	}
	var work sync.WaitGroup
	for range readers {
		work.Go(func() {
			var got []string
			connections := 0
			for after := any(scalar.OfLog(r.follower.Cursor(0))); len(got) < lines; connections++ {
				c := r.dial(t, `{}`)
				c.expect("connection_ack")
				c.subscribe("x", follow, map[string]any{"after": after})
				for range min(1+rand.IntN(60), lines-len(got)) {
					line, cursor := headline(t, c.expect("next"))
					got = append(got, line)
					after = cursor
				}
				must(t, c.conn.CloseNow())
			}
			if !slices.Equal(got, want) {
				t.Errorf("a reader on %d connections got %q", connections, got)
			}
		})
	}
	for _, line := range want {
		r.publish(t, line)
	}
	work.Wait()
}

func TestSocketsOfPages(t *testing.T) {
	r := open(t)
	for _, row := range []struct {
		name, origin string
		status       int
	}{
		{"no page", "", 101},
		{"a foreign page", "https://evil.example", 403},
		{"an allowed page", "https://news.example", 101},
		{"a page of this server", r.URL, 101},
		{"a page of nowhere", "null", 403},
	} {
		header := http.Header{}
		if row.origin != "" {
			header.Set("Origin", row.origin)
		}
		conn, response, err := websocket.Dial(t.Context(), r.socket(), &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{modern}})
		if response == nil || response.StatusCode != row.status {
			t.Errorf("%s: got %+v, %v, want %d", row.name, response, err, row.status)
		}
		if err == nil {
			must(t, conn.CloseNow())
		}
	}
}

func TestTokenOfASocket(t *testing.T) {
	r := open(t)
	good, err := json.Marshal(map[string]string{"Authorization": "Bearer " + r.token(t, "EDITOR")})
	must(t, err)
	for _, row := range []struct{ name, init, role string }{
		{"none", `{}`, "READER"},
		{"good", string(good), "EDITOR"},
		{"small letters", strings.Replace(string(good), "Authorization", "authorization", 1), "EDITOR"},
	} {
		c := r.dial(t, row.init)
		c.expect("connection_ack")
		c.subscribe("1", `{viewer{role}}`, nil)
		if f := c.expect("next"); !strings.Contains(string(f.Payload), row.role) {
			t.Errorf("%s: got %s, want %s", row.name, f.Payload, row.role)
		}
	}
	c := r.dial(t, `{"Authorization":"Bearer rubbish"}`)
	for {
		f, err := c.next()
		if err == nil {
			if f.Type == "connection_ack" {
				t.Fatal("a bad token is acknowledged")
			}
			continue
		}
		if got := websocket.CloseStatus(err); got != 4403 {
			t.Errorf("closed with %d, want 4403", got)
		}
		break
	}
}

func TestDrainClosesSockets(t *testing.T) {
	r := open(t)
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	c.subscribe("1", follow, nil)
	closed := make(chan websocket.StatusCode, 1)
	go func() {
		for {
			if _, err := c.next(); err != nil {
				closed <- websocket.CloseStatus(err)
				return
			}
		}
	}()
	must(t, r.handler.Drain(t.Context(), 0))
	if got := <-closed; got != websocket.StatusGoingAway {
		t.Errorf("closed with %d, want 1001", got)
	}
}
