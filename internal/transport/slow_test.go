package transport_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// fat is a subscription whose events are large.
const fat = `subscription { ticker { cursor entry { headline ` + `a:body b:body c:body d:body e:body f:body g:body h:body` + ` } } }`

// fatLine is the number of a line that overflow has published.
func fatLine(t testing.TB, text string) string {
	t.Helper()
	line, _ := headline(t, frame{Type: "next", Payload: json.RawMessage(text)})
	return line
}

// gapless expects the lines from the first on.
func gapless(t testing.TB, got []string) {
	t.Helper()
	for i, line := range got {
		if line != strconv.Itoa(i+1) {
			t.Fatalf("line %d of %d is %q", i+1, len(got), line)
		}
	}
}

// overflow publishes large lines until a reader is too slow for some reason, and
// returns the last of them.
func (r *room) overflow(t testing.TB, why string) (last string) {
	t.Helper()
	return r.overflowBy(t, http.DefaultTransport, why)
}

func (r *room) overflowBy(t testing.TB, by http.RoundTripper, why string) (last string) {
	t.Helper()
	for n := 1; r.metricBy(t, by, `depeche_overflows_total{reason="`+why+`"}`) == 0; n++ {
		last = strconv.Itoa(n)
		r.publishFat(t, last)
		if n > 5000 {
			t.Fatal("nobody is too slow")
		}
	}
	return last
}

// publishFat publishes a large line.
func (r *room) publishFat(t testing.TB, headline string) {
	t.Helper()
	body := news.Text(strings.Repeat("x", 5000))
	_, err := r.desk.PublishTickerEntry(t.Context(), editor, "", false, func(e *desk.TickerEdit) { e.Headline, e.Body = headline, body })
	must(t, err)
}

// shortSighted is a client whose system holds little of what it does not read.
func shortSighted() *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true, ReadBufferSize: 1 << 10,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return c, c.(*net.TCPConn).SetReadBuffer(128 << 10)
		},
	}
}
