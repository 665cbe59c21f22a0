package transport

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/cache"
)

// Values of headers that are the same for all answers. They are shared, and never
// changed: header maps are given the slices themselves, so that a hit makes none.
var (
	nosniff        = []string{"nosniff"}
	plainType      = []string{typeJSON + "; charset=utf-8"}
	ownType        = []string{typeResponse + "; charset=utf-8"}
	noStore        = []string{"no-store"}
	privateNoStore = []string{"private, no-store"}
	varies         = []string{"Origin, Accept, Accept-Encoding, Authorization"}
	fromCache      = []string{"HIT"}
	madeNow        = []string{"MISS"}
	pastCache      = []string{"BYPASS"}
	// justValidated is the Age of what was there. It was made a while ago, but Age
	// counts from the last time that somebody who knows has found it true (RFC 9111,
	// section 4.2.3), which the log does all the time. Caches on the way take Age
	// off max-age, and nothing would be left of that.
	justValidated = []string{"0"}
	isStale       = []string{`110 - "Response is Stale"`}
	encodedGzip   = []string{codingGzip}
	encodedZstd   = []string{codingZstd}
)

// The headers of answers.
const (
	cacheHeader      = "X-Cache"
	requestIDHeader  = "X-Request-Id"
	entityTag        = "Etag" // as http.Header has it
	noneMatch        = "If-None-Match"
	contentEncodings = "Content-Encoding"
)

// reply writes an answer: whole, compressed, or, where the client has it already,
// none. All that a hit costs beside the search is here.
func (h *Handler) reply(w http.ResponseWriter, r *http.Request, a *cache.Answer, outcome cache.Outcome) {
	body := a.Body
	if outcome != cache.Hit && outcome != cache.Coalesced { // nobody else has it in memory
		if !h.mayLie(len(body)) {
			w.Header().Set("Retry-After", "1")
			writeRefusal(w, r, http.StatusServiceUnavailable, codeUnavailable, "too much is on its way to others who do not take it; try again")
			return
		}
		defer h.lying.Add(-int64(len(body)))
	}
	head := w.Header()
	head["Vary"] = varies
	switch outcome {
	case cache.Hit:
		head[cacheHeader] = fromCache
		head["Age"] = justValidated
		h.metrics.age.Observe(time.Since(a.Made).Seconds())
	case cache.Stale:
		age := max(int(time.Since(a.Made)/time.Second), 0)
		head[cacheHeader] = fromCache
		head["Age"] = []string{strconv.Itoa(age)}
		head["Warning"] = isStale
		body = withStaleness(body, age)
	case cache.Miss, cache.Coalesced:
		head[cacheHeader] = madeNow
	default:
		head[cacheHeader] = pastCache
		h.metrics.bypassed.Inc()
	}

	values := make([]string, 2) // of headers of its own, in one piece
	switch {
	case len(r.Header["Authorization"]) > 0:
		head["Cache-Control"] = privateNoStore
	case r.Method == http.MethodPost || outcome == cache.Stale || !isGood(a):
		head["Cache-Control"] = noStore
	default:
		head["Cache-Control"] = h.public
		if values[0] = a.ETag; values[0] == "" {
			values[0] = entityTagOf(body)
		}
		head[entityTag] = values[0:1:1]
		if matchesAny(r.Header[noneMatch], values[0]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}

	if len(body) >= compressFrom {
		if coding := acceptedCoding(r.Header["Accept-Encoding"]); coding != "" {
			if form := h.form(a, outcome, coding, body); form != nil {
				body = form
				if head[contentEncodings] = encodedGzip; coding == codingZstd {
					head[contentEncodings] = encodedZstd
				}
			}
		}
	}
	head["Content-Type"] = contentType(a.Type)
	values[1] = strconv.Itoa(len(body))
	head["Content-Length"] = values[1:2:2]
	if a.Status != http.StatusOK {
		w.WriteHeader(a.Status)
	}
	if r.Method != http.MethodHead {
		w.Write(body) //nolint:errcheck // there is nobody to tell
	}
}

// mayLie counts an answer that is about to be written: its reader may leave it lying.
// Where too much lies already it is not counted, and may not be, unless it is small.
func (h *Handler) mayLie(size int) bool {
	most := h.o.Limits.AllAnswerBytes
	if h.lying.Add(int64(size)) <= int64(most) || size <= fairShare(most) {
		return true
	}
	h.lying.Add(-int64(size))
	return false
}

// form is the answer's body in a coding; nil where that is not worth it. Answers
// that others get too keep theirs.
func (h *Handler) form(a *cache.Answer, outcome cache.Outcome, coding string, body []byte) []byte {
	if outcome == cache.Bypass || outcome == cache.Stale {
		return h.compression.compress(coding, body)
	}
	return a.Form(coding, func(body []byte) []byte { return h.compression.compress(coding, body) })
}

func contentType(mediaType string) []string {
	if mediaType == typeResponse {
		return ownType
	}
	return plainType
}

// errorsFirst is how the body of an answer with errors begins.
const errorsFirst = `{"errors":`

// isGood tells whether an answer is one to what was asked, without any error.
func isGood(a *cache.Answer) bool {
	return a.Status == http.StatusOK && !bytes.HasPrefix(a.Body, []byte(errorsFirst))
}

// Where extensions are they stand first, so that something can be added to them, or
// they to the rest, without a look at what may be much.
const (
	dataFirst       = `{"data":`
	extensionsFirst = `{"extensions":`
)

// bodyOf is a response as JSON. Data is JSON already, and not looked at again.
func bodyOf(response *graphql.Response, request string) []byte {
	if len(response.Errors) > 0 || response.Data == nil {
		return encoded(response, request)
	}
	var extensions []byte
	if len(response.Extensions) > 0 {
		extensions = encoded(response.Extensions, request)
	}
	b := make([]byte, 0, len(response.Data)+len(extensions)+len(extensionsFirst)+len(dataFirst)+len(closeObject))
	if extensions == nil {
		b = append(b, dataFirst...)
	} else {
		b = append(append(b, extensionsFirst...), extensions...)
		b = append(append(b, ','), dataFirst[1:]...)
	}
	return append(append(b, response.Data...), closeObject...)
}

// withStaleness is the body of an answer without errors, with an extension that says
// for how many seconds nobody has seen to it.
func withStaleness(body []byte, seconds int) []byte {
	const format = `{"extensions":{"stale":{"seconds":%d}`
	b := fmt.Appendf(make([]byte, 0, len(body)+len(format)+20), format, seconds)
	if rest, ok := bytes.CutPrefix(body, []byte(extensionsFirst+`{`)); ok {
		return append(append(b, ','), rest...)
	}
	return append(append(b, `},`...), body[1:]...)
}

// entityTagOf is the tag of a body, for answers that no Cache has seen.
func entityTagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// matchesAny tells whether If-None-Match names a tag. RFC 9110, section 13.1.2: any
// tag where it is *, and compared weakly.
func matchesAny(lines []string, tag string) bool {
	tag = strings.TrimPrefix(tag, "W/")
	for _, line := range lines {
		for rest := strings.Trim(line, " \t,"); rest != ""; rest = strings.Trim(rest, " \t,") {
			if rest == "*" {
				return true
			}
			rest = strings.TrimPrefix(rest, "W/")
			if rest == "" || rest[0] != '"' {
				break // that is no tag
			}
			end := strings.IndexByte(rest[1:], '"') + len(`""`) // commas are allowed within
			if end == 1 {
				break
			}
			if rest[:end] == tag {
				return true
			}
			rest = rest[end:]
		}
	}
	return false
}

// publicFor is the Cache-Control of what everybody may have, for caches on the way.
func publicFor(maxAge, whileRevalidate, ifError time.Duration) string {
	b := fmt.Appendf(nil, "public, max-age=%d", int(maxAge.Seconds()))
	if n := int(whileRevalidate.Seconds()); n > 0 {
		b = fmt.Appendf(b, ", stale-while-revalidate=%d", n)
	}
	if n := int(ifError.Seconds()); n > 0 {
		b = fmt.Appendf(b, ", stale-if-error=%d", n)
	}
	return string(b)
}
