// Package playground is a page to try the API on: GraphiQL, with operations to begin
// with. What the page is made of comes from a CDN, pinned by hashes, or, in a build with
// the tag playground, from depeche itself; it is the same page either way.
package playground

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzhttp"
)

// Path is where the page is.
const Path = "/playground"

// The values of Cache-Control.
const (
	forGood = "public, max-age=31536000, immutable" // what has a hash in its path
	again   = "no-cache"
)

//go:embed page.html page examples
var files embed.FS

// Handler serves the page at Path, and what it loads below. API is the path of
// GraphQL.
func Handler(api string) http.Handler {
	s, err := newSite(api)
	if err != nil {
		panic(fmt.Errorf("make the playground: %w", err)) // all of it is embedded
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, s.page)
	mux.HandleFunc("GET "+Path+"/examples.json", s.saved)
	mux.HandleFunc("GET "+assetsPath+"/", s.asset)
	return gzhttp.GzipHandler(mux)
}

type site struct {
	html     []byte
	policy   string
	assets   map[string][]byte // by their paths
	examples []example
}

func newSite(api string) (*site, error) {
	own, err := readAssets(files)
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	what, err := load(own)
	if err != nil {
		return nil, err
	}
	s := &site{policy: policy(what), assets: own.bodies}
	for name, body := range what.bodies {
		s.assets[name] = body
	}
	if s.examples, err = readExamples(files); err != nil {
		return nil, fmt.Errorf("read examples: %w", err)
	}
	page, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, err
	}
	var html bytes.Buffer
	err = page.Execute(&html, struct {
		loaded
		API, Saved, Style string
	}{what, api, Path + "/examples.json", own.path("style.css")})
	s.html = html.Bytes()
	return s, err
}

func (s *site) page(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", s.policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	write(w, r, "text/html; charset=utf-8", again, s.html)
}

func (s *site) saved(w http.ResponseWriter, r *http.Request) {
	body, err := json.Marshal(dated(s.examples, time.Now()))
	if err != nil {
		http.Error(w, "the examples can't be written", http.StatusInternalServerError)
		return
	}
	write(w, r, "application/json", again, body)
}

// asset serves a file under its hash. One of another build is not here: the page that
// names it is not either, since pages are asked for each time.
func (s *site) asset(w http.ResponseWriter, r *http.Request) {
	body, ok := s.assets[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	write(w, r, mediaTypes[path.Ext(r.URL.Path)], forGood, body)
}

// write writes a body, or that the browser has it already.
func write(w http.ResponseWriter, r *http.Request, mediaType, cacheControl string, body []byte) {
	sum := sha256.Sum256(body)
	tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
	h := w.Header()
	h.Set("Cache-Control", cacheControl)
	h.Set("Content-Type", mediaType)
	h.Set("ETag", tag)
	h.Set("X-Content-Type-Options", "nosniff")
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Write(body) //nolint:errcheck // there is nobody to tell
}

// policy is the Content-Security-Policy of the page. GraphiQL writes style sheets and
// style attributes as it goes, and its fonts are in its style sheet.
func policy(what loaded) string {
	scripts, styles := []string{"script-src 'self'"}, []string{"style-src 'self' 'unsafe-inline'"}
	for _, one := range what.Scripts {
		if one.Integrity != "" {
			scripts = append(scripts, one.URL)
		}
	}
	for _, one := range what.Styles {
		if one.Integrity != "" {
			styles = append(styles, one.URL)
		}
	}
	return strings.Join([]string{
		"default-src 'none'", strings.Join(scripts, " "), strings.Join(styles, " "),
		"img-src 'self' data:", "font-src 'self' data:", "connect-src 'self'",
		"base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
	}, "; ")
}
