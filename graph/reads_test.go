package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	goast "go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"depeche/graph"
	"depeche/internal/news"
)

// twoWays executes queries on the short way and by gqlgen alone.
type twoWays struct {
	*newsroom
	short, long graphql.GraphExecutor
	turned      *longWays
	taken       map[string]bool // the fields that the short way has written

	shortCalls, longCalls int // of the store, by queries that took the short way
}

func inTwoWays(n *newsroom) *twoWays {
	turned := &longWays{Handler: slog.DiscardHandler}
	r := *n.resolver
	r.Logger = slog.New(turned)
	return &twoWays{
		newsroom: n,
		short:    graph.NewExecutor(&r, graph.ExecutorOptions{}),
		long:     graph.NewExecutor(n.resolver, graph.ExecutorOptions{NoShortWay: true}),
		turned:   turned,
		taken:    map[string]bool{},
	}
}

// longWays counts the queries that took the long way.
type longWays struct {
	slog.Handler
	count atomic.Int64
}

func (w *longWays) Enabled(context.Context, slog.Level) bool { return true }

func (w *longWays) Handle(_ context.Context, record slog.Record) error {
	if record.Message == "took the long way" {
		w.count.Add(1)
	}
	return nil
}

// compare executes a query in both ways. It tells whether it was taken for one,
// and whether it took the short way to its end.
func (w *twoWays) compare(t testing.TB, op operation) (valid, short bool) {
	t.Helper()
	before := w.turned.count.Load()
	w.store.reset()
	got, doc := w.respond(t, w.short, op)
	asked := sum(w.store.reset())
	if doc != nil && doc.Operations[0].Operation != ast.Query {
		return false, false
	}
	want, _ := w.respond(t, w.long, op)
	without := sum(w.store.reset())
	if string(got.Data) != string(want.Data) {
		t.Errorf("%s\nwith %s got  %s\nwant %s", op.text, op.variables, got.Data, want.Data)
	}
	if got, want := errorsOf(t, got), errorsOf(t, want); !slices.Equal(got, want) {
		t.Errorf("%s\nwith %s got the errors %s\nwant %s", op.text, op.variables, got, want)
	}
	if len(got.Extensions) != len(want.Extensions) {
		t.Errorf("%s\ngot the extensions %v, want %v", op.text, got.Extensions, want.Extensions)
	}
	short = doc != nil && w.turned.count.Load() == before
	if short {
		note(w.taken, doc)
		w.shortCalls += asked
		w.longCalls += without
	}
	return doc != nil, short
}

func sum(calls map[string]int) int {
	all := 0
	for _, n := range calls {
		all += n
	}
	return all
}

// respond executes an operation. The document is nil where it is refused.
func (w *twoWays) respond(t testing.TB, exec graphql.GraphExecutor, op operation) (*graphql.Response, *ast.QueryDocument) {
	t.Helper()
	ctx := news.WithActor(graphql.StartOperationTrace(t.Context()), op.who)
	params := &graphql.RawParams{Query: w.fillIn(t, op.text)}
	if op.variables != "" {
		d := json.NewDecoder(strings.NewReader(w.fillIn(t, op.variables)))
		d.UseNumber()
		must(t, d.Decode(&params.Variables))
	}
	oc, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return exec.DispatchError(graphql.WithOperationContext(ctx, oc), errs), nil
	}
	if oc.Operation.Operation != ast.Query {
		return nil, oc.Doc
	}
	responses, ctx := exec.DispatchOperation(ctx, oc)
	response := responses(ctx)
	if again := responses(ctx); again != nil {
		t.Errorf("%s\nis answered twice: %s", op.text, again.Data)
	}
	return response, oc.Doc
}

// errorsOf are the errors of a response in an order of their own: gqlgen resolves
// many fields at once.
func errorsOf(t testing.TB, r *graphql.Response) []string {
	t.Helper()
	var list []string
	for _, e := range r.Errors {
		text, err := json.Marshal(e)
		must(t, err)
		list = append(list, string(text))
	}
	slices.Sort(list)
	return list
}

// TestReadsAnswerAsGqlgen executes each query of testdata/ops in both ways.
func TestReadsAnswerAsGqlgen(t *testing.T) {
	files, err := filepath.Glob("testdata/ops/*.graphql")
	must(t, err)
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		n.settle(t)
		w := inTwoWays(n)
		queries, short := 0, 0
		for _, file := range files {
			text, err := os.ReadFile(file)
			must(t, err)
			for _, op := range operations(t, string(text)) {
				if strings.Contains(op.text, "LOG:") && strings.Contains(op.text, "subscription") || strings.Contains(op.text, "MADE:") {
					continue // of lines that are not written here
				}
				valid, taken := w.compare(t, op)
				if valid {
					queries++
				}
				if taken {
					short++
				}
			}
		}
		t.Logf("%d of %d queries took the short way", short, queries)
		if short < queries/2 {
			t.Errorf("only %d of %d queries took the short way", short, queries)
		}
	})
}

// TestReadsAnswerRandomQueries has random queries executed in both ways, and
// fails when the short way has not written each field that a query can reach.
func TestReadsAnswerRandomQueries(t *testing.T) {
	n := open(t)
	n.fill(t)
	n.equip(t)
	n.settle(t)
	w := inTwoWays(n)
	queries, valid, short := 1_000, 0, 0
	if testing.Short() {
		queries = 300
	}
	for seed := range uint64(queries) {
		ok, taken := w.compare(t, randomQuery(n, seed))
		if t.Failed() {
			t.Fatalf("the seed is %d", seed)
		}
		if ok {
			valid++
		}
		if taken {
			short++
		}
	}
	t.Logf("of %d queries %d are valid and %d took the short way, with %d store calls; %d by gqlgen", queries, valid, short, w.shortCalls, w.longCalls)
	if valid < queries*3/4 || short < valid*2/3 {
		t.Errorf("of %d queries %d are valid and %d took the short way: too few to tell anything", queries, valid, short)
	}
	// gqlgen's calls depend on which of its goroutines comes first.
	if w.shortCalls > w.longCalls+w.longCalls/50 {
		t.Errorf("the short way took %d store calls, gqlgen %d", w.shortCalls, w.longCalls)
	}
	for _, field := range reachable(schema()) {
		if !w.taken[field] {
			t.Errorf("no query on the short way asked for %s", field)
		}
	}
}

// TestReadsCoverTheSchema fails when there is a field that a query can ask for and
// the generated code can't write.
func TestReadsCoverTheSchema(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "generated/reads.generated.go", nil, 0)
	must(t, err)
	written := map[string]bool{}
	goast.Inspect(file, func(n goast.Node) bool {
		f, ok := n.(*goast.FuncDecl)
		if !ok {
			return true
		}
		typ, ok := strings.CutPrefix(f.Name.Name, "write")
		if !ok || f.Recv == nil {
			return false
		}
		goast.Inspect(f, func(n goast.Node) bool {
			if c, ok := n.(*goast.CaseClause); ok {
				for _, name := range c.List {
					if literal, ok := name.(*goast.BasicLit); ok {
						written[typ+"."+strings.Trim(literal.Value, `"`)] = true
					}
				}
			}
			return true
		})
		return false
	})
	for _, field := range reachable(schema()) {
		if !written[field] {
			t.Errorf("the short way can't write %s: make generate", field)
		}
	}
}

// reachable are the fields that a query can ask for, but for the schema's own.
func reachable(s *ast.Schema) []string {
	fields := map[string]bool{}
	seen := map[string]bool{}
	var from func(*ast.Definition)
	from = func(def *ast.Definition) {
		if seen[def.Name] {
			return
		}
		seen[def.Name] = true
		for _, possible := range s.GetPossibleTypes(def) {
			from(possible)
		}
		if def.Kind != ast.Object {
			return
		}
		for _, f := range def.Fields {
			if !strings.HasPrefix(f.Name, "__") {
				fields[def.Name+"."+f.Name] = true
				from(s.Types[f.Type.Name()])
			}
		}
	}
	from(s.Query)
	return slices.Sorted(maps.Keys(fields))
}

// TestReadsTakeTheLongWay has what is out of the ordinary answered by gqlgen.
func TestReadsTakeTheLongWay(t *testing.T) {
	n := open(t)
	n.fill(t)
	n.settle(t)
	w := inTwoWays(n)
	for _, row := range []struct {
		name, text, variables string
		short                 bool
	}{
		{name: "a query", text: `{ stories { nodes { id } } }`, short: true},
		{name: "an absence", text: `{ story(slug: "nowhere") { id } tag(slug: "nowhere") { id } }`, short: true},
		{name: "nothing", text: `{ __typename @skip(if: true) }`, short: true},
		{name: "nothing of a story", text: `{ story(slug: "le-senat-vote-le-budget") { id @skip(if: true) } }`, short: true},
		{name: "the schema", text: `{ __schema { queryType { name } } }`},
		{name: "a type", text: `{ __type(name: "Story") { name } viewer { role } }`},
		{name: "an error of a resolver", text: `{ stories(first: 1000) { nodes { id } } }`},
		{name: "an error of a variable", text: `query($n: Int) { stories(first: $n) { nodes { id } } }`, variables: `{"n": -1}`},
		{name: "an error of an argument", text: `{ stories(filter: {publishedAfter: "yesterday"}) { nodes { id } } }`},
		{name: "an argument that is not reached", text: `{ story(slug: "nowhere") { related(first: 1000) { id } } }`, short: true},
		{name: "a field that is put off", text: `{ stories { nodes { id ... @defer { title } } } }`},
		{name: "more conditions than are told apart", text: manyConditions(9)},
		{name: "as many conditions as are told apart", text: manyConditions(8), short: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			if valid, short := w.compare(t, operation{text: row.text, variables: row.variables}); !valid || short != row.short {
				t.Errorf("got valid %t, the short way %t, want %t", valid, short, row.short)
			}
		})
	}
}

func manyConditions(n int) string {
	var declared, fields strings.Builder
	for i := range n {
		fmt.Fprintf(&declared, "$c%d: Boolean! = true ", i)
		fmt.Fprintf(&fields, "f%d: __typename @include(if: $c%d) ", i, i)
	}
	return "query(" + declared.String() + ") { " + fields.String() + "}"
}

// TestReadsOfOneDocument executes a document again with other variables.
func TestReadsOfOneDocument(t *testing.T) {
	n := open(t)
	n.fill(t)
	n.settle(t)
	w := inTwoWays(n)
	const text = `query($a: Boolean!, $b: Boolean!, $n: Int, $slug: String!) { story(slug: $slug) { title @skip(if: $a) ...F @include(if: $b) related(first: $n) { slug } } }
		fragment F on Story { id tags @include(if: $a) { name } }`
	for range 2 {
		for i := range 8 {
			variables := fmt.Sprintf(`{"a": %t, "b": %t, "n": %d, "slug": "%s"}`, i&1 != 0, i&2 != 0, 1+i%3, []string{"le-senat-vote-le-budget", "paris-prepare-ses-berges"}[i/4])
			if _, short := w.compare(t, operation{text: text, variables: variables}); !short {
				t.Errorf("with %s it took the long way", variables)
			}
		}
	}
}

// odd is a store whose stories are not as they should be.
type odd struct {
	news.Store
	edit func(*news.Story)
}

func (o *odd) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	found, err := o.Store.StoriesBySlug(ctx, who, slugs)
	for slug, s := range found {
		c := *s
		o.edit(&c)
		found[slug] = &c
	}
	return found, err
}

func (o *odd) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	found, err := o.Store.RelatedStories(ctx, who, ids, limit)
	for _, list := range found {
		list[0] = nil
	}
	return found, err
}

// TestReadsOfOddThings has what a store should never give, or seldom does, come to
// the same on both ways.
func TestReadsOfOddThings(t *testing.T) {
	n := open(t)
	n.fill(t)
	n.settle(t)
	const all = `{ story(slug: "le-senat-vote-le-budget") { __typename id slug title summary priority updatedAt publishedAt canonicalUrl
		source { name url } image { url alt width height focalPoint { x y } } tags { name } authors { name } corrections { at note kind } version } viewer { role } }`
	for _, row := range []struct {
		name  string
		text  string
		edit  func(*news.Story)
		short bool
	}{
		{"nothing odd", all, func(*news.Story) {}, true},
		{"odd letters", all, func(s *news.Story) {
			s.Title, s.Summary = "\x00\x1f\"\\/<&>\u2028\u2029\x7f🗞️", "\xff half \xc3"
			s.Source = &news.Source{Name: "\t\r\n"}
		}, true},
		{"odd numbers", all, func(s *news.Story) {
			s.Image = &news.Image{URL: "https://example.org/", Width: 1, Height: 1 << 30, FocalPoint: &news.FocalPoint{X: 1e-7, Y: 123456789012345678}}
		}, true},
		{"a number that is none", all, func(s *news.Story) {
			s.Image = &news.Image{URL: "https://example.org/", FocalPoint: &news.FocalPoint{X: math.NaN()}}
		}, false},
		{"a number that does not fit", all, func(s *news.Story) { s.Version = math.MaxInt32 + 1 }, false},
		{"an enum that is none", all, func(s *news.Story) { s.Priority = "odd" }, true},
		{"an instant that is missing", all, func(s *news.Story) { s.UpdatedAt = time.Time{} }, false},
		{"an instant that may be missing", all, func(s *news.Story) { s.PublishedAt = time.Time{} }, true},
		{"no lists", all, func(s *news.Story) { s.Tags, s.Authors, s.Corrections = nil, nil, nil }, true},
		{"tags that don't exist", all, func(s *news.Story) { s.Tags = []news.TagID{"none", "tag_senat"} }, true},
		{"a list with a hole", `{ story(slug: "le-senat-vote-le-budget") { id related { id } } }`, func(*news.Story) {}, false},
		{"a panic", all, func(*news.Story) { panic("odd") }, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := inTwoWays(n)
			r := *n.resolver
			r.Store = &odd{Store: n.store, edit: row.edit}
			r.Logger = slog.New(w.turned)
			w.short = graph.NewExecutor(&r, graph.ExecutorOptions{})
			w.long = graph.NewExecutor(&r, graph.ExecutorOptions{NoShortWay: true})
			if valid, short := w.compare(t, operation{text: row.text}); !valid || short != row.short {
				t.Errorf("got valid %t, the short way %t, want %t", valid, short, row.short)
			}
		})
	}
}

// TestReadsKeepNothingOfAnAnswer holds on to an answer while others are made.
func TestReadsKeepNothingOfAnAnswer(t *testing.T) {
	n := open(t)
	n.fill(t)
	w := inTwoWays(n)
	first, _ := w.respond(t, w.short, operation{text: `{ stories { nodes { title } } }`})
	was := string(first.Data)
	for range 3 {
		w.respond(t, w.short, operation{text: `{ stories { nodes { title } } }`})
		w.respond(t, w.short, operation{text: `{ stories(last: 2) { nodes { slug tags { name } } } }`})
	}
	if string(first.Data) != was {
		t.Errorf("the answer has become %s, was %s", first.Data, was)
	}
}

// TestReadsAtOnce has many goroutines ask the same, for the race detector.
func TestReadsAtOnce(t *testing.T) {
	n := open(t)
	n.fill(t)
	n.equip(t)
	n.settle(t)
	w := inTwoWays(n)
	ops := make([]operation, 20)
	for i := range ops {
		ops[i] = randomQuery(n, uint64(i))
	}
	want := make([]string, len(ops))
	for i, op := range ops {
		r, _ := w.respond(t, w.long, op)
		want[i] = string(r.Data)
	}
	done := make(chan struct{})
	for g := range 8 {
		go func() {
			defer func() { done <- struct{}{} }()
			for _, i := range rand.New(rand.NewPCG(uint64(g), 1)).Perm(len(ops)) {
				if r, _ := w.respond(t, w.short, ops[i]); string(r.Data) != want[i] {
					t.Errorf("got %s, want %s", r.Data, want[i])
				}
			}
		}()
	}
	for range 8 {
		<-done
	}
}
