package transport_test

import (
	"context"
	"strings"
	"testing"

	"depeche/internal/news"
)

// until sends a ping and returns all messages that come before its answer.
func (c *client) until() (before []frame) {
	c.t.Helper()
	c.say(`{"type":"ping","payload":{"until":1}}`)
	for {
		text := c.hear()
		if text == `{"type":"pong","payload":{"until":1}}` {
			return before
		}
		before = append(before, frameOf(c.t, text))
	}
}

func TestQueriesAndMutationsOverASocket(t *testing.T) {
	r := open(t)
	c := r.dial(t, `{"Authorization":"Bearer `+r.token(t, news.Editor)+`"}`)
	c.expect("connection_ack")
	for _, row := range []struct {
		name, payload, want string
	}{
		{"query", `{"query":"{viewer{role}}"}`, `{"data":{"viewer":{"role":"EDITOR"}}}`},
		{"nulls", `{"query":"{viewer{role}}","operationName":null,"variables":null,"extensions":null}`, `{"data":{"viewer":{"role":"EDITOR"}}}`},
		{"variables", `{"query":"query($n:Int){tags(first:$n){nodes{id}}}","variables":{"n":1}}`, `{"data":{"tags":{"nodes":[]}}}`},
		{"operation by name", `{"query":"query A{viewer{role}} query B{viewer{name}}","operationName":"B"}`, `{"data":{"viewer":{"name":"marie"}}}`},
		{"mutation", `{"query":"mutation{publishTickerEntry(input:{headline:\"A line\"}){headline}}"}`, `{"data":{"publishTickerEntry":{"headline":"A line"}}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.say(`{"id":"1","type":"subscribe","payload":` + row.payload + `}`)
			if f := c.expect("next"); string(f.Payload) != row.want || f.ID != "1" {
				t.Errorf("got %s %s, want %s", f.ID, f.Payload, row.want)
			}
			// The id is free again with this.
			if f := c.expect("complete"); f.ID != "1" || f.Payload != nil {
				t.Errorf("got %+v", f)
			}
		})
	}
	if left := c.until(); len(left) > 0 {
		t.Errorf("there is more: %+v", left)
	}
}

func TestRefusedOperationsGetOneErrorAndNothingElse(t *testing.T) {
	r := open(t)
	c := r.ready(t)
	for _, row := range []struct {
		name, query, code string
		variables         map[string]any
	}{
		{"syntax", `{`, "INVALID_ARGUMENT", nil},
		{"empty", ``, "INVALID_ARGUMENT", nil},
		{"two operations and no name", `query A{viewer{role}} query B{viewer{role}}`, "INVALID_ARGUMENT", nil},
		{"unknown field", `subscription { nope }`, "INVALID_ARGUMENT", nil},
		{"two root fields", `subscription { ticker { cursor } breakingNews { cursor } }`, "INVALID_ARGUMENT", nil},
		{"bad variable", `subscription($s: String!) { story(slug: $s) { kind } }`, "INVALID_ARGUMENT", map[string]any{"s": []int{1}}},
		{"bad cursor", `subscription { ticker(after: "x") { kind } }`, "BAD_CURSOR", nil},
		{"bad cursor in a variable", follow, "BAD_CURSOR", map[string]any{"after": "x"}},
		{"a cursor ahead", follow, "BAD_CURSOR", map[string]any{"after": r.place(99)}},
		{"no such story", `subscription { story(slug: "x") { kind } }`, "NOT_FOUND", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			c.subscribe("1", row.query, row.variables)
			f := c.expect("error")
			if got := problems(t, f); f.ID != "1" || len(got) != 1 || got[0].Extensions.Code != row.code {
				t.Errorf("got %s %s, want %s", f.ID, f.Payload, row.code)
			}
			if left := c.until(); len(left) > 0 {
				t.Errorf("there is more: %+v", left)
			}
		})
	}
}

func TestACompletedStreamIsSilent(t *testing.T) {
	r := open(t)
	c := r.ready(t)
	r.publish(t, "first")
	from := map[string]any{"after": r.place(0)}
	c.subscribe("a", follow, from)
	headline(t, c.expect("next"))
	c.send(frame{ID: "a", Type: "complete"})
	if left := c.until(); len(left) > 0 {
		t.Errorf("it is answered: %+v", left)
	}
	// Its id may be used again, for something else too.
	c.subscribe("b", follow, from)
	headline(t, c.expect("next"))
	c.subscribe("a", `{viewer{role}}`, nil)
	c.expect("next")
	c.expect("complete")
	r.publish(t, "second")
	if f := c.expect("next"); f.ID != "b" {
		t.Errorf("%s goes on", f.ID)
	}
	c.subscribe("a", follow, from)
	for range 2 {
		if f := c.expect("next"); f.ID != "a" {
			t.Errorf("got an event of %s", f.ID)
		}
	}
	c.send(frame{ID: "a", Type: "complete"})
	c.send(frame{ID: "a", Type: "complete"})
	if left := c.until(); len(left) > 0 {
		t.Errorf("it is answered: %+v", left)
	}
}

// TestIDsThatNeedQuoting: what is said of an operation bears its id as it came.
func TestIDsThatNeedQuoting(t *testing.T) {
	r := open(t)
	c := r.ready(t)
	for _, id := range []string{`"`, `\`, "\n", "<&>", "é😀", " ", strings.Repeat("x", 200)} {
		c.subscribe(id, `{viewer{role}}`, nil)
		if f := c.expect("next"); f.ID != id {
			t.Errorf("got %q, want %q", f.ID, id)
		}
		if f := c.expect("complete"); f.ID != id {
			t.Errorf("got %q, want %q", f.ID, id)
		}
	}
}

// A slugless store can't be asked for slugs: it tells of each attempt and is away.
type slugless struct {
	news.Store
	asked chan struct{}
}

func (s *slugless) StoriesBySlug(context.Context, news.Audience, []string) (map[string]*news.Story, error) {
	select {
	case s.asked <- struct{}{}:
	default:
	}
	return nil, news.ErrUnavailable
}

// TestASubscriptionIsStoppedWhileItWaits: who stops what could not begin yet keeps
// the socket, and everything else on it.
func TestASubscriptionIsStoppedWhileItWaits(t *testing.T) {
	asked := make(chan struct{}, 1)
	r := openWith(t, options{pane: func(s news.Store) news.Store { return &slugless{s, asked} }})
	c := r.ready(t)
	for range 20 {
		c.say(`{"id":"1","type":"subscribe","payload":{"query":"subscription { story(slug: \"x\") { kind } }"}}`)
		<-asked
		c.say(`{"id":"1","type":"complete"}`)
		c.say(`{"id":"2","type":"subscribe","payload":{"query":"{ viewer { role } }"}}`)
		c.expect("next")
		c.expect("complete")
	}
}
