package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

var goodHost = regexp.MustCompile(`^([A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

// origin is where readers find the site, without a slash at the end: what Options say,
// or where the request came to. It is empty where the request says nothing sensible.
func (s *Site) origin(r *http.Request) string {
	if s.o.PublicURL != "" {
		return s.o.PublicURL
	}
	if !goodHost.MatchString(r.Host) {
		return ""
	}
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// absolute is the address of a path of the site; empty where the origin is not known.
func (v *visit) absolute(path string) string {
	if v.origin == "" || path == "" {
		return ""
	}
	return v.origin + path
}

// elsewhere is an address in the web; anything else is empty.
func elsewhere(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}

// pictureAt is the address of a picture: a path where it is on this site, so that nothing
// leaves it. What is no address in the web is empty.
func (v *visit) pictureAt(address string) string {
	address = elsewhere(address)
	for _, origin := range [...]string{v.origin, v.o.PicturesAt} {
		path, ours := strings.CutPrefix(address, origin+"/")
		// Two slashes would begin another host.
		if origin != "" && ours && !strings.HasPrefix(path, "/") {
			return "/" + path
		}
	}
	return address
}

// pictureAbsolute is the address of a picture, as pictureAt gives it, for those who are not on the site.
func (v *visit) pictureAbsolute(at string) string {
	if strings.HasPrefix(at, "/") {
		return v.absolute(at)
	}
	return at
}
