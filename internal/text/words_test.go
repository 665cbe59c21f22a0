package text_test

import (
	"testing"

	"depeche/internal/text"
)

func TestWords(t *testing.T) {
	tests := []struct {
		name, in string
		want     int
	}{
		{"nothing", "", 0},
		{"white space", " \n\t\u00A0 ", 0},
		{"apostrophes", "aujourd’hui l’été qu'il", 3},
		{"hyphen", "la porte-parole", 2},
		{"punctuation set off", "«\u00A0Oui\u00A0»\u202F! – non ; 50 %", 3},
		{"no-break space inside a number", "1\u202F200 morts, 3\u00A0500 blessés", 4},
		{"no-break space between words", "16\u00A0juillet", 2},
		{"plain space between numbers", "le 16 06", 3},
		{"em dash", "oui—non", 2},
		{"decomposed", "e\u0301te\u0301", 1},
		{"Chinese", "北京今天", 4},
		{"Japanese with long vowels and Latin", "ニューース in 東京", 8},
		{"Korean has spaces", "서울 날씨", 2},
		{"address", "https://example.org/a-b?c=d", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text.Words(tt.in); got != tt.want {
				t.Errorf("Words(%q): got %d, want %d", tt.in, got, tt.want)
			}
		})
	}
}
