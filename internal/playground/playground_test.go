package playground_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"depeche/internal/playground"
)

// get asks the playground as a browser does.
func get(t *testing.T, path string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	playground.Handler("/graphql").ServeHTTP(w, r)
	return w
}

var (
	tags      = regexp.MustCompile(`<(?:script|link rel="stylesheet")[^>]* (?:src|href)="([^"]+)"[^>]*>`)
	pinned    = regexp.MustCompile(`^https://cdn\.jsdelivr\.net/npm/(@[a-z]+/)?[a-z-]+@\d+\.\d+\.\d+/`)
	integrity = regexp.MustCompile(` integrity="sha384-[A-Za-z0-9+/]{64}" crossorigin="anonymous"`)
)

// TestThePageLoadsOnlyWhatIsPinned holds each tag to a file that is served here, or to
// one of a version whose content is known, and the policy to these.
func TestThePageLoadsOnlyWhatIsPinned(t *testing.T) {
	w := get(t, playground.Path)
	page, policy := html.UnescapeString(w.Body.String()), w.Header().Get("Content-Security-Policy")
	if w.Code != http.StatusOK || !strings.Contains(page, `data-api="/graphql"`) {
		t.Fatalf("got %d:\n%s", w.Code, page)
	}
	if strings.Contains(page, "<style") || strings.Contains(page, "<script>") || regexp.MustCompile(`<[^>]* (style|on[a-z]+)=`).MatchString(page) {
		t.Errorf("the page has a script or a style in itself:\n%s", page)
	}
	elsewhere := 0
	for _, tag := range tags.FindAllStringSubmatch(page, -1) {
		url := tag[1]
		if !strings.Contains(url, ":") {
			file := get(t, url)
			if file.Code != http.StatusOK || file.Body.Len() == 0 || !regexp.MustCompile(`^text/(javascript|css);`).MatchString(file.Header().Get("Content-Type")) {
				t.Errorf("%s: got %d, %s", url, file.Code, file.Header().Get("Content-Type"))
			}
			if got := file.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
				t.Errorf("%s: got %q, want it to be kept for good", url, got)
			}
			continue
		}
		elsewhere++
		if !pinned.MatchString(url) || !integrity.MatchString(tag[0]) {
			t.Errorf("%s is not pinned", tag[0])
		}
		if !strings.Contains(policy, " "+url) {
			t.Errorf("%s is not in the policy: %s", url, policy)
		}
	}
	if fromElsewhere := elsewhere > 0; fromElsewhere == built {
		t.Errorf("%d files are loaded from elsewhere; the playground is built in: %t", elsewhere, built)
	}
}

func TestPolicy(t *testing.T) {
	sources := map[string][]string{}
	for directive := range strings.SplitSeq(get(t, playground.Path).Header().Get("Content-Security-Policy"), "; ") {
		words := strings.Fields(directive)
		sources[words[0]] = words[1:]
	}
	for directive, want := range map[string]string{
		"default-src": "'none'", "connect-src": "'self'", "img-src": "'self' data:", "font-src": "'self' data:",
		"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
	} {
		if got := strings.Join(sources[directive], " "); got != want {
			t.Errorf("%s: got %s, want %s", directive, got, want)
		}
	}
	for _, source := range sources["script-src"] {
		if source != "'self'" && (built || !pinned.MatchString(source)) {
			t.Errorf("scripts may come from %s", source)
		}
	}
	if !slices.Contains(sources["script-src"], "'self'") {
		t.Errorf("script-src: got %q", sources["script-src"])
	}
}

// TestModulesNameEachOther holds the modules of the page to imports that are served.
func TestModulesNameEachOther(t *testing.T) {
	if built {
		t.Skip("they are one")
	}
	queue := []string{}
	for _, tag := range tags.FindAllStringSubmatch(get(t, playground.Path).Body.String(), -1) {
		if strings.HasPrefix(tag[1], "/") && strings.HasSuffix(tag[1], ".js") {
			queue = append(queue, tag[1])
		}
	}
	seen := map[string]bool{}
	for len(queue) > 0 {
		url := queue[0]
		queue = queue[1:]
		if seen[url] {
			continue
		}
		seen[url] = true
		w := get(t, url)
		if w.Code != http.StatusOK {
			t.Errorf("%s: got %d", url, w.Code)
		}
		for _, found := range regexp.MustCompile(`from "\./([^"]+)"`).FindAllStringSubmatch(w.Body.String(), -1) {
			queue = append(queue, url[:strings.LastIndexByte(url, '/')+1]+found[1])
		}
	}
	if len(seen) < 3 {
		t.Errorf("got the modules %v", seen)
	}
}

func TestNothingIsSentTwice(t *testing.T) {
	style := tags.FindStringSubmatch(get(t, playground.Path).Body.String())[1]
	for _, path := range []string{playground.Path, playground.Path + "/examples.json", style} {
		first := get(t, path)
		tag := first.Header().Get("ETag")
		if second := get(t, path, "If-None-Match", tag); tag == "" || second.Code != http.StatusNotModified || second.Body.Len() != 0 {
			t.Errorf("%s: got %d and %d bytes for %q, want 304", path, second.Code, second.Body.Len(), tag)
		}
		if zipped := get(t, path, "Accept-Encoding", "gzip"); first.Body.Len() > 1024 && (zipped.Header().Get("Content-Encoding") != "gzip" || zipped.Body.Len() >= first.Body.Len()) {
			t.Errorf("%s: got %q and %d bytes, want fewer than %d", path, zipped.Header().Get("Content-Encoding"), zipped.Body.Len(), first.Body.Len())
		}
	}
}

func TestWhatIsNotHere(t *testing.T) {
	for _, path := range []string{
		"/playground/x", "/playground/assets/", "/playground/assets/0/app.js", "/playground/assets/nothing.js", "/playground/page.html",
		"/playground/page/app.js", "/playground/cdn.json", "/playground/manifest.json", "/playground/assets/..%2fmanifest.json",
	} {
		if w := get(t, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want %d", path, w.Code, http.StatusNotFound)
		}
	}
}
