// Package transport brings GraphQL operations in over HTTP and WebSocket and
// carries the answers out. It authenticates, bounds what a client may send, and
// knows when the server is ready or draining. What an operation means is not its
// business.
package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/playground"
	"github.com/rs/cors"

	"depeche/internal/news"
)

// The paths that a Handler answers.
const (
	PathGraphQL    = "/graphql"
	PathPlayground = "/playground"
	PathAlive      = "/healthz"
	PathReady      = "/readyz"
)

// Options is what a Handler needs. Every field but Origins is required.
type Options struct {
	// Executor executes the operations that the Handler brings to it.
	Executor graphql.GraphExecutor
	// Verify tells who bears a token.
	Verify func(token string) (news.Actor, error)
	// Ready tells whether the store can be reached.
	Ready func(context.Context) error
	// Origins are the browser origins that may use the API, over HTTP and
	// WebSocket alike, each an origin with at most one *. The server's own
	// origin always may.
	Origins []string
	Logger  *slog.Logger
}

// A Handler is the HTTP side of a depeche server.
type Handler struct {
	http.Handler
	stop context.CancelFunc // ends the open sockets

	mu       sync.Mutex
	draining bool
	open     sync.WaitGroup // sockets; none is added once draining
}

// New makes a Handler.
func New(o Options) *Handler {
	ctx, stop := context.WithCancel(context.Background())
	h := &Handler{stop: stop}
	mux := http.NewServeMux()
	mux.Handle(PathGraphQL, authenticated(o.Verify, h.operations(ctx, o)))
	mux.Handle("GET "+PathPlayground, playground.Handler("depeche", PathGraphQL))
	mux.Handle("GET /{$}", http.RedirectHandler(PathPlayground, http.StatusFound))
	mux.HandleFunc("GET "+PathAlive, func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET "+PathReady, func(w http.ResponseWriter, r *http.Request) { h.ready(w, r, o) })

	h.Handler = withRequestID(cors.New(cors.Options{
		AllowOriginFunc:  allows(o.Origins),
		AllowedMethods:   []string{http.MethodGet, http.MethodPost, http.MethodHead},
		AllowedHeaders:   []string{"Authorization", "Content-Type", "Accept"},
		ExposedHeaders:   []string{requestIDHeader},
		MaxAge:           int((10 * time.Minute).Seconds()),
		AllowCredentials: false,
	}).Handler(mux))
	return h
}

// Drain makes the server not ready, closes the sockets and waits for them until
// ctx ends.
func (h *Handler) Drain(ctx context.Context) error {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	h.stop()
	done := make(chan struct{})
	go func() {
		h.open.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for sockets to close: %w", ctx.Err())
	}
}

// operations brings operations in by WebSocket or else by plain HTTP. It refuses
// what can't become a socket, and lets Drain end those that are open: they
// outlive what http.Server keeps track of.
func (h *Handler) operations(draining context.Context, o Options) http.Handler {
	allowed := allows(o.Origins)
	exec := bounded{o.Executor}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(graphql.StartOperationTrace(r.Context()))
		defer cancel()
		r = r.WithContext(ctx)
		if r.Header.Get("Upgrade") == "" {
			defer func() {
				if v := recover(); v != nil {
					o.Logger.ErrorContext(ctx, "an operation panicked", "op", "graphql", "requestId", RequestID(ctx), "panic", v, "stack", string(debug.Stack()))
					writeRefusal(w, r, http.StatusInternalServerError, "INTERNAL", "something went wrong on our side")
				}
			}()
			serveHTTP(w, r, exec)
			return
		}
		if refused := upgradable(r, allowed); refused != nil {
			writeRefusal(w, r, refused.status, "INVALID_ARGUMENT", refused.reason)
			return
		}
		if !h.admit() {
			w.Header().Set("Retry-After", "1")
			writeRefusal(w, r, http.StatusServiceUnavailable, "UNAVAILABLE", "the server is shutting down; try again")
			return
		}
		defer h.open.Done()
		defer context.AfterFunc(draining, cancel)()
		serveSocket(w, r, exec, o)
	})
}

func (h *Handler) isDraining() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.draining
}

// admit counts a socket in, unless the server is draining.
func (h *Handler) admit() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.draining {
		h.open.Add(1)
	}
	return !h.draining
}

func (h *Handler) ready(w http.ResponseWriter, r *http.Request, o Options) {
	if h.isDraining() {
		plain(w, http.StatusServiceUnavailable, "draining")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := o.Ready(ctx); err != nil {
		o.Logger.WarnContext(r.Context(), "not ready", "op", "readyz", "error", err)
		plain(w, http.StatusServiceUnavailable, "the store can't be reached")
		return
	}
	plain(w, http.StatusOK, "ready")
}

func plain(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text + "\n")) //nolint:errcheck // there is nobody to tell
}

// allows matches origins against patterns with at most one *.
func allows(patterns []string) func(origin string) bool {
	return func(origin string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, origin) })
	}
}
