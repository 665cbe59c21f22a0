package transport_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/gobwas/ws"

	"depeche/internal/news"
	"depeche/internal/transport"
)

func TestSubscriptionsOfAConnectionAreBounded(t *testing.T) {
	r := open(t)
	c := r.ready(t)
	// They join side by side, so any of them may be the one too many.
	for i := range 51 {
		c.subscribe(fmt.Sprint(i), follow, nil)
	}
	f := c.expect("error")
	if got := problems(t, f); len(got) != 1 || got[0].Extensions.Code != "RATE_LIMITED" || !got[0].Extensions.Retryable || !strings.Contains(got[0].Message, "50") {
		t.Errorf("got %s %s", f.ID, f.Payload)
	}
	r.await(t, following, 50)
	r.publish(t, "first")
	for range 50 {
		headline(t, c.expect("next"))
	}
	// One that ends makes room.
	ends := "7"
	if f.ID == ends {
		ends = "8"
	}
	c.send(frame{ID: ends, Type: "complete"})
	c.subscribe("again", follow, map[string]any{"after": r.place(0)})
	if got, _ := headline(t, c.expect("next")); got != "first" {
		t.Errorf("got %q", got)
	}
	c.subscribe("too many", follow, nil)
	if f := c.expect("error"); f.ID != "too many" {
		t.Errorf("got an error for %s", f.ID)
	}
	// It is the subscriptions alone that are too many.
	c.subscribe("q", `{viewer{role}}`, nil)
	c.expect("next")
}

// blocking is a store that gives no list of tags until it is let.
type blocking struct {
	news.Store
	asked chan struct{} // for each who asks
	let   chan struct{} // closed
}

func newBlocking() *blocking {
	return &blocking{asked: make(chan struct{}, 1000), let: make(chan struct{})}
}

func (b *blocking) pane(s news.Store) news.Store {
	b.Store = s
	return b
}

func (b *blocking) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	b.asked <- struct{}{}
	select {
	case <-b.let:
	case <-ctx.Done():
		return news.Page[*news.Tag]{}, ctx.Err()
	}
	return b.Store.Tags(ctx, f, w)
}

// blocked is a query that it blocks.
const blocked = `{tags{nodes{id}}}`

func TestOperationsOfAConnectionAreBounded(t *testing.T) {
	b := newBlocking()
	r := openWith(t, options{pane: b.pane})
	c := r.ready(t)
	for i := range 100 {
		c.subscribe(fmt.Sprint(i), blocked, nil)
	}
	// A few of them run.
	for range 4 {
		<-b.asked
	}
	c.subscribe("one too many", `{viewer{role}}`, nil)
	f := c.expect("error")
	if got := problems(t, f); f.ID != "one too many" || len(got) != 1 || got[0].Extensions.Code != "RATE_LIMITED" || !got[0].Extensions.Retryable {
		t.Errorf("got %s %s", f.ID, f.Payload)
	}
	// What the client wants no more makes room, and is not answered.
	c.send(frame{ID: "7", Type: "complete"})
	c.subscribe("in its place", `{viewer{role}}`, nil)
	// Another connection does not wait for this one.
	other := r.ready(t)
	other.subscribe("1", `{viewer{role}}`, nil)
	other.expect("next")
	close(b.let)
	answered := map[string]bool{}
	for range 100 {
		answered[c.expect("next").ID] = true
		c.expect("complete")
	}
	if answered["7"] || !answered["in its place"] || len(answered) != 100 {
		t.Errorf("%d are answered: %v", len(answered), answered)
	}
	if left := c.until(); len(left) > 0 {
		t.Errorf("there is more: %+v", left)
	}
}

// refused opens a socket that is not let in, and tells how: with which status, or
// with which code it is closed at once.
func (r *room) refused(t testing.TB, header http.Header) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, r.socket(), &websocket.DialOptions{Subprotocols: []string{modern}, HTTPHeader: header})
	if err == nil {
		_, _, err := conn.Read(ctx)
		return int(websocket.CloseStatus(err))
	}
	if response == nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

func TestConnectionsAreBounded(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Connections: 3}})
	c := r.ready(t)
	r.ready(t)
	r.stream(t, "null")
	if got := r.refused(t, nil); got != 1013 {
		t.Errorf("got %d, want 1013", got)
	}
	if got := r.metric(t, `depeche_connections_refused_total{reason="total"}`); got != 1 {
		t.Errorf("%d are counted as refused, want 1", got)
	}
	// Plain requests are no connections.
	if response, body := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON); response.StatusCode != 200 {
		t.Errorf("got %s %s", response.Status, body)
	}
	must(t, c.conn.CloseNow())
	r.await(t, sockets, 1)
	r.ready(t)
}

func TestConnectionsOfAnAddressAreBounded(t *testing.T) {
	r := openWith(t, options{
		limits:  transport.Limits{ConnectionsPerAddress: 2},
		trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")},
	})
	from := func(address string) http.Header { return http.Header{"X-Forwarded-For": {address}} }
	open := func(header http.Header) *client {
		t.Helper()
		c := r.call(t, websocket.DialOptions{HTTPHeader: header})
		c.say(begin)
		c.expect("connection_ack")
		return c
	}
	for _, row := range []struct{ name, first, second, third string }{
		{"IPv4", "192.0.2.1", "192.0.2.1", "192.0.2.1"},
		{"behind two proxies", "192.0.2.2, 10.0.0.1", "192.0.2.2", "192.0.2.2, 10.0.0.2"},
		{"what the client says itself", "198.51.100.1, 192.0.2.3", "198.51.100.2, 192.0.2.3", "198.51.100.3, 192.0.2.3"},
		{"one /64", "2001:db8::1", "2001:db8::2", "2001:db8::ffff:ffff:ffff:3"},
	} {
		c := open(from(row.first))
		open(from(row.second))
		if got := r.refused(t, from(row.third)); got != 1013 {
			t.Errorf("%s: got %d, want 1013", row.name, got)
		}
		before := r.metric(t, sockets)
		must(t, c.conn.CloseNow())
		r.await(t, sockets, before-1)
		open(from(row.third))
	}
	// Whose address is not known is counted in all alone.
	for range 3 {
		open(nil)
	}
	response, body := r.send(t, "POST", "/graphql", `{"query":"subscription{ticker{cursor}}"}`, asJSON, "Accept: text/event-stream", "X-Forwarded-For: 192.0.2.1")
	if response.StatusCode != http.StatusServiceUnavailable || code(t, body) != "RATE_LIMITED" {
		t.Errorf("got %s %s", response.Status, body)
	}
}

func TestHandshakesAreBounded(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Handshakes: 2}})
	first, second := r.raw(t), r.raw(t)
	if got := r.refused(t, nil); got != 1013 {
		t.Errorf("got %d, want 1013", got)
	}
	first.say(begin)
	first.expect("connection_ack")
	third := r.raw(t)
	if got := r.refused(t, nil); got != 1013 {
		t.Errorf("got %d, want 1013", got)
	}
	r.await(t, sockets, 3)
	must(t, second.conn.CloseNow())
	must(t, third.conn.CloseNow())
	must(t, first.conn.CloseNow()) // which is not counted twice
	r.await(t, sockets, 0)
	r.raw(t)
	r.raw(t)
	if got := r.refused(t, nil); got != 1013 {
		t.Errorf("got %d, want 1013", got)
	}
}

func TestMessagesThatAreTooLarge(t *testing.T) {
	r := open(t)
	for _, protocol := range []string{modern, legacy} {
		c := r.call(t, websocket.DialOptions{Subprotocols: []string{protocol}})
		c.say(begin)
		c.expect("connection_ack")
		// The head of the frame is enough for the server, which may close before
		// all is sent.
		sent := make(chan error, 1)
		go func() { sent <- c.conn.Write(c.ctx, websocket.MessageText, make([]byte, 1<<20+1)) }()
		if got, err := c.closed(); got != websocket.StatusMessageTooBig {
			t.Errorf("%s: closed with %d (%v), want 1009", protocol, got, err)
		}
		<-sent
	}
}

func TestIncompleteMessagesAreBoundedInAll(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{InputBytes: 100 << 10}})
	quiet := r.ready(t)
	begun := func() *client {
		c := r.ready(t)
		w, err := c.conn.Writer(c.ctx, websocket.MessageText)
		must(t, err)
		_, err = w.Write([]byte(strings.Repeat(" ", 30<<10)))
		must(t, err)
		return c
	}
	const many = 4 // any three of which may do
	codes := make(chan websocket.StatusCode, many)
	var reading sync.WaitGroup
	ctx, leave := context.WithCancel(t.Context())
	for range many {
		c := begun()
		reading.Go(func() {
			_, _, err := c.conn.Read(ctx)
			codes <- websocket.CloseStatus(err)
		})
	}
	if got := <-codes; got != websocket.StatusTryAgainLater {
		t.Errorf("closed with %d, want 1013", got)
	}
	leave()
	reading.Wait()
	r.await(t, sockets, 1)
	// What they had begun is forgotten with them, and the others go on.
	begun()
	quiet.subscribe("1", `{viewer{role}}`, nil)
	quiet.expect("next")
	if got := r.metric(t, `depeche_overflows_total{reason="input"}`); got == 0 {
		t.Error("it is not counted")
	}
}

func TestAMessageThatTakesTooLong(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{MessageWithin: time.Millisecond}})
	c := r.ready(t)
	w, err := c.conn.Writer(c.ctx, websocket.MessageText)
	must(t, err)
	_, err = w.Write([]byte(strings.Repeat(" ", 10<<10)))
	must(t, err)
	if got, err := c.closed(); got != websocket.StatusPolicyViolation {
		t.Errorf("closed with %d (%v), want 1008", got, err)
	}
}

// TestExecutionsAreBoundedInAll: those of all WebSockets take turns.
func TestExecutionsAreBoundedInAll(t *testing.T) {
	b := newBlocking()
	r := openWith(t, options{pane: b.pane, limits: transport.Limits{Executions: 2}})
	c, other := r.ready(t), r.ready(t)
	for i := range 3 {
		c.subscribe(fmt.Sprint(i), blocked, nil)
	}
	<-b.asked
	<-b.asked
	// Who waits for a turn and wants it no more gives it up; nobody is held up but
	// those who execute.
	other.subscribe("q", `{viewer{role}}`, nil)
	other.send(frame{ID: "q", Type: "complete"})
	if left := other.until(); len(left) > 0 {
		t.Errorf("got %+v", left)
	}
	other.subscribe("q", `{viewer{role}}`, nil)
	close(b.let)
	for range 3 {
		c.expect("next")
		c.expect("complete")
	}
	other.expect("next")
	other.expect("complete")
}

// TestManyMessagesInARow: each is complete in no time, though there is always one
// that is not.
func TestManyMessagesInARow(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{MessageWithin: 500 * time.Millisecond}})
	conn := r.handshake(t, modern)
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	frame, err := ws.CompileFrame(ws.MaskFrame(ws.NewTextFrame([]byte(`{"type":"ping"}`))))
	must(t, err)
	half := len(frame) - 5
	in := make([]byte, 4096)
	n, err := conn.Read(in) // 101
	must(t, err)
	if !strings.HasPrefix(string(in[:n]), "HTTP/1.1 101") {
		t.Fatalf("got %q", in[:n])
	}
	_, err = conn.Write(frame[:half])
	must(t, err)
	for begun := time.Now(); time.Since(begun) < 2200*time.Millisecond; {
		_, err = conn.Write(append(append([]byte{}, frame[half:]...), frame[:half]...))
		must(t, err)
		got, err := readFrame(conn)
		must(t, err)
		if got.Header.OpCode == ws.OpClose {
			t.Fatalf("closed with %x", got.Payload)
		}
	}
}

// TestIDsAreBounded: an id comes back with each event, so a long one would make
// much of little.
func TestIDsAreBounded(t *testing.T) {
	r := open(t)
	c := r.ready(t)
	c.subscribe(strings.Repeat("x", 100_000), everything, nil)
	c.say(`{"type":"ping"}`)
	if got, err := c.closed(); got != 4400 {
		t.Errorf("closed with %d (%v), want 4400", got, err)
	}
}

// TestLargeOperationsOfNobody: who shows no token sends no stories.
func TestLargeOperationsOfNobody(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{BodyBytes: 1 << 10}})
	large := `{"id":"1","type":"subscribe","payload":{"query":"{viewer{role}}` + strings.Repeat(" ", 1<<10) + `"}}`
	nobody := r.ready(t)
	nobody.say(large)
	if list := problems(t, nobody.expect("error")); len(list) != 1 || list[0].Extensions.Code != "INVALID_ARGUMENT" || !strings.Contains(list[0].Message, "1024 bytes") {
		t.Errorf("got %+v", list)
	}
	marie := r.dial(t, `{"Authorization":"Bearer `+r.token(t, news.Editor)+`"}`)
	marie.expect("connection_ack")
	marie.say(large)
	marie.expect("next")
}
