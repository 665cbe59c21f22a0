package graph_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestDocumentsThatWouldCostTooMuch sends what is short to write and long to
// answer. Each is refused, and soon.
func TestDocumentsThatWouldCostTooMuch(t *testing.T) {
	n := open(t)
	fragments := func(format, last string, count int) string {
		var text strings.Builder
		text.WriteString("query { stories { nodes { ...F0 } } }\n")
		for i := range count {
			text.WriteString(strings.NewReplacer("THIS", fmt.Sprint(i), "NEXT", fmt.Sprint(i+1)).Replace(format) + "\n")
		}
		return text.String() + fmt.Sprintf("fragment F%d on Story { %s }", count, last)
	}
	for _, c := range []struct{ name, text, code, says string }{
		{"fragments that double", fragments("fragment FTHIS on Story { ...FNEXT ...FNEXT }", "id", 26), "TOO_COMPLEX", "costs"},
		{"fragments that double at the root", "{...F0}" + counted(26, "fragment FN on Query{...FM ...FM}") + "fragment F26 on Query{viewer{role}}", "TOO_COMPLEX", "67108864 fields at its root"},
		{"fragments that double in lists", fragments("fragment FTHIS on Story { aTHIS: related { ...FNEXT } bTHIS: related { ...FNEXT } }", "id", 14), "TOO_COMPLEX", "costs"},
		{"a field again and again", "{ viewer { " + strings.Repeat("role ", 2000) + "} }", "TOO_COMPLEX", `"role"`},
		{"a list by many aliases", "{ " + aliases(20, "stories(first: 100) { nodes { id title slug summary tags { id name } authors { id name } } }") + "}", "TOO_COMPLEX", "costs"},
		{"lists in lists", "{ stories(first: 100) { nodes { related(first: 20) { tags { stories(first: 100) { nodes { id } } } } } } }", "TOO_COMPLEX", "costs"},
		{"lists in lists that don't say how long", "{ stories { nodes { tags { stories { nodes { tags { stories { nodes { id } } } } } } } } }", "TOO_COMPLEX", "costs"},
		{"entries in coverages", "{ coverages(first: 100) { nodes { entries(first: 100) { nodes { tags { id } } } } } }", "TOO_COMPLEX", "costs"},
		{"open brackets", `{ stories(filter: { tags: ` + strings.Repeat("[", 2000), "INVALID_ARGUMENT", "nesting"},
		{"open braces", "{ " + strings.ReplaceAll(aliases(1100, "{"), ":", ""), "INVALID_ARGUMENT", "nesting"},
		{"introspection in circles", "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }", "INVALID_ARGUMENT", "depth"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := n.reply(t, c.text)
			if len(r.Errors) == 0 || r.Errors[0].Extensions["code"] != c.code || !strings.Contains(r.Errors[0].Message, c.says) {
				t.Errorf("got %v, want %s that says %q", r.Errors, c.code, c.says)
			}
		})
	}
}

func aliases(n int, field string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "a%d: %s ", i, field)
	}
	return text.String()
}

func TestFrontPageIsFarFromTooCostly(t *testing.T) {
	n := open(t)
	r := n.reply(t, frontPage)
	if len(r.Errors) > 0 {
		t.Errorf("got %v", r.Errors)
	}
}

const frontPage = `{
		front: stories(first: 20) { nodes { ...Card related { ...Card } } }
		ticker(first: 50) { nodes { id headline tags { name } story { ...Card } coverage { title } } }
		coverages { nodes { title pinned { headline } keyEvents { headline } } }
		trendingTags { tag { name storyCount } storyCount }
	}
	fragment Card on Story { id slug title summary publishedAt tags { name } authors { name } image { url alt credit } }`
