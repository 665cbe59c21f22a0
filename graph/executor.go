package graph

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/vektah/gqlparser/v2/ast"

	"depeche/graph/generated"
)

// ExecutorOptions is what an executor can be told. The zero value is a server for
// everybody.
type ExecutorOptions struct {
	// NoIntrospection refuses to describe the schema, also by the suggestions in
	// errors. Registered operations are not asked.
	NoIntrospection bool
	// Operations are known from the start, by their ids and by their texts; nil for
	// none.
	Operations *Operations
	// OnlyRegistered refuses whatever is not among Operations, and keeps nothing
	// that clients send.
	OnlyRegistered bool
	// NoShortWay leaves queries to gqlgen, which answers the same and takes longer.
	NoShortWay bool
}

// NewExecutor makes what executes operations of the schema; transports bring
// them. It may be used by many goroutines at once.
func NewExecutor(r *Resolver, o ExecutorOptions) graphql.GraphExecutor {
	var schema graphql.ExecutableSchema
	if o.NoShortWay {
		schema = generated.NewExecutableSchema(generated.Config{Resolvers: r})
	} else {
		schema = newReads(r)
	}
	e := executor.New(schema)
	e.SetErrorPresenter(r.present)
	e.SetRecoverFunc(r.recovered)
	e.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		began := time.Now()
		response := next(r.withLoaders(ctx))
		if response != nil {
			response.Errors = firstErrors(response.Errors)
			r.Logger.DebugContext(ctx, "answered", "op", operationName(ctx), "requestId", r.RequestID(ctx),
				"took", time.Since(began), "bytes", len(response.Data), "errors", len(response.Errors))
		}
		return response
	})
	engine := &engine{
		Executor: e, resolver: r, options: o, schema: schema.Schema(),
		documents: newDocuments(schema.Schema(), !o.NoIntrospection),
	}
	if !o.OnlyRegistered {
		engine.persisted = newPersisted()
	}
	return engine
}

// aroundRootField gives each field of a mutation what the one before it left.
func (r *Resolver) aroundRootField(ctx context.Context, next graphql.RootResolver) graphql.Marshaler {
	if graphql.GetOperationContext(ctx).Operation.Operation == ast.Mutation {
		ctx = r.withLoaders(ctx)
	}
	return next(ctx)
}
