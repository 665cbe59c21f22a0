package graph_test

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph"
)

// params reads the variables as the transports do.
func (s shape) params(t testing.TB) *graphql.RawParams {
	t.Helper()
	p := &graphql.RawParams{Query: s.text}
	if s.variables != "" {
		d := json.NewDecoder(strings.NewReader(s.variables))
		d.UseNumber()
		must(t, d.Decode(&p.Variables))
	}
	return p
}

// begin brings an operation as far as its execution: it can be executed, or there is
// a response that refuses it.
func (n *newsroom) begin(t testing.TB, p *graphql.RawParams) (*graphql.OperationContext, *graphql.Response) {
	t.Helper()
	ctx := graphql.StartOperationTrace(t.Context())
	op, errs := n.executor.CreateOperationContext(ctx, p)
	if errs == nil {
		return op, nil
	}
	return op, n.executor.DispatchError(graphql.WithOperationContext(ctx, op), errs)
}

// checkRefused wants a response that refuses to say so in few words.
func checkRefused(t testing.TB, r *graphql.Response) {
	t.Helper()
	if len(r.Errors) == 0 || len(r.Errors) > 20 {
		t.Errorf("there are %d errors", len(r.Errors))
	}
	for _, e := range r.Errors {
		code, _ := e.Extensions["code"].(string)
		if !slices.Contains([]string{"TOO_COMPLEX", "INVALID_ARGUMENT", "FORBIDDEN", "PERSISTED_QUERY_NOT_FOUND"}, code) {
			t.Errorf("got the code %q with %s", code, e.Message)
		}
		if n := utf8.RuneCountInString(e.Message); n == 0 || n > 501 {
			t.Errorf("a message has %d characters: %s", n, e.Message)
		}
	}
}

// TestHostileDocuments begins operations that are made to keep a server busy. None
// may take long, whether it is refused or not; how long that is on this machine is
// told by a task that takes about 50 ms on one that is not fast.
func TestHostileDocuments(t *testing.T) {
	n := open(t)
	n.executor = graph.NewExecutor(n.resolver, graph.ExecutorOptions{})
	limit := 3 * quickest(spin)
	for _, s := range hostile() {
		t.Run(s.name, func(t *testing.T) {
			p := s.params(t)
			if _, refused := n.begin(t, p); refused != nil {
				checkRefused(t, refused)
			}
			if raced || testing.Short() {
				return
			}
			// Each time it is another text, of which nothing is kept.
			next := func() {
				p.Query += " "
				n.begin(t, p)
			}
			if took := quickest(next); took > limit {
				t.Errorf("it took %v, more than %v", took, limit)
			}
		})
	}
}

// quickest is the shortest of a few times.
func quickest(task func()) time.Duration {
	shortest := time.Hour
	for range 3 {
		began := time.Now()
		task()
		shortest = min(shortest, time.Since(began))
	}
	return shortest
}

func spin() {
	h := fnv.New64a()
	for range 40 {
		h.Write(make([]byte, 1<<20))
	}
}

func BenchmarkHostileDocuments(b *testing.B) {
	n := open(b)
	for _, s := range hostile() {
		b.Run(s.name, func(b *testing.B) {
			p := s.params(b)
			for b.Loop() {
				n.begin(b, p)
			}
		})
	}
}

// BenchmarkKnownDocument begins an operation whose document is known.
func BenchmarkKnownDocument(b *testing.B) {
	n := open(b)
	p := &graphql.RawParams{Query: frontPage, Variables: map[string]any{}}
	for b.Loop() {
		n.begin(b, p)
	}
}

// FuzzDocuments begins whatever operation: there is no panic, and what is refused is
// refused with a code.
func FuzzDocuments(f *testing.F) {
	for _, s := range hostile() {
		if len(s.text) < 10_000 && len(s.variables) < 10_000 {
			f.Add(s.text, s.variables)
		}
	}
	f.Add(frontPage, `{}`)
	f.Add(`{ story(slug: "\u{1F600}\uD83D\uDE00") { id } }`, "")
	n := open(f)
	f.Fuzz(func(t *testing.T, text, variables string) {
		p := &graphql.RawParams{Query: text}
		d := json.NewDecoder(strings.NewReader(variables))
		d.UseNumber()
		if variables != "" && d.Decode(&p.Variables) != nil {
			return
		}
		op, refused := n.begin(t, p)
		if refused != nil {
			checkRefused(t, refused)
		} else if op.Operation == nil || op.Doc == nil || op.Variables == nil {
			t.Errorf("%s can be executed, as %+v", text, op)
		}
	})
}

// TestLimits goes up to each limit and one further.
func TestLimits(t *testing.T) {
	n := open(t)
	list := func(inside string) string { return "{stories{nodes{" + inside + "}}}" }
	for _, row := range []struct {
		name  string
		limit int
		text  func(int) string
		says  string // with the figure and the limit
	}{
		{"bytes", 1 << 20, func(n int) string { return filled(n, "#", "x", "\n{viewer{role}}") }, "the document has %d bytes; at most %d are allowed: give long text in a variable"},
		{"tokens", 2_500, func(n int) string { return strings.Repeat("#\n", n-8) + "{viewer{a:role}}" }, "the document has %d tokens; at most %d are allowed"},
		{"operations", 20, func(n int) string { return counted(n, "query QN{viewer{role}}") }, "the document has %d operations; at most %d are allowed"},
		{"fields at the root", 20, func(n int) string { return "{" + strings.Repeat("viewer{role}", n) + "}" }, "the operation has %d fields at its root; at most %d are allowed"},
		{"fields at the root by fragments", 20, func(n int) string {
			return "{viewer{role}...F}fragment F on Query{...on Query{" + strings.Repeat("viewer{role}", n-1) + "}}"
		}, "the operation has %d fields at its root; at most %d are allowed"},
		{"depth", 20, func(n int) string {
			return "{stories(first:1){nodes" + nested(n-3, "{related(first:1)", "{id}", "}") + "}}"
		}, "the operation is %d levels deep; at most %d are allowed"},
		{"depth by fragments", 20, func(n int) string {
			return list("...F0") + counted(n-3, "fragment FN on Story{related(first:1){...FM}}") + fmt.Sprintf("fragment F%d on Story{id}", n-3)
		}, "the operation is %d levels deep; at most %d are allowed"},
		{"aliases", 70, func(n int) string { return list(counted(n, "aN:id ")) }, "the document has %d aliases; at most %d are allowed"},
		{"fragments", 50, func(n int) string { return list(counted(n, "...FN ")) + counted(n, "fragment FN on Story{id}") }, "the document has %d fragments; at most %d are allowed"},
		{"spreads", 100, func(n int) string { return list(strings.Repeat("...F ", n)) + "fragment F on Story{id}" }, "the document has %d spreads of fragments; at most %d are allowed"},
		{"directives", 50, func(n int) string { return list(strings.Repeat("id@include(if:true)", n)) }, "the document has %d directives; at most %d are allowed"},
		{"variables", 50, func(n int) string {
			return "query(" + counted(n, "$aN:ID=1 ") + "){nodes(ids:[" + counted(n, "$aN ") + "]){id}}"
		}, "the document has %d variables; at most %d are allowed"},
		{"repeats", 200, func(n int) string { return list(strings.Repeat("id ", n)) }, `the document asks for "id" %d times; at most %d are allowed`},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := &graphql.RawParams{Query: row.text(row.limit)}
			if row.name == "operations" {
				p.OperationName = "Q0"
			}
			if _, refused := n.begin(t, p); refused != nil {
				t.Errorf("at the limit: got %v", refused.Errors)
			}
			_, refused := n.begin(t, &graphql.RawParams{Query: row.text(row.limit + 1)})
			if want := fmt.Sprintf(row.says, row.limit+1, row.limit); refused == nil || refused.Errors[0].Message != want || refused.Errors[0].Extensions["code"] != "TOO_COMPLEX" {
				t.Errorf("beyond the limit: got %v, want %s", refused, want)
			}
		})
	}
}

func TestManyValuesInVariables(t *testing.T) {
	n := open(t)
	items := make([]any, 5_000)
	for i := range items {
		items[i] = "x"
	}
	const query = `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`
	if _, refused := n.begin(t, &graphql.RawParams{Query: query, Variables: map[string]any{"ids": items[1:]}}); refused != nil {
		t.Errorf("got %v", refused.Errors)
	}
	_, refused := n.begin(t, &graphql.RawParams{Query: query, Variables: map[string]any{"ids": items}})
	if refused == nil || refused.Errors[0].Extensions["code"] != "TOO_COMPLEX" {
		t.Errorf("got %v, want TOO_COMPLEX", refused)
	}
}

// A list that a variable makes long costs what it is, also when the document is known.
func TestTheCostOfVariables(t *testing.T) {
	n := open(t)
	const query = `query($n: Int!) { stories(first: $n) { nodes { related(first: $n) { tags { stories(first: $n) { nodes { id } } } } } } }`
	for _, row := range []struct {
		first int
		code  any
	}{{2, nil}, {20, "TOO_COMPLEX"}, {3, nil}} {
		_, refused := n.begin(t, &graphql.RawParams{Query: query, Variables: map[string]any{"n": row.first}})
		if (refused == nil) != (row.code == nil) || refused != nil && refused.Errors[0].Extensions["code"] != row.code {
			t.Errorf("%d: got %v, want %v", row.first, refused, row.code)
		}
	}
}

func TestErrorsAreFew(t *testing.T) {
	n := open(t)
	r := n.reply(t, "{viewer{"+counted(25, "aN ")+"}}")
	if len(r.Errors) != 20 || r.Errors[19].Message != "there are more errors than are told here" || r.Errors[18].Message == r.Errors[19].Message {
		t.Errorf("got %d errors: %v", len(r.Errors), r.Errors)
	}
	r = n.reply(t, "{viewer{"+counted(20, "aN ")+"}}")
	if len(r.Errors) != 20 || !strings.Contains(r.Errors[19].Message, `"a19"`) {
		t.Errorf("got %d errors: %v", len(r.Errors), r.Errors)
	}
	// Errors of an execution are counted to the end.
	n.fill(t)
	r = n.reply(t, `{ stories(first: 6) { nodes { `+counted(5, `aN: related(first: -1) { id } `)+` } } }`)
	if len(r.Errors) != 20 || r.Errors[19].Message != "there are 11 more errors" || r.Errors[19].Extensions["code"] != "INVALID_ARGUMENT" {
		t.Errorf("got %d errors: %v", len(r.Errors), r.Errors)
	}
}

func TestIntrospectionSwitch(t *testing.T) {
	n := open(t)
	const asks = `{ __schema { queryType { name } } }`
	if r := n.reply(t, asks); len(r.Errors) > 0 {
		t.Errorf("got %v", r.Errors)
	}
	n.executor = graph.NewExecutor(n.resolver, graph.ExecutorOptions{NoIntrospection: true})
	for _, text := range []string{
		asks, `{ viewer { role } __type(name: "Story") { name } }`, `{ ...F } fragment F on Query { a: __schema { types { name } } }`,
		`{ ... { __type(name: "Query") { fields { name } } } }`,
	} {
		r := n.reply(t, text)
		if len(r.Errors) != 1 || r.Errors[0].Extensions["code"] != "FORBIDDEN" || !strings.Contains(r.Errors[0].Message, "introspection") {
			t.Errorf("%s: got %v, want FORBIDDEN", text, r.Errors)
		}
	}
	if r := n.reply(t, `{ __typename viewer { __typename role } }`); len(r.Errors) > 0 {
		t.Errorf("got %v", r.Errors)
	}
	for _, text := range []string{
		`{ storie { id } }`, `{ story(slog: "x") { id } }`, `{ viewer }`, `{ viewer { rol } }`, `query($a: Storie) { viewer { role } }`,
		`{ ticker(filter: { minPriority: FLAHS }) { nodes { id } } }`, `{ ticker(filter: { minPriorit: FLASH }) { nodes { id } } }`,
		`{ ticker(filter: { minPriority: "FLASH" }) { nodes { id } } }`, `{ node(id: "x") { ...on Stor { id } } }`, `{ viewer { role @includ(if: true) } }`,
		`{ node(id: "x") { title } }`,
	} {
		r := n.reply(t, text)
		if len(r.Errors) == 0 {
			t.Errorf("%s is answered", text)
		}
		for _, e := range r.Errors {
			if strings.Contains(e.Message, "Did you mean") {
				t.Errorf("%s: got %s", text, e.Message)
			}
		}
	}
}
