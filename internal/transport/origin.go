package transport

import (
	"net/http"
	"net/url"
	"strings"
)

// matches tells whether an origin fits a pattern: "*" alone is any origin, and
// one * elsewhere is anything but a slash.
func matches(pattern, origin string) bool {
	if pattern == "*" {
		return true
	}
	before, after, wild := strings.Cut(strings.ToLower(pattern), "*")
	origin = strings.ToLower(origin)
	if !wild {
		return origin == before
	}
	if len(origin) < len(before)+len(after) || !strings.HasPrefix(origin, before) || !strings.HasSuffix(origin, after) {
		return false
	}
	return !strings.Contains(origin[len(before):len(origin)-len(after)], "/")
}

// welcome tells whether a page of the origin that a request names, if it names
// one, may hold a connection open.
func welcome(r *http.Request, allowed func(origin string) bool) bool {
	return sameOrigin(r) || allowed(r.Header.Get("Origin"))
}

// sameOrigin tells whether a browser sent the request from a page of this very
// server, or no browser sent it at all.
func sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
