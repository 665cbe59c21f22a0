package scalar_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph/scalar"
)

func marshalled(m graphql.Marshaler) string {
	var b strings.Builder
	m.MarshalGQL(&b)
	return b.String()
}

// FuzzAppendString has every odd character written as gqlgen writes it.
func FuzzAppendString(f *testing.F) {
	for _, seed := range []string{
		"", "plain", `"quoted" \ and / more`, "\x00\x01\x1f\x7f", "\t\r\n\b\f", "Sénat d’été", "\u2028\u2029\ufeff", "🗞️👩‍🚀",
		"\xff\xfe", "half \xc3", "\xed\xa0\x80", "<script>&amp;</script>", "\u0085\u200b", "a\"", "\"a", `\`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := string(scalar.AppendString([]byte("x"), s)), "x"+marshalled(graphql.MarshalString(s)); got != want {
			t.Errorf("%q: got %s, want %s", s, got, want)
		}
	})
}

func TestAppendIsMarshal(t *testing.T) {
	paris := time.FixedZone("CET", 3600)
	for _, row := range []struct {
		name string
		got  []byte
		want graphql.Marshaler
	}{
		{"no number", scalar.AppendInt(nil, 0), scalar.MarshalInt(0)},
		{"the least number", scalar.AppendInt(nil, math.MinInt32), scalar.MarshalInt(math.MinInt32)},
		{"a number that does not fit", scalar.AppendInt(nil, math.MaxInt32+1), scalar.MarshalInt(math.MaxInt32 + 1)},
		{"true", scalar.AppendBoolean(nil, true), graphql.MarshalBoolean(true)},
		{"false", scalar.AppendBoolean(nil, false), graphql.MarshalBoolean(false)},
		{"an id", scalar.AppendID(nil, `a"b`), scalar.MarshalID(`a"b`)},
		{"the id of a story", scalar.AppendStoryID(nil, "story_1"), scalar.MarshalStoryID("story_1")},
		{"the id of a tag", scalar.AppendTagID(nil, "tag_1"), scalar.MarshalTagID("tag_1")},
		{"the id of an entry", scalar.AppendTickerEntryID(nil, "tick_1"), scalar.MarshalTickerEntryID("tick_1")},
		{"the id of a coverage", scalar.AppendCoverageID(nil, ""), scalar.MarshalCoverageID("")},
		{"the id of a service token", scalar.AppendServiceTokenID(nil, "token_1"), scalar.MarshalServiceTokenID("token_1")},
		{"the id of a webhook", scalar.AppendWebhookID(nil, "hook_1"), scalar.MarshalWebhookID("hook_1")},
		{"no text", scalar.AppendText(nil, ""), scalar.MarshalText("")},
		{"text", scalar.AppendText(nil, "a\n"), scalar.MarshalText("a\n")},
		{"no URL", scalar.AppendURL(nil, ""), scalar.MarshalURL("")},
		{"a URL", scalar.AppendURL(nil, "https://example.org/?a&b"), scalar.MarshalURL("https://example.org/?a&b")},
		{"no cursor", scalar.AppendCursor(nil, ""), scalar.MarshalCursor("")},
		{"a cursor", scalar.AppendCursor(nil, "abc_-"), scalar.MarshalCursor("abc_-")},
		{"no length", scalar.AppendPixels(nil, 0), scalar.MarshalPixels(0)},
		{"a length", scalar.AppendPixels(nil, 900), scalar.MarshalPixels(900)},
		{"no instant", scalar.AppendDateTime(nil, time.Time{}), scalar.MarshalDateTime(time.Time{})},
		{"an instant elsewhere", scalar.AppendDateTime(nil, time.Date(2026, 1, 1, 0, 0, 0, 123456789, paris)), scalar.MarshalDateTime(time.Date(2026, 1, 1, 0, 0, 0, 123456789, paris))},
		{"the year 12345", scalar.AppendDateTime(nil, time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC)), scalar.MarshalDateTime(time.Date(12345, 1, 1, 0, 0, 0, 0, time.UTC))},
	} {
		if want := marshalled(row.want); string(row.got) != want {
			t.Errorf("%s: got %s, want %s", row.name, row.got, want)
		}
	}
}
