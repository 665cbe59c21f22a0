// Package stock is a GraphQL server as gqlgen's documentation leads to: its own
// WebSocket transport, its default set-up, and a hand-made hub behind the
// subscription. Each subscriber's event is executed and encoded by itself, and one
// that falls behind misses events.
package stock

//go:generate go tool gqlgen generate

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"

	"depeche/bench/live/event"
	"depeche/bench/live/servers/stock/graph"
	"depeche/bench/serve"
)

// Serve serves on a free port of the loopback interface, which it prints, until
// ctx ends.
func Serve(ctx context.Context, stdout io.Writer) error {
	h := &hub{subscribers: map[chan *graph.TickerEvent]bool{}}
	graphql := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: resolver{h}}))
	graphql.AddTransport(transport.Websocket{KeepAlivePingInterval: 10 * time.Second})
	graphql.AddTransport(transport.POST{})
	graphql.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	graphql.Use(extension.Introspection{})

	mux := http.NewServeMux()
	mux.Handle("/graphql", graphql)
	mux.Handle("POST /publish", event.Publish(h.publish))
	return serve.HTTP(ctx, stdout, mux)
}

type resolver struct{ hub *hub }

func (r resolver) Query() graph.QueryResolver               { return r }
func (r resolver) Subscription() graph.SubscriptionResolver { return r }

func (r resolver) Head(context.Context) (string, error) {
	r.hub.mu.Lock()
	defer r.hub.mu.Unlock()
	return event.Cursor(r.hub.number), nil
}

func (r resolver) Ticker(ctx context.Context, _ *string) (<-chan *graph.TickerEvent, error) {
	return r.hub.subscribe(ctx), nil
}
