package graph_test

import (
	"encoding/json"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/live"
	"depeche/internal/news"
)

// TestWhoSharesAnExecution joins pairs of readers and looks whether they are one
// group.
func TestWhoSharesAnExecution(t *testing.T) {
	const byVariable = `subscription F($after: Cursor, $tag: String!) { ticker(after: $after, filter: { tags: [$tag] }) { kind } }`
	type reader struct {
		text, name, variables string
		who                   news.Actor
	}
	for _, row := range []struct {
		name   string
		a, b   reader
		shared bool
	}{
		{"the same", reader{text: `subscription { ticker { kind } }`}, reader{text: `subscription { ticker { kind } }`}, true},
		{"from two places", reader{text: byVariable, variables: `{"after":"LOG:1","tag":"senat"}`}, reader{text: byVariable, variables: `{"after":"LOG:2","tag":"senat"}`}, true},
		{"from a place and from now on", reader{text: byVariable, variables: `{"after":"LOG:1","tag":"senat"}`}, reader{text: byVariable, variables: `{"tag":"senat"}`}, true},
		{"from places in the text", reader{text: `subscription { ticker(after: "LOG:1") { kind } }`}, reader{text: `subscription { ticker(after: "LOG:12") { kind } }`}, true},
		{"from places in the text behind a letter of two bytes", reader{text: "# é\nsubscription { ticker(after: \"LOG:1\") { kind } }"}, reader{text: "# é\nsubscription { ticker(after: \"LOG:2\") { kind } }"}, true},
		{"of two tags", reader{text: byVariable, variables: `{"tag":"senat"}`}, reader{text: byVariable, variables: `{"tag":"paris"}`}, false},
		{"of two fields", reader{text: `subscription { ticker { kind } }`}, reader{text: `subscription { ticker { at } }`}, false},
		{"of two operations of a document",
			reader{text: `subscription A { ticker { kind } } subscription B { ticker { at } }`, name: "A"},
			reader{text: `subscription A { ticker { kind } } subscription B { ticker { at } }`, name: "B"}, false},
		{"a cursor that says more than the place",
			reader{text: `subscription ($after: Cursor) { ticker(after: $after) { entry { coverage { entries(after: $after, first: 1) { nodes { id } } } } } }`, variables: `{"after":"LOG:1"}`},
			reader{text: `subscription ($after: Cursor) { ticker(after: $after) { entry { coverage { entries(after: $after, first: 1) { nodes { id } } } } } }`, variables: `{"after":"LOG:2"}`}, false},
		{"left out by a variable",
			reader{text: `subscription ($x: Boolean!) { ticker { kind at @skip(if: $x) } }`, variables: `{"x":true}`},
			reader{text: `subscription ($x: Boolean!) { ticker { kind at @skip(if: $x) } }`, variables: `{"x":false}`}, false},
		{"a reader and an editor", reader{text: `subscription { ticker { kind } }`}, reader{text: `subscription { ticker { kind } }`, who: editor}, false},
		{"two editors", reader{text: `subscription { ticker { kind } }`, who: editor}, reader{text: `subscription { ticker { kind } }`, who: news.Actor{Name: "paul", Role: news.Editor}}, true},
		{"two contributors", reader{text: `subscription { ticker { kind } }`, who: contributor}, reader{text: `subscription { ticker { kind } }`, who: news.Actor{Name: "kim", Role: news.Contributor}}, false},
		{"a reader and the bearer of a preview", reader{text: `subscription { ticker { kind } }`}, reader{text: `subscription { ticker { kind } }`, who: actors()["bearer of a preview"]}, false},
		{"a reader with a token and one without", reader{text: `subscription { ticker { kind } }`}, reader{text: `subscription { ticker { kind } }`, who: news.Actor{Name: "lea", Role: news.Reader}}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := open(t)
			n.fill(t)
			n.settle(t)
			for _, r := range []reader{row.a, row.b} {
				ctx := news.WithActor(graphql.StartOperationTrace(t.Context()), r.who)
				params := &graphql.RawParams{Query: n.fillIn(t, r.text), OperationName: r.name}
				if r.variables != "" {
					must(t, json.Unmarshal([]byte(n.fillIn(t, r.variables)), &params.Variables))
				}
				op, errs := n.executor.CreateOperationContext(ctx, params)
				if errs != nil {
					t.Fatal(errs)
				}
				s, refused := n.follow.Join(ctx, op, live.Return{}, make(bell, 1))
				if refused != nil {
					t.Fatal(refused.Errors)
				}
				defer s.Leave()
			}
			if groups := n.hub.Stats().Groups.Load(); groups != 1 == row.shared {
				t.Errorf("they are %d groups, shared: %v", groups, row.shared)
			}
		})
	}
}
