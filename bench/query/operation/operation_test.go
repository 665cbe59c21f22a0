package operation_test

import (
	"testing"

	"depeche/bench/query/operation"
)

func TestEssence(t *testing.T) {
	for _, row := range []struct {
		name, answer, want string
		ok                 bool
	}{
		{"cursors", `{"data":{"stories":{"nodes":[{"id":"1"}],"liveCursor":"x","pageInfo":{"endCursor":"y","hasNextPage":true}}}}`, `{"stories":{"nodes":[{"id":"1"}],"pageInfo":{"hasNextPage":true}}}`, true},
		{"related", `{"data":{"story":{"related":[{"id":"1"},{"id":"2"}]}}}`, `{"story":{"related":2}}`, true},
		{"nothing there", `{"data":{"story":null}}`, "", false},
		{"an error", `{"data":{"story":{"id":"1"}},"errors":[{"message":"no"}]}`, "", false},
		{"no JSON", `Bad Gateway`, "", false},
	} {
		got, err := operation.Essence([]byte(row.answer))
		if got != row.want || (err == nil) != row.ok {
			t.Errorf("%s: got %s %v, want %s, ok %t", row.name, got, err, row.want, row.ok)
		}
	}
}

func TestGet(t *testing.T) {
	got := string(operation.Get("a:1", "/graphql", []byte(`{"query":"{ a }","variables":{"b":1}}`)))
	const want = "GET /graphql?query=%7B+a+%7D&variables=%7B%22b%22%3A1%7D HTTP/1.1\r\nHost: a:1\r\nAccept: application/graphql-response+json, application/json\r\n\r\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
