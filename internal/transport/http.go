package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// maxBody bounds a request. The largest story is 500,000 characters, which JSON
// may escape to six bytes each.
const maxBody = 4 << 20

const (
	typeJSON     = "application/json"
	typeResponse = "application/graphql-response+json"
)

// serveHTTP is GraphQL over HTTP: POST with a JSON body, GET for queries; and event
// streams, for subscriptions and for whoever accepts nothing else.
func (h *Handler) serveHTTP(w http.ResponseWriter, r *http.Request) {
	params, refused := read(w, r)
	if refused != nil {
		writeRefusal(w, r, refused.status, codeInvalid, refused.reason)
		return
	}
	ctx, exec := r.Context(), h.connections.exec
	op, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		response := exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)
		if eventsOnly(r) {
			sayAll(w, response)
		} else {
			write(w, r, requestErrorStatus(r), answer{response.Errors})
		}
		return
	}
	switch kind := op.Operation.Operation; {
	case kind == ast.Subscription && wantsEvents(r):
		h.admit(w, r, func(b base) { h.connections.serveEvents(w, r, b, op) })
	case kind == ast.Subscription:
		writeRefusal(w, r, http.StatusBadRequest, codeInvalid, "a subscription needs a WebSocket with the subprotocol graphql-transport-ws, or Accept: text/event-stream")
	case kind == ast.Mutation && r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		writeRefusal(w, r, http.StatusMethodNotAllowed, codeInvalid, "a mutation needs POST")
	case eventsOnly(r):
		sayAll(w, execute(ctx, exec, op))
	default:
		write(w, r, http.StatusOK, execute(ctx, exec, op))
	}
}

// requestErrorStatus is the status of an operation that could not begin.
// GraphQL over HTTP, section 6.4: 400 in its own media type; plain JSON keeps
// the 200 that older clients need to read the errors.
func requestErrorStatus(r *http.Request) int {
	if responseType(r) == typeResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

func responseType(r *http.Request) string {
	if strings.Contains(r.Header.Get("Accept"), typeResponse) {
		return typeResponse
	}
	return typeJSON
}

type refusal struct {
	status int
	reason string
}

// read makes the parameters of an operation of a request.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	start := time.Now()
	var params *graphql.RawParams
	var refused *refusal
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		params, refused = readURL(r)
	case http.MethodPost:
		params, refused = readBody(w, r)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		return nil, &refusal{http.StatusMethodNotAllowed, "only GET and POST are answered here"}
	}
	if refused != nil {
		return nil, refused
	}
	if params.Query == "" && params.Extensions["persistedQuery"] == nil {
		return nil, &refusal{http.StatusBadRequest, "query is missing"}
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: time.Now()}
	return params, nil
}

func readURL(r *http.Request) (*graphql.RawParams, *refusal) {
	q := r.URL.Query()
	params := &graphql.RawParams{Query: q.Get("query"), OperationName: q.Get("operationName")}
	for _, part := range []struct {
		name string
		to   *map[string]any
	}{{"variables", &params.Variables}, {"extensions", &params.Extensions}} {
		if text := q.Get(part.name); text != "" {
			if err := decode([]byte(text), part.to); err != nil {
				return nil, &refusal{http.StatusBadRequest, part.name + " is not a JSON object: " + err.Error()}
			}
		}
	}
	return params, nil
}

func readBody(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, *refusal) {
	mediaType, options, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != typeJSON {
		return nil, &refusal{http.StatusUnsupportedMediaType, "the Content-Type must be application/json"}
	}
	if charset := options["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, &refusal{http.StatusUnsupportedMediaType, "the charset must be utf-8"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", maxBody)}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the body ended early"}
	}
	if trimmed := bytes.TrimLeft(body, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '[' {
		return nil, &refusal{http.StatusBadRequest, "batches of operations are not answered: send one operation a request"}
	}
	params := &graphql.RawParams{}
	if err := decode(body, params); err != nil {
		return nil, &refusal{http.StatusBadRequest, "the body is not a GraphQL request as JSON: " + err.Error()}
	}
	return params, nil
}

// parameters are those of an operation that came over a WebSocket.
func parameters(payload json.RawMessage) (*graphql.RawParams, error) {
	start := time.Now()
	var p struct {
		graphql.RawParams
		Query *string `json:"query"`
	}
	if len(payload) == 0 || payload[0] != '{' {
		return nil, errors.New("it is no object")
	}
	if err := decode(payload, &p); err != nil {
		return nil, err
	}
	switch {
	case p.Query != nil:
		p.RawParams.Query = *p.Query
	case p.Extensions["persistedQuery"] == nil:
		return nil, errors.New("query is missing")
	}
	p.ReadTime = graphql.TraceTiming{Start: start, End: time.Now()}
	return &p.RawParams, nil
}

// decode reads one JSON value and nothing behind it. Its errors tell what is
// wrong and where, and never repeat what was sent.
func decode(text []byte, to any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	err := d.Decode(to)
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &wrong):
		return fmt.Errorf("%s has the wrong type, %s", orBody(wrong.Field), wrong.Value)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("it ends early")
	case err != nil:
		return fmt.Errorf("it can't be understood at byte %d", d.InputOffset()+1)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows behind it")
	}
	return nil
}

func orBody(field string) string {
	if field == "" {
		return "it"
	}
	return field
}

func write(w http.ResponseWriter, r *http.Request, status int, response any) {
	w.Header().Set("Content-Type", responseType(r)+"; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Add("Vary", "Accept, Authorization")
	w.WriteHeader(status)
	w.Write(encoded(response, RequestID(r.Context()))) //nolint:errcheck // there is nobody to tell
}
