package graph_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"depeche/graph/generated"
)

func schema() *ast.Schema { return generated.NewExecutableSchema(generated.Config{}).Schema() }

// ours tells whether a type is one of our schema and not of GraphQL itself.
func ours(def *ast.Definition) bool {
	return !def.BuiltIn && !strings.HasPrefix(def.Name, "__")
}

// TestIntrospectionIsNullWhereATypeCantHaveIt goes by the kinds of types (GraphQL,
// section 4.2.2): clients go by what is null.
func TestIntrospectionIsNullWhereATypeCantHaveIt(t *testing.T) {
	n := open(t)
	all := `{ kind fields { name type { ...T ofType { ...T } } } interfaces { name } possibleTypes { name } enumValues { name } inputFields { name type { ...T } } }`
	for _, row := range []struct{ name, has string }{
		{"Story", "fields interfaces"}, {"PageInfo", "fields interfaces"}, {"Node", "fields interfaces possibleTypes"},
		{"NewsItem", "possibleTypes"}, {"Priority", "enumValues"}, {"StoryFilter", "inputFields"}, {"Cursor", ""},
	} {
		answers := n.run(t, operation{text: `{ __type(name: "` + row.name + `") ` + all + ` } fragment T on __Type { kind possibleTypes { name } }`})
		var got struct {
			Data struct {
				Type map[string]any `json:"__type"`
			}
		}
		must(t, json.Unmarshal(answers[0], &got))
		for _, field := range []string{"fields", "interfaces", "possibleTypes", "enumValues", "inputFields"} {
			value, asked := got.Data.Type[field]
			if want := slices.Contains(strings.Fields(row.has), field); !asked || (value != nil) != want {
				t.Errorf("%s.%s: got %v, want it to be a list: %v", row.name, field, value, want)
			}
		}
		if row.name == "PageInfo" { // types within types
			for _, field := range got.Data.Type["fields"].([]any) {
				of := field.(map[string]any)["type"].(map[string]any)
				if inner, ok := of["ofType"].(map[string]any); of["possibleTypes"] != nil || ok && inner["possibleTypes"] != nil {
					t.Errorf("%v has possible types", field)
				}
			}
		}
	}
}

// TestIntrospectionDescribesEverything asks as a playground does: what has no
// description there has none for anybody.
func TestIntrospectionDescribesEverything(t *testing.T) {
	n := open(t)
	answers := n.run(t, operation{text: `{ __schema { types {
		name description
		fields(includeDeprecated: true) { name description args { name description } }
		inputFields { name description }
		enumValues(includeDeprecated: true) { name description }
	} } }`})
	type named struct {
		Name        string
		Description *string
	}
	var got struct {
		Errors []any
		Data   struct {
			Schema struct {
				Types []struct {
					named
					Fields []struct {
						named
						Args []named
					}
					InputFields, EnumValues []named
				}
			} `json:"__schema"`
		}
	}
	must(t, json.Unmarshal(answers[0], &got))
	if len(got.Errors) > 0 {
		t.Fatalf("introspection failed: %v", got.Errors)
	}
	seen := 0
	check := func(what string, d named) {
		seen++
		if d.Description == nil || strings.TrimSpace(*d.Description) == "" {
			t.Errorf("%s%s has no description", what, d.Name)
		}
	}
	all := schema()
	for _, typ := range got.Data.Schema.Types {
		if def := all.Types[typ.Name]; def == nil || !ours(def) {
			continue
		}
		// The roots are described where they say something beyond being roots.
		if typ.Name != "Query" {
			check("", typ.named)
		}
		for _, f := range typ.Fields {
			check(typ.Name+".", f.named)
			for _, arg := range f.Args {
				if arg.Name == "input" {
					continue // its type describes it
				}
				check(typ.Name+"."+f.Name+"(…) ", arg)
			}
		}
		for _, f := range slices.Concat(typ.InputFields, typ.EnumValues) {
			check(typ.Name+".", f)
		}
	}
	if seen < 200 {
		t.Errorf("only %d descriptions were looked at", seen)
	}
}

// TestOperationsCoverTheSchema fails when a field, an argument, an input field
// or an enum value is in no golden operation.
func TestOperationsCoverTheSchema(t *testing.T) {
	all := schema()
	used := map[string]bool{}
	files, err := filepath.Glob("testdata/ops/*.graphql")
	must(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		must(t, err)
		for _, op := range operations(t, string(text)) {
			// A document that is refused covers nothing.
			if doc, errs := gqlparser.LoadQueryWithRules(all, op.text, rules.NewDefaultRules()); errs == nil {
				note(used, doc)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all.Types)) {
		def := all.Types[name]
		if !ours(def) {
			continue
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			if def.Kind != ast.Interface && !used[name+"."+f.Name] {
				t.Errorf("no operation uses %s.%s", name, f.Name)
			}
			for _, arg := range f.Arguments {
				if !used[name+"."+f.Name+"("+arg.Name+")"] {
					t.Errorf("no operation uses the argument %s of %s.%s", arg.Name, name, f.Name)
				}
			}
		}
		if answeredOnly := []string{"EventKind", "Role", "TickerStatus", "DateConfidence", "ImportOutcome", "Change", "DiffKind", "WebhookStatus"}; slices.Contains(answeredOnly, name) {
			continue
		}
		for _, v := range def.EnumValues {
			if !used[name+"."+v.Name] {
				t.Errorf("no operation uses %s.%s", name, v.Name)
			}
		}
	}
}

// note adds what a valid document uses.
func note(used map[string]bool, doc *ast.QueryDocument) {
	var selections func(ast.SelectionSet)
	var value func(*ast.Value)
	value = func(v *ast.Value) {
		switch v.Kind {
		case ast.EnumValue:
			used[v.Definition.Name+"."+v.Raw] = true
		case ast.ObjectValue, ast.ListValue:
			for _, child := range v.Children {
				if v.Kind == ast.ObjectValue {
					used[v.Definition.Name+"."+child.Name] = true
				}
				value(child.Value)
			}
		}
	}
	selections = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				field := s.ObjectDefinition.Name + "." + s.Name
				used[field] = true
				for _, arg := range s.Arguments {
					used[field+"("+arg.Name+")"] = true
					value(arg.Value)
				}
				selections(s.SelectionSet)
			case *ast.InlineFragment:
				selections(s.SelectionSet)
			}
		}
	}
	for _, op := range doc.Operations {
		selections(op.SelectionSet)
	}
	for _, fragment := range doc.Fragments {
		selections(fragment.SelectionSet)
	}
}
