package graph

import (
	"encoding/json"
	"fmt"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/news"
)

const (
	// maxCost bounds an operation. A front page of 20 stories with everything on it
	// costs about 2,000.
	maxCost = 50_000

	// dearDiff and dearRevision are what a comparison of two versions, and a version in
	// a list, cost beside their fields: whole documents are read for them.
	dearDiff     = 10_000
	dearRevision = 200

	// plainList is how long a list is taken to be that has no arguments to say so.
	plainList = 5
)

// dearest is what an operation costs whose variables ask for the longest lists.
func dearest(op *ast.OperationDefinition) int {
	m := meter{longest: true, fragments: map[*ast.FragmentDefinition]int{}}
	return m.selections(op.SelectionSet)
}

// tooCostly refuses an operation before it runs by what it would cost: a field is 1,
// and what is inside of a list counts once for each of its items.
func tooCostly(op *ast.OperationDefinition, variables map[string]any) *gqlerror.Error {
	m := meter{variables: variables, fragments: map[*ast.FragmentDefinition]int{}}
	if cost := m.selections(op.SelectionSet); cost > maxCost {
		return tooComplex("the operation costs %d; at most %d is allowed: ask for fewer items or fewer fields", cost, maxCost)
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

// A meter counts what an operation costs. Each fragment is looked at once, however
// often it is spread.
type meter struct {
	variables map[string]any
	longest   bool // take lists to be as long as any variables could make them
	fragments map[*ast.FragmentDefinition]int
}

func (m *meter) selections(set ast.SelectionSet) int {
	sum := 0
	for _, selection := range set {
		cost := 0
		switch s := selection.(type) {
		case *ast.Field:
			cost = 1 + m.items(s)*(m.selections(s.SelectionSet)+dear(s.Name))
		case *ast.InlineFragment:
			cost = m.selections(s.SelectionSet)
		case *ast.FragmentSpread:
			cost = m.fragment(s.Definition)
		}
		// Far above the limit, the figure itself no longer matters.
		sum = min(sum+cost, 1<<40)
	}
	return sum
}

func (m *meter) fragment(def *ast.FragmentDefinition) int {
	cost, known := m.fragments[def]
	if !known && def != nil {
		cost = m.selections(def.SelectionSet)
		m.fragments[def] = cost
	}
	return cost
}

// dear is what each item of a field costs beside what is asked of it.
func dear(field string) int {
	switch field {
	case "storyDiff":
		return dearDiff / plainList
	case "revisions":
		return dearRevision
	}
	return 0
}

// items is how often what is inside of a field is resolved.
func (m *meter) items(f *ast.Field) int {
	if f.Definition == nil {
		return 1
	}
	arguments := f.Definition.Arguments
	switch {
	case arguments.ForName("first") != nil:
		if m.variable(f, "first") || m.variable(f, "last") {
			return news.MaxPage
		}
		args := f.ArgumentMap(m.variables)
		for _, name := range []string{"first", "last"} {
			// What is out of range is refused by the resolver.
			if n, ok := whole(args[name]); ok {
				return max(1, min(n, news.MaxPage))
			}
		}
		return defaultPage
	case arguments.ForName("ids") != nil:
		if m.variable(f, "ids") {
			return news.MaxPage
		}
		ids, _ := f.ArgumentMap(m.variables)["ids"].([]any)
		return max(1, min(len(ids), news.MaxPage))
	case f.Name == "pinned":
		return maxPinned
	case f.Definition.Type.Elem != nil && !pageParts(f):
		return plainList
	}
	return 1
}

// variable tells whether a list is as long as a variable says that is not known.
func (m *meter) variable(f *ast.Field, argument string) bool {
	if !m.longest {
		return false
	}
	a := f.Arguments.ForName(argument)
	return a != nil && a.Value.Kind == ast.Variable
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
