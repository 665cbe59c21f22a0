package graph_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
)

// answered executes a query as the transports do.
func (n *newsroom) answered(t testing.TB, p *graphql.RawParams) string {
	t.Helper()
	op, refused := n.begin(t, p)
	if refused != nil {
		return string(encode(t, refused))
	}
	responses, ctx := n.executor.DispatchOperation(graphql.StartOperationTrace(t.Context()), op)
	return string(encode(t, responses(ctx)))
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// apollo are the extensions that name a document as Apollo's clients do.
func apollo(version, hash any) map[string]any {
	return map[string]any{"persistedQuery": map[string]any{"version": version, "sha256Hash": hash}}
}

func TestDocumentsByTheirHash(t *testing.T) {
	n := open(t)
	const (
		text     = `{ viewer { role } }`
		other    = `query($n: Int!) { stories(first: $n) { nodes { id } } }`
		wrong    = `{ viewer { rank } }`
		notFound = `{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}],"data":null}`
		unknown  = "Unsupported persisted query version"
		mismatch = "provided sha does not match query"
	)
	long := "# " + strings.Repeat("x", 20<<10) + "\n" + text
	for _, row := range []struct {
		name, text string
		extensions map[string]any
		want       string // in the answer
	}{
		{"not known yet", "", apollo(1, sha(text)), notFound},
		{"of another text", text, apollo(1, sha("{x}")), mismatch},
		{"still not known", "", apollo(1, sha(text)), notFound},
		{"with its text", text, apollo(1, sha(text)), "READER"},
		{"known", "", apollo(json.Number("1"), sha(text)), "READER"},
		{"known, in capitals", "", apollo(1, strings.ToUpper(sha(text))), "READER"},
		{"known, with its text in capitals", text, apollo(1, strings.ToUpper(sha(text))), "READER"},
		{"known, as documentId", "", map[string]any{"documentId": "sha256:" + sha(text)}, "READER"},
		{"not known, as documentId", "", map[string]any{"documentId": "sha256:" + sha(other)}, notFound},
		{"a documentId that is no hash", "", map[string]any{"documentId": "FrontPage"}, notFound},
		{"a documentId and its text", other, map[string]any{"documentId": "sha256:" + sha(other)}, "must be defined"},
		{"which makes it not known", "", apollo(1, sha(other)), notFound},
		{"a documentId and another text, which counts", text, map[string]any{"documentId": "sha256:" + sha(other)}, "READER"},
		{"a documentId that is no string", "", map[string]any{"documentId": 5}, "documentId must be a string"},
		{"an empty documentId", text, map[string]any{"documentId": ""}, "documentId must be a string"},
		{"another version", "", apollo(2, sha(text)), unknown},
		{"half a version", "", apollo(json.Number("1.5"), sha(text)), unknown},
		{"a string for the version", "", apollo("1", sha(text)), unknown},
		{"no version", "", apollo(nil, sha(text)), unknown},
		{"no hash", text, apollo(1, nil), "sha256Hash must be a string"},
		{"a number for the hash", text, apollo(1, 5), "sha256Hash must be a string"},
		{"an empty hash", text, apollo(1, ""), "sha256Hash must be a string"},
		{"no hash at all", "", apollo(1, "hello"), notFound},
		{"a list", text, map[string]any{"persistedQuery": []any{}}, "must be an object"},
		{"a string", text, map[string]any{"persistedQuery": sha(text)}, "must be an object"},
		{"null", text, map[string]any{"persistedQuery": nil}, "READER"},
		{"another extension", text, map[string]any{"tracing": true}, "READER"},
		{"a document that is not valid", wrong, apollo(1, sha(wrong)), "Cannot query field"},
		{"and so not known", "", apollo(1, sha(wrong)), notFound},
		{"an operation that is not valid by its variables", other, apollo(1, sha(other)), "$n: must be defined"},
		{"whose document is known", "", apollo(1, sha(other)), "$n: must be defined"},
		{"too long to be kept", long, apollo(1, sha(long)), "READER"},
		{"and so not known either", "", apollo(1, sha(long)), notFound},
	} {
		got := n.answered(t, &graphql.RawParams{Query: row.text, Extensions: row.extensions})
		if !strings.Contains(got, row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
		if !strings.Contains(got, "READER") && row.want != notFound && !strings.Contains(got, "INVALID_ARGUMENT") {
			t.Errorf("%s: got %s, want INVALID_ARGUMENT", row.name, got)
		}
	}
}

// Documents by their hash are bounded in bytes: those that nobody asks for are
// forgotten.
func TestFewDocumentsByTheirHash(t *testing.T) {
	n := open(t)
	text := func(i int) string {
		return strings.Repeat("#", 16_000) + string(rune('A'+i%26)) + strings.Repeat("x", i/26) + "\n{viewer{role}}"
	}
	for i := range 600 {
		if got := n.answered(t, &graphql.RawParams{Query: text(i), Extensions: apollo(1, sha(text(i)))}); !strings.Contains(got, "READER") {
			t.Fatalf("%d: got %s", i, got)
		}
	}
	for i, want := range map[int]string{0: "PersistedQueryNotFound", 599: "READER"} {
		if got := n.answered(t, &graphql.RawParams{Extensions: apollo(1, sha(text(i)))}); !strings.Contains(got, want) {
			t.Errorf("%d: got %s, want %s", i, got, want)
		}
	}
}
