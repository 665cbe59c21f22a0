package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// maxAnswer bounds what is taken of an answer of the API, in bytes. The text of one
// story can have half a million characters.
const maxAnswer = 16 << 20

// An apiError is what the API has said instead of an answer.
type apiError struct {
	Code       string // extensions.code, or nothing where it said none
	Message    string
	Status     int    // of HTTP
	RetryAfter string // seconds; may be empty
}

func (e *apiError) Error() string {
	return fmt.Sprintf("the API says %d %s: %s", e.Status, e.Code, e.Message)
}

var errTooLong = errors.New("the API's answer is too long")

// ask asks an operation as a browser would, by GET at the same address, so that what
// the API keeps for the one is there for the other.
//
// Who asks is told by the address that the request came from. Whatever says who
// somebody is stays behind: pages are for everybody.
func (s *Site) ask(r *http.Request, address string) (*recorder, error) {
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", address, err)
	}
	request.RequestURI = address
	request.RemoteAddr, request.Host, request.TLS = r.RemoteAddr, r.Host, r.TLS
	request.Header.Set("Accept", "application/json")
	for _, name := range [...]string{"X-Forwarded-For", "X-Request-Id"} {
		if values := r.Header.Values(name); len(values) > 0 {
			request.Header[name] = values
		}
	}
	got := &recorder{header: http.Header{}}
	s.o.API.ServeHTTP(got, request)
	return got, context.Cause(r.Context())
}

// askFor asks for what the page of a visit shows. It may be kept by others for as long
// as the answer to that. Errors: *apiError; *madeError where the page has been made of
// this very answer before.
func askFor[T any](v *visit, operation string, given variables) (*T, error) {
	address := v.operations.with(operation, given)
	got, err := v.ask(v.r, address)
	if err != nil {
		return nil, err
	}
	v.cacheControl = got.header.Get("Cache-Control")
	sections := v.askForSections()
	if tag := got.header.Get("ETag"); tag != "" && sections != "" {
		v.madeOf = strings.Join([]string{tag, sections, address, v.r.URL.EscapedPath(), v.lang, v.origin, v.today()}, "\n")
		if made, ok := v.made.find(v.madeOf); ok {
			return nil, &madeError{made}
		}
	}
	return read[T](got)
}

// A recorder keeps the answer to a request that came from within.
type recorder struct {
	header  http.Header
	status  int
	body    bytes.Buffer
	tooLong bool
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(b []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	if r.body.Len()+len(b) > maxAnswer {
		r.tooLong = true
		return 0, errTooLong
	}
	return r.body.Write(b)
}

// read decodes an answer. One with any error at all is that error: whether what is
// missing in it is there, nobody could tell. Errors: *apiError.
func read[T any](r *recorder) (*T, error) {
	if r.tooLong {
		return nil, errTooLong
	}
	failed := &apiError{Status: r.status, RetryAfter: r.header.Get("Retry-After")}
	if media, _, _ := strings.Cut(r.header.Get("Content-Type"), ";"); !strings.HasSuffix(media, "json") {
		failed.Message = "no JSON"
		return nil, failed
	}
	var answer struct {
		Data   *T
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}
	if err := json.Unmarshal(r.body.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("read the API's answer: %w", err)
	}
	switch {
	case len(answer.Errors) > 0:
		failed.Code, failed.Message = answer.Errors[0].Extensions.Code, answer.Errors[0].Message
		return nil, failed
	case r.status != http.StatusOK, answer.Data == nil:
		failed.Message = "no data"
		return nil, failed
	}
	return answer.Data, nil
}
