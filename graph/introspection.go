package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/introspection"
)

// ofKinds are the fields of __Type that are null but for types of some kinds (GraphQL,
// section 4.2.2).
func ofKinds(field string) []string {
	switch field {
	case "fields", "interfaces":
		return []string{"OBJECT", "INTERFACE"}
	case "possibleTypes":
		return []string{"INTERFACE", "UNION"}
	case "enumValues":
		return []string{"ENUM"}
	case "inputFields":
		return []string{"INPUT_OBJECT"}
	}
	return nil
}

// introspected answers null where gqlgen has an empty list for what a type can't have:
// clients that tell the kinds of types apart by it would take every type for one that
// stands for others.
func introspected(ctx context.Context, next graphql.Resolver) (any, error) {
	fc := graphql.GetFieldContext(ctx)
	if fc.Object == "__Type" && fc.Parent != nil {
		if t, ok := fc.Parent.Result.(*introspection.Type); ok {
			if kinds := ofKinds(fc.Field.Name); kinds != nil && !slices.Contains(kinds, t.Kind()) {
				return nil, nil
			}
		}
	}
	return next(ctx)
}
