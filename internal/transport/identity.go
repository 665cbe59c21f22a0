package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/auth"
	"depeche/internal/news"
)

// identify tells who asks. A token that is not good is refused: quietly reading on as
// nobody would hide the mistake from whoever made it.
func (h *Handler) identify(w http.ResponseWriter, r *http.Request) (who caller, ok bool) {
	if h.rates != nil {
		who.from, who.at = clientAddress(r, h.o.TrustedProxies)
	}
	lines := r.Header["Authorization"]
	if len(lines) == 0 {
		return who, h.admitRate(w, r, who, 1)
	}
	actor, err := bearer(r.Context(), h.o.Verify, lines[0])
	if err != nil {
		from, known := clientAddress(r, h.o.TrustedProxies)
		h.connections.failures.tell(failed{err, requestID(w), way(r), r.RemoteAddr, from, known})
		if h.admitRate(w, r, who, 1) { // so that tokens are not tried without an end
			turnAway(w, r, err)
		}
		return who, false
	}
	// The link of a preview is given to others, who are nobody in particular.
	who.actor, who.known = actor, actor.Name != "" && actor.Preview == ""
	return who, h.admitRate(w, r, who, 1)
}

// turnAway answers a request whose token is refused, or can't be looked at now.
func turnAway(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, news.ErrUnavailable) {
		w.Header().Set("Retry-After", "1")
		writeRefusal(w, r, http.StatusServiceUnavailable, codeUnavailable, reason(err))
		return
	}
	w.Header().Set("WWW-Authenticate", "Bearer")
	writeRefusal(w, r, http.StatusUnauthorized, codeUnauthenticated, reason(err))
}

// way is how a request would have its answer, in the words of the log.
func way(r *http.Request) string {
	switch {
	case isSocket(r):
		return "websocket"
	case wantsEvents(r):
		return "events"
	}
	return "http"
}

// named is r with a context that tells its name and who asks. What is answered
// without an operation does without.
func named(w http.ResponseWriter, r *http.Request, who caller) *http.Request {
	ctx := context.WithValue(r.Context(), requestIDKey{}, requestID(w))
	return r.WithContext(graphql.StartOperationTrace(news.WithActor(ctx, who.actor)))
}

// A verifier tells who bears a token. Errors: ErrUnauthenticated, ErrUnavailable; they
// say what is wrong with it, and repeat nothing of it.
type verifier = func(ctx context.Context, token string) (news.Actor, error)

// bearer tells who sends an Authorization; the zero Actor when it is empty.
func bearer(ctx context.Context, verify verifier, authorization string) (news.Actor, error) {
	token, err := auth.Bearer(authorization)
	if err != nil || token == "" {
		return news.Actor{}, err
	}
	return verify(ctx, token)
}

// initBearer tells who says connection_init with a payload, JSON.
func initBearer(ctx context.Context, verify verifier, payload json.RawMessage) (news.Actor, error) {
	var says map[string]any
	if len(payload) > 0 {
		if err := json.Unmarshal(payload, &says); err != nil {
			return news.Actor{}, fmt.Errorf("the payload must be an object: %w", news.ErrUnauthenticated)
		}
	}
	for _, name := range []string{"Authorization", "authorization"} {
		if v, ok := says[name]; ok {
			authorization, isText := v.(string)
			if !isText {
				return news.Actor{}, fmt.Errorf("the Authorization must be a string: %w", news.ErrUnauthenticated)
			}
			return bearer(ctx, verify, authorization)
		}
	}
	return news.Actor{}, nil
}

// reason is what an authentication error says to the client.
func reason(err error) string {
	if errors.Is(err, news.ErrUnavailable) { // why is for the log
		return "it can't be found out at the moment who you are; try again"
	}
	return strings.TrimSuffix(err.Error(), ": "+news.ErrUnauthenticated.Error())
}

type requestIDKey struct{}

// requestID names the request that w answers, so that an error that a user reports
// can be found in the log. It is made when it is first asked for: of what comes from
// the cache there is nothing in the log, and one header more costs it a third.
func requestID(w http.ResponseWriter) string {
	head := w.Header()
	if id := head[requestIDHeader]; len(id) > 0 {
		return id[0]
	}
	// Nothing hangs on that nobody can guess it.
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [16]byte
	high, low := rand.Uint64(), rand.Uint64()
	for i := range 8 {
		id[i], id[8+i] = letters[high>>(5*i)%32], letters[low>>(5*i)%32]
	}
	head[requestIDHeader] = []string{string(id[:])}
	return head[requestIDHeader][0]
}

// RequestID is the name of the request that ctx belongs to, empty for none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
