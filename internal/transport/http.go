package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"depeche/internal/cache"
)

// maxAsked is the size up to which what is asked names its answer, in bytes of a body
// or of the query of a URL.
const maxAsked = 16 << 10

// allowedMethods are those of PathGraphQL.
const allowedMethods = "GET, HEAD, POST, OPTIONS"

// An asked is a request for an operation that has come as far as to be read.
type asked struct {
	mediaType string // of the answer
	body      []byte // of a POST, without the space around it
}

// serveHTTP is GraphQL over HTTP: POST with a JSON body, GET for queries; and event
// streams, for subscriptions and for whoever accepts nothing else. What is public and
// has been answered before is answered here and now: nothing else than the search may
// stand before it. who belongs into the context of all the rest.
func (h *Handler) serveHTTP(w http.ResponseWriter, r *http.Request, who caller) {
	mediaType, acceptable := accepted(r.Header["Accept"])
	if !acceptable && !strings.Contains(r.Header.Get("Accept"), typeEvents) {
		writeRefusal(w, r, http.StatusNotAcceptable, codeInvalid, "the answer would be application/graphql-response+json or application/json, which Accept does not name")
		return
	}
	a := asked{mediaType: mediaType}
	if r.Method == http.MethodPost {
		var refused *refusal
		if a.body, refused = h.readBody(w, r, who.known); refused != nil {
			writeRefusal(w, r, refused.status, codeInvalid, refused.reason)
			return
		}
	}
	if isBatch(a.body) {
		h.serveBatch(w, named(w, r, who), a, who)
		return
	}
	// Also who sends an empty Authorization is somebody in particular, to be on the
	// safe side.
	if h.o.Cache == nil || len(r.Header["Authorization"]) > 0 || eventsOnly(r) {
		h.serveAlone(w, named(w, r, who), a)
		return
	}
	key, ok := a.key(r)
	if !ok {
		h.serveAlone(w, named(w, r, who), a)
		return
	}
	if answer := h.o.Cache.Get(key); answer != nil {
		h.reply(w, r, answer, cache.Hit)
		return
	}
	h.serveShared(w, named(w, r, who), a, key)
}

// Parts of keys.
var (
	byURL, byBody     = []byte(http.MethodGet), []byte(http.MethodPost)
	asPlain, asOwnOne = []byte(typeJSON), []byte(typeResponse)
)

// key names the answer to a request of nobody in particular; ok is false where what
// is asked is too long for that.
func (a asked) key(r *http.Request) (key cache.Key, ok bool) {
	way, as, text := byBody, asPlain, a.body
	if r.Method != http.MethodPost {
		way, text = byURL, []byte(r.URL.RawQuery)
	}
	if a.mediaType == typeResponse {
		as = asOwnOne
	}
	if len(text) == 0 || len(text) > maxAsked {
		return key, false
	}
	return cache.KeyOf(way, as, text), true
}

// serveShared answers together with all who ask for the same.
func (h *Handler) serveShared(w http.ResponseWriter, r *http.Request, a asked, key cache.Key) {
	var mine *operation // of the one who has begun it, where it is not to be shared
	answer, outcome := h.o.Cache.Do(r.Context(), key, func(ctx context.Context) cache.Made {
		o := h.begin(ctx, r, a)
		if o.refused != nil || o.op != nil && o.op.Operation.Operation != ast.Query {
			mine = o
			return cache.Made{}
		}
		return h.answer(ctx, a, o)
	})
	switch {
	case answer != nil:
		h.reply(w, r, answer, outcome)
	case r.Context().Err() != nil: // nobody waits any more
	case mine != nil:
		h.finish(w, r, a, mine)
	default:
		h.serveAlone(w, r, a)
	}
}

// serveAlone answers one request.
func (h *Handler) serveAlone(w http.ResponseWriter, r *http.Request, a asked) {
	h.finish(w, r, a, h.begin(r.Context(), r, a))
}

// An operation has been read: it can be executed, or one of the others tells why not.
type operation struct {
	op      *graphql.OperationContext
	refused *refusal          // the request asks for none
	failed  *graphql.Response // it can't begin
}

// A refusal is why a request is none for GraphQL.
type refusal struct {
	status int
	reason string
}

// begin reads the operation that is asked for.
func (h *Handler) begin(ctx context.Context, r *http.Request, a asked) *operation {
	params, refused := operationParameters(r, a.body)
	if refused != nil {
		return &operation{refused: refused}
	}
	return h.create(ctx, params)
}

func (h *Handler) create(ctx context.Context, params *graphql.RawParams) *operation {
	exec := h.connections.exec
	op, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return &operation{failed: exec.DispatchError(graphql.WithOperationContext(ctx, op), errs)}
	}
	return &operation{op: op}
}

// finish answers an operation that has been read.
func (h *Handler) finish(w http.ResponseWriter, r *http.Request, a asked, o *operation) {
	switch {
	case o.refused != nil:
		writeRefusal(w, r, o.refused.status, codeInvalid, o.refused.reason)
		return
	case o.failed != nil && eventsOnly(r):
		sayAll(w, o.failed)
		return
	case o.failed != nil:
		h.reply(w, r, h.answer(r.Context(), a, o).Answer, cache.Bypass)
		return
	}
	switch kind := o.op.Operation.Operation; {
	case kind == ast.Subscription && wantsEvents(r):
		h.admit(w, r, func(b base) { h.connections.serveEvents(w, r, b, o.op) })
	case kind == ast.Subscription:
		writeRefusal(w, r, http.StatusBadRequest, codeInvalid, "a subscription needs a WebSocket with the subprotocol graphql-transport-ws, or Accept: text/event-stream")
	case kind == ast.Mutation && r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		writeRefusal(w, r, http.StatusMethodNotAllowed, codeInvalid, "a mutation needs POST")
	case eventsOnly(r):
		sayAll(w, h.execute(r.Context(), o.op))
	default:
		h.reply(w, r, h.answer(r.Context(), a, o).Answer, cache.Bypass)
	}
}

// answer makes the answer to a query or a mutation, or tells why it could not begin.
func (h *Handler) answer(ctx context.Context, a asked, o *operation) cache.Made {
	if o.failed != nil {
		return cache.Made{Answer: &cache.Answer{
			Status: failedStatus(a.mediaType), Type: a.mediaType,
			Body: encoded(answer{o.failed.Errors}, RequestID(ctx)),
		}, Away: isAway(o.failed)}
	}
	response := h.execute(ctx, o.op)
	return cache.Made{
		Answer: &cache.Answer{Status: http.StatusOK, Type: a.mediaType, Body: bodyOf(response, RequestID(ctx))},
		Keep:   len(response.Errors) == 0 && hasData(response),
		Away:   isAway(response),
	}
}

func hasData(response *graphql.Response) bool {
	return len(response.Data) > 0 && !bytes.Equal(response.Data, null)
}

// execute answers a query or a mutation when there is room for it. There is always a
// response: GraphQL, section 7.1, has none that says nothing.
func (h *Handler) execute(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	ctx, cancel := context.WithTimeout(ctx, h.o.Limits.ExecuteWithin)
	defer cancel()
	var response *graphql.Response
	if inTurn(ctx, func() { response = execute(ctx, h.connections.exec, op) }, h.connections.turns) && response != nil {
		return response
	}
	return &graphql.Response{Errors: failure(codeUnavailable, "the operation took too long; try again")}
}

// failedStatus is the status of an operation that could not begin.
// GraphQL over HTTP, section 6.4: 400 in its own media type; plain JSON keeps
// the 200 that older clients need to read the errors.
func failedStatus(mediaType string) int {
	if mediaType == typeResponse {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// readBody reads the body of a POST, which is JSON. Anything that a page of another
// origin may send without asking first (Fetch, "CORS-safelisted request-header") is
// refused before it is read.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request, known bool) ([]byte, *refusal) {
	if refused := checkContent(r.Header); refused != nil {
		if refused.status == http.StatusUnsupportedMediaType && r.Header.Get(contentEncodings) != "" {
			w.Header().Set("Accept-Encoding", "identity")
		}
		return nil, refused
	}
	most := int64(h.o.Limits.BodyBytes)
	if known {
		most = int64(h.o.Limits.KnownBodyBytes)
	}
	body, err := readAll(w, r, most)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, &refusal{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than %d bytes", most)}
	case err != nil:
		return nil, &refusal{http.StatusBadRequest, "the body ended early"}
	}
	return bytes.Trim(body, space), nil
}

// readAll reads a body of at most so many bytes.
func readAll(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	switch {
	case r.ContentLength > most:
		return nil, &http.MaxBytesError{Limit: most} // there is no need to wait for it
	case r.ContentLength >= 0 && r.ContentLength <= maxAsked:
		body := make([]byte, r.ContentLength)
		_, err := io.ReadFull(r.Body, body)
		return body, err
	}
	return io.ReadAll(http.MaxBytesReader(w, r.Body, most))
}

// checkContent refuses what is not JSON in UTF-8, as it is.
func checkContent(head http.Header) *refusal {
	if coding := head.Get(contentEncodings); coding != "" && !strings.EqualFold(coding, "identity") {
		return &refusal{http.StatusUnsupportedMediaType, "the body must not be compressed"}
	}
	types := head["Content-Type"]
	if len(types) == 1 && types[0] == typeJSON { // what nearly all clients send
		return nil
	}
	if len(types) != 1 {
		return &refusal{http.StatusUnsupportedMediaType, "there must be one Content-Type, application/json"}
	}
	mediaType, options, err := mime.ParseMediaType(types[0])
	if err != nil || mediaType != typeJSON {
		return &refusal{http.StatusUnsupportedMediaType, "the Content-Type must be application/json"}
	}
	if charset := options["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &refusal{http.StatusUnsupportedMediaType, "the charset must be utf-8"}
	}
	return nil
}
