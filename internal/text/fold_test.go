package text_test

import (
	"testing"
	"unicode/utf8"

	"depeche/internal/text"
)

func TestFold(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"case and accents", "État d'Été", "etat d'ete"},
		{"decomposed", "E\u0301tat", "etat"},
		{"ligatures", "Œuvre, œuvre, Æ, Straße, STRAẞE, ﬁn", "oeuvre, oeuvre, ae, strasse, strasse, fin"},
		{"barred letters", "Ørsted Đorđe Łódź", "orsted dorde lodz"},
		{"Turkish i", "İstanbul ırmak", "istanbul irmak"},
		{"final sigma", "ΟΔΟΣ οδός", "οδοσ οδοσ"},
		{"apostrophes", "l’a l‘a lʼa l´a l`a l′a", "l'a l'a l'a l'a l'a l'a"},
		{"dashes", "a–b—c‑d−e", "a-b-c-d-e"},
		{"quotation marks are space", "«\u202FOui\u202F», “oui” \"oui\"", "oui , oui oui"},
		{"white space runs", "\u00A0un\u202F \t deux\n", "un deux"},
		{"ellipsis", "suite…", "suite..."},
		{"soft hyphen, joiner, byte order mark", "\uFEFFpar\u00ADti\u200Bcule", "particule"},
		{"symbols stay", "C++ C# 50 %", "c++ c# 50 %"},
		{"full width", "ＡＢＣ１２", "abc12"},
		{"nothing", "\u0301 «\u00A0» ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text.Fold(tt.in); got != tt.want {
				t.Errorf("Fold(%q): got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"", "Œ’é", "İ", "ǅ", "\u1E9E", "\xff", "´\u0301", "ﷺ", "\u0345", "ʼn", "\u2033"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Fold(s)
		if again := text.Fold(got); again != got {
			t.Errorf("Fold(Fold(%q)): got %q, want %q again", s, again, got)
		}
		if !utf8.ValidString(got) {
			t.Errorf("Fold(%q): got %q, want valid UTF-8", s, got)
		}
	})
}
