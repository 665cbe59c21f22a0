package transport_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const (
	asJSON     = "Content-Type: application/json"
	asResponse = "Accept: application/graphql-response+json"
	invalid    = "INVALID_ARGUMENT"
)

func TestRequestsThatCantBe(t *testing.T) {
	r := open(t)
	const marker = "MARKER-OF-WHAT-WAS-SENT"
	for _, row := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		code, says               string
	}{
		{"empty body", "POST", "/graphql", "", []string{asJSON}, 400, invalid, "ends early"},
		{"cut JSON", "POST", "/graphql", `{"query":"{` + marker, []string{asJSON}, 400, invalid, "ends early"},
		{"rubbish", "POST", "/graphql", marker, []string{asJSON}, 400, invalid, "byte"},
		{"not an object", "POST", "/graphql", `"` + marker + `"`, []string{asJSON}, 400, invalid, "string"},
		{"query is no string", "POST", "/graphql", `{"query":5}`, []string{asJSON}, 400, invalid, "query"},
		{"variables are no object", "POST", "/graphql", `{"query":"{viewer{role}}","variables":[1]}`, []string{asJSON}, 400, invalid, "variables"},
		{"something behind it", "POST", "/graphql", `{"query":"{viewer{role}}"} {}`, []string{asJSON}, 400, invalid, "behind"},
		{"batch", "POST", "/graphql", `[{"query":"{viewer{role}}"}]`, []string{asJSON}, 400, invalid, "batch"},
		{"no query", "POST", "/graphql", `{}`, []string{asJSON}, 400, invalid, "query is missing"},
		{"form", "POST", "/graphql", "query={viewer{role}}", []string{"Content-Type: application/x-www-form-urlencoded"}, 415, invalid, "application/json"},
		{"plain text", "POST", "/graphql", `{"query":"{viewer{role}}"}`, []string{"Content-Type: text/plain"}, 415, invalid, "application/json"},
		{"no type", "POST", "/graphql", `{"query":"{viewer{role}}"}`, nil, 415, invalid, "application/json"},
		{"Latin-1", "POST", "/graphql", `{"query":"{viewer{role}}"}`, []string{asJSON + "; charset=latin1"}, 415, invalid, "utf-8"},
		{"5 MB", "POST", "/graphql", `{"query":"{viewer{role}}","variables":{"x":"` + strings.Repeat("x", 5<<20) + `"}}`, []string{asJSON}, 413, invalid, "larger"},
		{"GET without query", "GET", "/graphql", "", nil, 400, invalid, "query is missing"},
		{"GET with bad variables", "GET", "/graphql?query={viewer{role}}&variables=" + marker, "", nil, 400, invalid, "variables"},
		{"mutation by GET", "GET", "/graphql?query=" + url.QueryEscape(`mutation{unpublishStory(input:{id:"x",expectedVersion:1}){id}}`), "", nil, 405, invalid, "POST"},
		{"PUT", "PUT", "/graphql", `{}`, []string{asJSON}, 405, invalid, "GET and POST"},
		{"subscription by POST", "POST", "/graphql", `{"query":"subscription{ticker{cursor}}"}`, []string{asJSON}, 400, invalid, "WebSocket"},
		{"syntax error, old media type", "POST", "/graphql", `{"query":"{"}`, []string{asJSON}, 200, invalid, "Expected"},
		{"syntax error, own media type", "POST", "/graphql", `{"query":"{"}`, []string{asJSON, asResponse}, 400, invalid, "Expected"},
		{"unknown operation", "POST", "/graphql", `{"query":"query A{viewer{role}}","operationName":"B"}`, []string{asJSON, asResponse}, 400, invalid, "not found"},
		{"rubbish for a token", "POST", "/graphql", `{"query":"{viewer{role}}"}`, []string{asJSON, "Authorization: Bearer " + marker}, 401, "UNAUTHENTICATED", "malformed"},
		{"another scheme", "POST", "/graphql", `{"query":"{viewer{role}}"}`, []string{asJSON, "Authorization: Basic " + marker}, 401, "UNAUTHENTICATED", "Bearer"},
	} {
		t.Run(row.name, func(t *testing.T) {
			response, body := r.send(t, row.method, row.path, row.body, row.headers...)
			if response.StatusCode != row.status || code(t, body) != row.code || !strings.Contains(body, row.says) {
				t.Errorf("got %d %s, want %d %s that says %q", response.StatusCode, body, row.status, row.code, row.says)
			}
			if strings.Contains(body, marker) {
				t.Errorf("the answer repeats what was sent: %s", body)
			}
			if strings.Contains(body, `"data"`) {
				t.Errorf("the answer to what could not begin has data: %s", body)
			}
			if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/") {
				t.Errorf("got %s", kind)
			}
		})
	}
}

func TestQueriesByPostAndGet(t *testing.T) {
	r := open(t)
	const want = `{"data":{"viewer":{"name":null,"role":"READER"}}}`
	query := `{viewer{name role}}`
	for _, row := range []struct {
		name, method, path, body string
		headers                  []string
	}{
		{"POST", "POST", "/graphql", `{"query":"` + query + `"}`, []string{asJSON}},
		{"POST with a charset", "POST", "/graphql", `{"query":"` + query + `"}`, []string{asJSON + "; charset=UTF-8"}},
		{"GET", "GET", "/graphql?query=" + url.QueryEscape(query), "", nil},
		{"GET with variables", "GET", "/graphql?query=" + url.QueryEscape(`query A($n:Int){viewer{name role} x:tags(first:$n){nodes{id}}}`) + `&operationName=A&variables={"n":1}`, "", nil},
	} {
		response, body := r.send(t, row.method, row.path, row.body, row.headers...)
		if body = strings.Replace(body, `,"x":{"nodes":[]}`, "", 1); response.StatusCode != 200 || body != want {
			t.Errorf("%s: got %d %s", row.name, response.StatusCode, body)
		}
		if response.Header.Get("X-Request-Id") == "" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got the headers %v", row.name, response.Header)
		}
	}
	response, _ := r.send(t, "POST", "/graphql", `{"query":"`+query+`"}`, asJSON, asResponse)
	if got := response.Header.Get("Content-Type"); got != "application/graphql-response+json; charset=utf-8" {
		t.Errorf("got %s", got)
	}
	_, body := r.send(t, "POST", "/graphql", `{"query":"`+query+`"}`, asJSON, "Authorization: Bearer "+r.token(t, "EDITOR"))
	if body != `{"data":{"viewer":{"name":"marie","role":"EDITOR"}}}` {
		t.Errorf("with a token: got %s", body)
	}
}

func TestOrigins(t *testing.T) {
	r := open(t)
	for _, row := range []struct {
		origin  string
		allowed bool
	}{
		{"https://news.example", true},
		{"HTTPS://NEWS.EXAMPLE", true},
		{"http://localhost:5173", true},
		{"http://localhost", false},
		{"https://evil.example", false},
		{"https://news.example.evil.example", false},
		{"http://localhost:1/x.evil.example", false},
		{"null", false},
	} {
		response, _ := r.send(t, "OPTIONS", "/graphql", "", "Origin: "+row.origin,
			"Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,content-type")
		if got := response.Header.Get("Access-Control-Allow-Origin") != ""; got != row.allowed {
			t.Errorf("%s: allowed %v, want %v", row.origin, got, row.allowed)
		}
		if response.Header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: credentials are allowed", row.origin)
		}
	}
}

func TestHealth(t *testing.T) {
	r := open(t)
	check := func(path string, status int) {
		t.Helper()
		response, body := r.send(t, "GET", path, "")
		if response.StatusCode != status || strings.Contains(body, "10.0.0.7") {
			t.Errorf("%s: got %d %q, want %d", path, response.StatusCode, body, status)
		}
	}
	check("/healthz", 200)
	check("/readyz", 200)
	check("/playground", 200)
	check("/", http.StatusFound)
	check("/nothing", 404)
	r.away.Store(true)
	check("/healthz", 200)
	check("/readyz", 503)
	r.away.Store(false)
	must(t, r.handler.Drain(t.Context(), 0))
	check("/healthz", 200)
	check("/readyz", 503)
}
