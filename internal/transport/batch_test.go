package transport_test

import (
	"strings"
	"testing"

	"depeche/internal/news"
	"depeche/internal/transport"
)

func TestBatches(t *testing.T) {
	off := open(t)
	on := openWith(t, options{serve: func(o *transport.Options) { o.Batch = 3 }})
	on.publish(t, "first")
	token := "Authorization: Bearer " + on.token(t, news.Editor)
	const one = `{"query":"{viewer{role}}"}`
	for _, row := range []struct {
		name   string
		in     *room
		body   string
		header string
		status int
		says   string
	}{
		{"off", off, "[" + one + "]", "", 400, "batches of operations are not answered"},
		{"one", on, "[" + one + "]", "", 200, `[{"data":{"viewer":{"role":"READER"}}}]`},
		{"in order", on, ` [{"query":"mutation{publishTickerEntry(input:{id:\"b-1\",headline:\"second\"}){headline}}"},{"query":"{ticker(first:1){nodes{headline}}}"}]`, token, 200,
			`[{"data":{"publishTickerEntry":{"headline":"second"}}},{"data":{"ticker":{"nodes":[{"headline":"second"}]}}}]`},
		{"some that can't be", on, `[{"query":"{"},7,{"query":"subscription{ticker{cursor}}"}]`, "", 200, "subscription can't be one of a batch"},
		{"empty", on, "[]", "", 400, "empty"},
		{"too many", on, "[" + strings.Repeat(one+",", 3) + one + "]", "", 400, "at most 3"},
		{"far too many", on, "[" + strings.Repeat("1,", 9999) + "1]", "", 400, "at most 3"},
		{"no end", on, "[" + one, "", 400, "ends early"},
		{"something behind it", on, "[" + one + "]1", "", 400, "behind"},
	} {
		for range 2 {
			response, body := row.in.send(t, "POST", "/graphql", row.body, asJSON, "Authorization: "+strings.TrimPrefix(row.header, "Authorization: "))
			if response.StatusCode != row.status || !strings.Contains(body, row.says) || response.Header.Get("X-Cache") != "BYPASS" {
				t.Errorf("%s: got %d %s, want %d with %s", row.name, response.StatusCode, body, row.status, row.says)
			}
			if row.header != "" {
				break // a change is made once
			}
		}
	}
}

// TestBatchesBeyondTheRate: a batch of more than a client may ever begin at once is
// answered when the client has been quiet for long enough.
func TestBatchesBeyondTheRate(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Rate: 2}, serve: func(o *transport.Options) { o.Batch = 9 }})
	batch := "[" + strings.Repeat(`{"query":"{viewer{role}}"},`, 8) + `{"query":"{viewer{role}}"}]`
	if response, body := r.send(t, "POST", "/graphql", batch, asJSON); response.StatusCode != 200 {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	if response, _ := r.send(t, "POST", "/graphql", batch, asJSON); response.StatusCode != 429 {
		t.Errorf("got %d for the next, want 429", response.StatusCode)
	}
}
