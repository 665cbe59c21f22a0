package transport

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"query":"{a}","variables":{"n":12345678901234567890}}`, ``, `{`, `[]`, `null`, `{} {}`, `"\ud800"`, "{\"query\":\"\x00\"}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p graphql.RawParams
		err := decode(text, &p)
		if err == nil && !json.Valid(text) {
			t.Errorf("%q is taken for JSON", text)
		}
		if err != nil && len(text) > 40 && strings.Contains(err.Error(), string(text)) {
			t.Errorf("the error repeats what was sent: %v", err)
		}
	})
}

func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{a}"}`, `{"query":"{a}","operationName":null,"variables":null,"extensions":null}`, `{"query":null}`, `{}`, `null`, `[]`, ``,
		`{"query":"q","variables":{"a":1e999}}`, `{"extensions":{"persistedQuery":{}}}`, `{"Query":"a","query":"b"}`, `{"headers":{"x":["y"]},"query":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := parameters(payload)
		if (p == nil) == (err == nil) {
			t.Fatalf("got %+v and %v", p, err)
		}
		if err != nil {
			if len(payload) > 40 && strings.Contains(err.Error(), string(payload)) {
				t.Errorf("the error repeats what was sent: %v", err)
			}
			return
		}
		var object map[string]json.RawMessage
		if err := json.Unmarshal(payload, &object); err != nil {
			t.Errorf("%q is taken for an operation", payload)
		}
		if p.ReadTime.Start.IsZero() || p.ReadTime.End.Before(p.ReadTime.Start) {
			t.Errorf("it was read from %v to %v", p.ReadTime.Start, p.ReadTime.End)
		}
	})
}

func FuzzMatches(f *testing.F) {
	f.Add("http://localhost:*", "http://localhost:5173")
	f.Add("https://*.news.example", "https://a.news.example")
	f.Add("*", "null")
	f.Fuzz(func(t *testing.T, pattern, origin string) {
		if !matches(pattern, origin) || pattern == "*" {
			return
		}
		before, after, _ := strings.Cut(strings.ToLower(pattern), "*")
		if o := strings.ToLower(origin); !strings.HasPrefix(o, before) || !strings.HasSuffix(o, after) {
			t.Errorf("%q fits %q", origin, pattern)
		}
	})
}
