package transport

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

func TestAccepted(t *testing.T) {
	for _, row := range []struct {
		accept, want string // empty: none
	}{
		{"", typeJSON},
		{"*/*", typeJSON},
		{"application/json", typeJSON},
		{"APPLICATION/JSON ; charset=utf-8", typeJSON},
		{"application/graphql-response+json", typeResponse},
		{"application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", typeResponse},
		{"application/json, application/graphql-response+json", typeResponse},
		{"application/graphql-response+json;q=0.5, application/json", typeJSON},
		{"application/graphql-response+json;q=0.5, application/json;q=0.4", typeResponse},
		{"application/graphql-response+json, application/json;q=0.9, */*;q=0.1", typeResponse},
		{"application/*", typeJSON},
		{"application/*, application/json;q=0", typeResponse},
		{"application/json;q=0, */*", typeResponse},
		{"*/*;q=0.1, text/html", typeJSON},
		{"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", typeJSON},
		{"application/json;q=rubbish", typeJSON},
		{"application/json;Q=0.000", ""},
		{"application/json;q=2", typeJSON},
		{"text/html", ""},
		{"application/json;q=0", ""},
		{"*/*;q=0", ""},
		{"application/jsonx, application", ""},
		{", ,", ""},
	} {
		for _, lines := range [][]string{{row.accept}, strings.SplitAfter(row.accept, ",")} {
			got, ok := accepted(lines)
			if !ok {
				got = ""
			}
			if got != row.want {
				t.Errorf("%q: got %q, want %q", lines, got, row.want)
			}
		}
	}
	if got, ok := accepted(nil); got != typeJSON || !ok {
		t.Errorf("without the header: got %q, %v", got, ok)
	}
}

func TestAcceptedCoding(t *testing.T) {
	for _, row := range []struct{ accept, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"x-gzip", "gzip"},
		{"GZIP", "gzip"},
		{"gzip, deflate, br, zstd", "zstd"},
		{"gzip, zstd;q=0.9", "gzip"},
		{"gzip;q=0", ""},
		{"gzip;q=0, *", "zstd"},
		{"*", "zstd"},
		{"*;q=0", ""},
		{"*;q=0, gzip", "gzip"},
		{"zstd;q=0, *;q=0.5", "gzip"},
		{"identity", ""},
		{"identity, gzip;q=0.5", ""},
		{"identity;q=0.5, gzip", "gzip"},
		{"br, deflate", ""},
	} {
		if got := acceptedCoding([]string{row.accept}); got != row.want {
			t.Errorf("%q: got %q, want %q", row.accept, got, row.want)
		}
	}
}

func TestMatchesAny(t *testing.T) {
	const tag = `W/"a,b"`
	for _, row := range []struct {
		header string
		want   bool
	}{
		{``, false},
		{`*`, true},
		{` * `, true},
		{`"a,b"`, true},
		{`W/"a,b"`, true},
		{`"x", W/"a,b"`, true},
		{`"x","y" ,, "a,b"`, true},
		{`"x"`, false},
		{`"a", "b"`, false},
		{`a,b`, false},
		{`w/"a,b"`, false},
		{`"a,b`, false},
		{`W/`, false},
		{`"`, false},
	} {
		if got := matchesAny([]string{row.header}, tag); got != row.want {
			t.Errorf("%s: got %v, want %v", row.header, got, row.want)
		}
	}
	if !matchesAny([]string{`"x"`, `"a,b"`}, tag) {
		t.Error("the second line is not looked at")
	}
}

func FuzzMatchesAny(f *testing.F) {
	for _, seed := range []string{`*`, `"a", W/"b"`, `W/"`, `,,"`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if matchesAny([]string{header}, `W/"tag"`) && !strings.Contains(header, `"tag"`) && !strings.Contains(header, "*") {
			t.Errorf("%q names the tag", header)
		}
	})
}

// TestBodies: an extension is added to what there is, and it stays JSON.
func TestBodies(t *testing.T) {
	for _, row := range []struct {
		name        string
		response    graphql.Response
		body, stale string
	}{
		{"data", graphql.Response{Data: []byte(`{"a":"<"}`)}, `{"data":{"a":"<"}}`, `{"extensions":{"stale":{"seconds":7}},"data":{"a":"<"}}`},
		{
			"with extensions", graphql.Response{Data: []byte(`{"a":1}`), Extensions: map[string]any{"cost": 3}},
			`{"extensions":{"cost":3},"data":{"a":1}}`, `{"extensions":{"stale":{"seconds":7},"cost":3},"data":{"a":1}}`,
		},
		{"with errors", graphql.Response{Data: []byte(`{"a":null}`), Errors: gqlerror.List{{Message: "x"}}}, `{"errors":[{"message":"x"}],"data":{"a":null}}`, ""},
		{"errors alone", graphql.Response{Errors: gqlerror.List{{Message: "x"}}}, `{"errors":[{"message":"x"}],"data":null}`, ""},
	} {
		body := bodyOf(&row.response, "")
		if string(body) != row.body {
			t.Errorf("%s: got %s, want %s", row.name, body, row.body)
		}
		if row.stale == "" {
			continue
		}
		if got := withStaleness(body, 7); string(got) != row.stale || !json.Valid(got) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.stale)
		}
		if string(body) != row.body {
			t.Errorf("%s: the body that others have has become %s", row.name, body)
		}
	}
}

func TestPublicFor(t *testing.T) {
	for _, row := range []struct {
		maxAge, while, ifError time.Duration
		want                   string
	}{
		{0, 0, 0, "public, max-age=0"},
		{5 * time.Second, 0, 0, "public, max-age=5"},
		{5 * time.Second, time.Minute, 0, "public, max-age=5, stale-while-revalidate=60"},
		{5 * time.Second, time.Minute, time.Hour, "public, max-age=5, stale-while-revalidate=60, stale-if-error=3600"},
	} {
		if got := publicFor(row.maxAge, row.while, row.ifError); got != row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
	}
}

func FuzzURLParameters(f *testing.F) {
	for _, seed := range []string{
		"query={a}", "query={a}&query={b}", "documentId=x", "variables={}&query=q", "variables=%7B%22a%22%3A1%7D&query=q",
		"extensions={\"persistedQuery\":{}}", "query=%", "query=a;b", "", "operationName=null&query=%ff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		p, err := urlParameters(query)
		if (p == nil) == (err == nil) {
			t.Fatalf("got %+v and %v", p, err)
		}
		values, bad := url.ParseQuery(query)
		if err != nil {
			for _, list := range values {
				if len(list[0]) > 40 && strings.Contains(err.Error(), list[0]) {
					t.Errorf("the error repeats what was sent: %v", err)
				}
			}
			return
		}
		if bad != nil || p.Query != values.Get("query") || p.OperationName != values.Get("operationName") {
			t.Errorf("%q is read as %+v", query, p)
		}
	})
}

func FuzzElements(f *testing.F) {
	for _, seed := range []string{`[]`, `[{"query":"{a}"},{}]`, `[1,2,3,4]`, `[{]`, `[,]`, `[1]x`, `[[],{"a":[1]}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if !isBatch(text) {
			return
		}
		list, err := elements(text, 3)
		if err != nil {
			if json.Valid(text) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if len(list) <= 3 && !json.Valid(text) || len(list) > 4 {
			t.Errorf("%q: got %d elements", text, len(list))
		}
	})
}
