package graph

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/news"
)

// The bounds of an operation. A front page of 20 stories with everything on it
// costs about 2,000.
const (
	maxCost  = 50_000
	maxDepth = 20

	// plainList is how long a list is taken to be that has no arguments to say so.
	plainList = 5
)

// costLimit refuses operations before they run by what they would cost: a field
// is 1, and what is inside of a list counts once for each of its items. Each
// fragment is looked at once, however often it is spread.
type costLimit struct{}

var (
	_ graphql.HandlerExtension        = costLimit{}
	_ graphql.OperationContextMutator = costLimit{}
)

// ExtensionName implements graphql.HandlerExtension.
func (costLimit) ExtensionName() string { return "CostLimit" }

// Validate implements graphql.HandlerExtension.
func (costLimit) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (costLimit) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	m := meter{variables: op.Variables, fragments: map[*ast.FragmentDefinition]price{}}
	p := m.selections(op.Operation.SelectionSet)
	switch {
	case p.depth > maxDepth:
		return tooComplex("the operation is %d levels deep; at most %d are allowed", p.depth, maxDepth)
	case p.cost > maxCost:
		return tooComplex("the operation costs %d; at most %d is allowed: ask for fewer items or fewer fields", p.cost, maxCost)
	}
	return nil
}

// tooComplex speaks for itself: over WebSocket gqlgen sends it as it is.
func tooComplex(reason string, args ...any) *gqlerror.Error {
	message := fmt.Sprintf(reason, args...)
	return &gqlerror.Error{
		Message: message, Err: fmt.Errorf("%s: %w", message, news.ErrTooComplex),
		Extensions: map[string]any{"code": codeTooComplex},
	}
}

type price struct {
	cost  int
	depth int
}

type meter struct {
	variables map[string]any
	fragments map[*ast.FragmentDefinition]price
}

func (m *meter) selections(set ast.SelectionSet) price {
	var sum price
	for _, selection := range set {
		var p price
		switch s := selection.(type) {
		case *ast.Field:
			p = m.field(s)
		case *ast.InlineFragment:
			p = m.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			p = m.fragment(s.Definition)
		}
		// Far above the limit, the figure itself no longer matters.
		sum.cost = min(sum.cost+p.cost, 1<<40)
		sum.depth = max(sum.depth, p.depth)
	}
	return sum
}

func (m *meter) fragment(def *ast.FragmentDefinition) price {
	if def == nil {
		return price{}
	}
	p, known := m.fragments[def]
	if !known {
		p = m.selections(def.SelectionSet)
		m.fragments[def] = p
	}
	return p
}

func (m *meter) field(f *ast.Field) price {
	inside := m.selections(f.SelectionSet)
	return price{
		cost:  min(1+m.items(f)*inside.cost, 1<<40),
		depth: inside.depth + 1,
	}
}

// items is how often what is inside of a field is resolved.
func (m *meter) items(f *ast.Field) int {
	if f.Definition == nil {
		return 1
	}
	arguments := f.Definition.Arguments
	switch {
	case arguments.ForName("first") != nil:
		args := f.ArgumentMap(m.variables)
		for _, name := range []string{"first", "last"} {
			// What is out of range is refused by the resolver.
			if n, ok := whole(args[name]); ok {
				return max(1, min(n, news.MaxPage))
			}
		}
		return defaultPage
	case arguments.ForName("ids") != nil:
		ids, _ := f.ArgumentMap(m.variables)["ids"].([]any)
		return max(1, min(len(ids), news.MaxPage))
	case f.Name == "pinned":
		return maxPinned
	case f.Definition.Type.Elem != nil && !pageParts(f):
		return plainList
	}
	return 1
}

// pageParts tells whether the field is the list inside of a connection, whose
// length the connection's own arguments have told.
func pageParts(f *ast.Field) bool {
	return f.ObjectDefinition != nil && f.ObjectDefinition.Fields.ForName("pageInfo") != nil
}

func whole(v any) (int, bool) {
	switch v := v.(type) {
	case int64:
		return int(v), true
	case int:
		return v, true
	case float64:
		return int(v), true
	case json.Number:
		n, err := v.Int64()
		return int(n), err == nil
	}
	return 0, false
}
