// Package stock is a GraphQL server as gqlgen's documentation leads to: its server
// template, resolvers on database/sql, and a data loader for each request that
// fetches the tags of all stories of a page at once.
package stock

//go:generate go tool gqlgen generate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	_ "modernc.org/sqlite" // the driver

	"depeche/bench/query/servers/stock/graph"
	"depeche/bench/serve"
)

// Serve serves the plain database at path on a free port of the loopback
// interface, which it prints, until ctx ends.
func Serve(ctx context.Context, stdout io.Writer, path string) (err error) {
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?mode=ro")
	if err != nil {
		return fmt.Errorf("open the plain database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	server := handler.New(graph.NewExecutableSchema(graph.Config{Resolvers: resolver{db}}))
	server.AddTransport(transport.Options{})
	server.AddTransport(transport.GET{})
	server.AddTransport(transport.POST{})
	server.SetQueryCache(lru.New[*ast.QueryDocument](1000))
	server.Use(extension.Introspection{})
	server.Use(extension.AutomaticPersistedQuery{Cache: lru.New[string](100)})

	mux := http.NewServeMux()
	mux.Handle("/graphql", withLoader(db, server))
	return serve.HTTP(ctx, stdout, mux)
}
