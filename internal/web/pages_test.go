package web_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"depeche/internal/web"
)

func TestPages(t *testing.T) {
	for _, row := range []struct {
		path, operation string
		variables       map[string]any
		kind, canonical string
		says            []string
	}{
		{"/fr", "Front", map[string]any{"language": "fr"}, "front", "https://news.example/fr", []string{"La crue est passée", "A harbor at night", "Le Sénat vote", `href="/fr?after=s%2B2"`, `href="/fr/ticker?after=t%262"`}},
		{"/en", "Front", map[string]any{"language": "en"}, "front", "https://news.example/en", []string{`href="/en/story/crue"`}},
		{"/", "Front", map[string]any{"language": "fr"}, "front", "https://news.example/fr", nil},
		{"/fr?after=s1", "Front", map[string]any{"language": "fr", "after": "s1"}, "front", "", nil},
		{"/fr/ticker", "Ticker", map[string]any{}, "ticker", "https://news.example/fr/ticker", []string{"<s>Une ligne retirée</s>", "C’était faux."}},
		{"/fr/ticker?after=t1", "Ticker", map[string]any{"after": "t1"}, "ticker", "", nil},
		{"/fr/ticker?tag=monde", "Ticker", map[string]any{"tags": []any{"monde"}}, "ticker", "", []string{`href="/fr/ticker?tag=monde&amp;after=t%262"`}},
		{"/fr/tag/monde", "Tag", map[string]any{"slug": "monde"}, "tag", "https://news.example/fr/tag/monde", []string{"La crue est passée", `href="/fr/ticker?tag=monde&amp;after=t%262"`}},
		{"/fr/tag/monde?after=s1", "Tag", map[string]any{"slug": "monde", "after": "s1"}, "tag", "", nil},
		{"/fr/story/crue", "Story", map[string]any{"slug": "crue"}, "story", "https://news.example/fr/story/crue", []string{"<p>Le fleuve <em>baisse</em>.</p>", "Le pont est le Vieux."}},
		{"/en/story/crue", "Story", map[string]any{"slug": "crue"}, "story", "https://news.example/fr/story/crue", nil},
		{"/fr/live", "Coverages", map[string]any{}, "coverages", "https://news.example/fr/live", []string{"La crue en direct", `href="/fr/live?after=c2"`}},
		{"/fr/live/direct", "Coverage", map[string]any{"slug": "direct"}, "coverage", "https://news.example/fr/live/direct", []string{"Le Sénat vote"}},
		{"/fr/live/direct?after=t1", "Coverage", map[string]any{"slug": "direct", "after": "t1"}, "coverage", "", nil},
	} {
		t.Run(row.path, func(t *testing.T) {
			a := newsroom()
			got := read(newSite(t, a), row.path)
			if got.Code != http.StatusOK || !strings.HasPrefix(got.Header().Get("Content-Type"), "text/html") {
				t.Fatalf("got %d of %s:\n%s", got.Code, got.Header().Get("Content-Type"), got.Body)
			}
			if len(a.asked) != 1 || a.asked[0].URL.Query().Get("operationName") != "Reader"+row.operation {
				t.Errorf("it asked %v, want %s once", a.asked, row.operation)
			}
			if v := a.variables(t); !reflect.DeepEqual(v, row.variables) {
				t.Errorf("it asked with %v, want %v", v, row.variables)
			}
			d := parse(t, got.Body.String())
			if kind := attribute(d.all("body")[0], "data-kind"); kind != row.kind {
				t.Errorf("it is a page of kind %s, want %s", kind, row.kind)
			}
			if d.canonical() != row.canonical || (d.meta("robots") == "noindex") != (row.canonical == "") {
				t.Errorf("its address for machines is %q and it says %q to robots, want %q", d.canonical(), d.meta("robots"), row.canonical)
			}
			for _, says := range row.says {
				if !strings.Contains(d.text, says) {
					t.Errorf("it does not say %q:\n%s", says, d.text)
				}
			}
			h := got.Header()
			if h.Get("Cache-Control") != "public, no-cache" || h.Get("CDN-Cache-Control") != kept || h.Get("ETag") == "" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
				t.Errorf("its headers are %v", h)
			}
			again := read(newSite(t, newsroom()), row.path, "If-None-Match", `"other", `+h.Get("ETag"))
			if again.Code != http.StatusNotModified || again.Body.Len() > 0 || again.Header().Get("CDN-Cache-Control") != kept {
				t.Errorf("asked for what is known: got %d with %d bytes and %v", again.Code, again.Body.Len(), again.Header())
			}
		})
	}
}

func TestPagesAskAsABrowserWould(t *testing.T) {
	a := newsroom()
	s := newSite(t, a)
	r := httptest.NewRequest(http.MethodGet, "/fr/story/crue", nil)
	r.RemoteAddr, r.Host = "192.0.2.7:4711", "reader.example"
	r.Header = http.Header{
		"Authorization": {"Bearer secret"}, "Cookie": {"who=me"}, "If-None-Match": {"*"}, "Accept": {"text/html"}, "Accept-Encoding": {"gzip"},
		"X-Forwarded-For": {"198.51.100.1", "198.51.100.2"}, "Origin": {"https://other.example"},
	}
	s.ServeHTTP(httptest.NewRecorder(), r)
	if len(a.asked) != 1 {
		t.Fatalf("it asked %d times, want once", len(a.asked))
	}
	addresses, err := web.ReadOperations(web.Operations())
	if err != nil {
		t.Fatal(err)
	}
	got, want := a.asked[0], http.Header{"Accept": {"application/json"}, "X-Forwarded-For": {"198.51.100.1", "198.51.100.2"}}
	if !reflect.DeepEqual(got.Header, want) {
		t.Errorf("it asked with %v, want %v", got.Header, want)
	}
	if address := addresses["Story"] + "&variables=" + url.QueryEscape(`{"slug":"crue"}`); got.RequestURI != address || got.URL.String() != address {
		t.Errorf("it asked %s, want %s", got.RequestURI, address)
	}
	if got.Method != http.MethodGet || got.RemoteAddr != r.RemoteAddr || got.Host != r.Host || got.Context() != r.Context() {
		t.Errorf("it asked by %s for %s at %s", got.Method, got.RemoteAddr, got.Host)
	}
}

func TestRedirects(t *testing.T) {
	german := strings.Replace(floodJSON, `"language": "fr"`, `"language": "de"`, 1)
	for _, row := range []struct {
		name, path, accept string
		status             int
		to                 string
		vary               bool
	}{
		{"a former slug of a story", "/fr/story/old", "", 301, "/fr/story/crue", false},
		{"of a tag", "/en/tag/old", "", 301, "/en/tag/monde", false},
		{"of a coverage", "/en/live/old", "", 301, "/en/live/direct", false},
		{"a story without a language", "/story/crue", "en", 301, "/fr/story/crue", false},
		{"by a former slug", "/story/old", "en", 301, "/fr/story/crue", false},
		{"of a language without pages", "/story/german", "en", 302, "/en/story/crue", true},
		{"a tag", "/tag/monde", "en", 302, "/en/tag/monde", true},
		{"a coverage", "/live/direct", "fr", 302, "/fr/live/direct", true},
		{"all coverages", "/live", "en-GB", 302, "/en/live", true},
		{"the ticker", "/ticker?after=t1&utm_source=x", "en", 302, "/en/ticker?after=t1", true},
		{"a slash too many", "/fr/", "", 301, "/fr", false},
		{"and below", "/fr/story/crue/?after=t%262", "", 301, "/fr/story/crue?after=t%262", false},
		{"without a language", "/story/crue/", "", 301, "/story/crue", true},
		{"to no other host", "/fr//other.example/", "", 307, "/fr/other.example/", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newsroom()
			if strings.Contains(row.path, "german") {
				a.answers["Story"] = story(german)
			}
			got := read(newSite(t, a), row.path, "Accept-Language", row.accept)
			if got.Code != row.status || got.Header().Get("Location") != row.to {
				t.Errorf("got %d to %q, want %d to %q", got.Code, got.Header().Get("Location"), row.status, row.to)
			}
			if vary := strings.Contains(strings.Join(got.Header().Values("Vary"), ","), "Accept-Language"); vary != row.vary {
				t.Errorf("Vary has %v", got.Header().Values("Vary"))
			}
			if row.status != 307 && got.Header().Get("Cache-Control") == "" {
				t.Error("it does not say how long it holds")
			}
		})
	}
}

func TestTrouble(t *testing.T) {
	html := &api{answers: newsroom().answers, head: http.Header{"Content-Type": {"text/html"}}}
	long := newsroom()
	long.answers["Front"] = `{"data": {"stories": "` + strings.Repeat("x", web.MaxAnswer) + `"}}`
	broken := &api{answers: map[string]string{"Front": `{"data": {`}}
	empty := &api{answers: map[string]string{"Front": `{"data": null}`}}
	limited := failing("RATE_LIMITED")
	limited.status, limited.head = 429, http.Header{"Retry-After": {"17"}, "Cache-Control": {"no-store"}}
	away := failing("UNAVAILABLE")
	away.head = http.Header{"Cache-Control": {"no-store"}}
	none := newsroom()
	none.answers["Story"], none.answers["Tag"], none.answers["Coverage"] = story("null"), strings.Replace(tag("x"), `"tag": {`, `"tag": null, "other": {`, 1), coverage("null")
	draft := newsroom()
	draft.answers["Story"] = story(strings.Replace(floodJSON, "PUBLISHED", "DRAFT", 1))
	for _, row := range []struct {
		name, path string
		api        *api
		status     int
		retry      string
		cache      string
	}{
		{"no such path", "/fr/nothing", newsroom(), 404, "", "no-store"},
		{"no such story", "/fr/story/x", none, 404, "", kept},
		{"nor without a language", "/story/x", none, 404, "", kept},
		{"no such tag", "/fr/tag/x", none, 404, "", kept},
		{"no such coverage", "/fr/live/x", none, 404, "", kept},
		{"a draft", "/fr/story/crue", draft, 404, "", kept},
		{"what no slug is", "/fr/story/A%2F..%2F%3Cscript%3E", newsroom(), 404, "", "no-store"},
		{"a path in the place of one", "/fr/story/a%2Fb", newsroom(), 404, "", "no-store"},
		{"nor that", "/fr/tag/%ff%00", newsroom(), 404, "", "no-store"},
		{"nor that, without a language", "/tag/%22%3E", newsroom(), 404, "", "no-store"},
		{"a slug that is too long", "/fr/live/" + strings.Repeat("a", 121), newsroom(), 404, "", "no-store"},
		{"a filter that is none", "/fr/ticker?tag=%00", newsroom(), 404, "", "no-store"},
		{"a place that is too long", "/fr?after=" + strings.Repeat("a", 513), newsroom(), 404, "", "no-store"},
		{"rubbish for a place", "/fr?after=x", failing("BAD_CURSOR"), 404, "", kept},
		{"a place of old", "/fr/ticker?after=x", failing("CURSOR_EXPIRED"), 404, "", kept},
		{"not found", "/fr/story/crue", failing("NOT_FOUND"), 404, "", kept},
		{"too often", "/fr", limited, 429, "17", "no-store"},
		{"the store is away", "/fr/story/crue", away, 503, "5", "no-store"},
		{"a fault", "/fr/story/crue", failing("INTERNAL"), 503, "5", "no-store"},
		{"an answer of another kind", "/fr", html, 503, "5", "no-store"},
		{"one that is too long", "/fr", long, 503, "5", "no-store"},
		{"one that breaks off", "/fr", broken, 503, "5", "no-store"},
		{"one without data", "/fr", empty, 503, "5", "no-store"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := read(newSite(t, row.api), row.path)
			h := got.Header()
			if got.Code != row.status || h.Get("Retry-After") != row.retry || cmp.Or(h.Get("CDN-Cache-Control"), h.Get("Cache-Control")) != row.cache || h.Get("ETag") != "" {
				t.Errorf("got %d, %v", got.Code, h)
			}
			d := parse(t, got.Body.String())
			if attribute(d.all("body")[0], "data-kind") != "trouble" || d.meta("robots") != "noindex" || len(d.all("h1")) == 0 || h.Get("Content-Security-Policy") == "" {
				t.Errorf("it is not a page of trouble:\n%s", got.Body)
			}
			if strings.Contains(d.text, "La crue") {
				t.Error("it shows what there is not")
			}
		})
	}
}

func TestRetractedStory(t *testing.T) {
	gone := strings.NewReplacer(`"status": "PUBLISHED"`, `"status": "RETRACTED"`, `"priority": "URGENT"`, `"priority": "FLASH"`, `"kind": "CORRECTION"`, `"kind": "RETRACTION"`, "Le pont est le Vieux.", "Rien n’en est vrai.").Replace(floodJSON)
	a := newsroom()
	a.answers["Story"] = story(gone)
	got := read(newSite(t, a), "/fr/story/crue")
	d := parse(t, got.Body.String())
	if got.Code != http.StatusGone || got.Header().Get("CDN-Cache-Control") != kept || got.Header().Get("ETag") != "" {
		t.Errorf("got %d, %v", got.Code, got.Header())
	}
	for _, shown := range []string{"La crue est passée", "Rien n’en est vrai."} {
		if !strings.Contains(d.text, shown) {
			t.Errorf("it does not say %q", shown)
		}
	}
	for _, withdrawn := range []string{"Le fleuve", "/pictures/crue.svg"} {
		if strings.Contains(d.text, withdrawn) {
			t.Errorf("it says %q, which is withdrawn", withdrawn)
		}
	}
	if flash := d.with("strong", "class", "flash"); flash != nil && flash.Parent.Parent.Data == "header" {
		t.Error("what is withdrawn is a flash")
	}
	if len(d.said()) > 0 || d.meta("robots") != "noindex" || d.canonical() != "" || d.meta("og:image") != "" {
		t.Errorf("machines are told of it: %v", d.said())
	}
}

func TestFrontPageOfALanguageWithoutStories(t *testing.T) {
	a := newsroom()
	s := newSite(t, a)
	a.answers["Front"] = front(`{"nodes": [], "pageInfo": {"hasNextPage": false, "endCursor": null}, "liveCursor": "L2"}`)
	got := read(s, "/en")
	if len(a.asked) != 2 || len(a.variables(t)) != 0 {
		t.Errorf("it asked %d times, at last with %v", len(a.asked), a.variables(t))
	}
	d := parse(t, got.Body.String())
	list := d.with("section", "data-variables", "{}")
	if got.Code != http.StatusOK || list == nil {
		t.Errorf("got %d, which goes on in one language:\n%s", got.Code, got.Body)
	}
}

func TestLanguageOfThePage(t *testing.T) {
	s := newSite(t, newsroom())
	for _, row := range []struct{ accept, want string }{
		{"", "fr"}, {"fr-CA, en;q=0.5", "fr"}, {"en", "en"}, {"en-AU", "en"}, {"de, en;q=0.2", "en"}, {"pl", "fr"}, {"*", "fr"},
		{"fr;q=0.1, en;q=0.9", "en"}, {";;;q=\"", "fr"}, {strings.Repeat("en,", 500), "fr"},
	} {
		got := read(s, "/", "Accept-Language", row.accept)
		d := parse(t, got.Body.String())
		if lang := attribute(d.all("html")[0], "lang"); lang != row.want || got.Header().Get("Content-Language") != row.want {
			t.Errorf("%.40q: got %s, want %s", row.accept, lang, row.want)
		}
		if vary := strings.Join(got.Header().Values("Vary"), ", "); !strings.Contains(vary, "Accept-Language") || !strings.Contains(vary, "Accept-Encoding") {
			t.Errorf("%.40q: Vary is %q", row.accept, vary)
		}
	}
	if vary := strings.Join(read(s, "/en").Header().Values("Vary"), ", "); strings.Contains(vary, "Language") {
		t.Errorf("/en has Vary %q", vary)
	}
}

func TestStoriesInOtherLanguagesSaySo(t *testing.T) {
	d := parse(t, read(newSite(t, newsroom()), "/fr?after=x").Body.String())
	if n := d.with("li", "data-id", "story_2"); n == nil || attribute(n, "lang") != "en" {
		t.Error("the English story on the French page does not say that it is one")
	}
	if n := d.with("li", "data-id", "story_1"); n == nil || attribute(n, "lang") != "" {
		t.Error("the French story on the French page is marked")
	}
}

func TestMethods(t *testing.T) {
	a := newsroom()
	s := newSite(t, a)
	for _, path := range []string{"/", "/fr", "/fr/story/crue", "/story/crue", "/robots.txt", "/assets/x/main.js", "/fr/nothing"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "BREW"} {
			w := httptest.NewRecorder()
			s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: got %d, %v", method, path, w.Code, w.Header())
			}
		}
	}
	if len(a.asked) > 0 {
		t.Errorf("it asked %d times for that", len(a.asked))
	}
	server := httptest.NewServer(s)
	defer server.Close()
	for _, path := range []string{"/fr", "/fr/story/crue", "/fr/nothing", "/icon.svg"} {
		get, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		get.Body.Close()
		head, err := http.Head(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		head.Body.Close()
		if head.StatusCode != get.StatusCode || head.Header.Get("ETag") != get.Header.Get("ETag") || head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			t.Errorf("HEAD %s: got %d, %v, want %d, %v", path, head.StatusCode, head.Header, get.StatusCode, get.Header)
		}
	}
}

func TestWhatIsNoPageGoesToTheAPI(t *testing.T) {
	a := newsroom()
	s := newSite(t, a)
	for _, row := range []struct {
		method, path string
		status       int
	}{
		{"POST", "/graphql", 200}, {"GET", "/graphql?query={x}", 200}, {"BREW", "/graphql", 200},
		{"GET", "/metrics", http.StatusTeapot}, {"POST", "/playground/x", http.StatusTeapot}, {"GET", "/pictures/x.svg", http.StatusTeapot},
	} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(row.method, row.path, nil)
		r.Header.Set("Authorization", "Bearer x")
		s.ServeHTTP(w, r)
		if w.Code != row.status || w.Header().Get("Vary") != "" {
			t.Errorf("%s %s: got %d, %v", row.method, row.path, w.Code, w.Header())
		}
		if n := len(a.asked); row.path[:4] == "/gra" && a.asked[n-1] != r {
			t.Errorf("%s %s: the API got another request", row.method, row.path)
		}
	}
}

func TestContentPolicy(t *testing.T) {
	const want = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: https://a.example https://b.example; connect-src 'self'; font-src 'self'; " +
		"manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
	s := newSite(t, newsroom(), func(o *web.Options) { o.ImageSources = []string{"https://a.example", "https://b.example"} })
	for _, path := range []string{"/fr", "/fr/nothing"} {
		if got := read(s, path).Header().Get("Content-Security-Policy"); got != want {
			t.Errorf("%s: got %s\nwant %s", path, got, want)
		}
	}
	// What the policy would keep from running or from being seen is not there.
	for _, path := range []string{"/fr", "/fr/ticker", "/fr/tag/monde", "/fr/story/crue", "/fr/live", "/fr/live/direct", "/fr/nothing"} {
		checkMarkup(t, path, parse(t, read(s, path).Body.String()))
	}
}

func TestSectionsOfALanguage(t *testing.T) {
	const bothHaveNone = `{"data": {"tags": {"nodes": [{"slug": "monde", "name": "Monde", "stories": {"nodes": []}}, {"slug": "world", "name": "World", "stories": {"nodes": []}}]}}}`
	for _, row := range []struct {
		name, answer string
		want         []string
	}{
		{"those that have stories", sectionsJSON, []string{"/fr/tag/monde"}},
		{"all where none has", bothHaveNone, []string{"/fr/tag/monde", "/fr/tag/world"}},
		{"none where they can't be had", `{"errors": [{"message": "x", "extensions": {"code": "UNAVAILABLE"}}]}`, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			a := newsroom()
			a.answers["Sections"] = row.answer
			got := read(newSite(t, a), "/fr/story/crue")
			var links []string
			d := parse(t, got.Body.String())
			for _, link := range d.all("a") {
				if href := attribute(link, "href"); strings.HasPrefix(href, "/fr/tag/") && !slices.Contains(links, href) {
					links = append(links, href)
				}
			}
			// The tags of the story are linked too, behind the navigation.
			links = slices.DeleteFunc(links, func(href string) bool { return strings.HasSuffix(href, "/eau") || strings.HasSuffix(href, "/anne-roy") })
			if want := row.want; got.Code != 200 || len(want) > 0 && !slices.Equal(links, want) {
				t.Errorf("got %d with %v, want %v", got.Code, links, want)
			}
		})
	}
}
