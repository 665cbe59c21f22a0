package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

func TestDocumentsByTheirHash(t *testing.T) {
	n := open(t)
	const text = `{ viewer { role } }`
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return hex.EncodeToString(sum[:])
	}
	long := "# " + strings.Repeat("x", 20<<10) + "\n" + text
	for _, row := range []struct {
		name, text, hash string
		version          any
		want             string // in the answer
	}{
		{"not known yet", "", hash(text), 1, "PERSISTED_QUERY_NOT_FOUND"},
		{"of another text", text, hash("{x}"), 1, "INVALID_ARGUMENT"},
		{"still not known", "", hash(text), 1, "PERSISTED_QUERY_NOT_FOUND"},
		{"with its text", text, hash(text), 1, "READER"},
		{"known", "", hash(text), json.Number("1"), "READER"},
		{"another version", "", hash(text), 2, "INVALID_ARGUMENT"},
		{"rubbish", "", hash(text), "x", "INVALID_ARGUMENT"},
		{"too long to be kept", long, hash(long), 1, "READER"},
		{"and so not known", "", hash(long), 1, "PERSISTED_QUERY_NOT_FOUND"},
	} {
		ctx := graphql.StartOperationTrace(t.Context())
		var got []byte
		op, errs := n.executor.CreateOperationContext(ctx, &graphql.RawParams{
			Query:      row.text,
			Extensions: map[string]any{"persistedQuery": map[string]any{"version": row.version, "sha256Hash": row.hash}},
		})
		if errs != nil {
			got = encode(t, n.executor.DispatchError(graphql.WithOperationContext(ctx, op), errs))
		} else {
			responses, ctx := n.executor.DispatchOperation(ctx, op)
			got = encode(t, responses(ctx))
		}
		if !strings.Contains(string(got), row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}
