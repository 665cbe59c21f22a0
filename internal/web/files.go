package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

const (
	// forGood is the Cache-Control of what never changes at its address.
	forGood = "public, max-age=31536000, immutable"
	forADay = "public, max-age=86400"
	noStore = "no-store"
)

// pictureSources says what a picture may do that is looked at by itself: be seen.
const pictureSources = "default-src 'none'; style-src 'unsafe-inline'"

// mediaTypes are those of the files that are served, by their endings. That of a system
// could be anything.
var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".json": "application/json",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".webp": "image/webp", ".avif": "image/avif",
	".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8",
}

// routeFiles says where the files are that pages load.
func (s *Site) routeFiles(compress func(http.Handler) http.HandlerFunc) error {
	robots := []byte("User-agent: *\nDisallow: " + PathGraphQL + "\n")
	manifest, err := json.Marshal(map[string]any{
		"name": s.o.Name, "short_name": s.o.Name, "start_url": "/", "display": "minimal-ui",
		"icons": []map[string]string{{"src": "/icon.svg", "sizes": "any", "type": mediaTypes[".svg"]}},
	})
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	icon, err := fs.ReadFile(files, "assets/icon.svg")
	if err != nil {
		return err // it names the file
	}
	file := func(path, mediaType string, body []byte) {
		s.mux.Handle(path, compress(get(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			write(w, r, http.StatusOK, forADay, body)
		})))
	}
	file("/robots.txt", mediaTypes[".txt"], robots)
	file("/site.webmanifest", "application/manifest+json", manifest)
	file("/icon.svg", mediaTypes[".svg"], icon)
	file("/favicon.ico", mediaTypes[".svg"], icon)
	s.mux.Handle("/assets/", compress(get(s.assets.serve)))
	if s.o.Pictures != nil {
		s.mux.Handle("/pictures/{name}", compress(get(s.servePicture)))
	}
	return nil
}

// servePicture serves one of the pictures that belong to the site.
func (s *Site) servePicture(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	mediaType := mediaTypes[path.Ext(name)]
	if !fs.ValidPath(name) || strings.ContainsAny(name, `/\`) || !strings.HasPrefix(mediaType, "image/") {
		notHere(w)
		return
	}
	body, err := fs.ReadFile(s.o.Pictures, name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			s.o.Logger.WarnContext(r.Context(), "a picture can't be read", "op", "picture", "name", name, "error", err)
		}
		notHere(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Security-Policy", pictureSources)
	write(w, r, http.StatusOK, forADay+", stale-while-revalidate=604800", body)
}

func notHere(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", noStore)
	http.Error(w, "there is no such file", http.StatusNotFound)
}
