// Package transport brings GraphQL operations in over HTTP, WebSocket and event
// streams and carries the answers out. It authenticates, bounds what a client may
// send or leave lying, and knows when the server is ready or draining. What an
// operation means is not its business.
package transport

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/rs/cors"

	"depeche/internal/cache"
	"depeche/internal/live"
	"depeche/internal/news"
)

// The paths that a Handler answers.
const (
	PathGraphQL = "/graphql"
	PathAlive   = "/healthz"
	PathReady   = "/readyz"
	PathMetrics = "/metrics"
)

// Options is what a Handler needs. Every field is required but Origins,
// TrustedProxies, Limits and what is about caches and batches.
type Options struct {
	// Executor executes the operations that the Handler brings to it.
	Executor graphql.GraphExecutor
	// Subscriber lets readers follow.
	Subscriber Subscriber
	// Places remembers readers who lose their connection.
	Places *live.Places
	// Stats is what is told of Subscriber's work.
	Stats *live.Stats
	// Verify tells who bears a token. Errors: ErrUnauthenticated, ErrUnavailable; they
	// say what is wrong with the token, and repeat nothing of it. It may take a while.
	Verify func(ctx context.Context, token string) (news.Actor, error)
	// Ready tells whether the store can be reached.
	Ready func(context.Context) error
	// Origins are the browser origins that may use the API, over HTTP and
	// WebSocket alike, each an origin with at most one *. The server's own
	// origin always may.
	Origins []string
	// TrustedProxies are those whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	Limits         Limits
	Logger         *slog.Logger

	// Cache keeps public answers; nil: each is made anew.
	Cache *cache.Cache
	// MaxAge is for how long caches on the way may give an answer to a GET without
	// asking again; StaleWhileRevalidate and StaleIfError for how long after that
	// while they do, or when nobody answers (RFC 5861). Whole seconds.
	MaxAge, StaleWhileRevalidate, StaleIfError time.Duration
	// Batch is how many operations may come in one request; 0: only one that is no
	// list.
	Batch int
}

// A Handler is the HTTP side of a depeche server.
type Handler struct {
	o           Options
	cors        *cors.Cors
	others      *http.ServeMux // all but PathGraphQL
	rates       *rates         // nil: there is no limit
	public      []string       // the Cache-Control of what everybody may have
	compression *compression
	metrics     *metrics
	connections *connections
	allowed     func(origin string) bool
	draining    atomic.Bool
	lying       atomic.Int64 // bytes of answers that are being written, but for those of the cache
}

// New makes a Handler. Connections are served while Run runs.
func New(o Options) *Handler {
	o.Limits = o.Limits.withDefaults()
	m := newMetrics(o.Stats, o.Cache)
	ctx, stop := context.WithCancel(context.Background())
	h := &Handler{o: o, allowed: allows(o.Origins), connections: &connections{
		exec: bounded{o.Executor, o.Limits.ExecuteWithin}, follow: o.Subscriber, places: o.Places, verify: o.Verify, limits: o.Limits,
		admission: newAdmission(o.Limits.Connections, o.Limits.ConnectionsPerAddress, o.Limits.Handshakes),
		failures:  &failures{logger: o.Logger, now: time.Now},
		metrics:   m, traffic: map[string]*traffic{},
		turns: make(chan struct{}, o.Limits.Executions), logger: o.Logger, ctx: ctx, stop: stop, all: map[connection]struct{}{},
	}}
	for _, transport := range []string{modern, legacy, eventStream} {
		h.connections.traffic[transport] = m.traffic(transport)
	}
	h.metrics = m
	h.rates = newRates(o.Limits.Rate, maxCallers, time.Now)
	h.public = []string{publicFor(o.MaxAge, o.StaleWhileRevalidate, o.StaleIfError)}
	h.compression = newCompression()
	h.others = http.NewServeMux()
	h.others.HandleFunc("GET "+PathAlive, func(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok") })
	h.others.HandleFunc("GET "+PathReady, h.ready)
	h.others.Handle("GET "+PathMetrics, m.handler())
	h.cors = cors.New(cors.Options{
		AllowOriginFunc:  h.allowed,
		AllowedMethods:   []string{http.MethodGet, http.MethodPost, http.MethodHead},
		AllowedHeaders:   []string{"Authorization", "Content-Type", "Accept", noneMatch, "Last-Event-ID"},
		ExposedHeaders:   []string{requestIDHeader, cacheHeader, "Age", "ETag", "Warning", "Retry-After"},
		MaxAge:           int((10 * time.Minute).Seconds()),
		AllowCredentials: false,
	})
	return h
}

// ServeHTTP implements http.Handler. What all requests pay is here.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header()["X-Content-Type-Options"] = nosniff
	h.cors.HandlerFunc(w, r)
	switch {
	case r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "": // it has been answered
	case r.URL.Path == PathGraphQL:
		h.operations(w, r)
	default:
		h.others.ServeHTTP(w, named(w, r, caller{}))
	}
}

// Run looks after the open connections until ctx ends, and cuts off those that
// are left then. It is called once.
func (h *Handler) Run(ctx context.Context) {
	h.connections.watch(ctx)
	h.connections.cut()
}

// Drain makes the server not ready, ends the open connections, spread over a time,
// and waits for them until ctx ends. Their readers come back to another node, or to
// the next on this one, and go on where they were.
func (h *Handler) Drain(ctx context.Context, over time.Duration) error {
	h.draining.Store(true)
	return h.connections.drain(ctx, over)
}

// operations brings operations in: by WebSocket, as an event stream, or else by
// plain HTTP.
func (h *Handler) operations(w http.ResponseWriter, r *http.Request) {
	defer h.recovered(w, r)
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	case http.MethodOptions:
		w.Header().Set("Allow", allowedMethods)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", allowedMethods)
		writeRefusal(w, r, http.StatusMethodNotAllowed, codeInvalid, "only GET and POST are answered here")
		return
	}
	who, ok := h.identify(w, r)
	switch {
	case !ok:
	case isSocket(r):
		r = named(w, r, who)
		h.admit(w, r, func(b base) { h.connections.serveSocket(w, r, b) })
	default:
		h.serveHTTP(w, r, who)
	}
}

// recovered answers for an operation that panicked. It is deferred.
func (h *Handler) recovered(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler { //nolint:errorlint // it is what is thrown
		panic(v)
	}
	id := requestID(w)
	h.o.Logger.ErrorContext(r.Context(), "an operation panicked", "op", "graphql", "requestId", id, "panic", v, "stack", string(debug.Stack()))
	write(w, r, http.StatusInternalServerError, answer{internal(id)})
}

// isSocket tells whether a request is for a WebSocket. There are clients who would
// like HTTP/2, and say so with each request in the same place.
func isSocket(r *http.Request) bool {
	return strings.Contains(strings.ToLower(r.Header.Get("Upgrade")), "websocket")
}

// admit opens a connection, if there is room for it.
func (h *Handler) admit(w http.ResponseWriter, r *http.Request, open func(base)) {
	if !welcome(r, h.allowed) {
		writeRefusal(w, r, http.StatusForbidden, codeForbidden, "pages of this origin may not connect: see --origins")
		return
	}
	b := base{c: h.connections, who: news.ActorFrom(r.Context()), request: RequestID(r.Context())}
	b.from, b.known = clientAddress(r, h.o.TrustedProxies)
	if because := h.connections.admission.enter(b.from, b.known); because != "" {
		h.connections.refuse(w, r, because)
		return
	}
	open(b)
}

func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	if h.draining.Load() {
		plain(w, http.StatusServiceUnavailable, "draining")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := h.o.Ready(ctx); err != nil {
		h.o.Logger.WarnContext(r.Context(), "not ready", "op", "readyz", "error", err)
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
