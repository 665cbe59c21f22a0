package web_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"depeche/internal/web"
)

func TestAssets(t *testing.T) {
	s := newSite(t, newsroom())
	page := read(s, "/fr").Body.String()
	paths := regexp.MustCompile(`(?:href|src)="(/assets/[0-9a-f]+/)([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(paths) < 4 {
		t.Fatalf("the page loads %v", paths)
	}
	types := map[string]string{"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}
	imports := 0
	for _, path := range paths {
		got := read(s, path[1]+path[2])
		h := got.Header()
		if ending := path[2][strings.LastIndexByte(path[2], '.')+1:]; got.Code != 200 || h.Get("Content-Type") != types[ending] || h.Get("Cache-Control") != "public, max-age=31536000, immutable" || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %d, %v", path[2], got.Code, h)
		}
		old := read(s, "/assets/0123456789abcdef/"+path[2])
		if old.Code != 200 || old.Header().Get("Cache-Control") != "no-store" || old.Body.String() != got.Body.String() {
			t.Errorf("%s of another version: got %d, %v", path[2], old.Code, old.Header())
		}
		// Whatever a module imports is there, at the same path.
		for _, imported := range regexp.MustCompile(`from ?"(\./[^"]+)"`).FindAllStringSubmatch(got.Body.String(), -1) {
			imports++
			if next := read(s, path[1]+strings.TrimPrefix(imported[1], "./")); next.Code != 200 {
				t.Errorf("%s imports %s: got %d", path[2], imported[1], next.Code)
			}
		}
	}
	if imports < 20 {
		t.Errorf("the modules import each other %d times", imports)
	}
	base := paths[0][1]
	for _, path := range []string{base, base + "nothing.js", base + "../web.go", base + "%2e%2e/web.go", "/assets/", "/assets/x", "/assets//main.js", base + "main.js/x"} {
		if got := read(s, path); got.Code == 200 {
			t.Errorf("%s: got %d", path, got.Code)
		}
	}
}

func TestComments(t *testing.T) {
	s := newSite(t, newsroom())
	page := read(s, "/fr").Body.String()
	for _, path := range regexp.MustCompile(`/assets/[0-9a-f]+/[a-z-]+\.(?:js|css)`).FindAllString(page, -1) {
		if text := read(s, path).Body.String(); regexp.MustCompile(`(?m)^\s*(//|/\*)`).MatchString(text) {
			t.Errorf("%s comes with comments:\n%s", path, text)
		}
	}
}

func TestCompression(t *testing.T) {
	s := newSite(t, newsroom())
	for _, path := range []string{"/fr", "/fr/nothing", regexp.MustCompile(`/assets/[0-9a-f]+/paper.css`).FindString(read(s, "/fr").Body.String())} {
		plain, packed := read(s, path), read(s, path, "Accept-Encoding", "br, zstd, gzip")
		if packed.Header().Get("Content-Encoding") != "gzip" || packed.Header().Get("Content-Length") != "" || packed.Header().Get("ETag") != plain.Header().Get("ETag") || !strings.Contains(packed.Header().Get("Vary"), "Accept-Encoding") {
			t.Errorf("%s: got %v", path, packed.Header())
			continue
		}
		r, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(r); err != nil || string(body) != plain.Body.String() {
			t.Errorf("%s: it is another text, %v", path, err)
		}
		if tag := plain.Header().Get("ETag"); tag != "" {
			if again := read(s, path, "Accept-Encoding", "gzip", "If-None-Match", tag); again.Code != http.StatusNotModified || again.Header().Get("Content-Encoding") != "" {
				t.Errorf("%s: asked for what is known: got %d, %v", path, again.Code, again.Header())
			}
		}
	}
}

func TestOtherFiles(t *testing.T) {
	s := newSite(t, newsroom(), func(o *web.Options) { o.Name = `Le "Courrier" </script>` })
	for path, mediaType := range map[string]string{
		"/robots.txt": "text/plain; charset=utf-8", "/favicon.ico": "image/svg+xml", "/icon.svg": "image/svg+xml", "/site.webmanifest": "application/manifest+json",
	} {
		if got := read(s, path); got.Code != 200 || got.Header().Get("Content-Type") != mediaType || got.Header().Get("Cache-Control") != "public, max-age=86400" {
			t.Errorf("%s: got %d, %v", path, got.Code, got.Header())
		}
	}
	var manifest struct{ Name string }
	if err := json.Unmarshal(read(s, "/site.webmanifest").Body.Bytes(), &manifest); err != nil || manifest.Name != `Le "Courrier" </script>` {
		t.Errorf("the manifest names %q, %v", manifest.Name, err)
	}
}

func TestPictures(t *testing.T) {
	s := newSite(t, newsroom(), func(o *web.Options) {
		o.Pictures = fstest.MapFS{"a b.svg": {Data: []byte("<svg/>")}, "notes.txt": {Data: []byte("secret")}, "x.html": {Data: []byte("secret")}, "below/c.svg": {Data: []byte("<svg/>")}}
	})
	got := read(s, "/pictures/a%20b.svg")
	if h := got.Header(); got.Code != 200 || got.Body.String() != "<svg/>" || h.Get("Content-Type") != "image/svg+xml" || h.Get("X-Content-Type-Options") != "nosniff" ||
		h.Get("Content-Security-Policy") != "default-src 'none'; style-src 'unsafe-inline'" || !strings.HasPrefix(h.Get("Cache-Control"), "public, max-age=") {
		t.Errorf("got %d, %v", got.Code, h)
	}
	for _, path := range []string{"/pictures/", "/pictures/nothing.svg", "/pictures/notes.txt", "/pictures/x.html", "/pictures/below%2fc.svg", "/pictures/..%2fa.svg", "/pictures/%00.svg", "/pictures/%ff.svg"} {
		if got := read(s, path); got.Code == 200 || strings.Contains(got.Body.String(), "secret") {
			t.Errorf("%s: got %d", path, got.Code)
		}
	}
}
