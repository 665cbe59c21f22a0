package transport_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"depeche/internal/news"
	"depeche/internal/transport"
)

// old opens a WebSocket that speaks as subscriptions-transport-ws does.
func (r *room) old(t testing.TB) *client {
	t.Helper()
	return r.call(t, websocket.DialOptions{Subprotocols: []string{legacy}})
}

func (r *room) oldReady(t testing.TB) *client {
	t.Helper()
	c := r.old(t)
	c.say(begin)
	c.expect("connection_ack")
	c.expect("ka")
	return c
}

func start(t testing.TB, id, query string) string {
	t.Helper()
	return encoded(t, frame{ID: id, Type: "start", Payload: json.RawMessage(`{"query":` + encoded(t, query) + `}`)})
}

func TestLegacyConversation(t *testing.T) {
	r := open(t)
	c := r.oldReady(t)
	c.say(start(t, "q", `{viewer{role}}`))
	for _, want := range []string{
		`{"id":"q","type":"data","payload":{"data":{"viewer":{"role":"READER"}}}}`,
		`{"id":"q","type":"complete"}`,
	} {
		if got := c.hear(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	c.say(start(t, "s", everything))
	r.await(t, following, 1)
	r.publish(t, "first")
	if f := c.expect("data"); f.ID != "s" || !strings.Contains(string(f.Payload), "first") {
		t.Errorf("got %s %s", f.ID, f.Payload)
	}
	c.say(`{"id":"s","type":"stop"}`)
	c.say(`{"id":"s","type":"stop"}`)
	r.await(t, following, 0)
	r.publish(t, "second")
	c.say(start(t, "s", `{viewer{role}}`))
	if f := c.expect("data"); !strings.Contains(string(f.Payload), "READER") {
		t.Errorf("got %s", f.Payload)
	}
	c.expect("complete")
	c.say(`{"type":"connection_terminate"}`)
	if got, err := c.closed(); got != 1000 {
		t.Errorf("closed with %d (%v), want 1000", got, err)
	}
}

func TestLegacyErrorsAreOne(t *testing.T) {
	r := open(t)
	c := r.oldReady(t)
	for _, row := range []struct{ name, query, code string }{
		{"syntax", `{`, "INVALID_ARGUMENT"},
		{"bad cursor", `subscription{ticker(after:"x"){kind}}`, "BAD_CURSOR"},
		{"no such story", `subscription{story(slug:"x"){kind}}`, "NOT_FOUND"},
	} {
		c.say(start(t, "1", row.query))
		f := c.expect("error")
		var got problem
		must(t, json.Unmarshal(f.Payload, &got))
		if f.ID != "1" || got.Extensions.Code != row.code || got.Message == "" {
			t.Errorf("%s: got %s %s, want %s", row.name, f.ID, f.Payload, row.code)
		}
	}
	c.say(start(t, "2", `{viewer{role}}`))
	if f := c.expect("data"); f.ID != "2" {
		t.Errorf("got %+v", f)
	}
}

// TestLegacyIDThatIsTaken: the client has forgotten what it asked for before.
func TestLegacyIDThatIsTaken(t *testing.T) {
	r := open(t)
	c := r.oldReady(t)
	c.say(start(t, "1", everything))
	r.await(t, following, 1)
	c.say(start(t, "1", `subscription { breakingNews { cursor } }`))
	r.await(t, "depeche_joins_total", 2)
	r.await(t, following, 1)
	r.publish(t, "first")
	c.say(start(t, "2", `subscription { ticker(after: "`+r.place(0)+`") { entry { headline } } }`))
	if f := c.expect("data"); f.ID != "2" {
		t.Errorf("got %s %s, want nothing of what was replaced", f.ID, f.Payload)
	}
}

func TestLegacyBreaches(t *testing.T) {
	r := open(t)
	for _, row := range []struct {
		name   string
		frames []string
		want   websocket.StatusCode
	}{
		{"not JSON", []string{"rubbish"}, 4400},
		{"subscribe", []string{begin, subscribe}, 4400},
		{"complete", []string{begin, `{"id":"a","type":"complete"}`}, 4400},
		{"ping", []string{begin, `{"type":"ping"}`}, 4400},
		{"start without an id", []string{begin, `{"type":"start","payload":{"query":"{viewer{role}}"}}`}, 4400},
		{"start without a query", []string{begin, `{"id":"a","type":"start","payload":{}}`}, 4400},
		{"start before init", []string{start(t, "a", everything)}, 4401},
		{"init twice", []string{begin, begin}, 4429},
	} {
		c := r.old(t)
		for _, f := range row.frames {
			c.say(f)
		}
		if got, err := c.closed(); got != row.want {
			t.Errorf("%s: closed with %d (%v), want %d", row.name, got, err, row.want)
		}
	}
}

func TestLegacyTokens(t *testing.T) {
	r := open(t)
	c := r.old(t)
	c.say(`{"type":"connection_init","payload":{"authorization":"Bearer ` + r.token(t, news.Editor) + `"}}`)
	c.expect("connection_ack")
	c.expect("ka")
	c.say(start(t, "1", `{viewer{role}}`))
	if f := c.expect("data"); !strings.Contains(string(f.Payload), "EDITOR") {
		t.Errorf("got %s", f.Payload)
	}
	c = r.old(t)
	c.say(`{"type":"connection_init","payload":{"Authorization":"Bearer rubbish"}}`)
	f := c.expect("connection_error")
	var why struct{ Message string }
	must(t, json.Unmarshal(f.Payload, &why))
	if !strings.Contains(why.Message, "malformed") || strings.Contains(why.Message, "rubbish") {
		t.Errorf("got %s", f.Payload)
	}
	if got, err := c.closed(); got != 4403 {
		t.Errorf("closed with %d (%v), want 4403", got, err)
	}
}

func TestLegacyKeepAlive(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{PingEvery: time.Millisecond}})
	c := r.oldReady(t)
	for range 2 {
		if got := c.hear(); got != `{"type":"ka"}` {
			t.Errorf("got %s", got)
		}
	}
}

func TestLegacyLimits(t *testing.T) {
	r := open(t)
	c := r.oldReady(t)
	for i := range 51 {
		c.say(start(t, "s"+string(rune('0'+i)), everything))
	}
	var got problem
	f := c.expect("error")
	must(t, json.Unmarshal(f.Payload, &got))
	if got.Extensions.Code != "RATE_LIMITED" || !got.Extensions.Retryable {
		t.Errorf("got %s", f.Payload)
	}
}
