package plan

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// A Past is what the fields of a query came to on the short way, so that they are
// not resolved again on the long one: that would ask the store twice, and might
// come to something else.
type Past []outcome

type outcome struct {
	alias string
	value any
	err   error
}

type pastKey struct{}

// WithPast tells the resolvers of a query what its fields have come to.
func WithPast(ctx context.Context, p Past) context.Context {
	return context.WithValue(ctx, pastKey{}, p)
}

// Replay is what the field that ctx resolves has come to, if it is known.
func Replay[T any](ctx context.Context) (value T, err error, known bool) { //nolint:staticcheck // what a resolver returns, and whether it did
	past, _ := ctx.Value(pastKey{}).(Past)
	if len(past) == 0 {
		return value, nil, false
	}
	alias := graphql.GetFieldContext(ctx).Field.Alias
	for _, o := range past {
		if o.alias == alias {
			value, _ = o.value.(T) // an interface that is nil stays so
			return value, o.err, true
		}
	}
	return value, nil, false
}
