package text_test

import (
	"strings"
	"testing"

	"depeche/internal/text"
)

func TestLanguage(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"fr", "fr"}, {"FR-ca", "fr-CA"}, {"fr_CA", "fr-CA"}, {"fra", "fr"}, {"zh-hant-tw", "zh-Hant-TW"},
		{"", ""}, {"und", ""}, {"und-FR", ""}, {"français", ""}, {"xx-yy-zz-", ""}, {strings.Repeat("a", 36), ""},
	} {
		got, ok := text.Language(row.in)
		if got != row.want || ok != (row.want != "") {
			t.Errorf("%q: got %q, %v, want %q", row.in, got, ok, row.want)
		}
	}
}

func FuzzLanguage(f *testing.F) {
	for _, seed := range []string{"fr-CA", "zh-Hant-TW", "i-klingon", "en-u-ca-buddhist", "x-private", "-", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		tag, ok := text.Language(s)
		if !ok {
			return
		}
		if again, ok := text.Language(tag); len(tag) <= 35 && (!ok || again != tag) {
			t.Errorf("%q becomes %q, which becomes %q, %v", s, tag, again, ok)
		}
	})
}
