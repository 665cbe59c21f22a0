package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// A crawler writes operations that reach what a schema has. What it does not know
// how to ask for fails the test, so that nothing new goes unseen.
type crawler struct {
	schema *ast.Schema
	// words are the values to try for an argument or an input field: by
	// "Type.name", else by name. They are GraphQL.
	words map[string][]string
	// ids are asked for to reach the fields of what they name.
	ids []string
	// refused are the fields, by "Type.name", that are an error to most: they are asked
	// for by themselves, for they would leave nothing of the rest.
	refused []string
}

// queries lists operations that ask for every field of Query, with every argument
// in each of its values, and for every field with arguments further inside.
func (c *crawler) queries(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, f := range c.schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		for i, args := range c.arguments(t, "Query", f) {
			depth := 1
			if i == 0 {
				depth = 2
				if f.Type.Elem == nil && f.Arguments.ForName("first") == nil && f.Type.Name() != "Node" {
					depth = 3 // of one thing; of lists it would cost too much, and of any thing be too long
				}
			}
			list = append(list, fmt.Sprintf("{ %s%s%s }", f.Name, args, c.selection(f.Type, depth)))
		}
	}
	nodes := fmt.Sprintf("nodes(ids: [%q])", strings.Join(c.ids, `", "`))
	for _, name := range []string{"Story", "Tag", "TickerEntry", "Coverage"} {
		for _, f := range c.schema.Types[name].Fields {
			if len(f.Arguments) == 0 {
				continue
			}
			for _, args := range c.arguments(t, name, f) {
				list = append(list, fmt.Sprintf("{ %s { ... on %s { id %s%s%s } } }", nodes, name, f.Name, args, c.selection(f.Type, 1)))
			}
		}
	}
	return list
}

// arguments lists ways to call a field: as plainly as it can be, then with each
// further argument in each of its values.
func (c *crawler) arguments(t *testing.T, parent string, f *ast.FieldDefinition) []string {
	t.Helper()
	base := []string{""}
	var ways []string
	for _, arg := range f.Arguments {
		values := c.values(t, parent+"."+f.Name, arg.Name, arg.Type)
		if arg.Type.NonNull {
			var next []string
			for _, b := range base {
				for _, v := range values {
					next = append(next, b+arg.Name+": "+v+" ")
				}
			}
			base = next
			continue
		}
		for _, v := range values {
			ways = append(ways, arg.Name+": "+v+" ")
		}
	}
	var list []string
	for _, b := range base {
		list = append(list, inParentheses(b+c.small(f)))
	}
	for _, way := range ways {
		list = append(list, inParentheses(base[0]+way))
	}
	return list
}

func inParentheses(args string) string {
	if args == "" {
		return ""
	}
	return "(" + strings.TrimSpace(args) + ")"
}

// small keeps lists of lists short enough for the cost limit.
func (c *crawler) small(f *ast.FieldDefinition) string {
	if f.Arguments.ForName("first") != nil {
		return "first: 8 "
	}
	return ""
}

// values lists the values of an argument or an input field of parent.
func (c *crawler) values(t *testing.T, parent, name string, typ *ast.Type) []string {
	t.Helper()
	for _, key := range []string{parent + "." + name, name} {
		if words, ok := c.words[key]; ok {
			return words
		}
	}
	def := c.schema.Types[typ.Name()]
	var list []string
	switch {
	case def.Kind == ast.Enum:
		for _, v := range def.EnumValues {
			list = append(list, v.Name)
		}
	case def.Kind == ast.InputObject:
		for _, field := range def.Fields {
			for _, v := range c.values(t, def.Name, field.Name, field.Type) {
				list = append(list, fmt.Sprintf("{ %s: %s }", field.Name, v))
			}
		}
	case def.Name == "Boolean":
		list = []string{"true", "false"}
	default:
		t.Errorf("the crawl does not know what to give to %s of %s: teach it", name, parent)
	}
	return list
}

// selection selects all that a type has, going through depth entities.
func (c *crawler) selection(typ *ast.Type, depth int) string { return c.selectAs(typ, depth, "") }

// selectAs puts prefix before the name of each field, so that fields of one name
// and different types can stand side by side.
func (c *crawler) selectAs(typ *ast.Type, depth int, prefix string) string {
	def := c.schema.Types[typ.Name()]
	if def.IsLeafType() {
		return ""
	}
	if def.IsAbstractType() {
		parts := []string{"__typename"}
		for _, possible := range c.schema.GetPossibleTypes(def) {
			parts = append(parts, "... on "+possible.Name+c.selectAs(ast.NamedType(possible.Name, nil), depth, possible.Name+"_"))
		}
		return " { " + strings.Join(parts, " ") + " }"
	}
	if slices.Contains(def.Interfaces, "Node") {
		depth--
	}
	parts := []string{"__typename"}
	for _, f := range def.Fields {
		to := c.schema.Types[f.Type.Name()]
		if slices.Contains(c.refused, def.Name+"."+f.Name) {
			continue
		}
		if depth < 1 && !to.IsLeafType() && c.leadsOn(to) {
			continue
		}
		args := inParentheses(c.small(f))
		name := f.Name
		if prefix != "" {
			name = prefix + f.Name + ": " + f.Name
		}
		parts = append(parts, name+strings.Replace(args, "8", "2", 1)+c.selection(f.Type, depth))
	}
	return " { " + strings.Join(parts, " ") + " }"
}

// leadsOn tells whether a type is an entity or holds entities.
func (c *crawler) leadsOn(def *ast.Definition) bool {
	if def.IsAbstractType() || slices.Contains(def.Interfaces, "Node") {
		return true
	}
	return slices.ContainsFunc(def.Fields, func(f *ast.FieldDefinition) bool {
		to := c.schema.Types[f.Type.Name()]
		return !to.IsLeafType() && c.leadsOn(to)
	})
}
