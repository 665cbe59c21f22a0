package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"depeche/internal/web"
)

// TestPagesAreMadeOnce changes answers behind the back of their tags, which shows what
// is made of them.
func TestPagesAreMadeOnce(t *testing.T) {
	a, now := newsroom(), noon
	a.head = http.Header{"Etag": {`W/"1"`}}
	s := newSite(t, a, func(o *web.Options) { o.PublicURL, o.Now = "", func() time.Time { return now } })
	titled := func(title string) {
		a.answers["Story"] = story(strings.Replace(floodJSON, "La crue est passée", title, 1))
	}
	shown := func(host, path string) string {
		t.Helper()
		r, w := httptest.NewRequest("GET", path, nil), httptest.NewRecorder()
		r.Host = host
		s.ServeHTTP(w, r)
		if w.Code != 200 || w.Header().Get("CDN-Cache-Control") != kept {
			t.Errorf("%s: got %d, %v", path, w.Code, w.Header())
		}
		title, _, _ := strings.Cut(parse(t, w.Body.String()).all("title")[0].FirstChild.Data, " — ")
		return title
	}
	for i, row := range []struct {
		host, path, tag string
		later           time.Duration
		want            string
	}{
		{"a.example", "/fr/story/crue", `W/"1"`, 0, "0"},
		{"a.example", "/fr/story/crue", `W/"1"`, 0, "0"},
		{"a.example", "/fr/story/crue?utm_source=x", `W/"1"`, 0, "0"},
		{"b.example", "/fr/story/crue", `W/"1"`, 0, "3"},
		{"a.example", "/en/story/crue", `W/"1"`, 0, "4"},
		{"a.example", "/fr/story/crue", `W/"2"`, 0, "5"},
		{"a.example", "/fr/story/crue", `W/"1"`, 0, "0"},
		{"a.example", "/fr/story/crue", `W/"1"`, 24 * time.Hour, "7"},
		{"a.example", "/fr/story/crue", ``, 0, "8"},
		{"a.example", "/fr/story/crue", ``, 0, "9"},
	} {
		titled(fmt.Sprint(i))
		now = now.Add(row.later)
		if a.head.Set("ETag", row.tag); row.tag == "" {
			a.head.Del("ETag")
		}
		if got := shown(row.host, row.path); got != row.want {
			t.Errorf("%d: got what was made of answer %s, want %s", i, got, row.want)
		}
	}
}

func TestFewPagesAreKept(t *testing.T) {
	a := newsroom()
	a.head = http.Header{"Etag": {`W/"1"`}}
	s := newSite(t, a)
	first := read(s, "/fr/ticker?after=first").Body.String()
	again := func() bool { return read(s, "/fr/ticker?after=first").Body.String() == first }
	more := func(from, to int) {
		for i := from; i < to; i++ {
			read(s, fmt.Sprint("/fr/ticker?after=", i))
		}
	}
	good := a.answers["Ticker"]
	a.answers["Ticker"] = strings.Replace(good, "Le Sénat vote", "Une autre ligne", 1)
	if more(0, 100); !again() { // which has it stay longer
		t.Error("it was forgotten after 100 others")
	}
	if more(100, 150); !again() {
		t.Error("it was forgotten though it was wanted")
	}
	if more(150, 400); again() {
		t.Error("it is kept after 250 others")
	}
}

func TestManyReadersAtOnce(t *testing.T) {
	var mu sync.Mutex // the api of tests is for one at a time
	a := newsroom()
	a.head = http.Header{"Etag": {`W/"1"`}}
	s := newSite(t, a, func(o *web.Options) {
		o.API = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			a.ServeHTTP(w, r)
		})
	})
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for _, path := range []string{"/fr", "/en", "/fr/story/crue", "/", fmt.Sprint("/fr/ticker?after=", i), "/fr/live/direct", "/robots.txt"} {
				if got := read(s, path, "Accept-Encoding", "gzip"); got.Code != 200 {
					t.Errorf("%s: got %d", path, got.Code)
				}
			}
		})
	}
	group.Wait()
}
