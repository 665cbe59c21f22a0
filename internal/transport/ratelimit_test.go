package transport_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"depeche/internal/news"
	"depeche/internal/transport"
)

func TestRateLimit(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Rate: 1}, trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, serve: func(o *transport.Options) { o.Batch = 5 }})
	r.handler.FreezeRates()
	from := func(address string) string { return "X-Forwarded-For: " + address }
	ask := func(headers ...string) *http.Response {
		t.Helper()
		response, body := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, append([]string{asJSON}, headers...)...)
		if response.StatusCode == 429 && (code(t, body) != "RATE_LIMITED" || !strings.Contains(body, `"retryable":true`)) {
			t.Errorf("got %s", body)
		}
		return response
	}
	exhaust := func(headers ...string) {
		t.Helper()
		for i := range 3 {
			response := ask(headers...)
			if got := response.StatusCode == 429; got != (i == 2) || got && response.Header.Get("Retry-After") != "1" {
				t.Errorf("%d. from %v: got %s, Retry-After: %s", i+1, headers, response.Status, response.Header.Get("Retry-After"))
			}
		}
	}
	exhaust(from("192.0.2.1"))
	exhaust(from("2001:db8::1"))
	if got := ask(from("2001:db8::ffff")); got.StatusCode != 429 {
		t.Errorf("of the same /64: got %s", got.Status)
	}
	if got := ask(from("192.0.2.2")); got.StatusCode != 200 {
		t.Errorf("of another address: got %s", got.Status)
	}
	if got := ask(from("192.0.2.1"), "Authorization: Bearer "+r.token(t, news.Editor)); got.StatusCode != 200 {
		t.Errorf("with a token: got %s", got.Status)
	}
	exhaust(from("192.0.2.3"), "Authorization: Bearer wrong")
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		if response, _ := r.send(t, "GET", path, "", from("192.0.2.1")); response.StatusCode != 200 {
			t.Errorf("%s: got %s", path, response.Status)
		}
	}
	for i, want := range []int{200, 429} { // a batch of more than ever is there takes all
		response, body := r.send(t, "POST", "/graphql", `[{"query":"{viewer{role}}"},{"query":"{viewer{role}}"},{"query":"{viewer{role}}"},{"query":"{viewer{role}}"}]`, asJSON, from("192.0.2.4"))
		if response.StatusCode != want {
			t.Errorf("batch %d: got %s %s, want %d", i+1, response.Status, body, want)
		}
	}
	exhaust(from("192.0.2.5"))
	s := r.events(t, "GET", asked(follow, `{}`), "", from("192.0.2.5"))
	if _, err := s.next(); err != nil || s.retry == "" {
		t.Errorf("an event stream is not told when to come back: %v", err)
	}
	s.ends()
	c := r.call(t, websocket.DialOptions{HTTPHeader: http.Header{"X-Forwarded-For": {"192.0.2.5"}}})
	if code, err := c.closed(); code != 1013 || !strings.Contains(err.Error(), "too many requests") {
		t.Errorf("a WebSocket is closed with %d (%v), want 1013", code, err)
	}
	if got := r.metric(t, `depeche_connections_refused_total{reason="rate"}`); got != 2 {
		t.Errorf("%d connections are refused, want 2", got)
	}
}
