package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// FuzzVariables gives variables of any shape to operations that take every kind
// of input. Whatever they are, the client gets an answer that is not INTERNAL.
func FuzzVariables(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"f":{"tags":["senat"],"minPriority":"FLASH"},"n":1,"ids":["story_1"]}`, `{"f":[],"n":"1","ids":null}`,
		`{"f":{"tags":[[null]]},"c":"x"}`, `{"p":"flash","k":["PLACE",1,null],"c":5}`, `{"f":{"publishedAfter":{}},"n":1e400}`,
		`{"f":{"status":["DRAFT"],"tagsMode":null},"ids":{"a":1}}`, `{"c":"cyBtbTh5N3cyOCBzdG9yeV81IA","ids":"x"}`,
		`{"s":{"title":"a","language":"fr","image":{"url":"https://a","alt":"a","credit":"c","focalPoint":{"x":1e999,"y":"NaN"}}}}`,
		`{"s":{"title":1,"language":[],"tags":"senat","breaking":"true","priority":5,"id":1.5}}`,
		`{"t":{"headline":"\ud800","occurredAt":"2026-03-02T09:00:00+99:99","pinned":null}}`,
		`{"n":-0,"k":"TOPIC","f":{"breaking":0}}`, `{"f":{"__typename":"x"}}`,
	} {
		f.Add(seed)
	}
	n := open(f)
	n.fill(f)
	const query = `query($f: StoryFilter, $n: Int, $c: Cursor, $ids: [ID!] = [], $p: Priority, $k: [TagKind!]) {
		stories(filter: $f, first: $n, after: $c) { nodes { id } }
		nodes(ids: $ids) { id }
		ticker(filter: { minPriority: $p }, last: $n, before: $c) { nodes { id } }
		tags(filter: { kind: $k }) { nodes { id } }
		trendingTags(kind: $k, first: $n, withinHours: $n) { storyCount }
	}`
	const mutation = `mutation($s: CreateStoryInput = { title: "", language: "" }, $t: PublishTickerEntryInput = { headline: "" }) {
		createStory(input: $s) { id body { html } image { width focalPoint { x } } }
		publishTickerEntry(input: $t) { id occurredAt }
	}`
	f.Fuzz(func(t *testing.T, text string) {
		for _, document := range []string{query, mutation} {
			params := &graphql.RawParams{Query: document}
			d := json.NewDecoder(strings.NewReader(text))
			d.UseNumber()
			if d.Decode(&params.Variables) != nil {
				return
			}
			ctx := news.WithActor(graphql.StartOperationTrace(t.Context()), editor)
			op, errs := n.executor.CreateOperationContext(ctx, params)
			var answer []byte
			if errs != nil {
				answer = encode(t, n.executor.DispatchError(graphql.WithOperationContext(ctx, op), errs))
			} else {
				responses, ctx := n.executor.DispatchOperation(ctx, op)
				answer = encode(t, responses(ctx))
			}
			if strings.Contains(string(answer), `"INTERNAL"`) || strings.Contains(string(answer), `"message":""`) {
				t.Errorf("%s\nis answered with %s", text, answer)
			}
		}
	})
}

// TestScalarsInEveryPosition gives numbers and strings where they belong and where
// they don't, as literals and as variables.
func TestScalarsInEveryPosition(t *testing.T) {
	n := open(t)
	positions := []struct {
		name, of string // the type that the position has
		query    string // VALUE stands for a literal
		variable string // JSON with VALUE; empty where the value is in the query
	}{
		{"an argument", "Int", `{ stories(first: VALUE) { nodes { id } } }`, ""},
		{"a variable", "Int", `query($v: Int) { stories(first: $v) { nodes { id } } }`, `{"v": VALUE}`},
		{"a variable that is required", "Int", `query($v: Int!) { stories(first: $v) { nodes { id } } }`, `{"v": VALUE}`},
		{"a default", "Int", `query($v: Int = VALUE) { stories(first: $v) { nodes { id } } }`, ""},
		{"inside of an input", "Int", `mutation { createStory(input: { title: "a", language: "fr", image: { url: "https://a.example/", alt: "a", credit: "c", width: VALUE } }) { id } }`, ""},
		{"inside of an input's variable", "Int", `mutation($v: CreateStoryInput!) { createStory(input: $v) { id } }`,
			`{"v": {"title": "a", "language": "fr", "image": {"url": "https://a.example/", "alt": "a", "credit": "c", "width": VALUE}}}`},
		{"a variable inside of an input", "Int", `mutation($v: Int) { createStory(input: { title: "a", language: "fr", image: { url: "https://a.example/", alt: "a", credit: "c", width: $v } }) { id } }`, `{"v": VALUE}`},
		{"a version", "Int", `mutation($v: Int!) { pinTickerEntry(input: { id: "x", expectedVersion: $v, pinned: true }) { id } }`, `{"v": VALUE}`},

		{"an argument", "String", `{ story(slug: VALUE) { id } }`, ""},
		{"a variable", "String", `query($v: String!) { story(slug: $v) { id } }`, `{"v": VALUE}`},
		{"a default", "String", `query($v: String = VALUE) { ticker(filter: { coverage: $v }) { nodes { id } } }`, ""},
		{"in a list", "String", `{ stories(filter: { tags: ["senat", VALUE] }) { nodes { id } } }`, ""},
		{"for a list", "String", `{ stories(filter: { tags: VALUE }) { nodes { id } } }`, ""},
		{"in a list's variable", "String", `query($v: [String!]) { stories(filter: { tags: $v }) { nodes { id } } }`, `{"v": ["senat", VALUE]}`},
		{"for a list's variable", "String", `query($v: [String!]) { stories(filter: { tags: $v }) { nodes { id } } }`, `{"v": VALUE}`},
		{"a variable in a list", "String", `query($v: String!) { stories(filter: { tags: [$v] }) { nodes { id } } }`, `{"v": VALUE}`},
		{"in an input's variable", "String", `query($v: StoryFilter) { stories(filter: $v) { nodes { id } } }`, `{"v": {"tags": [VALUE]}}`},
		{"text", "String", `mutation { createStory(input: { title: "a", language: "fr", summary: VALUE }) { id } }`, ""},
		{"text in a variable", "String", `mutation($v: String) { createStory(input: { title: "a", language: "fr", summary: $v }) { id } }`, `{"v": VALUE}`},
		{"text in an input's variable", "String", `mutation($v: CreateStoryInput!) { createStory(input: $v) { id } }`, `{"v": {"title": "a", "language": "fr", "summary": VALUE}}`},
	}
	values := []struct {
		value    string
		of       string // the type that takes it
		inJSON   bool   // only as a variable
		outRange bool
	}{
		{"1", "Int", false, false}, {"20", "Int", false, false}, {"1.0", "Int", true, false}, {"1e1", "Int", true, false},
		{"2147483648", "", false, true}, {"-2147483649", "", false, true}, {"9223372036854775807", "", false, true},
		{"99999999999999999999", "", false, true},
		{`"5"`, "String", false, false}, {`"senat"`, "String", false, false},
		{"1.5", "", false, false}, {"1e-1", "", false, false}, {"true", "", false, false}, {`{}`, "", false, false}, {`{"a":1}`, "", true, false},
	}
	for _, at := range positions {
		for _, v := range values {
			literal := at.variable == ""
			if v.inJSON && literal && strings.HasPrefix(v.value, "{") {
				continue // which is no literal
			}
			op := operation{text: strings.ReplaceAll(at.query, "VALUE", v.value), variables: strings.ReplaceAll(at.variable, "VALUE", v.value), who: editor}
			got := string(n.run(t, op)[0])
			refused := strings.Contains(got, `"INVALID_ARGUMENT"`)
			// What is of the right type may be refused for what it says.
			wanted := at.of == v.of && (!v.inJSON || !literal)
			if refused == wanted {
				t.Errorf("%s for %s, %s: got %s", v.value, at.of, at.name, got)
			}
			if refused && !wanted && strings.Contains(got, `"path"`) {
				t.Errorf("%s for %s, %s: got %s, want a request error", v.value, at.of, at.name, got)
			}
			says := "from -2147483648 to 2147483647"
			if literal {
				says = "32-bit"
			}
			if v.outRange && at.of == "Int" && !strings.Contains(got, says) {
				t.Errorf("%s for %s, %s: got %s, want %s", v.value, at.of, at.name, got, says)
			}
		}
	}
}

func TestVariablesOfOtherTypes(t *testing.T) {
	n := open(t)
	const (
		id    = `query($v: ID!) { node(id: $v) { id } }`
		pin   = `mutation($v: Boolean!) { pinTickerEntry(input: { id: "x", expectedVersion: 1, pinned: $v }) { id } }`
		image = `mutation($v: Float!) { createStory(input: { title: "a", language: "fr", image: { url: "https://a.example/", alt: "a", credit: "c", focalPoint: { x: $v, y: 0 } } }) { id } }`
		kinds = `query($v: [TagKind!]) { tags(filter: { kind: $v }) { nodes { id } } }`
	)
	for _, row := range []struct {
		query, value string
		invalid      string // what is said; empty where it is taken
	}{
		{id, `"x"`, ""}, {id, `5`, ""}, {id, `1.5`, "not a valid ID"}, {id, `true`, "not a valid ID"}, {id, `null`, "cannot be null"},
		{pin, `true`, ""}, {pin, `"true"`, "not a valid Boolean"}, {pin, `1`, "not a valid Boolean"},
		{image, `0.5`, ""}, {image, `1`, ""}, {image, `"0.5"`, "not a valid Float"}, {image, `1e999`, "not a valid Float"}, {image, `"NaN"`, "not a valid Float"},
		{kinds, `"PLACE"`, ""}, {kinds, `["PLACE","TOPIC"]`, ""}, {kinds, `["place"]`, `"place" is not a valid TagKind`}, {kinds, `[1]`, "$v[0]: not a valid TagKind"},
		{kinds, `[["PLACE"]]`, "$v[0]: not a valid TagKind"}, {kinds, `[null]`, "$v[0]: cannot be null"}, {kinds, `null`, ""},
	} {
		got := string(n.run(t, operation{text: row.query, variables: `{"v": ` + row.value + `}`, who: editor})[0])
		invalid := strings.Contains(got, `"argument":"$v`)
		quoted, err := json.Marshal(row.invalid)
		must(t, err)
		if invalid != (row.invalid != "") || !strings.Contains(got, strings.Trim(string(quoted), `"`)) {
			t.Errorf("%s in %s: got %s, want %q", row.value, row.query, got, row.invalid)
		}
	}
}

// What a client gave is not changed: it may be used for another operation.
func TestVariablesAreLeftAsTheyAre(t *testing.T) {
	n := open(t)
	given := map[string]any{"f": map[string]any{"tags": "senat"}, "other": 1}
	op, refused := n.begin(t, &graphql.RawParams{Query: `query($f: StoryFilter) { stories(filter: $f) { nodes { id } } }`, Variables: given})
	if refused != nil {
		t.Fatal(refused.Errors)
	}
	want := map[string]any{"f": map[string]any{"tags": []any{"senat"}}}
	if diff := cmp.Diff(want, op.Variables); diff != "" {
		t.Errorf("the variables (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"f": map[string]any{"tags": "senat"}, "other": 1}, given); diff != "" {
		t.Errorf("what was given (-want +got):\n%s", diff)
	}
}

// TestNoNullWhereNoneMayStand: a variable with a default is good for what must not
// be null, and so may come as null.
func TestNoNullWhereNoneMayStand(t *testing.T) {
	n := open(t)
	for _, text := range []string{
		`query($c: Boolean = true) { __typename @skip(if: $c) }`,
		`query($c: Boolean = true) { viewer { ... @include(if: $c) { role } } }`,
		`query($c: Boolean = true) { viewer { ...V } } fragment V on Viewer { role @include(if: $c) }`,
		`mutation($c: Boolean = true) { createTag(input: {name: "A", kind: TOPIC}) { id @skip(if: $c) } }`,
		`subscription($c: Boolean = true) { ticker { kind @skip(if: $c) } }`,
	} {
		ctx := graphql.StartOperationTrace(t.Context())
		_, errs := n.executor.CreateOperationContext(ctx, &graphql.RawParams{Query: text, Variables: map[string]any{"c": nil}})
		if len(errs) != 1 || !strings.Contains(errs[0].Message, "$c: must not be null where it stands") {
			t.Errorf("%s: got %v", text, errs)
		}
		for _, variables := range []map[string]any{{}, {"c": true}, {"c": false}} {
			if _, errs := n.executor.CreateOperationContext(ctx, &graphql.RawParams{Query: text, Variables: variables}); errs != nil {
				t.Errorf("%s %v: got %v", text, variables, errs)
			}
		}
	}
}

// TestNullWhereItMayStand: the same name in another operation is another variable.
func TestNullWhereItMayStand(t *testing.T) {
	n := open(t)
	for _, row := range []struct {
		text, operation string
		ok              bool
	}{
		{`query A($i: ID = "a") { node(id: $i) { id } }`, "A", false},
		{`query A($i: [ID!] = ["a"]) { nodes(ids: $i) { id } }`, "A", false},
		{`query A($i: Int = 5) { stories(first: $i) { nodes { id } } }`, "A", true},
		{`query A($i: Int = 5) { stories(first: $i) { nodes { id } } } query B($i: String = "a") { story(slug: $i) { id } }`, "A", true},
		{`query A($i: Int = 5) { stories(first: $i) { nodes { id } } } query B($i: String = "a") { story(slug: $i) { id } }`, "B", false},
	} {
		ctx := graphql.StartOperationTrace(t.Context())
		params := &graphql.RawParams{Query: row.text, OperationName: row.operation, Variables: map[string]any{"i": nil}}
		if _, errs := n.executor.CreateOperationContext(ctx, params); (errs == nil) != row.ok {
			t.Errorf("%s of %s: got %v", row.operation, row.text, errs)
		}
	}
}
