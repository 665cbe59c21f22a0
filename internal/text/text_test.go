package text_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"depeche/internal/text"
)

func TestLine(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"plain", "Fin de mission", "Fin de mission"},
		{"empty", "", ""},
		{"only white space", " \t\u00A0\u202F\r\n ", ""},
		{"only invisible characters", "\u200B\u00AD\u2060\uFE0F", ""},
		{"only a Hangul filler", "\u3164", ""},
		{"white space at the ends", "\n\t «\u00A0Bonjour\u00A0»\u202F \r\n", "«\u00A0Bonjour\u00A0»"},
		{"composed", "e\u0301te\u0301", "été"},
		{"French typography", "«\u202F50\u00A0%\u202F»\u202F: l’œuvre d’Æmilia – enfin\u202F!", "«\u202F50\u00A0%\u202F»\u202F: l’œuvre d’Æmilia – enfin\u202F!"},
		{"spaces inside stay", "un  deux", "un  deux"},
		{"emoji of several characters", "👩\u200D🚀 en orbite", "👩\u200D🚀 en orbite"},
		{"Arabic with direction marks", "\u200Fخبر\u200E عاجل", "\u200Fخبر\u200E عاجل"},
		{"Persian joiner", "می\u200Cخواهم", "می\u200Cخواهم"},
		{"private use", "\uE000", "\uE000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := text.Line(tt.in)
			if err != nil {
				t.Fatalf("Line(%q): %v", tt.in, err)
			}
			if got != tt.want {
				t.Errorf("Line(%q): got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestLineRefuses(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"NUL", "Fin de miss\x00ion", "contains a NUL character at position 12"},
		{"NUL at the start", "\x00", "contains a NUL character at position 1"},
		{"position counts characters, not bytes", "été\x00", "contains a NUL character at position 4"},
		{"position counts what is trimmed", "\u00A0\n été\x00", "contains a NUL character at position 7"},
		{"line feed", "a\nb", "contains a line break at position 2"},
		{"carriage return", "a\rb", "contains a line break at position 2"},
		{"line separator", "a\u2028b", "contains a line break at position 2"},
		{"tab", "a\tb", "contains a tab at position 2"},
		{"bell", "a\ab", "contains the control character U+0007 at position 2"},
		{"delete", "a\x7f", "contains the control character U+007F at position 2"},
		{"the ellipsis of a misread Windows-1252 text", "À suivre\u0085", "contains the control character U+0085 at position 9"},
		{"invalid UTF-8", "\xe9t\xe9", "is not valid UTF-8 at position 1"},
		{"cut UTF-8", "t\xc3", "is not valid UTF-8 at position 2"},
		{"half of a surrogate pair", "a\xed\xa0\x80", "is not valid UTF-8 at position 2"},
		{"replacement character", "\uFFFDt\uFFFD", "contains the replacement character U+FFFD (a broken encoding) at position 1"},
		{"byte order mark", "\uFEFFBonjour", "contains a byte order mark (U+FEFF) at position 1"},
		{"override", "abc\u202Edef", "contains the text direction control U+202E at position 4"},
		{"embedding", "\u202Aa", "contains the text direction control U+202A at position 1"},
		{"isolate", "\u2066a", "contains the text direction control U+2066 at position 1"},
		{"end of isolate", "a\u2069", "contains the text direction control U+2069 at position 2"},
		{"noncharacter", "a\uFDD0", "contains the noncharacter U+FDD0 at position 2"},
		{"noncharacter of a far plane", "\U0010FFFF", "contains the noncharacter U+10FFFF at position 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := text.Line(tt.in)
			if err == nil {
				t.Fatalf("Line(%q): got %q, want an error", tt.in, got)
			}
			if err.Error() != tt.want {
				t.Errorf("Line(%q): got error %q, want %q", tt.in, err, tt.want)
			}
		})
	}
}

func TestBlock(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"one line", "un", "un"},
		{"line breaks of every kind", "un\ndeux\r\ntrois\rquatre\u2028cinq\u2029six", "un\ndeux\ntrois\nquatre\ncinq\nsix"},
		{"CR before CRLF is two", "un\r\r\ndeux", "un\n\ndeux"},
		{"outer blank lines", "\r\n \n un\n\n\tdeux\n\n ", "un\n\n\tdeux"},
		{"Markdown's hard break", "un  \ndeux", "un  \ndeux"},
		{"composed", "e\u0301\ne\u0301", "é\né"},
		{"only line breaks", "\n\r\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := text.Block(tt.in)
			if err != nil {
				t.Fatalf("Block(%q): %v", tt.in, err)
			}
			if got != tt.want {
				t.Errorf("Block(%q): got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestBlockRefuses(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"NUL", "un\ndeux\x00", "contains a NUL character at position 8"},
		{"vertical tab", "un\vdeux", "contains the control character U+000B at position 3"},
		{"override", "un\n\u202Edeux", "contains the text direction control U+202E at position 4"},
		{"invalid UTF-8", "un\n\xff", "is not valid UTF-8 at position 4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := text.Block(tt.in)
			if err == nil {
				t.Fatalf("Block(%q): got %q, want an error", tt.in, got)
			}
			if err.Error() != tt.want {
				t.Errorf("Block(%q): got error %q, want %q", tt.in, err, tt.want)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"", " a ", "e\u0301", "a\x00", "\xff", "\u2000a\u2001", "\u200B", "a\n", strings.Repeat("\u0301", 70)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := text.Line(s)
		if err != nil {
			if got != "" {
				t.Errorf("Line(%q): got %q beside an error, want nothing", s, got)
			}
			return
		}
		if !utf8.ValidString(got) || !norm.NFC.IsNormalString(got) {
			t.Errorf("Line(%q): got %q, want valid NFC", s, got)
		}
		if strings.ContainsFunc(got, unicode.IsControl) || strings.ContainsAny(got, "\uFEFF\uFFFD\u202E\u2028") {
			t.Errorf("Line(%q): got %q, want no forbidden character", s, got)
		}
		if again, err := text.Line(got); err != nil || again != got {
			t.Errorf("Line(Line(%q)): got %q, %v, want %q again", s, again, err, got)
		}
	})
}

func FuzzBlock(f *testing.F) {
	for _, s := range []string{"", " a \r\n b ", "a\r\rb", "\u2028", "a\tb\x00", "\xff", "a\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := text.Block(s)
		if err != nil {
			return
		}
		if strings.ContainsAny(got, "\r\x00\u2028\u2029\uFEFF\uFFFD") || !norm.NFC.IsNormalString(got) {
			t.Errorf("Block(%q): got %q, want NFC with LF alone", s, got)
		}
		if again, err := text.Block(got); err != nil || again != got {
			t.Errorf("Block(Block(%q)): got %q, %v, want %q again", s, again, err, got)
		}
	})
}
