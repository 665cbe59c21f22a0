package playground_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"depeche/internal/playground"
)

type example struct {
	Group, Name, Title, About, Role, Error, Query string
	Variables                                     map[string]any
}

func saved(t *testing.T) []example {
	t.Helper()
	var list []example
	if err := json.Unmarshal(get(t, playground.Path+"/examples.json").Body.Bytes(), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestExamplesAreValid(t *testing.T) {
	schema := gqlparser.MustLoadSchema(sources(t)...)
	names, operations := map[string]bool{}, map[string]bool{}
	asked := map[ast.Operation]map[string]bool{ast.Query: {}, ast.Mutation: {}, ast.Subscription: {}}
	for _, e := range saved(t) {
		t.Run(e.Group+"/"+e.Name, func(t *testing.T) {
			if key := e.Group + "/" + e.Name; names[key] {
				t.Error("the group has another one of that name")
			} else {
				names[key] = true
			}
			if !strings.HasSuffix(e.About, ".") || len(e.About) > 160 || e.Title == "" {
				t.Errorf("want a title and a sentence, got %q, %q", e.Title, e.About)
			}
			document, errs := gqlparser.LoadQueryWithRules(schema, e.Query, rules.NewDefaultRules())
			if errs != nil {
				t.Fatal(errs)
			}
			if len(document.Operations) != 1 {
				t.Fatalf("got %d operations, want one", len(document.Operations))
			}
			operation := document.Operations[0]
			if operation.Name == "" || operations[operation.Name] {
				t.Errorf("want a name of its own, got %q", operation.Name)
			}
			operations[operation.Name] = true
			if _, err := validator.VariableValues(schema, operation, e.Variables); err != nil {
				t.Errorf("variables: %v", err)
			}
			for name := range e.Variables {
				if operation.VariableDefinitions.ForName(name) == nil {
					t.Errorf("there is no variable %s", name)
				}
			}
			if operation.Operation == ast.Subscription && operation.VariableDefinitions.ForName("after") == nil {
				t.Error("it can't go on after a lost connection: it has no variable after")
			}
			if operation.Operation == ast.Mutation && e.Role == "" {
				t.Error("want the role that it takes")
			}
			if e.Role != "" && schema.Types["Role"].EnumValues.ForName(e.Role) == nil {
				t.Errorf("there is no role %s", e.Role)
			}
			for _, selected := range operation.SelectionSet {
				asked[operation.Operation][selected.(*ast.Field).Name] = true
			}
		})
	}
	for _, field := range schema.Subscription.Fields {
		if !asked[ast.Subscription][field.Name] {
			t.Errorf("no example follows %s", field.Name)
		}
	}
	for _, field := range schema.Query.Fields {
		if !asked[ast.Query][field.Name] {
			t.Errorf("no example asks for %s", field.Name)
		}
	}
	if got := len(asked[ast.Mutation]); got < 25 {
		t.Errorf("the examples show %d mutations", got)
	}
}

// TestTimesAreToCome holds the examples to instants that are good on the day on which
// they are opened.
func TestTimesAreToCome(t *testing.T) {
	instant := regexp.MustCompile(`\d{4}-\d\d-\d\dT[^"]*`)
	times := 0
	for _, e := range saved(t) {
		text, err := json.Marshal(e.Variables)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), `"in `) {
			t.Errorf("%s: a time has been left as it is: %s", e.Name, text)
		}
		for _, found := range instant.FindAllString(string(text), -1) {
			times++
			if at, err := time.Parse(time.RFC3339, found); err != nil || !at.After(time.Now()) {
				t.Errorf("%s: %s is not to come: %v", e.Name, found, err)
			}
		}
	}
	if times < 3 {
		t.Errorf("got %d times", times)
	}
}

// sources are the files of the schema.
func sources(t *testing.T) []*ast.Source {
	t.Helper()
	paths, err := filepath.Glob("../../graph/schema/*.graphql")
	if err != nil || len(paths) == 0 {
		t.Fatalf("the schema: %d files, %v", len(paths), err)
	}
	var list []*ast.Source
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, &ast.Source{Name: path, Input: string(text)})
	}
	return list
}
