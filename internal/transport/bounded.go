package transport

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// bounded gives operations that have an end a time by which to come to it.
type bounded struct {
	graphql.GraphExecutor
	within time.Duration
}

// DispatchOperation implements graphql.GraphExecutor.
func (b bounded) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	if op.Operation.Operation == ast.Subscription {
		return b.GraphExecutor.DispatchOperation(ctx, op)
	}
	ctx, cancel := context.WithTimeout(ctx, b.within)
	responses, ctx := b.GraphExecutor.DispatchOperation(ctx, op)
	return func(ctx context.Context) *graphql.Response {
		defer cancel() // there is one response; asked for another, a handler whose context has ended has none
		return responses(ctx)
	}, ctx
}
