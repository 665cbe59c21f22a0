package graph_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden answers")

// TestOperations runs the operations of each file of testdata/ops, in their
// order, in a newsroom of its own, and compares the answers and what they took
// of the store with the golden ones, which hold for every store and are written
// from SQLite. How a file is written, operation_test.go tells.
func TestOperations(t *testing.T) {
	files, err := filepath.Glob("testdata/ops/*.graphql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no operations: %v", err)
	}
	filled := open(t)
	filled.fill(t)
	inEachStore(t, func(t *testing.T, in storeKind) {
		rewrite := *update && in == inSQLite
		for _, file := range files {
			t.Run(strings.TrimSuffix(filepath.Base(file), ".graphql"), func(t *testing.T) {
				t.Parallel()
				n := filled.without(t, in, nil)
				text, err := os.ReadFile(file)
				must(t, err)
				var answers []answer
				for _, op := range operations(t, string(text)) {
					answers = append(answers, n.ask(t, op))
				}
				compare(t, strings.TrimSuffix(file, ".graphql")+".json", answers, rewrite)
			})
		}
	})
}

type answer struct {
	Operation string            `json:"operation"`
	As        string            `json:"as,omitempty"`
	Store     map[string]int    `json:"store,omitempty"`
	Answers   []json.RawMessage `json:"answers"`
}

func (n *newsroom) ask(t *testing.T, op operation) answer {
	t.Helper()
	if op.clock != "" {
		n.setClock(t, op.clock)
	}
	n.settle(t)
	a := answer{Operation: op.name, As: op.as}
	n.store.reset()
	for _, response := range n.run(t, op) {
		a.Answers = append(a.Answers, n.readable(response))
	}
	a.Store = n.store.reset()
	return a
}

func compare(t *testing.T, golden string, got any, rewrite bool) {
	t.Helper()
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	must(t, e.Encode(got))
	if rewrite {
		must(t, os.WriteFile(golden, text.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile(golden)
	must(t, err)
	if diff := cmp.Diff(string(want), text.String()); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", golden, diff)
	}
}
