package transport_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"depeche/internal/transport"
)

const (
	begin     = `{"type":"connection_init"}`
	subscribe = `{"id":"a","type":"subscribe","payload":{"query":"subscription{ticker{cursor}}"}}`
)

// TestBreachesOfTheProtocol goes through the codes of the protocol's document.
func TestBreachesOfTheProtocol(t *testing.T) {
	r := open(t)
	payload := func(p string) string { return `{"id":"a","type":"subscribe","payload":` + p + `}` }
	for _, row := range []struct {
		name   string
		frames []string
		want   websocket.StatusCode
	}{
		{"not JSON", []string{"rubbish"}, 4400},
		{"nothing", []string{""}, 4400},
		{"two messages in one", []string{begin + begin}, 4400},
		{"cut JSON", []string{begin[:10]}, 4400},
		{"a list", []string{begin, `[]`}, 4400},
		{"null", []string{begin, `null`}, 4400},
		{"a string", []string{begin, `"ping"`}, 4400},
		{"a type of the other protocol", []string{begin, `{"type":"start"}`}, 4400},
		{"a type of the server", []string{begin, `{"type":"connection_ack"}`}, 4400},
		{"next from the client", []string{begin, `{"id":"a","type":"next","payload":{}}`}, 4400},
		{"no type", []string{begin, `{"id":"a"}`}, 4400},
		{"a type that is no string", []string{begin, `{"type":1}`}, 4400},
		{"init with a list", []string{`{"type":"connection_init","payload":[]}`}, 4400},
		{"init with a string", []string{`{"type":"connection_init","payload":"x"}`}, 4400},
		{"ping with a list", []string{`{"type":"ping","payload":[]}`}, 4400},
		{"pong with a number", []string{`{"type":"pong","payload":1}`}, 4400},
		{"complete without an id", []string{begin, `{"type":"complete"}`}, 4400},
		{"subscribe without an id", []string{begin, strings.Replace(subscribe, `"id":"a",`, "", 1)}, 4400},
		{"subscribe with an empty id", []string{begin, strings.Replace(subscribe, `"a"`, `""`, 1)}, 4400},
		{"subscribe with a number for an id", []string{begin, strings.Replace(subscribe, `"a"`, `1`, 1)}, 4400},
		{"subscribe without a payload", []string{begin, `{"id":"a","type":"subscribe"}`}, 4400},
		{"subscribe with null", []string{begin, payload(`null`)}, 4400},
		{"subscribe with a list", []string{begin, payload(`[]`)}, 4400},
		{"subscribe with a string", []string{begin, payload(`"subscription{ticker{cursor}}"`)}, 4400},
		{"no query", []string{begin, payload(`{}`)}, 4400},
		{"null for a query", []string{begin, payload(`{"query":null}`)}, 4400},
		{"a number for a query", []string{begin, payload(`{"query":1}`)}, 4400},
		{"a list of variables", []string{begin, payload(`{"query":"{viewer{role}}","variables":[]}`)}, 4400},
		{"a string for variables", []string{begin, payload(`{"query":"{viewer{role}}","variables":"{}"}`)}, 4400},
		{"a list of extensions", []string{begin, payload(`{"query":"{viewer{role}}","extensions":[]}`)}, 4400},
		{"a number for the operation's name", []string{begin, payload(`{"query":"{viewer{role}}","operationName":1}`)}, 4400},
		{"a rubbish payload before init", []string{payload(`{}`)}, 4400},
		{"subscribe before init", []string{subscribe}, 4401},
		{"rubbish for a token", []string{`{"type":"connection_init","payload":{"Authorization":"Bearer x"}}`}, 4403},
		{"a token that is no string", []string{`{"type":"connection_init","payload":{"Authorization":7}}`}, 4403},
		{"an id twice", []string{begin, subscribe, subscribe}, 4409},
		{"an id of a query twice", []string{begin, payload(`{"query":"{viewer{role}}"}`) + "", subscribe, subscribe}, 4409},
		{"init twice", []string{begin, begin}, 4429},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.raw(t)
			for _, f := range row.frames {
				c.say(f)
			}
			if got, err := c.closed(); got != row.want {
				t.Errorf("closed with %d (%v), want %d", got, err, row.want)
			}
		})
	}
	t.Run("a binary frame", func(t *testing.T) {
		c := r.raw(t)
		must(t, c.conn.Write(t.Context(), websocket.MessageBinary, []byte(begin)))
		if got, err := c.closed(); got != 4400 {
			t.Errorf("closed with %d (%v), want 4400", got, err)
		}
	})
}

func TestSubprotocols(t *testing.T) {
	r := open(t)
	for _, row := range []struct {
		name    string
		offered []string
		spoken  string
		close   websocket.StatusCode
	}{
		{"none", []string{}, "", 4406},
		{"one that is not known", []string{"soap"}, "", 4406},
		{"in large letters", []string{"GRAPHQL-TRANSPORT-WS"}, "", 4406},
		{"modern", []string{modern}, modern, 0},
		{"legacy", []string{legacy}, legacy, 0},
		{"both", []string{legacy, modern}, modern, 0},
		{"among others", []string{"soap", legacy, "mqtt"}, legacy, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.call(t, websocket.DialOptions{Subprotocols: row.offered})
			if got := c.conn.Subprotocol(); got != row.spoken {
				t.Errorf("got %q, want %q", got, row.spoken)
			}
			if row.close != 0 {
				if got, err := c.closed(); got != row.close {
					t.Errorf("closed with %d (%v), want %d", got, err, row.close)
				}
				return
			}
			c.say(begin)
			if got := c.hear(); got != `{"type":"connection_ack"}` {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestInitThatDoesNotCome(t *testing.T) {
	for _, protocol := range []string{modern, legacy} {
		r := openWith(t, options{limits: transport.Limits{InitWithin: time.Millisecond}})
		c := r.call(t, websocket.DialOptions{Subprotocols: []string{protocol}})
		if got, err := c.closed(); got != 4408 || !strings.Contains(err.Error(), "initialisation timeout") {
			t.Errorf("%s: closed with %d (%v), want 4408", protocol, got, err)
		}
	}
}

func TestPingAndPong(t *testing.T) {
	r := open(t)
	for _, row := range []struct{ name, ping, pong string }{
		{"without a payload", `{"type":"ping"}`, `{"type":"pong"}`},
		{"with null", `{"type":"ping","payload":null}`, `{"type":"pong"}`},
		{"with a payload", `{"type":"ping","payload":{"at": [1, "\ud83d\ude00"]}}`, `{"type":"pong","payload":{"at": [1, "\ud83d\ude00"]}}`},
		{"with an empty payload", `{"payload":{},"type":"ping"}`, `{"type":"pong","payload":{}}`},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.raw(t)
			c.say(row.ping)
			if got := c.hear(); got != row.pong {
				t.Errorf("before init: got %s, want %s", got, row.pong)
			}
			c.say(begin)
			c.expect("connection_ack")
			c.say(row.ping)
			if got := c.hear(); got != row.pong {
				t.Errorf("got %s, want %s", got, row.pong)
			}
		})
	}
}

func TestMessagesThatAreIgnored(t *testing.T) {
	r := open(t)
	c := r.raw(t)
	ignored := []string{
		`{"type":"pong"}`, `{"type":"pong","payload":{"x":1}}`, `{"type":"pong","payload":null}`,
		`{"id":"unknown","type":"complete"}`,
	}
	for _, text := range ignored {
		c.say(text)
	}
	c.say(`{"type":"connection_init","payload":null,"extra":true}`)
	c.expect("connection_ack")
	for _, text := range ignored {
		c.say(text)
	}
	c.say(`{"type":"ping"}`)
	if got := c.hear(); got != `{"type":"pong"}` {
		t.Errorf("got %s", got)
	}
}

func TestControlFrames(t *testing.T) {
	r := open(t)
	t.Run("ping", func(t *testing.T) {
		c := r.raw(t)
		heard := make(chan error, 1)
		go func() {
			_, _, err := c.conn.Read(c.ctx)
			heard <- err
		}()
		must(t, c.conn.Ping(c.ctx)) // which waits for the answer
		must(t, c.conn.CloseNow())
		<-heard
	})
	for _, row := range []struct {
		code, want websocket.StatusCode
	}{{1000, 1000}, {1001, 1001}, {4499, 4499}, {websocket.StatusNoStatusRcvd, websocket.StatusNoStatusRcvd}} {
		t.Run("close", func(t *testing.T) {
			c := r.ready(t)
			// Close returns an error unless it is answered with the same code.
			if err := c.conn.Close(row.code, ""); err != nil && websocket.CloseStatus(err) != row.want {
				t.Errorf("%d: answered with %v", row.code, err)
			}
		})
	}
}

func TestServerAsksForSignsOfLife(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{PingEvery: time.Millisecond}})
	pinged := make(chan string, 100)
	c := r.call(t, websocket.DialOptions{OnPingReceived: func(_ context.Context, payload []byte) bool {
		pinged <- string(payload)
		return true
	}})
	c.say(begin)
	c.expect("connection_ack")
	closed := make(chan websocket.StatusCode, 1)
	go func() {
		code, _ := c.closed()
		closed <- code
	}()
	if first, second := <-pinged, <-pinged; first == second {
		t.Errorf("got the same ping twice, %q", first)
	}
	must(t, r.handler.Drain(t.Context(), 0))
	if code := <-closed; code != 1001 {
		t.Errorf("closed with %d", code)
	}
}

func TestClientsWithoutSignsOfLifeAreCutOff(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{PingEvery: time.Millisecond, PongWithin: time.Millisecond}})
	c := r.call(t, websocket.DialOptions{OnPingReceived: func(context.Context, []byte) bool { return false }})
	c.say(begin)
	if code, err := c.closed(); code != -1 || c.ctx.Err() != nil {
		t.Errorf("closed with %d, %v", code, err)
	}
}

// TestNobodyIsToldCompleteByADrain: a stock client that is told so does not come
// back for what it has not seen.
func TestNobodyIsToldCompleteByADrain(t *testing.T) {
	r := open(t)
	var readers []*client
	for range 20 {
		c := r.ready(t)
		for i := range 3 {
			c.subscribe(string(rune('a'+i)), follow, nil)
		}
		c.subscribe("q", `{viewer{role}}`, nil)
		c.expect("next")
		c.expect("complete")
		readers = append(readers, c)
	}
	drained := make(chan error, 1)
	go func() { drained <- r.handler.Drain(t.Context(), 0) }()
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
	if got := r.refused(t, nil); got != 1012 {
		t.Errorf("who comes while the server drains: got %d, want 1012", got)
	}
}

// TestClientsWithoutAProtocolWhoLeaveAtOnce: their connection may be gone before it
// is known to be there.
func TestClientsWithoutAProtocolWhoLeaveAtOnce(t *testing.T) {
	r := open(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 300 {
				conn := r.handshake(t, "")
				must(t, conn.(*net.TCPConn).CloseWrite())
				io.Copy(io.Discard, conn) //nolint:errcheck // whatever it says
				must(t, conn.Close())
			}
		})
	}
	all.Wait()
	r.await(t, sockets, 0)
	must(t, r.handler.Drain(t.Context(), 0))
}
