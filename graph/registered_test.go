package graph_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph"
)

// folder writes files and tells in which folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return dir
}

const (
	whoAmI  = "query WhoAmI { viewer { role } }"
	asksAll = "query Schema { __schema { queryType { name } } }"
	twoOps  = "query First { viewer { role } }\nquery Second { trendingTags { storyCount } }"
	noName  = "{ viewer { __typename } }"
	pinning = "mutation Pin { pinTickerEntry(input: { id: \"x\", expectedVersion: 1, pinned: true }) { id } }"
)

// locked makes the newsroom's server execute only what is registered.
func (n *newsroom) locked(t *testing.T, path string, only bool) {
	t.Helper()
	operations, err := graph.LoadOperations(path)
	must(t, err)
	n.executor = graph.NewExecutor(n.resolver, graph.ExecutorOptions{Operations: operations, OnlyRegistered: only, NoIntrospection: true})
}

func TestOnlyRegisteredOperations(t *testing.T) {
	n := open(t)
	n.locked(t, folder(t, map[string]string{
		"who.graphql": whoAmI + "\n", "deep/er/schema.gql": asksAll, "two.graphql": twoOps, "none.graphql": noName, "pin.graphql": pinning,
		"notes.txt": "not a document",
	}), true)
	id := func(id string) map[string]any { return map[string]any{"documentId": id} }
	const notRegistered = `"FORBIDDEN"`
	for _, row := range []struct {
		name, text string
		extensions map[string]any
		operation  string
		want       string
	}{
		{"its text", whoAmI, nil, "", "READER"},
		{"its text and space around it", "\n" + whoAmI + "  ", nil, "", "READER"},
		{"its name", "", id("WhoAmI"), "", "READER"},
		{"its name, Apollo's way", "", apollo(1, "WhoAmI"), "", "READER"},
		{"its hash", "", apollo(1, sha(whoAmI)), "", "READER"},
		{"its hash in capitals", "", apollo(1, strings.ToUpper(sha(whoAmI))), "", "READER"},
		{"the hash of its file", "", apollo(1, sha(whoAmI+"\n")), "", "READER"},
		{"its hash and text", whoAmI, apollo(1, sha(whoAmI)), "", "READER"},
		{"a document by another's name", whoAmI, id("First"), "", notRegistered},
		{"a hash as documentId", "", id("sha256:" + sha(whoAmI)), "", "READER"},
		{"one of two by its name", "", id("Second"), "", "trendingTags"},
		{"one of two by the other's name", "", id("Second"), "First", "READER"},
		{"two by their hash", "", apollo(1, sha(twoOps)), "", "operationName must say"},
		{"one of two by their hash", "", apollo(1, sha(twoOps)), "First", "READER"},
		{"one that does not exist", "", apollo(1, sha(twoOps)), "Third", "operation Third not found"},
		{"one without a name", "", apollo(1, sha(noName)), "", "Viewer"},
		{"the schema", asksAll, nil, "", "Query"},
		{"another text", "{ viewer { role } }", nil, "", notRegistered},
		{"a part of a text", "{ viewer { role } } " + whoAmI, nil, "", notRegistered},
		{"another text with its hash", "{ viewer { role } }", apollo(1, sha("{ viewer { role } }")), "", notRegistered},
		{"which is not kept", "", apollo(1, sha("{ viewer { role } }")), "", notRegistered},
		{"another name", "", id("Nobody"), "", notRegistered},
		{"nothing", "", nil, "", notRegistered},
		{"what can't be read", "{{{", nil, "", notRegistered},
		{"a mutation by whoever may not", pinning, nil, "", "UNAUTHENTICATED"},
	} {
		got := n.answered(t, &graphql.RawParams{Query: row.text, OperationName: row.operation, Extensions: row.extensions})
		if !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestRegisteredOperationsBesideOthers(t *testing.T) {
	n := open(t)
	n.locked(t, folder(t, map[string]string{"who.graphql": whoAmI, "schema.graphql": asksAll}), false)
	for _, row := range []struct {
		name string
		p    graphql.RawParams
		want string
	}{
		{"registered", graphql.RawParams{Extensions: map[string]any{"documentId": "WhoAmI"}}, "READER"},
		{"another", graphql.RawParams{Query: noName}, "Viewer"},
		{"another is kept", graphql.RawParams{Query: noName, Extensions: apollo(1, sha(noName))}, "Viewer"},
		{"and known", graphql.RawParams{Extensions: apollo(1, sha(noName))}, "Viewer"},
		{"the id of one and the text of another", graphql.RawParams{Query: noName, Extensions: map[string]any{"documentId": "WhoAmI"}}, "documentId is that of another document than query"},
		{"the hash of one and the text of another", graphql.RawParams{Query: noName, Extensions: apollo(1, sha(whoAmI))}, "provided sha does not match query"},
		{"not known", graphql.RawParams{Extensions: apollo(1, sha(twoOps))}, "PERSISTED_QUERY_NOT_FOUND"},
		{"introspection that is registered", graphql.RawParams{Query: asksAll}, "queryType"},
		{"introspection that is not", graphql.RawParams{Query: "{ __schema { queryType { name } } }"}, "FORBIDDEN"},
	} {
		if got := n.answered(t, &row.p); !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestManifests(t *testing.T) {
	encoded := func(v any) string {
		text, err := json.Marshal(v)
		must(t, err)
		return string(text)
	}
	type member map[string]any
	for _, row := range []struct{ name, text string }{
		{"Apollo", encoded(member{"format": "apollo-persisted-query-manifest", "version": 1, "operations": []member{
			{"id": "of-its-own", "name": "WhoAmI", "type": "query", "body": whoAmI},
			{"id": sha(pinning), "name": "Pin", "type": "mutation", "body": pinning},
		}})},
		{"Relay", encoded(member{"of-its-own": whoAmI, sha(pinning): pinning})},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := open(t)
			n.locked(t, filepath.Join(folder(t, map[string]string{"m.json": row.text}), "m.json"), true)
			for _, given := range []struct {
				p    graphql.RawParams
				want string
			}{
				{graphql.RawParams{Extensions: map[string]any{"documentId": "of-its-own"}}, "READER"},
				{graphql.RawParams{Extensions: apollo(1, "of-its-own")}, "READER"},
				{graphql.RawParams{Query: whoAmI, Extensions: apollo(1, "of-its-own")}, "READER"},
				{graphql.RawParams{Extensions: apollo(1, sha(whoAmI))}, "READER"},
				{graphql.RawParams{Query: whoAmI}, "READER"},
				{graphql.RawParams{Extensions: map[string]any{"documentId": sha(pinning)}}, "UNAUTHENTICATED"},
				{graphql.RawParams{Extensions: map[string]any{"documentId": "WhoAmI"}}, "FORBIDDEN"},
			} {
				if got := n.answered(t, &given.p); !strings.Contains(got, given.want) {
					t.Errorf("%+v: got %s, want %s", given.p, got, given.want)
				}
			}
		})
	}
}

func TestOperationsThatCantBeLoaded(t *testing.T) {
	apolloOf := func(operation string) string {
		return `{"format":"apollo-persisted-query-manifest","version":1,"operations":[` + operation + `]}`
	}
	for _, row := range []struct {
		name, file, text string
		says             []string
	}{
		{"an empty folder", "x.txt", "", []string{"there are none"}},
		{"a document that is not valid", "a.graphql", "query A { viewer { rank } }", []string{"a.graphql", "rank"}},
		{"a document that can't be read", "a.graphql", "query A {", []string{"a.graphql", "Expected Name"}},
		{"only a fragment", "a.graphql", "fragment F on Story { id }", []string{"a.graphql", "no operation"}},
		{"a fragment of another file", "a.graphql", "query A { viewer { ...F } }", []string{"a.graphql", `"F"`}},
		{"a document that is too much", "a.graphql", "{ viewer { " + strings.Repeat("role ", 300) + "} }", []string{"a.graphql", "300"}},
		{"an empty file", "a.graphql", "", []string{"a.graphql", "no operation"}},
		{"no JSON", "m.json", "{", []string{"m.json", "JSON"}},
		{"a list", "m.json", "[]", []string{"m.json"}},
		{"another JSON", "m.json", `{"a":{"b":1}}`, []string{"m.json", "apollo-persisted-query-manifest"}},
		{"no operation in it", "m.json", `{}`, []string{"there are none"}},
		{"another format", "m.json", `{"format":"x","version":1}`, []string{"m.json", `"x"`}},
		{"another version", "m.json", `{"format":"apollo-persisted-query-manifest","version":2}`, []string{"version 2"}},
		{"a document of Relay's that is not valid", "m.json", `{"abc":"{ x }"}`, []string{"m.json", "abc", `"x"`}},
		{"an empty id", "m.json", `{"":"{ viewer { role } }"}`, []string{"has no id"}},
		{"a document of Apollo's that is not valid", "m.json", apolloOf(`{"id":"1","name":"A","type":"query","body":"query A { x }"}`), []string{"m.json: A", `"x"`}},
		{"another name", "m.json", apolloOf(`{"id":"1","name":"B","type":"query","body":"query A { viewer { role } }"}`), []string{"m.json: B", "no query of that name"}},
		{"another type", "m.json", apolloOf(`{"id":"1","name":"A","type":"mutation","body":"query A { viewer { role } }"}`), []string{"no mutation of that name"}},
		{"no id", "m.json", apolloOf(`{"name":"A","type":"query","body":"query A { viewer { role } }"}`), []string{"m.json: A", "no id"}},
		{"one id twice", "m.json", apolloOf(`{"id":"1","name":"A","type":"query","body":"query A { viewer { role } }"},{"id":"1","name":"B","type":"query","body":"query B { viewer { role } }"}`), []string{"m.json: B", "1 is there already", "m.json: A"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			path := folder(t, map[string]string{row.file: row.text})
			if filepath.Ext(row.file) == ".json" {
				path = filepath.Join(path, row.file)
			}
			o, err := graph.LoadOperations(path)
			if err == nil {
				t.Fatalf("%d operations are loaded", o.Len())
			}
			for _, want := range row.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %s", err, want)
				}
			}
		})
	}
	t.Run("one name twice", func(t *testing.T) {
		_, err := graph.LoadOperations(folder(t, map[string]string{"a.graphql": whoAmI, "b/c.gql": whoAmI + "\nquery More { viewer { role } }"}))
		if err == nil || !strings.Contains(err.Error(), "c.gql") || !strings.Contains(err.Error(), "a.graphql") || !strings.Contains(err.Error(), "WhoAmI") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("nowhere", func(t *testing.T) {
		if _, err := graph.LoadOperations(filepath.Join(t.TempDir(), "x")); err == nil {
			t.Error("there is no error")
		}
	})
}

func TestOperationsOfPages(t *testing.T) {
	own := os.DirFS(folder(t, map[string]string{"sub/two.graphql": twoOps + "\n"}))
	for _, row := range []struct {
		name, path string
		given      int
	}{
		{"alone", "", 0},
		{"beside others", folder(t, map[string]string{"who.graphql": whoAmI}), 1},
		{"beside one of the same name", folder(t, map[string]string{"first.graphql": "query First { viewer { name } }"}), 1},
		{"beside the same", folder(t, map[string]string{"two.graphql": twoOps}), 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			o, err := graph.LoadOperations(row.path, own)
			must(t, err)
			if o.Len() != row.given {
				t.Errorf("got %d operations that were given, want %d", o.Len(), row.given)
			}
			n := open(t)
			n.executor = graph.NewExecutor(n.resolver, graph.ExecutorOptions{Operations: o, OnlyRegistered: true, NoIntrospection: true})
			got := n.answered(t, &graphql.RawParams{OperationName: "First", Extensions: map[string]any{"documentId": "sha256:" + sha(twoOps+"\n")}})
			if !strings.Contains(got, "READER") {
				t.Errorf("got %s, want READER", got)
			}
		})
	}
	if _, err := graph.LoadOperations("", os.DirFS(folder(t, map[string]string{"bad.graphql": "{ x }"}))); err == nil || !strings.Contains(err.Error(), "bad.graphql") {
		t.Errorf("got %v, want the file", err)
	}
}

// FuzzManifest reads manifests of any shape.
func FuzzManifest(f *testing.F) {
	for _, seed := range []string{
		`{"a":"{ viewer { role } }"}`, `{}`, `[]`, `{"format":5}`, `{"format":"apollo-persisted-query-manifest","version":1,"operations":[null,{}]}`,
		`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"1","name":"A","type":"query","body":"query A { viewer { role } }"}]}`,
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), "m.json")
	f.Fuzz(func(t *testing.T, text string) {
		must(t, os.WriteFile(path, []byte(text), 0o600))
		if o, err := graph.LoadOperations(path); err == nil && o.Len() == 0 {
			t.Errorf("%s gives no operations and no error", text)
		}
	})
}
