package transport

import (
	"context"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// executeWithin bounds how long a query or a mutation may take.
const executeWithin = 30 * time.Second

// bounded gives operations that have an end a time by which to come to it.
type bounded struct{ graphql.GraphExecutor }

// DispatchOperation implements graphql.GraphExecutor.
func (b bounded) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	if op.Operation.Operation == ast.Subscription {
		return b.GraphExecutor.DispatchOperation(ctx, op)
	}
	ctx, cancel := context.WithTimeout(ctx, executeWithin)
	responses, ctx := b.GraphExecutor.DispatchOperation(ctx, op)
	return func(ctx context.Context) *graphql.Response {
		defer cancel() // there is one response; asked for another, a handler whose context has ended has none
		return responses(ctx)
	}, ctx
}
