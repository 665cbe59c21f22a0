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
