package transport_test

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"depeche/internal/cache"
	"depeche/internal/news"
	"depeche/internal/transport"
)

const headlines = `{ticker(first:20){nodes{headline}}}`

var byGet = "/graphql?query=" + url.QueryEscape(headlines)

// cdn sets what caches on the way are told.
func cdn(o *transport.Options) {
	o.MaxAge, o.StaleWhileRevalidate, o.StaleIfError = 5*time.Second, time.Minute, time.Hour
}

func TestWhereAnswersComeFrom(t *testing.T) {
	r := openWith(t, options{serve: cdn})
	r.publish(t, "first")
	token := "Authorization: Bearer " + r.token(t, news.Editor)
	post := encoded(t, map[string]string{"query": headlines})
	long := encoded(t, map[string]string{"query": headlines + "#" + strings.Repeat("x", 17<<10)})
	const public, none = "public, max-age=5, stale-while-revalidate=60, stale-if-error=3600", "no-store"
	for _, row := range []struct {
		name, method, path, body string
		headers                  []string
		cache, control           string
		tag, age                 bool
	}{
		{"GET", "GET", byGet, "", nil, "MISS", public, true, false},
		{"GET again", "GET", byGet, "", nil, "HIT", public, true, true},
		{"HEAD", "HEAD", byGet, "", nil, "HIT", public, true, true},
		{"GET of another media type", "GET", byGet, "", []string{asResponse}, "MISS", public, true, false},
		{"GET of another media type again", "GET", byGet, "", []string{asResponse}, "HIT", public, true, true},
		{"POST", "POST", "/graphql", post, []string{asJSON}, "MISS", none, false, false},
		{"POST again", "POST", "/graphql", post, []string{asJSON + ";charset=utf-8"}, "HIT", none, false, true},
		{"POST with space around", "POST", "/graphql", " \n" + post + "\r\n", []string{asJSON}, "HIT", none, false, true},
		{"GET with a token", "GET", byGet, "", []string{token}, "BYPASS", "private, no-store", false, false},
		{"POST with a token", "POST", "/graphql", post, []string{asJSON, token}, "BYPASS", "private, no-store", false, false},
		{"GET with an empty Authorization", "GET", byGet, "", []string{"Authorization: "}, "BYPASS", "private, no-store", false, false},
		{"too long a POST", "POST", "/graphql", long, []string{asJSON}, "BYPASS", none, false, false},
		{"too long a POST again", "POST", "/graphql", long, []string{asJSON}, "BYPASS", none, false, false},
		{"mutation", "POST", "/graphql", `{"query":"mutation{unpublishStory(input:{id:\"x\",expectedVersion:1}){id}}"}`, []string{asJSON}, "BYPASS", none, false, false},
		{"error of a field", "GET", "/graphql?query={ticker(first:500){nodes{id}}}", "", nil, "MISS", none, false, false},
		{"error of a field again", "GET", "/graphql?query={ticker(first:500){nodes{id}}}", "", nil, "MISS", none, false, false},
		{"syntax error", "GET", "/graphql?query={", "", nil, "MISS", none, false, false},
		{"syntax error again", "GET", "/graphql?query={", "", nil, "MISS", none, false, false},
		{"no operation", "GET", "/graphql?x=1", "", nil, "BYPASS", none, false, false},
	} {
		response, body := r.send(t, row.method, row.path, row.body, row.headers...)
		h := response.Header
		if got := h.Get("X-Cache"); got != row.cache {
			t.Errorf("%s: got %s, want %s: %s", row.name, got, row.cache, body)
		}
		if got := h.Get("Cache-Control"); got != row.control {
			t.Errorf("%s: got Cache-Control: %s, want %s", row.name, got, row.control)
		}
		if got := h.Get("ETag"); strings.HasPrefix(got, `W/"`) != row.tag {
			t.Errorf("%s: got ETag: %s", row.name, got)
		}
		if got := h.Get("Age"); (got != "") != row.age {
			t.Errorf("%s: got Age: %s", row.name, got)
		}
		if got := h.Values("Vary"); len(got) != 1 || got[0] != "Origin, Accept, Accept-Encoding, Authorization" {
			t.Errorf("%s: got Vary: %s", row.name, got)
		}
		if strings.Contains(row.name, "GET again") && !strings.Contains(body, "first") || row.method == "HEAD" && (body != "" || response.ContentLength <= 0) {
			t.Errorf("%s: got %d bytes: %s", row.name, response.ContentLength, body)
		}
	}
	for name, want := range map[string]int{"hit": 5, "miss": 7, "bypass": 6, "stale": 0, "coalesced": 0} {
		if got := r.metric(t, `depeche_cache_requests_total{outcome="`+name+`"}`); got != want {
			t.Errorf("%d %s, want %d", got, name, want)
		}
	}
	if got := r.metric(t, "depeche_cache_hit_age_seconds_count"); got != 5 {
		t.Errorf("the age of %d hits is told, want 5", got)
	}
	if answers, bytes := r.metric(t, "depeche_cache_answers"), r.metric(t, "depeche_cache_bytes"); answers != 3 || bytes < 100 {
		t.Errorf("got %d answers of %d bytes, want 3", answers, bytes)
	}
}

// TestWithoutACache: then nothing is kept, but what goes through caches on the way has
// the same headers.
func TestWithoutACache(t *testing.T) {
	r := openWith(t, options{serve: func(o *transport.Options) { cdn(o); o.Cache = nil }})
	for range 2 {
		response, _ := r.send(t, "GET", byGet, "")
		h := response.Header
		if h.Get("X-Cache") != "BYPASS" || !strings.HasPrefix(h.Get("Cache-Control"), "public, max-age=5,") {
			t.Errorf("got %v", h)
		}
		if again, body := r.send(t, "GET", byGet, "", "If-None-Match: "+h.Get("ETag")); again.StatusCode != 304 || body != "" {
			t.Errorf("got %s %s", again.Status, body)
		}
	}
}

func TestNotModified(t *testing.T) {
	r := openWith(t, options{serve: cdn})
	r.publish(t, "first")
	response, _ := r.send(t, "GET", byGet, "")
	tag := response.Header.Get("ETag")
	for _, row := range []struct {
		name, method, path, header string
		status                     int
	}{
		{"the same", "GET", byGet, tag, 304},
		{"the same of HEAD", "HEAD", byGet, tag, 304},
		{"strong", "GET", byGet, strings.TrimPrefix(tag, "W/"), 304},
		{"one of several", "GET", byGet, `"x", ` + tag, 304},
		{"any", "GET", byGet, "*", 304},
		{"another", "GET", byGet, `W/"x"`, 200},
		{"any, of an error", "GET", "/graphql?query={ticker(first:500){nodes{id}}}", "*", 200},
		{"any, of what can't be", "GET", "/graphql", "*", 400},
		{"any, of POST", "POST", "/graphql", "*", 200},
	} {
		body := ""
		if row.method == "POST" {
			body = encoded(t, map[string]string{"query": headlines})
		}
		response, text := r.send(t, row.method, row.path, body, asJSON, "If-None-Match: "+row.header)
		if response.StatusCode != row.status {
			t.Errorf("%s: got %s, want %d", row.name, response.Status, row.status)
		}
		if row.status != 304 {
			continue
		}
		h := response.Header
		if text != "" || h.Get("ETag") != tag || h.Get("Vary") == "" || h.Get("Date") == "" || !strings.HasPrefix(h.Get("Cache-Control"), "public") || h.Get("X-Cache") != "HIT" || h.Get("Content-Type") != "" {
			t.Errorf("%s: got %v %q", row.name, h, text)
		}
	}
	r.publish(t, "second")
	if response, body := r.send(t, "GET", byGet, "", "If-None-Match: "+tag); response.StatusCode != 200 || !strings.Contains(body, "second") {
		t.Errorf("when there is something new: got %s %s", response.Status, body)
	}
}

// TestOriginsOfOneAnswer: what is kept is the answer, not for which page it was.
func TestOriginsOfOneAnswer(t *testing.T) {
	r := open(t)
	for _, row := range []struct{ origin, allowed, cache string }{
		{"https://news.example", "https://news.example", "MISS"},
		{"http://localhost:5173", "http://localhost:5173", "HIT"},
		{"https://evil.example", "", "HIT"},
		{"", "", "HIT"},
	} {
		response, _ := r.send(t, "GET", byGet, "", "Origin: "+row.origin)
		h := response.Header
		if got := h.Get("Access-Control-Allow-Origin"); got != row.allowed || h.Get("X-Cache") != row.cache || !strings.Contains(h.Get("Vary"), "Origin") {
			t.Errorf("%s: got %v", row.origin, h)
		}
		if exposed := strings.ToLower(h.Get("Access-Control-Expose-Headers")); row.allowed != "" && !strings.Contains(exposed, "x-cache") {
			t.Errorf("%s: got %s", row.origin, exposed)
		}
	}
}

func TestCompression(t *testing.T) {
	r := openWith(t, options{serve: cdn})
	for i := range 20 {
		r.publish(t, fmt.Sprintf("%d: a headline that is long enough for twenty of them to be worth it", i))
	}
	_, plain := r.send(t, "GET", byGet, "", "Accept-Encoding: identity")
	token := "Authorization: Bearer " + r.token(t, news.Editor)
	tags := map[string]bool{}
	for _, row := range []struct {
		name, accept, want string
		path               string
		headers            []string
	}{
		{"gzip", "gzip", "gzip", byGet, nil},
		{"gzip again", "gzip", "gzip", byGet, nil},
		{"zstd", "gzip, br, zstd", "zstd", byGet, nil},
		{"zstd again", "gzip, br, zstd", "zstd", byGet, nil},
		{"none", "identity", "", byGet, nil},
		{"not kept", "gzip", "gzip", byGet, []string{token}},
		{"not worth it", "gzip", "", "/graphql?query={viewer{role}}", nil},
	} {
		var lengths []int64
		for _, method := range []string{"GET", "HEAD"} {
			response, body := r.send(t, method, row.path, "", append([]string{"Accept-Encoding: " + row.accept}, row.headers...)...)
			if got := response.Header.Get("Content-Encoding"); got != row.want {
				t.Fatalf("%s by %s: got Content-Encoding: %q, want %q", row.name, method, got, row.want)
			}
			lengths = append(lengths, response.ContentLength)
			if method == "HEAD" {
				continue
			}
			if len(body) != int(response.ContentLength) || row.want != "" && len(body) > len(plain)*3/4 {
				t.Errorf("%s: %d bytes, Content-Length: %d", row.name, len(body), response.ContentLength)
			}
			if row.path == byGet {
				if got := unpacked(t, row.want, body); got != plain {
					t.Errorf("%s: got %s", row.name, got)
				}
				tags[response.Header.Get("ETag")] = true
			}
		}
		if lengths[0] != lengths[1] || lengths[0] <= 0 {
			t.Errorf("%s: %d bytes, of HEAD %d", row.name, lengths[0], lengths[1])
		}
	}
	if delete(tags, ""); len(tags) != 1 {
		t.Errorf("got the tags %v, want one for all codings", tags)
	}
}

func unpacked(t testing.TB, coding, body string) string {
	t.Helper()
	var from io.Reader = strings.NewReader(body)
	switch coding {
	case "gzip":
		z, err := gzip.NewReader(from)
		must(t, err)
		from = z
	case "zstd":
		z, err := zstd.NewReader(from)
		must(t, err)
		defer z.Close()
		from = z
	}
	text, err := io.ReadAll(from)
	must(t, err)
	return string(text)
}

// An absent store can't be reached for a page of the ticker while it is away.
type absent struct {
	news.Store
	away *atomic.Bool
}

func (a absent) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	if a.away.Load() {
		return news.Page[*news.TickerEntry]{}, news.ErrUnavailable
	}
	return a.Store.TickerEntries(ctx, f, w)
}

// TestStoreAway: what was true when the store could be reached is said, and that it is
// no more than that.
func TestStoreAway(t *testing.T) {
	var away atomic.Bool
	var behind atomic.Int64 // of the cache's clock
	behind.Store(int64(90 * time.Minute))
	r := openWith(t, options{
		serve: cdn,
		pane:  func(s news.Store) news.Store { return absent{s, &away} },
		cache: cache.Options{Lifetime: time.Hour, StaleFor: 24 * time.Hour, Now: func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) }},
	})
	r.publish(t, strings.Repeat("first ", 40))
	r.publish(t, strings.Repeat("second ", 40))
	r.publish(t, strings.Repeat("third ", 40))
	r.publish(t, strings.Repeat("fourth ", 40))
	r.send(t, "GET", byGet, "")
	behind.Store(0)
	away.Store(true)
	response, body := r.send(t, "GET", byGet, "", "If-None-Match: *")
	h := response.Header
	var answer struct {
		Data       json.RawMessage
		Extensions struct{ Stale struct{ Seconds int } }
	}
	must(t, json.Unmarshal([]byte(body), &answer))
	age, err := strconv.Atoi(h.Get("Age"))
	must(t, err)
	if age < 5400 || age > 5500 || answer.Extensions.Stale.Seconds != age || !strings.Contains(string(answer.Data), "first") {
		t.Errorf("got %s, Age: %d", body, age)
	}
	if response.StatusCode != 200 || h.Get("Warning") != `110 - "Response is Stale"` || h.Get("X-Cache") != "HIT" || h.Get("Cache-Control") != "no-store" || h.Get("ETag") != "" {
		t.Errorf("got %s %v", response.Status, h)
	}
	for range 2 { // it is compressed as it is said, and not as it is kept
		response, packed := r.send(t, "GET", byGet, "", "Accept-Encoding: gzip")
		if coding := response.Header.Get("Content-Encoding"); coding != "gzip" || !strings.Contains(unpacked(t, coding, packed), `"stale":{"seconds":54`) {
			t.Errorf("compressed: got %s %s", coding, unpacked(t, coding, packed))
		}
	}
	if got := r.metric(t, `depeche_cache_requests_total{outcome="stale"}`); got != 3 {
		t.Errorf("got %d stale answers, want 3", got)
	}
	_, body = r.send(t, "GET", "/graphql?query={ticker(first:1){nodes{id}}}", "")
	if got := code(t, body); got != "UNAVAILABLE" {
		t.Errorf("of what has never been asked: got %s", body)
	}
	away.Store(false)
	if response, body := r.send(t, "GET", byGet, ""); response.Header.Get("X-Cache") != "MISS" || response.Header.Get("Warning") != "" {
		t.Errorf("when it is back: got %v %s", response.Header, body)
	}
}
