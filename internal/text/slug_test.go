package text_test

import (
	"strings"
	"testing"

	"depeche/internal/text"
)

func TestSlug(t *testing.T) {
	tests := []struct {
		name, in, want string
	}{
		{"French", "L’été à l'Élysée : 50 % d’œuvres", "l-ete-a-l-elysee-50-d-oeuvres"},
		{"decomposed", "e\u0301te\u0301", "ete"},
		{"ligatures and sharp s", "Cœur, æther, Straße, Œdipe", "coeur-aether-strasse-oedipe"},
		{"barred letters", "Łódź, Đorđe, Ørsted", "lodz-dorde-orsted"},
		{"Russian soft sign inside a word", "Большой Кремль", "bolshoi-kreml"},
		{"Chinese", "北京", "bei-jing"},
		{"Greek", "Αθήνα", "athena"},
		{"Arabic", "القاهرة", "lqhr"},
		{"full width and ligature letters", "ＡＢＣ ﬁn 𝐀𝐁", "abc-fin-ab"},
		{"runs are one hyphen", "--a  –  b…", "a-b"},
		{"no-break spaces", "16\u00A0h\u202F06", "16-h-06"},
		{"fractions and powers", "1½ km²", "1-1-2-km2"},
		{"soft hyphen and joiner inside a word", "porte\u00ADparole\u200Ds", "porteparoles"},
		{"only punctuation", "« … »", ""},
		{"empty", "", ""},
		{"emoji", "🔴 Direct", "direct"},
		{"exactly 80", strings.Repeat("a", 80), strings.Repeat("a", 80)},
		{"one word too long", strings.Repeat("a", 200), strings.Repeat("a", 80)},
		{"cut at a hyphen", strings.Repeat("abcdefg ", 20), strings.TrimSuffix(strings.Repeat("abcdefg-", 10), "-")},
		{"cut before a word that would be split", strings.Repeat("a", 70) + " " + strings.Repeat("b", 20), strings.Repeat("a", 70)},
		{"the hyphen comes right after the limit", strings.Repeat("a", 40) + " " + strings.Repeat("b", 39) + " c", strings.Repeat("a", 40) + "-" + strings.Repeat("b", 39)},
		{"a hyphen too early to cut at", "ab " + strings.Repeat("c", 100), "ab-" + strings.Repeat("c", 77)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := text.Slug(tt.in); got != tt.want {
				t.Errorf("Slug(%q): got %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestValidSlug(t *testing.T) {
	tests := []struct {
		in   string
		want bool
	}{
		{"a", true},
		{"2025", true},
		{"fin-de-mission-2", true},
		{strings.Repeat("a", 120), true},
		{strings.Repeat("a", 121), false},
		{"", false},
		{"-", false},
		{"-a", false},
		{"a-", false},
		{"a--b", false},
		{"A", false},
		{"été", false},
		{"a_b", false},
		{"a b", false},
		{"a/b", false},
		{"a\n", false},
	}
	for _, tt := range tests {
		if got := text.ValidSlug(tt.in); got != tt.want {
			t.Errorf("ValidSlug(%q): got %v, want %v", tt.in, got, tt.want)
		}
	}
}

func FuzzSlug(f *testing.F) {
	for _, s := range []string{"", "L’été", "北京 ー 東京", "\xff\x00", strings.Repeat("a b", 60), "Ⅷ ½ ﷺ", "🇫🇷"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := text.Slug(s)
		if got == "" {
			return
		}
		if !text.ValidSlug(got) || len(got) > 80 {
			t.Errorf("Slug(%q): got %q, which is no slug of at most 80 characters", s, got)
		}
		if again := text.Slug(got); again != got {
			t.Errorf("Slug(Slug(%q)): got %q, want %q again", s, again, got)
		}
	})
}
