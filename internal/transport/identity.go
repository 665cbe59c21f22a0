package transport

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"depeche/internal/auth"
	"depeche/internal/news"
)

// authenticated puts the bearer of the request's token into its context. A token
// that is not good is refused: quietly reading on as nobody would hide the
// mistake from whoever made it.
func authenticated(verify func(string) (news.Actor, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who, err := bearer(verify, r.Header.Get("Authorization"))
		if err != nil {
			w.Header().Set("WWW-Authenticate", "Bearer")
			writeRefusal(w, r, http.StatusUnauthorized, codeUnauthenticated, reason(err))
			return
		}
		next.ServeHTTP(w, r.WithContext(news.WithActor(r.Context(), who)))
	})
}

// bearer tells who sends an Authorization; the zero Actor when it is empty.
func bearer(verify func(string) (news.Actor, error), authorization string) (news.Actor, error) {
	token, err := auth.Bearer(authorization)
	if err != nil || token == "" {
		return news.Actor{}, err
	}
	return verify(token)
}

// initBearer tells who says connection_init with a payload, JSON.
func initBearer(verify func(string) (news.Actor, error), payload json.RawMessage) (news.Actor, error) {
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
			return bearer(verify, authorization)
		}
	}
	return news.Actor{}, nil
}

// reason is what an authentication error says to the client.
func reason(err error) string {
	return strings.TrimSuffix(err.Error(), ": "+news.ErrUnauthenticated.Error())
}

const requestIDHeader = "X-Request-Id"

type requestIDKey struct{}

// withRequestID names each request, so that an error that a user reports can be
// found in the log.
func withRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()
		w.Header().Set(requestIDHeader, id)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// RequestID is the name of the request that ctx belongs to, empty for none.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}
