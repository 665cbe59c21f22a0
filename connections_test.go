package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// enter opens a WebSocket on behalf of an address, as a proxy does. It is nil when
// it is not let in; code is then the one with which it is closed.
func (r *running) enter(address string) (in *websocket.Conn, code websocket.StatusCode) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(r.api, "http"), &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"X-Forwarded-For": {address}},
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed already
	var answer message
	wsjson.Write(ctx, conn, message{Type: "connection_init"}) //nolint:errcheck // it may be closed already
	if err := wsjson.Read(ctx, conn, &answer); err != nil {
		return nil, websocket.CloseStatus(err)
	}
	if answer.Type != "connection_ack" {
		r.t.Fatalf("got %+v", answer)
	}
	conn.CloseRead(r.t.Context()) // it answers when it is closed
	return conn, 0
}

func TestConnectionsAreLimited(t *testing.T) {
	for _, row := range []struct {
		name    string
		args    []string
		from    [3]string
		because string // the third one is refused; empty: it is not
	}{
		{"all", []string{"--max-connections", "2"}, [3]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "total"},
		{"of an address, that of the peer", []string{"--max-connections-per-address", "2", "--trusted-proxies", "none"},
			[3]string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}, "address"},
		{"of an address, as the proxy tells", []string{"--max-connections-per-address", "2"},
			[3]string{"192.0.2.1", "192.0.2.1", "192.0.2.1"}, "address"},
		{"of other addresses, as the proxy tells", []string{"--max-connections-per-address", "2"},
			[3]string{"192.0.2.1", "192.0.2.1", "192.0.2.3"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, append(row.args, "--data", t.TempDir(), "--drain", "0s")...)
			first, code := r.enter(row.from[0])
			if first == nil {
				t.Fatalf("the first one is closed with %d", code)
			}
			if second, code := r.enter(row.from[1]); second == nil {
				t.Fatalf("the second one is closed with %d", code)
			}
			third, code := r.enter(row.from[2])
			switch {
			case row.because == "":
				if third == nil {
					t.Errorf("the third one is closed with %d", code)
				}
			case code != websocket.StatusTryAgainLater:
				t.Errorf("the third one gets %d, want %d", code, websocket.StatusTryAgainLater)
			default:
				if got := r.metrics()[fmt.Sprintf("depeche_connections_refused_total{reason=%q}", row.because)]; got != 1 {
					t.Errorf("%v are told to be refused because of %s, want 1", got, row.because)
				}
				// What is not held open is none of them.
				if code := r.ask(`{ stories { nodes { id } } }`, nil, new(any)); code != "" {
					t.Errorf("a query is answered %s", code)
				}
				first.CloseNow() //nolint:errcheck // whoever is there need not be told
				for deadline := time.Now().Add(patience); third == nil; third, _ = r.enter(row.from[2]) {
					if time.Now().After(deadline) {
						t.Fatal("nobody gets in where one has left")
					}
				}
			}
			if err := r.stop(); err != nil {
				t.Errorf("the server ended with %v", err)
			}
		})
	}
}

// A browser's EventSource gives up for good on what is not an event stream, so one
// that is not let in gets a stream that ends at once.
func TestAnEventSourceTooManyComesBack(t *testing.T) {
	r := start(t, "--data", t.TempDir(), "--max-connections", "1", "--drain", "0s")
	if first, code := r.enter("192.0.2.1"); first == nil {
		t.Fatalf("the first one is closed with %d", code)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	events, err := openEvents(ctx, r.client, r.api, "", "")
	if err != nil {
		t.Fatal(err)
	}
	defer events.close()
	events.end(t)
	if got := r.metrics()[`depeche_connections_refused_total{reason="total"}`]; got != 1 {
		t.Errorf("%v connections are told to be refused, want 1", got)
	}
}

var (
	sample  = regexp.MustCompile(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{[^}]*\})? (\S+)$`)
	comment = regexp.MustCompile(`^# (?:HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) .+$`)
)

// metrics reads /metrics: the values, by name and labels.
func (r *running) metrics() map[string]float64 {
	r.t.Helper()
	response, err := http.Get(strings.TrimSuffix(r.api, "/graphql") + "/metrics")
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if kind := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || !strings.HasPrefix(kind, "text/plain; version=0.0.4") {
		r.t.Fatalf("/metrics answers %d, %s", response.StatusCode, kind)
	}
	values, family := map[string]float64{}, ""
	for l := range strings.Lines(string(text)) {
		l = strings.TrimSuffix(l, "\n")
		if m := comment.FindStringSubmatch(l); m != nil {
			family = m[1]
			continue
		}
		m := sample.FindStringSubmatch(l)
		if m == nil || !strings.HasPrefix(m[1], family) {
			r.t.Fatalf("got the metric %q behind the words about %q", l, family)
		}
		value, err := strconv.ParseFloat(m[3], 64)
		if err != nil {
			r.t.Fatalf("got the metric %q", l)
		}
		values[m[1]+m[2]] = value
	}
	return values
}

// What is told of the live side is so: what is made once for all who follow the
// same is counted once, and what each gets, for each.
func TestMetrics(t *testing.T) {
	folder := t.TempDir()
	token := editor(t, folder)
	r := start(t, "--data", folder, "--drain", "0s")
	r.token = token
	after := cursor(r)
	var hear []func()
	for range 2 {
		next := r.subscribe(followTicker, afterCursor(after))
		hear = append(hear, func() { next(new(any)) })
	}
	events, err := openEvents(t.Context(), r.client, r.api, after, "")
	if err != nil {
		t.Fatal(err)
	}
	defer events.close()
	hear = append(hear, func() { events.line(t) })
	publish := func(n int) {
		t.Helper()
		for range n {
			if err := r.publish("Une ligne"); err != nil {
				t.Fatal(err)
			}
			for _, next := range hear {
				next()
			}
		}
	}
	publish(1) // who begins may be caught up with first
	before := r.metrics()
	publish(2)
	now := r.metrics()
	for name, want := range map[string]float64{
		`depeche_connections{transport="graphql-transport-ws"}`:      2,
		`depeche_connections{transport="sse"}`:                       1,
		`depeche_subscriptions`:                                      3,
		`depeche_groups`:                                             1,
		`depeche_joins_total`:                                        3,
		`depeche_publish_to_send_seconds_bucket{le="+Inf"}`:          now["depeche_publish_to_send_seconds_count"],
		`depeche_deliveries_total{transport="graphql-transport-ws"}`: 6,
		`depeche_deliveries_total{transport="sse"}`:                  3,
	} {
		if got, ok := now[name]; !ok || got != want {
			t.Errorf("%s is %v (%t), want %v", name, got, ok, want)
		}
	}
	for name, want := range map[string]float64{
		"depeche_executions_total":              2,
		"depeche_publish_to_send_seconds_count": 6,
	} {
		if got := now[name] - before[name]; got != want {
			t.Errorf("%s grows by %v, want %v", name, got, want)
		}
	}
	if now["depeche_publish_to_send_seconds_sum"] <= 0 || now["go_goroutines"] < 1 {
		t.Errorf("got %v", now)
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
