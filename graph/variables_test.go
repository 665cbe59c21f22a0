package graph_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"

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
