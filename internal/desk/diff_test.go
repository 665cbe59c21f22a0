package desk_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"depeche/internal/desk"
)

// join puts a diff together again.
func join(parts []desk.DiffPart) (before, after string) {
	var b, a strings.Builder
	for _, p := range parts {
		if p.Kind != desk.DiffAdded {
			b.WriteString(p.Text)
		}
		if p.Kind != desk.DiffRemoved {
			a.WriteString(p.Text)
		}
	}
	return b.String(), a.String()
}

// marked writes a diff as [-removed-]{+added+}.
func marked(parts []desk.DiffPart) string {
	var b strings.Builder
	for _, p := range parts {
		switch p.Kind {
		case desk.DiffRemoved:
			fmt.Fprintf(&b, "[-%s-]", p.Text)
		case desk.DiffAdded:
			fmt.Fprintf(&b, "{+%s+}", p.Text)
		default:
			b.WriteString(p.Text)
		}
	}
	return b.String()
}

// A writer makes texts of a few words that come again and again, as texts do.
type writer struct{ *rand.Rand }

func write(seed uint64) writer { return writer{rand.New(rand.NewPCG(seed, 1))} }

func (w writer) word() string { return fmt.Sprintf("mot%d", int(w.ExpFloat64()*300)) }

// body makes a text of about so many characters, in paragraphs.
func (w writer) body(characters int) string {
	var b strings.Builder
	for b.Len() < characters {
		for range 3 + w.IntN(4) {
			for i := range 8 + w.IntN(12) {
				if i > 0 {
					b.WriteString(" ")
				}
				b.WriteString(w.word())
			}
			b.WriteString(". ")
		}
		b.WriteString("\n\n")
	}
	return b.String()[:characters]
}

// edit replaces every so manieth word of a text.
func (w writer) edit(s string, every int) string {
	words := strings.Split(s, " ")
	for i := range words {
		if w.IntN(every) == 0 && !strings.Contains(words[i], "\n") {
			words[i] = w.word()
		}
	}
	return strings.Join(words, " ")
}

const longest = 500_000 // characters of a body

// hugeTexts are pairs of bodies of so many characters.
func hugeTexts(longest int) map[string]func() (string, string) {
	return map[string]func() (string, string){
		"alike":     func() (string, string) { s := write(1).body(longest); return s, write(2).edit(s, 2000) },
		"reworked":  func() (string, string) { s := write(1).body(longest); return s, write(2).edit(s, 20) },
		"rewritten": func() (string, string) { s := write(1).body(longest); return s, write(2).edit(s, 2) },
		"different": func() (string, string) { return write(1).body(longest), write(2).body(longest) },
		"one paragraph, alike": func() (string, string) {
			s := strings.ReplaceAll(write(1).body(longest), "\n\n", " ")
			return s, write(2).edit(s, 5000)
		},
		"one sentence, different": func() (string, string) {
			bare := strings.NewReplacer("\n\n", " ", ".", "")
			return bare.Replace(write(1).body(longest)), bare.Replace(write(2).body(longest))
		},
		"paragraphs the other way round": func() (string, string) {
			s := strings.SplitAfter(write(1).body(longest), "\n\n")
			back := make([]string, len(s))
			for i, p := range s {
				back[len(s)-1-i] = p
			}
			return strings.Join(s, ""), strings.Join(back, "")
		},
		"lines of a letter": func() (string, string) {
			w := write(1)
			make := func() string {
				var b strings.Builder
				for range longest / 2 {
					fmt.Fprintf(&b, "%c\n", 'a'+w.IntN(26))
				}
				return b.String()
			}
			return make(), make()
		},
		"two letters in turn": func() (string, string) {
			return strings.Repeat("a ", longest/2), strings.Repeat("b a ", longest/4)
		},
		"characters without spaces": func() (string, string) {
			w := write(1)
			make := func() string {
				var b strings.Builder
				for range longest {
					b.WriteRune(rune(0x4E00 + w.IntN(20000)))
				}
				return b.String()
			}
			return make(), make()
		},
		"nothing": func() (string, string) { return write(1).body(longest), "" },
	}
}

func TestDiffsOfHugeTexts(t *testing.T) {
	for name, texts := range hugeTexts(longest / 5) {
		t.Run(name, func(t *testing.T) {
			before, after := texts()
			parts := desk.DiffText(before, after)
			if b, a := join(parts); b != before || a != after {
				t.Error("the parts do not join to the texts")
			}
		})
	}
}

func TestADiffIsReadable(t *testing.T) {
	for _, c := range []struct{ name, before, after, want string }{
		{"nothing", "", "", ""},
		{"the same", "Le Sénat vote.", "Le Sénat vote.", "Le Sénat vote."},
		{"new", "", "Le Sénat", "{+Le Sénat+}"},
		{"gone", "Le Sénat", "", "[-Le Sénat-]"},
		{"a word", "Le Sénat vote le budget.", "Le Sénat rejette le budget.", "Le Sénat [-vote-]{+rejette+} le budget."},
		{"whole words", "Le Sénat vote.", "Le Sénateur vote.", "Le [-Sénat-]{+Sénateur+} vote."},
		{"an elided article", "C’est l’été.", "C’est l’hiver.", "C’est l’[-été-]{+hiver+}."},
		{"a number", "Il y a 3,5 % de moins.", "Il y a 3,7 % de moins.", "Il y a [-3,5-]{+3,7+} % de moins."},
		{"a group of digits", "1 200 morts", "1 300 morts", "1 [-200-]{+300+} morts"},
		{"an accent of its own", "e\u0301te\u0301", "e\u0301te", "[-e\u0301te\u0301-]{+e\u0301te+}"},
		{"a family", "a 👩\u200d👩\u200d👧 b", "a 👩\u200d👩\u200d👦 b", "a [-👩\u200d👩\u200d👧-]{+👩\u200d👩\u200d👦+} b"},
		{"Chinese", "北京今天下雨", "北京明天下雨", "北京[-今-]{+明+}天下雨"},
		{"a sentence more", "Un. Deux.", "Un. Et demi. Deux.", "Un. {+Et demi. +}Deux."},
		{
			"a paragraph more", "Un paragraphe.\n\nUn autre.", "Un paragraphe.\n\nEntre les deux.\n\nUn autre.",
			"Un paragraphe.\n\n{+Entre les deux.\n\n+}Un autre.",
		},
		{
			"no crumbs", "Le ministre a dit que la loi serait votée.", "Personne ne sait ce que le Parlement fera demain.",
			"[-Le ministre a dit que la loi serait votée-]{+Personne ne sait ce que le Parlement fera demain+}.",
		},
		{
			"two paragraphs are two changes", "Rouge.\n\nVert.\n", "Noir.\n\nBlanc.\n",
			"[-Rouge-]{+Noir+}.\n\n[-Vert-]{+Blanc+}.\n",
		},
	} {
		if got := marked(desk.DiffText(c.before, c.after)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestFarChangesOfALongText changes a long text at both ends, in whose middle nothing
// may seem to have changed.
func TestFarChangesOfALongText(t *testing.T) {
	for name, end := range map[string]string{"lines": "\n", "sentences": ". "} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			for i := range 8000 {
				fmt.Fprintf(&b, "La ligne %d%s", i, end)
			}
			before := b.String()
			after := strings.NewReplacer("ligne 10"+end, "phrase 10"+end, "ligne 7990"+end, "phrase 7990"+end).Replace(before)
			want := strings.NewReplacer("ligne 10"+end, "[-ligne-]{+phrase+} 10"+end, "ligne 7990"+end, "[-ligne-]{+phrase+} 7990"+end).Replace(before)
			if got := marked(desk.DiffText(before, after)); got != want {
				t.Errorf("got %d bytes, want %d", len(got), len(want))
			}
		})
	}
}

// A text may have more words than there are runes below those that no string holds.
func TestADiffOfVeryManyWords(t *testing.T) {
	var b strings.Builder
	for i := range 55_400 {
		fmt.Fprintf(&b, "%d ", i)
	}
	want := b.String() + "[-one two three four-]{+five six seven eight+}"
	if got := marked(desk.DiffText(b.String()+"one two three four", b.String()+"five six seven eight")); got != want {
		t.Errorf("it ends with %s", got[b.Len()-20:])
	}
}

// TestADiffHoldsBothTexts makes texts of tokens of every sort and edits them.
func TestADiffHoldsBothTexts(t *testing.T) {
	tokens := []string{
		"a", "b", "mot", "l’été", " ", " ", "  ", "\n", "\n\n", ".", "!", "…", "«\u00a0", "\u00a0»", "3.5", "1\u202f200", "e\u0301", "\u0301",
		"👩\u200d👧", "\u200d", "北", "京", "。", "\u0e01", "\xff", "\ufffd", "\U0010ffff", "\ue000", "\ud7ff",
	}
	w := write(3)
	for n := range 3000 {
		var before []string
		for range w.IntN(40) {
			before = append(before, tokens[w.IntN(len(tokens))])
		}
		after := append([]string(nil), before...)
		for range w.IntN(6) {
			at := w.IntN(len(after) + 1)
			switch w.IntN(3) {
			case 0:
				after = append(after[:at:at], append([]string{tokens[w.IntN(len(tokens))]}, after[at:]...)...)
			case 1:
				after = after[:at]
			default:
				after = append(after[at:len(after):len(after)], after[:at]...)
			}
		}
		a, b := strings.Join(before, ""), strings.Join(after, "")
		for _, diff := range []func(string, string) []desk.DiffPart{desk.DiffText, desk.DiffList, desk.DiffWhole} {
			if gotA, gotB := join(diff(a, b)); gotA != a || gotB != b {
				t.Fatalf("%d: %q and %q became %q and %q", n, a, b, gotA, gotB)
			}
		}
		parts := desk.DiffText(a, b)
		for i, p := range parts {
			if p.Text == "" || i > 0 && p.Kind == parts[i-1].Kind || i > 0 && p.Kind == desk.DiffRemoved && parts[i-1].Kind == desk.DiffAdded {
				t.Fatalf("%d: %q and %q: part %d of %q", n, a, b, i, parts)
			}
		}
		if again := desk.DiffText(a, b); marked(again) != marked(parts) {
			t.Fatalf("%d: the same texts differ differently: %q and %q", n, parts, again)
		}
		for _, cut := range []func(string) []string{desk.Words, desk.Sentences, desk.Paragraphs, desk.Lines} {
			if got := strings.Join(cut(a), ""); got != a {
				t.Fatalf("%q was cut to %q", a, got)
			}
		}
	}
}

func BenchmarkDiffOfHugeTexts(b *testing.B) {
	for name, texts := range hugeTexts(longest) {
		b.Run(name, func(b *testing.B) {
			before, after := texts()
			for b.Loop() {
				b.ReportMetric(float64(len(desk.DiffText(before, after))), "parts")
			}
		})
	}
}
