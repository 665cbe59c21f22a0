package plan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// maxFields bounds what is kept of an operation. A front page has about 20.
const maxFields = 2_000

// ErrNoPlan is what an operation is answered with that is not for a plan: it asks
// for the schema, says @defer, or is large.
var ErrNoPlan = errors.New("there is no plan for it")

// Conditions are the variables that decide what is asked for, by the @include and
// @skip of a valid document, in the order of their first use. A plan holds for
// one choice of their values.
func Conditions(doc *ast.QueryDocument, op *ast.OperationDefinition) []string {
	var names []string
	note := func(directives ast.DirectiveList) {
		for _, d := range directives {
			if arg := d.Arguments.ForName("if"); arg != nil && arg.Value.Kind == ast.Variable && !slices.Contains(names, arg.Value.Raw) {
				names = append(names, arg.Value.Raw)
			}
		}
	}
	var selections func(ast.SelectionSet)
	selections = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				note(s.Directives)
				selections(s.SelectionSet)
			case *ast.InlineFragment:
				note(s.Directives)
				selections(s.SelectionSet)
			case *ast.FragmentSpread:
				note(s.Directives)
			}
		}
	}
	selections(op.SelectionSet)
	for _, f := range doc.Fragments {
		selections(f.SelectionSet)
	}
	return names
}

// Compile works out what an operation of a valid document asks for. variables
// decide what is skipped; that they decide nothing else, Conditions says. Arguments
// that stand in the document are read once, by args, and given to every answer:
// nobody may change them. Errors: ErrNoPlan.
func Compile(ctx context.Context, schema *ast.Schema, doc *ast.QueryDocument, op *ast.OperationDefinition, variables map[string]any, args ArgsFunc) (*Plan, error) {
	c := compiler{ctx: ctx, schema: schema, doc: doc, variables: variables, args: args}
	if len(op.Directives) > 0 {
		return nil, fmt.Errorf("a directive on the operation: %w", ErrNoPlan)
	}
	p := &Plan{}
	var err error
	if p.Root, err = c.set(schema.Query, op.SelectionSet); err != nil {
		return nil, err
	}
	p.fields, p.given = c.fields, c.given
	return p, nil
}

type compiler struct {
	ctx       context.Context
	schema    *ast.Schema
	doc       *ast.QueryDocument
	variables map[string]any
	args      ArgsFunc

	fields int
	given  int
}

// A collected field is one response key of an object, with what all its mentions
// ask for.
type collected struct {
	*ast.Field
	inside ast.SelectionSet
}

// set is what selections ask of an object of a type.
func (c *compiler) set(typ *ast.Definition, selections ast.SelectionSet) (Set, error) {
	satisfied := []string{typ.Name}
	for _, abstract := range c.schema.GetImplements(typ) {
		satisfied = append(satisfied, abstract.Name)
	}
	fields, err := c.collect(nil, selections, satisfied, map[string]bool{})
	if err != nil {
		return nil, err
	}
	if c.fields += len(fields); c.fields > maxFields {
		return nil, fmt.Errorf("more than %d fields: %w", maxFields, ErrNoPlan)
	}
	set := make(Set, len(fields))
	for i, f := range fields {
		before := ","
		if i == 0 {
			before = "{"
		}
		set[i] = Field{Key: before + `"` + f.Alias + `":`, Alias: f.Alias, Name: f.Name}
		if err := c.field(&set[i], typ, f); err != nil {
			return nil, err
		}
	}
	return set, nil
}

func (c *compiler) field(to *Field, in *ast.Definition, f collected) error {
	if f.Name == "__typename" {
		return nil
	}
	if strings.HasPrefix(f.Name, "__") || f.Definition == nil {
		return fmt.Errorf("%s: %w", f.Name, ErrNoPlan)
	}
	c.arguments(to, in, f.Field)
	def := c.schema.Types[f.Definition.Type.Name()]
	var err error
	switch def.Kind {
	case ast.Object:
		to.Of, err = c.set(def, f.inside)
	case ast.Interface, ast.Union:
		for _, typ := range c.schema.GetPossibleTypes(def) {
			on := possible{name: typ.Name}
			if on.set, err = c.set(typ, f.inside); err != nil {
				break
			}
			to.on = append(to.on, on)
		}
	}
	return err
}

// arguments reads those that stand in the document. Where there are variables, or
// an error that is only one if the field is reached, each answer reads them.
func (c *compiler) arguments(to *Field, in *ast.Definition, f *ast.Field) {
	if len(f.Definition.Arguments) == 0 {
		return
	}
	if !slices.ContainsFunc(f.Arguments, func(a *ast.Argument) bool { return varies(a.Value) }) {
		if args, err := c.args(c.ctx, in.Name, f.Name, f.ArgumentMap(nil)); err == nil {
			to.args = args
			return
		}
	}
	to.from, to.slot = f, c.given
	c.given++
}

func varies(v *ast.Value) bool {
	return v.Kind == ast.Variable || slices.ContainsFunc(v.Children, func(child *ast.ChildValue) bool { return varies(child.Value) })
}

// collect adds what selections ask of an object that satisfies the named types
// (GraphQL, section 6.3.2).
func (c *compiler) collect(fields []collected, selections ast.SelectionSet, satisfied []string, spread map[string]bool) ([]collected, error) {
	for _, s := range selections {
		var err error
		switch s := s.(type) {
		case *ast.Field:
			if through, err := c.through(s.Directives); err != nil {
				return nil, err
			} else if through {
				if fields, err = add(fields, s); err != nil {
					return nil, err
				}
			}
		case *ast.InlineFragment:
			fields, err = c.fragment(fields, s.Directives, s.TypeCondition, s.SelectionSet, satisfied, spread)
		case *ast.FragmentSpread:
			if spread[s.Name] {
				continue
			}
			if through, err := c.through(s.Directives); err != nil {
				return nil, err
			} else if !through {
				continue
			}
			spread[s.Name] = true
			def := c.doc.Fragments.ForName(s.Name)
			fields, err = c.fragment(fields, nil, def.TypeCondition, def.SelectionSet, satisfied, spread)
		}
		if err != nil {
			return nil, err
		}
	}
	return fields, nil
}

func (c *compiler) fragment(fields []collected, directives ast.DirectiveList, condition string, selections ast.SelectionSet, satisfied []string, spread map[string]bool) ([]collected, error) {
	if through, err := c.through(directives); err != nil || !through {
		return fields, err
	}
	if condition != "" && !slices.Contains(satisfied, condition) {
		return fields, nil
	}
	return c.collect(fields, selections, satisfied, spread)
}

// add adds a mention of a field to those of the same response key.
func add(fields []collected, f *ast.Field) ([]collected, error) {
	at := slices.IndexFunc(fields, func(other collected) bool { return other.Alias == f.Alias })
	if at < 0 {
		return append(fields, collected{f, slices.Clip(f.SelectionSet)}), nil
	}
	if fields[at].Name != f.Name || len(f.SelectionSet) > 0 && !related(fields[at].ObjectDefinition, f.ObjectDefinition) {
		return nil, fmt.Errorf("%s is asked for in two ways: %w", f.Alias, ErrNoPlan) // gqlgen has an order of its own for it
	}
	fields[at].inside = append(fields[at].inside, f.SelectionSet...)
	return fields, nil
}

// related tells whether two mentions of a field are one to gqlgen.
func related(a, b *ast.Definition) bool {
	return a == b || a != nil && b != nil &&
		(a.Name == b.Name || slices.Contains(a.Interfaces, b.Name) || slices.Contains(b.Interfaces, a.Name))
}

// through tells whether @include and @skip let through what they stand at.
func (c *compiler) through(directives ast.DirectiveList) (bool, error) {
	for _, d := range directives {
		if d.Name != "include" && d.Name != "skip" {
			return false, fmt.Errorf("@%s: %w", d.Name, ErrNoPlan)
		}
		arg := d.Arguments.ForName("if")
		if arg == nil {
			return false, fmt.Errorf("@%s without if: %w", d.Name, ErrNoPlan)
		}
		value, err := arg.Value.Value(c.variables)
		holds, ok := value.(bool)
		if err != nil || !ok {
			return false, fmt.Errorf("@%s of %v: %w", d.Name, value, ErrNoPlan)
		}
		if holds != (d.Name == "include") {
			return false, nil
		}
	}
	return true, nil
}
