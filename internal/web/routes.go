package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// route says what is at which path.
func (s *Site) route() error {
	compress, err := compressor(gzip.DefaultCompression)
	if err != nil {
		return err
	}
	pages := func(path, lang string, m maker) { s.mux.Handle(path, compress(s.serve(lang, m))) }
	s.mux.Handle("/", s.o.API)
	pages("/{$}", "", (*visit).front)
	for _, lang := range languages {
		home := "/" + lang
		pages(home, lang, (*visit).front)
		pages(home+"/ticker", lang, (*visit).ticker)
		pages(home+"/live", lang, (*visit).coverages)
		pages(home+"/live/{slug}", lang, (*visit).coverage)
		pages(home+"/tag/{slug}", lang, (*visit).tag)
		pages(home+"/story/{slug}", lang, (*visit).story)
		pages(home+"/", lang, (*visit).nowhere)
	}
	pages("/ticker", "", (*visit).inLanguage)
	pages("/live", "", (*visit).inLanguage)
	pages("/live/{slug}", "", (*visit).inLanguage)
	pages("/tag/{slug}", "", (*visit).inLanguage)
	pages("/story/{slug}", "", (*visit).storyInLanguage)
	for _, path := range [...]string{"/live/", "/tag/", "/story/"} {
		pages(path, "", (*visit).nowhere)
	}
	// They are asked for once, and kept.
	if compress, err = compressor(gzip.BestCompression); err != nil {
		return err
	}
	return s.routeFiles(compress)
}

// worthwhile is the size from which something is compressed, in bytes.
const worthwhile = 200

// compressor compresses what a handler answers, with gzip alone: of pages and files as
// small as these zstd makes no less, and browsers that know the one know the other.
func compressor(level int) (func(http.Handler) http.HandlerFunc, error) {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(worthwhile), gzhttp.CompressionLevel(level), gzhttp.EnableZstd(false))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return wrap, nil
}

// nowhere is the page of a path at which there is none. One with a slash too many at
// its end leads to that without.
func (v *visit) nowhere() error {
	path := v.r.URL.EscapedPath()
	// Two slashes would begin another host; the mux leaves none of them.
	if bare := strings.TrimRight(path, "/"); bare != path && bare != "" && !strings.HasPrefix(path, "//") {
		return &movedError{withQuery(bare, v.r.URL), http.StatusMovedPermanently}
	}
	return errNotFound
}

// inLanguage leads from a path without a language to the one in the language of the
// reader.
func (v *visit) inLanguage() error {
	path := v.r.URL.EscapedPath()
	if slug := v.r.PathValue("slug"); slug != "" && !isSlug(slug) {
		return errNotFound
	}
	return &movedError{withQuery(v.page.Home+path, v.r.URL), http.StatusFound}
}

// storyInLanguage leads to the page of a story in the language of the story.
func (v *visit) storyInLanguage() error {
	a, err := v.askForStory()
	if err != nil {
		return err
	}
	if lang := a.Story.edition(""); lang != "" {
		v.negotiated = false
		return &movedError{"/" + lang + "/story/" + url.PathEscape(a.Story.Slug), http.StatusMovedPermanently}
	}
	return &movedError{v.below("story", a.Story.Slug), http.StatusFound}
}

func withQuery(path string, u *url.URL) string {
	if after := u.Query().Get("after"); after != "" && len(after) <= maxCursor {
		return moreAt(path, after)
	}
	return path
}

// maxSlug is the length of the longest slug.
const maxSlug = 120

// slug is the one in the path. Errors: errNotFound for what no slug can be.
func (v *visit) slug() (string, error) {
	slug := v.r.PathValue("slug")
	if !isSlug(slug) {
		return "", errNotFound
	}
	return slug, nil
}

func isSlug(s string) bool {
	return s != "" && len(s) <= maxSlug && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'a' || r > 'z')
	})
}
