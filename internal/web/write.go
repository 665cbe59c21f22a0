package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
)

// write writes a whole body, or that the reader has it already. The tag is weak: it is
// the same in all encodings.
func write(w http.ResponseWriter, r *http.Request, status int, cacheControl string, body []byte) {
	h := w.Header()
	h.Set("Cache-Control", cacheControl)
	h.Set("X-Content-Type-Options", "nosniff")
	if status == http.StatusOK && cacheControl != forGood { // nobody asks for that again
		tag := entityTag(body)
		h.Set("ETag", tag)
		if matches(r.Header.Values("If-None-Match"), tag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // there is nobody to tell
}

func entityTag(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// matches tells whether If-None-Match names a tag, compared weakly (RFC 9110, section
// 13.1.2). Tags are of our own making: none has a comma in it.
func matches(lines []string, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for _, line := range lines {
		for word := range strings.SplitSeq(line, ",") {
			if word = strings.TrimSpace(word); word == "*" || strings.TrimPrefix(word, "W/") == tag {
				return true
			}
		}
	}
	return false
}
