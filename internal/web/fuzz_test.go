package web_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func FuzzPaths(f *testing.F) {
	for _, path := range []string{
		"/", "/fr", "/en/", "/fr/story/crue", "/fr/story/", "/story/crue", "/story/%ff", "/fr/tag/a%2Fb", "/live/x/", "/fr/live/direct", "//fr//story",
		"/fr/../en", "/assets/x/main.js", "/assets/%2e%2e/x", "/pictures/a.svg", "/fr/ticker", "/\x00", "/fr/story/" + strings.Repeat("a", 300),
	} {
		for _, query := range []string{"", "after=x", "after=%ff%00&after=y", "tag=monde", "tag=%3Cscript%3E", "%zz;&=", "after=" + strings.Repeat("a", 600)} {
			f.Add(path, query, "en;q=0.5, *")
		}
	}
	s := newSite(f, newsroom())
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		u, err := url.Parse(path)
		if err != nil || !strings.HasPrefix(u.Path, "/") {
			return
		}
		u.Scheme, u.Host, u.RawQuery, u.Fragment, u.User = "", "", query, "", nil
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL = u
		r.Header.Set("Accept-Language", accept)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code >= 500 || w.Code < 200 {
			t.Errorf("got %d", w.Code)
		}
		if to := w.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, `/\`)) {
			t.Errorf("it leads to %q", to)
		}
		if strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") && w.Code != 301 && w.Code != 302 && w.Code != 307 {
			checkMarkup(t, path, parse(t, w.Body.String()))
		}
	})
}

// FuzzAnswers reads whatever an API could say, on one of the pages.
func FuzzAnswers(f *testing.F) {
	paths := []string{"/fr", "/fr/ticker", "/fr/tag/monde", "/fr/story/crue", "/story/crue", "/fr/live", "/fr/live/direct"}
	a := newsroom()
	answers := []string{"", "{}", `{"data": {}}`, `{"data": {"story": {}}}`, `{"errors": [null]}`, `{"errors": [{}]}`, `{"data": {"stories": {"nodes": [null]}}}`, "null", "[]", "\xff"}
	for _, answer := range slices.AppendSeq(answers, maps.Values(a.answers)) {
		for page := range paths {
			f.Add(answer, uint8(page))
		}
	}
	s := newSite(f, a)
	f.Fuzz(func(t *testing.T, answer string, page uint8) {
		a.asked = nil
		for operation := range a.answers {
			a.answers[operation] = answer
		}
		path := paths[int(page)%len(paths)]
		if got := read(s, path); got.Code == http.StatusInternalServerError {
			t.Errorf("%s: got %d", path, got.Code)
		}
	})
}
