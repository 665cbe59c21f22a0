package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

const deskDocument = "../docs/desk.md"

// A document's example is an operation and, right behind it, its answer.
var example = regexp.MustCompile("(?s)```graphql\n(.*?)```\n```json\n(.*?)```\n")

// clockLine sets the newsroom's clock before an example.
var clockLine = regexp.MustCompile(`(?m)^# clock: (.*)$`)

// TestDeskDocument runs the examples of the document in their order, in one
// newsroom, and compares the answers with those that are printed there; -update
// prints them.
func TestDeskDocument(t *testing.T) {
	text, err := os.ReadFile(deskDocument)
	must(t, err)
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		examples := example.FindAllSubmatch(text, -1)
		if len(examples) < 20 {
			t.Fatalf("there are only %d examples", len(examples))
		}
		answers := make([]string, len(examples))
		for i, e := range examples {
			source := string(e[1])
			who := news.Actor{}
			for role, actor := range map[string]news.Actor{"editor": editor, "admin": {Name: "rose", Role: news.Admin}} {
				if strings.HasPrefix(source, "# as: "+role+"\n") {
					who = actor
				}
			}
			if at := clockLine.FindStringSubmatch(source); at != nil {
				n.setClock(t, at[1])
			}
			n.settle(t)
			answers[i] = pretty(t, n.readable(n.run(t, operation{text: source, who: who})[0]))
			if diff := cmp.Diff(string(e[2]), answers[i]); diff != "" && !*update {
				t.Errorf("%s\nis answered otherwise than %s says (-want +got; -update rewrites it):\n%s", source, deskDocument, diff)
			}
		}
		if *update && in == inSQLite {
			i := -1
			written := example.ReplaceAllFunc(text, func(whole []byte) []byte {
				i++
				return fmt.Appendf(nil, "```graphql\n%s```\n```json\n%s```\n", examples[i][1], answers[i])
			})
			must(t, os.WriteFile(deskDocument, written, 0o644))
		}
	})
}

// setClock moves the clock on, and has the desk do what is due by then.
func (n *newsroom) setClock(t *testing.T, to string) {
	t.Helper()
	at, err := time.Parse(time.RFC3339, to)
	must(t, err)
	n.mu.Lock()
	n.now = at
	n.mu.Unlock()
	_, err = n.desk.Due(t.Context())
	must(t, err)
}

// pretty is an answer for people: short parts on one line, and of an error what it
// says and what a client goes by.
func pretty(t *testing.T, answer json.RawMessage) string {
	t.Helper()
	var told struct {
		Errors []struct {
			Message    string         `json:"message"`
			Extensions map[string]any `json:"extensions"`
		} `json:"errors,omitempty"`
		Data json.RawMessage `json:"data"`
	}
	must(t, json.Unmarshal(answer, &told))
	for _, e := range told.Errors {
		for _, version := range []string{"current", "known"} {
			if e.Extensions[version] != nil {
				e.Extensions[version] = "…"
			}
		}
	}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(t, e.Encode(told))
	return folded(text.String())
}

// folded puts whatever fits on a line on one, from the inside out.
func folded(text string) string {
	inner := regexp.MustCompile(`(?m)^( *)((?:"[^"]*": )?)([\[{])\n((?:[^\n]*[^\[{\n]\n)+?) *([\]}])(,?)$`)
	for {
		next := inner.ReplaceAllStringFunc(text, func(part string) string {
			m := inner.FindStringSubmatch(part)
			var items []string
			for item := range strings.SplitSeq(strings.TrimSpace(m[4]), "\n") {
				items = append(items, strings.TrimSpace(item))
			}
			line := m[1] + m[2] + m[3] + " " + strings.Join(items, " ") + " " + m[5] + m[6]
			if len([]rune(line)) > 120 {
				return part
			}
			return line
		})
		if next == text {
			return text
		}
		text = next
	}
}
