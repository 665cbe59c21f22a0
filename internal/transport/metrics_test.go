package transport_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"depeche/internal/transport"
)

// Metrics that tests look at.
const (
	following  = "depeche_subscriptions"
	sockets    = `depeche_connections{transport="graphql-transport-ws"}`
	streams    = `depeche_connections{transport="sse"}`
	executions = "depeche_executions_total"
)

// metric is what the server tells of itself.
func (r *room) metric(t testing.TB, name string) int {
	t.Helper()
	return r.metricBy(t, http.DefaultTransport, name)
}

func (r *room) metricBy(t testing.TB, by http.RoundTripper, name string) int {
	t.Helper()
	response, err := (&http.Client{Transport: by}).Get(r.URL + transport.PathMetrics)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	for line := range strings.SplitSeq(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			must(t, err)
			return int(n)
		}
	}
	return 0 // a counter with labels that has not begun to count
}

// await waits until a metric has a value.
func (r *room) await(t testing.TB, name string, want int) {
	t.Helper()
	r.awaitBy(t, http.DefaultTransport, name, want)
}

func (r *room) awaitBy(t testing.TB, by http.RoundTripper, name string, want int) {
	t.Helper()
	for begun := time.Now(); ; {
		got := r.metricBy(t, by, name)
		if got == want {
			return
		}
		if time.Since(begun) > patience {
			t.Fatalf("%s is %d, want %d", name, got, want)
		}
	}
}
