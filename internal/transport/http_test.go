package transport_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/transport"
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
		{"query is null", "POST", "/graphql", `{"query":null}`, []string{asJSON}, 400, invalid, "query is missing"},
		{"name of another case", "POST", "/graphql", `{"Query":"{viewer{role}}"}`, []string{asJSON}, 400, invalid, "query is missing"},
		{"operation name is no string", "POST", "/graphql", `{"query":"{viewer{role}}","operationName":{}}`, []string{asJSON}, 400, invalid, "operationName"},
		{"extensions are no object", "POST", "/graphql", `{"query":"{viewer{role}}","extensions":"` + marker + `"}`, []string{asJSON}, 400, invalid, "extensions"},
		{"document id is no string", "POST", "/graphql", `{"documentId":["` + marker + `"]}`, []string{asJSON}, 400, invalid, "documentId"},
		{"query twice", "POST", "/graphql", `{"query":"{viewer{role}}","variables":{},"query":"{viewer{name}}"}`, []string{asJSON}, 400, invalid, "query is there twice"},
		{"query twice, spelled differently", "POST", "/graphql", `{"query":"{viewer{role}}","quer\u0079":"{viewer{name}}"}`, []string{asJSON}, 400, invalid, "query is there twice"},
		{"not UTF-8", "POST", "/graphql", "{\"query\":\"{viewer{role}} #\xff\"}", []string{asJSON}, 400, invalid, "UTF-8"},
		{"a comma at the end", "POST", "/graphql", `{"query":"{viewer{role}}",}`, []string{asJSON}, 400, invalid, "byte"},
		{"no comma", "POST", "/graphql", `{"query":"{viewer{role}}" "variables":{}}`, []string{asJSON}, 400, invalid, "byte"},
		{"multipart", "POST", "/graphql", "--x\r\n\r\n--x--", []string{"Content-Type: multipart/form-data; boundary=x"}, 415, invalid, "application/json"},
		{"a type that is none", "POST", "/graphql", `{"query":"{viewer{role}}"}`, []string{"Content-Type: application/json; ="}, 415, invalid, "application/json"},
		{"compressed body", "POST", "/graphql", marker, []string{asJSON, "Content-Encoding: gzip"}, 415, invalid, "compressed"},
		{"150 kB of nobody", "POST", "/graphql", `{"query":"` + strings.Repeat(" ", 150<<10) + `"}`, []string{asJSON}, 413, invalid, "larger"},
		{"GET with the query twice", "GET", "/graphql?query={viewer{role}}&query={viewer{name}}", "", nil, 400, invalid, "query is there twice"},
		{"GET with bad escapes", "GET", "/graphql?query={viewer{role}}&x=%ZZ", "", nil, 400, invalid, "can't be understood"},
		{"GET with bad extensions", "GET", "/graphql?query={viewer{role}}&extensions=[]", "", nil, 400, invalid, "extensions is not a JSON object: it is an array"},
		{"mutation by GET, by name", "GET", "/graphql?operationName=B&query=" + url.QueryEscape(`query A{viewer{role}} mutation B{unpublishStory(input:{id:"x",expectedVersion:1}){id}}`), "", nil, 405, invalid, "POST"},
		{"nothing that there is, accepted", "POST", "/graphql", `{"query":"{viewer{role}}"}`, []string{asJSON, "Accept: text/html, image/*"}, 406, invalid, "application/graphql-response+json"},
		{"JSON refused", "GET", "/graphql?query={viewer{role}}", "", []string{"Accept: application/json;q=0"}, 406, invalid, "Accept"},
		{"validation error, own media type", "POST", "/graphql", `{"query":"{nothing}"}`, []string{asJSON, asResponse}, 400, invalid, "nothing"},
		{"validation error by GET", "GET", "/graphql?query={nothing}", "", nil, 200, invalid, "nothing"},
		{"bad variable, own media type", "POST", "/graphql", `{"query":"query($n:Int!){tags(first:$n){nodes{id}}}","variables":{"n":"x"}}`, []string{asJSON, asResponse}, 400, invalid, "$n"},
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
			if kind := response.Header.Get("Content-Type"); !strings.HasPrefix(kind, "application/") || !strings.HasSuffix(kind, "; charset=utf-8") {
				t.Errorf("got %s", kind)
			}
			if h := response.Header; h.Get("Cache-Control") != "no-store" || h.Get("X-Request-Id") == "" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Etag") != "" {
				t.Errorf("got the headers %v", h)
			}
			if allow := response.Header.Get("Allow"); (allow != "") != (row.status == 405) {
				t.Errorf("got Allow: %s", allow)
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
		if response.Header.Get("X-Request-Id") == "" && response.Header.Get("X-Cache") != "HIT" || response.Header.Get("X-Content-Type-Options") != "nosniff" {
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
	check("/nothing", 404)
	r.away.Store(true)
	check("/healthz", 200)
	check("/readyz", 503)
	r.away.Store(false)
	must(t, r.handler.Drain(t.Context(), 0))
	check("/healthz", 200)
	check("/readyz", 503)
}

// TestOptions: who asks without the words of CORS is told the methods.
func TestOptions(t *testing.T) {
	r := open(t)
	response, body := r.send(t, "OPTIONS", "/graphql", "")
	if got := response.Header.Get("Allow"); response.StatusCode != 204 || got != "GET, HEAD, POST, OPTIONS" || body != "" {
		t.Errorf("got %s, Allow: %s, %q", response.Status, got, body)
	}
}

// TestLongErrors: a document can have as many errors as it has words.
func TestLongErrors(t *testing.T) {
	r := open(t)
	fields := ""
	for i := range 300 {
		fields += fmt.Sprintf(" nothing%d", i)
	}
	_, body := r.send(t, "POST", "/graphql", `{"query":"{`+fields+`}"}`, asJSON)
	if n := strings.Count(body, `"message"`); n < 1 || n > 10 || len(body) > 10<<10 {
		t.Errorf("got %d errors, %d bytes", n, len(body))
	}
}

// TestParametersThatMayBeNull: what is null is not there.
func TestParametersThatMayBeNull(t *testing.T) {
	r := open(t)
	for _, request := range []string{
		`{"query":"{viewer{role}}","operationName":null,"variables":null,"extensions":null,"documentId":null}`,
		`{"query":"{viewer{role}}","operationName":"","variables":{},"extensions":{"mine":1}}`,
		` {"query":"{viewer{role}}","id":7,"id":8} `,
	} {
		response, body := r.send(t, "POST", "/graphql", request, asJSON)
		if response.StatusCode != 200 || !strings.Contains(body, `"READER"`) {
			t.Errorf("%s: got %s %s", request, response.Status, body)
		}
	}
}

// TestDocumentID: what names a document is given to the executor among the extensions.
func TestDocumentID(t *testing.T) {
	names := make(chan any, 1)
	r := openWith(t, options{executor: func(e graphql.GraphExecutor) graphql.GraphExecutor {
		return reading{e, func(p *graphql.RawParams) {
			names <- p.Extensions["documentId"]
			delete(p.Extensions, "documentId")
			p.Query = `{viewer{role}}`
		}}
	}})
	for _, row := range []struct{ name, method, path, body, want string }{
		{"GET", "GET", "/graphql?documentId=sha256:ab", "", "sha256:ab"},
		{"POST", "POST", "/graphql", `{"documentId":"cd"}`, "cd"},
		{"POST with extensions", "POST", "/graphql", `{"documentId":"ef","extensions":{"x":1}}`, "ef"},
	} {
		response, body := r.send(t, row.method, row.path, row.body, asJSON)
		if got := <-names; got != row.want || response.StatusCode != 200 || !strings.Contains(body, "READER") {
			t.Errorf("%s: got %v, %s %s", row.name, got, response.Status, body)
		}
	}
}

// A reading executor shows parameters before it takes them.
type reading struct {
	graphql.GraphExecutor
	show func(*graphql.RawParams)
}

func (e reading) CreateOperationContext(ctx context.Context, p *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	e.show(p)
	return e.GraphExecutor.CreateOperationContext(ctx, p)
}

// TestDeadline: an operation that takes too long is answered all the same.
func TestDeadline(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{ExecuteWithin: time.Millisecond}, executor: func(e graphql.GraphExecutor) graphql.GraphExecutor {
		return endless{e}
	}})
	_, body := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON)
	if got := code(t, body); got != "UNAVAILABLE" || !strings.Contains(body, `"data":null`) {
		t.Errorf("got %s", body)
	}
}

// An endless executor executes until its context ends.
type endless struct{ graphql.GraphExecutor }

func (e endless) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	<-ctx.Done()
	return e.GraphExecutor.DispatchOperation(ctx, op)
}

// TestTooLongABody: what does not say how long it is, is read no further than it may
// be, and the connection is closed behind the answer.
func TestTooLongABody(t *testing.T) {
	r := open(t)
	conn, err := net.Dial("tcp", r.Listener.Addr().String())
	must(t, err)
	defer conn.Close()
	must(t, conn.SetDeadline(time.Now().Add(patience)))
	go func() {
		io.WriteString(conn, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n") //nolint:errcheck // the server may have closed
		for range 1000 {
			if _, err := fmt.Fprintf(conn, "1000\r\n%s\r\n", strings.Repeat(" ", 0x1000)); err != nil {
				return
			}
		}
	}()
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	if response.StatusCode != 413 || !response.Close || code(t, string(text)) != invalid {
		t.Errorf("got %s %v %s", response.Status, response.Header, text)
	}
}
