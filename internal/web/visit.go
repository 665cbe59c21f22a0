package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A visit is a request for a page, and the page as it is being made.
type visit struct {
	*Site
	*edition
	r          *http.Request
	origin     string // of the site; empty: it is not known
	negotiated bool   // the language goes by Accept-Language

	page         *page
	status       int
	cacheControl string
	madeOf       string // all that the page goes by; empty: it is not to be kept
}

// A maker makes the page of a visit. Errors: errNotFound, *movedError, *apiError.
type maker func(v *visit) error

var (
	errNotFound = errors.New("there is no such page")
	errRender   = errors.New("it can't be written")
)

// A movedError says where something is instead.
type movedError struct {
	to     string // a path of this site
	status int
}

func (e *movedError) Error() string { return "it is at " + e.to }

const allowed = http.MethodGet + ", " + http.MethodHead

// get answers to nothing but GET and HEAD.
func get(h http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", allowed)
			http.Error(w, "pages are read by GET and HEAD", http.StatusMethodNotAllowed)
			return
		}
		h(w, r)
	})
}

// serve is the handler of a page in a language; where that is empty, in the one that
// the reader likes best.
func (s *Site) serve(lang string, m maker) http.Handler {
	return get(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(lang, r)
		body, err := v.make(m)
		if moved, ok := errors.AsType[*movedError](err); ok {
			v.move(w, moved)
			return
		}
		if err != nil {
			body = v.trouble(w.Header(), err)
		}
		v.respond(w, body)
	})
}

func (s *Site) visit(lang string, r *http.Request) *visit {
	v := &visit{Site: s, r: r, origin: s.origin(r), status: http.StatusOK, negotiated: lang == ""}
	if v.negotiated {
		lang = preferred(strings.Join(r.Header.Values("Accept-Language"), ","))
	}
	v.edition = s.editions[lang]
	v.page = v.blank()
	return v
}

// blank is what all pages have.
func (v *visit) blank() *page {
	home := "/" + v.lang
	p := &page{
		Kind: "trouble", Lang: v.lang, Site: v.o.Name, Zone: v.o.Zone.String(), Path: v.r.URL.EscapedPath(),
		Home: home, TickerPath: home + "/ticker", LivePath: home + "/live",
		Assets: v.assets.path, Modules: v.assets.modules,
		Pictures: v.o.PicturesAt,
		API:      api{Operations: v.operations.forScripts()},
	}
	p.Other = v.other("")
	return p
}

// other leads to the same page in another language; below is its path below the front
// page.
func (v *visit) other(below string) link {
	for _, lang := range languages {
		if lang != v.lang {
			return link{Href: "/" + lang + below, Text: languageNames[lang], Lang: lang}
		}
	}
	return link{}
}

func (v *visit) make(m maker) ([]byte, error) {
	err := m(v)
	if made, ok := errors.AsType[*madeError](err); ok {
		v.status = made.status
		return made.body, nil
	}
	if err != nil {
		return nil, err
	}
	body, err := v.render(v.page)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errRender, err)
	}
	if v.madeOf != "" {
		v.made.put(v.madeOf, madePage{body, v.status})
	}
	return body, nil
}

// maxCursor bounds a cursor in an address, in bytes.
const maxCursor = 512

// after is the place from which a list is to be gone on with; empty: from its top.
func (v *visit) after() (string, error) {
	after := v.r.URL.Query().Get("after")
	if len(after) > maxCursor {
		return "", errNotFound
	}
	return after, nil
}

// move leads elsewhere.
func (v *visit) move(w http.ResponseWriter, to *movedError) {
	h := w.Header()
	if v.negotiated {
		h.Add("Vary", "Accept-Language")
	}
	h.Set("Cache-Control", "public, max-age=60")
	if v.cacheControl != "" {
		h.Set("Cache-Control", v.askAgain(h))
	}
	h.Set("X-Content-Type-Options", "nosniff")
	http.Redirect(w, v.r, to.to, to.status)
}

// respond writes the page in one piece.
func (v *visit) respond(w http.ResponseWriter, body []byte) {
	h := w.Header()
	if v.negotiated {
		h.Add("Vary", "Accept-Language")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Language", v.lang)
	h.Set("Content-Security-Policy", v.policy)
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	write(w, v.r, v.status, v.askAgain(h), body)
}

// askAgain is the Cache-Control of what the API's answer has become: a browser asks
// each time whether there is another, so that its own cache does not bring back what
// has been withdrawn; caches on the way may keep it as long as the answer, and are told
// so (RFC 9213).
func (v *visit) askAgain(h http.Header) string {
	if !strings.HasPrefix(v.cacheControl, "public") {
		return noStore
	}
	h.Set("CDN-Cache-Control", v.cacheControl)
	return "public, no-cache"
}

// contentPolicy is the Content-Security-Policy of pages: nothing from elsewhere but
// pictures, and nothing at all that stands in the markup runs or styles.
func contentPolicy(imageSources []string) string {
	images := strings.Join(append([]string{"img-src 'self' data:"}, imageSources...), " ")
	return strings.Join([]string{
		"default-src 'none'", "script-src 'self'", "style-src 'self'", images, "connect-src 'self'", "font-src 'self'",
		"manifest-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
		"require-trusted-types-for 'script'", "trusted-types 'none'",
	}, "; ")
}

// trouble makes the page that says why there is none.
func (v *visit) trouble(h http.Header, err error) []byte {
	status := http.StatusServiceUnavailable
	said, isSaid := errors.AsType[*apiError](err)
	switch {
	case errors.Is(err, errNotFound), isSaid && (said.Code == "NOT_FOUND" || said.Code == "BAD_CURSOR" || said.Code == "CURSOR_EXPIRED"):
		status = http.StatusNotFound
	case isSaid && said.Code == "RATE_LIMITED":
		status = http.StatusTooManyRequests
	case errors.Is(err, errRender):
		status = http.StatusInternalServerError
	}
	if status >= http.StatusInternalServerError && !errors.Is(err, context.Canceled) {
		v.o.Logger.WarnContext(v.r.Context(), "a page could not be made", "op", "page", "path", v.page.Path, "error", err)
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		h.Set("Retry-After", "5")
		if isSaid && said.RetryAfter != "" {
			h.Set("Retry-After", said.RetryAfter)
		}
		v.cacheControl = ""
	}
	v.status = status
	sections := v.page.Sections
	v.page = v.blank()
	v.page.Sections, v.page.Head.NoIndex = sections, true
	v.page.Trouble = &troubleView{Status: status}
	v.page.Trouble.Title, v.page.Trouble.Text = v.troubleWords(status)
	v.page.Title = v.page.Trouble.Title
	body, err := v.render(v.page)
	if err != nil {
		v.o.Logger.ErrorContext(v.r.Context(), "a page could not be made", "op", "page", "path", v.page.Path, "error", err)
	}
	return body
}

// troubleWords are those of a status or, where there are none, those of a newsroom that
// can't be reached.
func (v *visit) troubleWords(status int) (title, text string) {
	key := fmt.Sprintf("trouble.%d", status)
	if _, ok := v.words[key+".title"]; !ok {
		key = fmt.Sprintf("trouble.%d", http.StatusServiceUnavailable)
	}
	return v.words.say(key + ".title"), v.words.say(key + ".text")
}

// moreAt is the address of what is after a place in a list.
func moreAt(path, after string) string {
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	return path + mark + "after=" + url.QueryEscape(after)
}
