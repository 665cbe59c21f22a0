package transport

import (
	"encoding/json"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that the transports give by themselves, in extensions.code.
const (
	codeInvalid         = "INVALID_ARGUMENT"
	codeUnauthenticated = "UNAUTHENTICATED"
	codeForbidden       = "FORBIDDEN"
	codeRateLimited     = "RATE_LIMITED"
	codeSlow            = "SLOW_CONSUMER"
	codeUnavailable     = "UNAVAILABLE"
	codeInternal        = "INTERNAL"
)

// failure is an error as clients are told it. Where the same may succeed later,
// it says so.
func failure(code, reason string) gqlerror.List {
	extensions := map[string]any{"code": code}
	switch code {
	case codeRateLimited, codeSlow, codeUnavailable:
		extensions["retryable"] = true
	}
	return gqlerror.List{{Message: reason, Extensions: extensions}}
}

// isRetryable tells whether what a response refuses may be had later.
func isRetryable(response *graphql.Response) bool {
	for _, e := range response.Errors {
		if e.Extensions["retryable"] == true {
			return true
		}
	}
	return false
}

// internal is what a fault of ours is to clients: the name of the request finds it
// in the log.
func internal(request string) gqlerror.List {
	list := failure(codeInternal, "something went wrong on our side")
	if request != "" {
		list[0].Extensions["requestId"] = request
	}
	return list
}

// encoded is v as JSON, which nothing that is given here fails to be.
func encoded(v any, request string) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		text, _ = json.Marshal(answer{internal(request)}) // strings can always be written
	}
	return text
}

// An answer is that to an operation that has not begun: there is no data then, not
// even null (GraphQL, section 7.1).
type answer struct {
	Errors gqlerror.List `json:"errors"`
}

// isAway tells whether a response says that the store can't be reached.
func isAway(response *graphql.Response) bool {
	for _, e := range response.Errors {
		if e.Extensions["code"] == codeUnavailable {
			return true
		}
	}
	return false
}

func writeRefusal(w http.ResponseWriter, r *http.Request, status int, code, reason string) {
	write(w, r, status, answer{failure(code, reason)})
}

// write answers with something short that is of use to nobody else.
func write(w http.ResponseWriter, r *http.Request, status int, response any) {
	mediaType, _ := accepted(r.Header["Accept"])
	id := requestID(w)
	head := w.Header()
	head["Content-Type"] = contentType(mediaType)
	head["Cache-Control"] = noStore
	head["Vary"] = varies
	head[cacheHeader] = pastCache
	w.WriteHeader(status)
	w.Write(encoded(response, id)) //nolint:errcheck // there is nobody to tell
}
