package plan_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"depeche/graph/plan"
)

const sdl = `
	interface Node { id: ID! }
	type Story implements Node { id: ID! title: String tags(first: Int = 3): [Tag!]! }
	type Tag implements Node { id: ID! name: String stories(first: Int): [Story!]! }
	union Item = Story | Tag
	type Query { story(slug: String): Story item: Item node(id: ID!): Node }`

func compile(t *testing.T, text string, variables map[string]any, args plan.ArgsFunc) (*plan.Plan, error) {
	t.Helper()
	schema := gqlparser.MustLoadSchema(&ast.Source{Input: sdl})
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatal(err)
	}
	if errs := validator.ValidateWithRules(schema, doc, rules.NewDefaultRules()); errs != nil {
		t.Fatal(errs)
	}
	return plan.Compile(t.Context(), schema, doc, doc.Operations[0], variables, args)
}

func asTheyAre(_ context.Context, _, _ string, raw map[string]any) (map[string]any, error) {
	return raw, nil
}

// shown writes a set as a selection of its own.
func shown(set plan.Set, types ...string) string {
	var b strings.Builder
	for i := range set {
		f := &set[i]
		b.WriteString(f.Key)
		b.WriteString(f.Name)
		if len(f.Of) > 0 {
			b.WriteString(shown(f.Of, types...))
		}
		for _, typ := range types {
			if on := f.On(typ); len(on) > 0 {
				b.WriteString("/" + typ + shown(on))
			}
		}
	}
	return b.String() + "}"
}

func TestCompile(t *testing.T) {
	for _, row := range []struct {
		name, text string
		variables  map[string]any
		want       string // the names of the fields behind their keys
	}{
		{"an alias", `{ a: story { id } __typename }`, nil, `{"a":story{"id":id},"__typename":__typename}`},
		{"mentions are merged", `{ story { id } item { __typename } story { title id } }`, nil,
			`{"story":story{"id":id,"title":title},"item":item/Story{"__typename":__typename}/Tag{"__typename":__typename}}`},
		{"a fragment in its place", `{ story { title ...F id } } fragment F on Node { id ... on Story { tags { id } } }`, nil,
			`{"story":story{"title":title,"id":id,"tags":tags{"id":id}}}`},
		{"types of a union", `{ item { ... on Story { title } ... on Tag { name } ... on Node { id } } }`, nil,
			`{"item":item/Story{"title":title,"id":id}/Tag{"name":name,"id":id}}`},
		{"an inline fragment without a type", `{ story { ... { id } } }`, nil, `{"story":story{"id":id}}`},
		{"conditions that hold", `query($a: Boolean!) { story @include(if: $a) { id @skip(if: false) } }`, map[string]any{"a": true}, `{"story":story{"id":id}}`},
		{"conditions that don't", `query($a: Boolean!) { story @include(if: $a) { id } item @skip(if: true) { __typename } __typename }`, map[string]any{"a": false}, `{"__typename":__typename}`},
		{"a fragment that is skipped once", `{ story { ...F @skip(if: true) title ...F } } fragment F on Story { id }`, nil, `{"story":story{"title":title,"id":id}}`},
		{"a fragment of another type", `{ node(id: 1) { id ... on Tag { name } } }`, nil, `{"node":node/Story{"id":id}/Tag{"id":id,"name":name}}`},
		{"nothing", `{ story @skip(if: true) { id } }`, nil, `}`},
	} {
		p, err := compile(t, row.text, row.variables, asTheyAre)
		if err != nil {
			t.Errorf("%s: %v", row.name, err)
			continue
		}
		if got := shown(p.Root, "Story", "Tag"); got != row.want {
			t.Errorf("%s: got  %s\nwant %s", row.name, got, row.want)
		}
	}
}

func TestNoPlan(t *testing.T) {
	var doubling strings.Builder // 3 * 2^12 fields in a few words
	doubling.WriteString("{ story { ...F0 } }")
	for i := range 12 {
		fmt.Fprintf(&doubling, " fragment F%d on Story { a: tags { stories { ...F%d } } b: tags { stories { ...F%d } } }", i, i+1, i+1)
	}
	doubling.WriteString(" fragment F12 on Story { id }")
	for _, row := range []struct {
		name, text string
		variables  map[string]any
	}{
		{"the schema", `{ __schema { types { name } } }`, nil},
		{"what is put off", `{ story { ... @defer { id } } }`, nil},
		{"a condition that is null", `query($a: Boolean = true) { story @include(if: $a) { id } }`, map[string]any{"a": nil}},
		{"a condition without a value", `query($a: Boolean!) { story { id @skip(if: $a) } }`, nil},
		{"too many fields", doubling.String(), nil},
	} {
		if p, err := compile(t, row.text, row.variables, asTheyAre); p != nil || !errors.Is(err, plan.ErrNoPlan) {
			t.Errorf("%s: got %v, %v, want no plan", row.name, p, err)
		}
	}
}

func TestConditions(t *testing.T) {
	doc, err := parser.ParseQuery(&ast.Source{Input: `query($a: Boolean!) {
		story @skip(if: $a) @include(if: true) { ...F @include(if: $b) ... @skip(if: $a) { tags(first: $n) { id @include(if: $c) } } }
	} fragment F on Story { id @skip(if: $d) }`})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(plan.Conditions(doc, doc.Operations[0])), "[a b c d]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestArgs has arguments of the document read once, and those with variables once
// in each answer.
func TestArgs(t *testing.T) {
	bad := errors.New("bad")
	read := map[string]int{}
	args := func(_ context.Context, in, field string, raw map[string]any) (map[string]any, error) {
		read[in+"."+field]++
		if raw["slug"] == "bad" {
			return nil, bad
		}
		return raw, nil
	}
	p, err := compile(t, `query($n: Int) { a: story(slug: "x") { tags { stories(first: $n) { id } } } b: story(slug: "bad") { id } }`, nil, args)
	if err != nil {
		t.Fatal(err)
	}
	a, b := &p.Root[0], &p.Root[1]
	tags := &a.Of[0]
	stories := &tags.Of[0]
	for n := range 2 {
		w := p.Begin(map[string]any{"n": n}, args)
		for range 3 {
			for _, row := range []struct {
				in    string
				field *plan.Field
				want  string
			}{
				{"Query", a, "map[slug:x]"},
				{"Story", tags, "map[first:3]"},
				{"Tag", stories, fmt.Sprintf("map[first:%d]", n)},
			} {
				if got, err := w.Args(t.Context(), row.in, row.field); fmt.Sprint(got) != row.want || err != nil {
					t.Errorf("%s: got %v, %v, want %s", row.field.Key, got, err, row.want)
				}
			}
		}
		if _, err := w.Args(t.Context(), "Query", b); !errors.Is(err, bad) {
			t.Errorf("got %v, want %v", err, bad)
		}
	}
	want := "map[Query.story:4 Story.tags:1 Tag.stories:2]" // the bad one when it is compiled, and in each answer
	if got := fmt.Sprint(read); got != want {
		t.Errorf("arguments were read %s times, want %s", got, want)
	}
}
