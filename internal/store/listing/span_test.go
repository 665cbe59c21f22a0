package listing_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// FuzzNamePrefix holds that the span of a prefix has the names that begin so,
// and no other.
func FuzzNamePrefix(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"a", "ab"}, {"a", "b"}, {"é", "éa"}, {"z\U0010FFFF", "z\U0010FFFFx"}, {"z\U0010FFFF", "{"},
		{"\U0010FFFF", "\U0010FFFF\U0010FFFF"}, {"a\uD7FF", "a\uE000"}, {"a\uD7FF", "a\uD7FFb"}, {"ab", "a"}, {"a\x7f", "a\u0080"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, prefix, name string) {
		if !utf8.ValidString(prefix) || !utf8.ValidString(name) {
			return
		}
		span := listing.Whole(news.TagFilter{NamePrefix: prefix}.Selection())
		if got, want := span.Holds(listing.Place{Name: name, ID: "x"}), strings.HasPrefix(name, prefix); got != want {
			t.Errorf("%q in the span of %q: got %v, want %v", name, prefix, got, want)
		}
		if end := span.Hi.Name; !span.Endless && !utf8.ValidString(end) {
			t.Errorf("the span of %q ends at %q, which is no text", prefix, end)
		}
	})
}

func TestPagesOfACut(t *testing.T) {
	first, last := news.Window{First: 2}, news.Window{Last: 2}
	for _, tt := range []struct {
		name           string
		kind           news.Kind
		w              news.Window
		found          string // as it was read
		above, below   bool
		shown          string
		previous, next bool
	}{
		{"all of a list by time", news.KindStory, first, "cb", false, false, "cb", false, false},
		{"more below", news.KindStory, first, "cba", false, false, "cb", false, true},
		{"more above too", news.KindStory, first, "cba", true, false, "cb", true, true},
		{"its end", news.KindStory, last, "abc", false, false, "ba", true, false},
		{"all of a list by name", news.KindTag, first, "ab", false, false, "ab", false, false},
		{"more names", news.KindTag, first, "abc", false, false, "ab", false, true},
		{"the last names", news.KindTag, last, "cba", false, false, "bc", true, false},
		{"names before", news.KindTag, first, "ab", false, true, "ab", true, false},
	} {
		c := listing.CutOf(news.Selection{Kind: tt.kind}, tt.w)
		shown, previous, next := listing.Page(c, []byte(tt.found), tt.above, tt.below)
		if string(shown) != tt.shown || previous != tt.previous || next != tt.next {
			t.Errorf("%s: got %s, %v, %v; want %s, %v, %v", tt.name, shown, previous, next, tt.shown, tt.previous, tt.next)
		}
	}
}
