package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"depeche/graph/generated"
)

const (
	// maxTokens bounds a document: the playground's introspection has about 400.
	maxTokens = 2_500
	// parsedOperations is how many parsed documents are kept for the next time.
	parsedOperations = 200
	// parsedAtMost is the longest text of a document that is kept, in bytes.
	parsedAtMost = 4 << 10
)

// parsed keeps parsed documents, but none that would take much memory.
type parsed struct{ *lru.LRU[*ast.QueryDocument] }

// Add implements graphql.Cache.
func (p parsed) Add(ctx context.Context, text string, doc *ast.QueryDocument) {
	if len(text) <= parsedAtMost {
		p.LRU.Add(ctx, text, doc)
	}
}

// NewExecutor makes what executes operations of the schema; transports bring
// them. It may be used by many goroutines at once.
func NewExecutor(r *Resolver) graphql.GraphExecutor {
	schema := generated.NewExecutableSchema(generated.Config{Resolvers: r})
	e := executor.New(schema)
	e.SetParserTokenLimit(maxTokens)
	e.SetQueryCache(parsed{lru.New[*ast.QueryDocument](parsedOperations)})
	e.SetErrorPresenter(r.present)
	e.SetRecoverFunc(r.recovered)
	e.Use(extension.Introspection{})
	e.Use(newPersisted())
	e.Use(repeatLimit{})
	e.Use(exactEnums{schema.Schema()})
	e.Use(costLimit{})
	e.AroundRootFields(func(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
		if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
			ctx = r.withLoaders(ctx) // what the field before it changed is not what it was
		}
		return next(ctx)
	})
	e.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		began := time.Now()
		response := next(r.withLoaders(ctx))
		if response != nil {
			r.Logger.DebugContext(ctx, "answered", "op", operationName(ctx), "requestId", r.RequestID(ctx),
				"took", time.Since(began), "bytes", len(response.Data), "errors", len(response.Errors))
		}
		return response
	})
	return e
}
