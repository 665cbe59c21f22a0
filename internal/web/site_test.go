package web_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"depeche/internal/web"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// An api is one that answers operations with what a test has given.
type api struct {
	answers map[string]string // JSON by the name of the operation without Reader
	status  int               // of answers; 0: 200
	head    http.Header       // of answers, beside the Content-Type
	asked   []*http.Request
}

const kept = "public, max-age=2, stale-while-revalidate=10"

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/graphql" {
		http.Error(w, "the API has no "+r.URL.Path, http.StatusTeapot)
		return
	}
	operation, _ := strings.CutPrefix(r.URL.Query().Get("operationName"), "Reader")
	if operation != "Sections" { // which all pages ask beside what they are about
		a.asked = append(a.asked, r)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", kept)
	for name, values := range a.head {
		w.Header()[name] = values
	}
	if a.status != 0 {
		w.WriteHeader(a.status)
	}
	answer, ok := a.answers[operation]
	if !ok {
		answer = fmt.Sprintf(`{"errors": [{"message": "no answer to %s", "extensions": {"code": "INTERNAL"}}]}`, operation)
	}
	io.WriteString(w, answer) //nolint:errcheck // the test fails without it
}

// variables are those of the last operation that was asked.
func (a *api) variables(t testing.TB) map[string]any {
	t.Helper()
	if len(a.asked) == 0 {
		t.Fatal("nothing was asked")
	}
	var v map[string]any
	if err := json.Unmarshal([]byte(a.asked[len(a.asked)-1].URL.Query().Get("variables")), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func newSite(t testing.TB, a *api, change ...func(*web.Options)) *web.Site {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		t.Fatal(err)
	}
	o := web.Options{
		API: a, Zone: zone, Now: func() time.Time { return noon }, Name: "Le Courrier", PublicURL: "https://news.example",
		ImageSources: []string{"https:"}, Logger: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	s, err := web.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// read asks for something by GET. Head are names and values.
func read(s http.Handler, path string, head ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// A document is a page that was read.
type document struct {
	t    testing.TB
	root *html.Node
	text string
}

func parse(t testing.TB, text string) document {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return document{t, root, text}
}

// all are the elements of a name, those in templates too.
func (d document) all(name string) []*html.Node {
	var found []*html.Node
	for n := range d.root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// with is the one element of a name that has an attribute.
func (d document) with(name, key, value string) *html.Node {
	for _, n := range d.all(name) {
		if attribute(n, key) == value {
			return n
		}
	}
	return nil
}

// meta is the content of a meta by its name or property; several are put together.
func (d document) meta(name string) string {
	var found []string
	for _, n := range d.all("meta") {
		if attribute(n, "property") == name || attribute(n, "name") == name {
			found = append(found, attribute(n, "content"))
		}
	}
	return strings.Join(found, "|")
}

func (d document) canonical() string {
	if n := d.with("link", "rel", "canonical"); n != nil {
		return attribute(n, "href")
	}
	return ""
}

// said is what the page says in JSON-LD, by the type.
func (d document) said() map[string]map[string]any {
	d.t.Helper()
	said := map[string]map[string]any{}
	for _, n := range d.all("script") {
		if attribute(n, "type") != "application/ld+json" {
			continue
		}
		var thing map[string]any
		if err := json.Unmarshal([]byte(n.FirstChild.Data), &thing); err != nil {
			d.t.Fatalf("JSON-LD that is none: %v\n%s", err, n.FirstChild.Data)
		}
		said[fmt.Sprint(thing["@type"])] = thing
	}
	return said
}

// in finds something in JSON by a path of names and of numbers.
func in(thing any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			m, _ := thing.(map[string]any)
			thing = m[step]
		case int:
			l, _ := thing.([]any)
			if step >= len(l) {
				return nil
			}
			thing = l[step]
		}
	}
	return thing
}
