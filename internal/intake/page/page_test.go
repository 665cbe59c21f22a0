package page_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones that a bare machine doesn't know

	"depeche/internal/intake/page"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// paris are the options of most tests: Paris, 9 July 2025, noon.
func paris(t testing.TB) page.Options {
	z := zone(t, "Europe/Paris")
	return page.Options{Anchor: time.Date(2025, 7, 9, 12, 0, 0, 0, z), Zone: z}
}

func mustParse(t *testing.T, in string, o page.Options) page.Page {
	t.Helper()
	p, err := page.Parse(in, o)
	if err != nil {
		t.Fatalf("Parse(%q): %v", in, err)
	}
	return p
}

// entries are the entries in one line each: number, clock and headline.
func entries(p page.Page) []string {
	var out []string
	for _, e := range p.Entries {
		out = append(out, fmt.Sprintf("%d|%s|%s", e.Line, e.Clock, e.Headline))
	}
	return out
}

func refusals(p page.Page) []string {
	var out []string
	for _, r := range p.Refused {
		out = append(out, fmt.Sprintf("%d|%s", r.Line, r.Reason))
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// ordinary has the traps of a real page: no space after the time, a day change
// in the block, typographic characters, furniture, paragraphs without blank
// lines and no line break at the end.
const ordinary = `- 10:52Le pont d’Orsan rouvre à la circulation
- 09:303 blessés dans l’incendie d’un entrepôt
- 09:30Grève : « un train sur deux »` + "\u202F" + ` jeudi
- 06:05À Lunel, la fête des œillets commence
- 22:41Coupe de l’Hérault : victoire de Mauguio
- 18 h 07Le marché couvert ferme pour 1` + "\u202F" + `200 jours
Suivez-nous sur Facebook
Le tramway ira jusqu’à la mer
La ligne 9 sera prolongée d’ici à 2029.
- 11:30 : les travaux commenceront à cette heure-là.
“Enfin !”, dit la maire.`

func TestParsePage(t *testing.T) {
	p := mustParse(t, ordinary, paris(t))
	equal(t, "entries", entries(p), []string{
		"1|10:52|Le pont d’Orsan rouvre à la circulation",
		"2|09:30|3 blessés dans l’incendie d’un entrepôt",
		"3|09:30|Grève : « un train sur deux »\u202F jeudi",
		"4|06:05|À Lunel, la fête des œillets commence",
		"5|22:41|Coupe de l’Hérault : victoire de Mauguio",
		"6|18:07|Le marché couvert ferme pour 1\u202F200 jours",
	})
	for i, want := range []string{
		"2025-07-09T08:52:00Z", "2025-07-09T07:30:00Z", "2025-07-09T07:30:00Z", "2025-07-09T04:05:00Z",
		"2025-07-08T20:41:00Z", "2025-07-08T16:07:00Z",
	} {
		if got := p.Entries[i].OccurredAt.Format(time.RFC3339); got != want {
			t.Errorf("instant of entry %d: got %s, want %s", i, got, want)
		}
		if got := p.Entries[i].Confidence; got != page.Inferred {
			t.Errorf("confidence of entry %d: got %s, want %s", i, got, page.Inferred)
		}
	}
	if p.Article == nil {
		t.Fatal("got no article")
	}
	if got, want := p.Article.Title, "Le tramway ira jusqu’à la mer"; got != want || p.Article.Line != 8 {
		t.Errorf("title: got %q on line %d, want %q on line 8", got, p.Article.Line, want)
	}
	equal(t, "paragraphs", p.Article.Paragraphs, []string{
		"La ligne 9 sera prolongée d’ici à 2029.",
		"- 11:30 : les travaux commenceront à cette heure-là.",
		"“Enfin !”, dit la maire.",
	})
	if want := []int{9, 10, 11}; !slices.Equal(p.Article.Lines, want) {
		t.Errorf("lines of the paragraphs: got %v, want %v", p.Article.Lines, want)
	}
	if want := []int{7}; !slices.Equal(p.Chrome, want) {
		t.Errorf("furniture: got lines %v, want %v", p.Chrome, want)
	}
	equal(t, "refusals", refusals(p), nil)
}

func TestParseParts(t *testing.T) {
	tests := []struct {
		name, in string
		entries  []string
		title    string
		paras    []string
		refused  []string
		chrome   []int
	}{
		{
			name: "ticker only", in: "- 11:00 Un\n- 10:00 Deux\n",
			entries: []string{"1|11:00|Un", "2|10:00|Deux"},
		},
		{
			name: "article only", in: "Titre\n\nUn.\nDeux.",
			title: "Titre", paras: []string{"Un.", "Deux."},
		},
		{
			name: "title only", in: "Titre", title: "Titre",
		},
		{
			name: "furniture and blank lines first", in: "\n\nLe fil info\n  \nPublicité\n- 11:00 Un\nTitre",
			entries: []string{"6|11:00|Un"}, title: "Titre", chrome: []int{3, 5},
		},
		{
			name: "blank lines and rules inside", in: "- 11:00 Un\n\n-----\n\u200B\n- \n- 10:00 Deux\n* * *\nTitre\n***\nFin.",
			entries: []string{"1|11:00|Un", "6|10:00|Deux"}, title: "Titre", paras: []string{"Fin."}, chrome: []int{3, 4, 5, 7, 9},
		},
		{
			name: "no furniture before the title", in: "- 11:00 Un\nTitre\n- 10:00 point d’agenda",
			entries: []string{"1|11:00|Un"}, title: "Titre", paras: []string{"- 10:00 point d’agenda"},
		},
		{
			name: "furniture is compared folded", in: "- 11:00 Un\n→ SUIVEZ-NOUS  SUR\u00A0FACEBOOK !\nSuivez\u2011nous sur Facebook :\nTitre",
			entries: []string{"1|11:00|Un"}, title: "Titre", chrome: []int{2, 3},
		},
		{
			name: "furniture of the options", in: "- 11:00 Un\nNotre BOUTIQUE !\nTitre\nNotre boutique\nFin.",
			entries: []string{"1|11:00|Un"}, title: "Titre", paras: []string{"Fin."}, chrome: []int{2, 4},
		},
		{
			name: "a headline that begins like furniture", in: "- 11:00 Partager le pouvoir\nPartager le pouvoir, dit-il",
			entries: []string{"1|11:00|Partager le pouvoir"}, title: "Partager le pouvoir, dit-il",
		},
		{
			name: "entries after furniture", in: "- 11:00 Un\nPublicité\n- 10:00 Deux\n- 24:00 Trois\nTitre",
			entries: []string{"1|11:00|Un"}, title: "Titre", chrome: []int{2},
			refused: []string{
				"3|looks like a ticker line but stands after the end of the ticker",
				"4|looks like a ticker line but stands after the end of the ticker",
			},
		},
		{
			name: "a title with a time below a block with dashes", in: "- 11:00 Un\nPublicité\n20h30 : le récit d’une nuit",
			entries: []string{"1|11:00|Un"}, title: "20h30 : le récit d’une nuit", chrome: []int{2},
		},
		{
			name: "a block without dashes", in: "11:00 Un\n10:00Deux\nPublicité\n20h30 Trois\n- Titre",
			entries: []string{"1|11:00|Un", "2|10:00|Deux"}, title: "- Titre", chrome: []int{3},
			refused: []string{"4|looks like a ticker line but stands after the end of the ticker"},
		},
		{
			name: "bad lines don't end the block", in: "- 24:00 Un\n- 11:00 Deux\n- Trois\n- 10:7x Quatre\n- 09:00\n- 08:00 Cinq\x00\n\x00- 07:30 Six\n• 07:00 Sept\nTitre",
			entries: []string{"2|11:00|Deux", "8|07:00|Sept"}, title: "Titre",
			refused: []string{
				`1|has the time "24:00", which does not exist: hours go from 0 to 23`,
				"3|stands in the ticker but has no time",
				`4|has the time "10:7x", which needs exactly two minute digits`,
				"5|has a time but no headline",
				"6|contains a NUL character at position 13",
				"7|contains a NUL character at position 1",
			},
		},
		{
			name: "a broken title has no successor", in: "- 11:00 Un\nTit\uFFFDre\nPremier.\nSec\x00ond.\nTroisième.",
			entries: []string{"1|11:00|Un"}, title: "", paras: []string{"Premier.", "Troisième."},
			refused: []string{
				"2|contains the replacement character U+FFFD (a broken encoding) at position 4",
				"4|contains a NUL character at position 4",
			},
		},
		{
			name: "a title too long", in: strings.Repeat("é", 301) + "\nPremier.", paras: []string{"Premier."},
			refused: []string{"1|stands where the title belongs and has 301 characters; at most 300 are allowed"},
		},
		{
			name: "nothing left for an article", in: "- 11:00 Un\n\xff",
			entries: []string{"1|11:00|Un"}, refused: []string{"2|is not valid UTF-8 at position 1"},
		},
		{
			name: "byte order mark, CRLF, CR", in: "\uFEFF- 11:00 Un\r\n\r\n- 10:00 Deux\rTitre\r\nFin.\r\n",
			entries: []string{"1|11:00|Un", "3|10:00|Deux"}, title: "Titre", paras: []string{"Fin."},
		},
		{
			name: "tabs are layout", in: "-\t11:00\tUn\tdeux\nTitre\tun",
			entries: []string{"1|11:00|Un deux"}, title: "Titre un",
		},
		{
			name: "composed", in: "- 11:00 E\u0301te\u0301\nE\u0301te\u0301",
			entries: []string{"1|11:00|Été"}, title: "Été",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := paris(t)
			o.Chrome = []string{"Notre boutique", "", "…"}
			p := mustParse(t, tt.in, o)
			equal(t, "entries", entries(p), tt.entries)
			equal(t, "refusals", refusals(p), tt.refused)
			if !slices.Equal(p.Chrome, tt.chrome) {
				t.Errorf("furniture: got lines %v, want %v", p.Chrome, tt.chrome)
			}
			var title string
			var paras []string
			if p.Article != nil {
				title, paras = p.Article.Title, p.Article.Paragraphs
			}
			if title != tt.title {
				t.Errorf("title: got %q, want %q", title, tt.title)
			}
			equal(t, "paragraphs", paras, tt.paras)
			if (p.Article != nil) != (tt.title != "" || tt.paras != nil) {
				t.Errorf("article: got %+v, want one only with a title or paragraphs", p.Article)
			}
		})
	}
}

func TestParseTickerLine(t *testing.T) {
	long := strings.Repeat("é", 300)
	tests := []struct {
		name, in string
		want     string // "11:27|3 morts", or "!" and the reason
	}{
		{"dash and space", "- 11:27 Un", "11:27|Un"},
		{"no dash", "11:27 Un", "11:27|Un"},
		{"no space anywhere", "-11:27Un", "11:27|Un"},
		{"headline begins with a digit", "- 11:273 morts", "11:27|3 morts"},
		{"headline is a digit", "11:273", "11:27|3"},
		{"hour of one digit", "- 9:46Un", "09:46|Un"},
		{"hour of one digit, headline of digits", "9:463 morts", "09:46|3 morts"},
		{"midnight", "00:00 Un", "00:00|Un"},
		{"last minute", "23:59 Un", "23:59|Un"},
		{"h", "16h06 Un", "16:06|Un"},
		{"h with spaces", "- 16 h 06 Un", "16:06|Un"},
		{"h with no-break spaces", "–\u00A016\u00A0h\u202F06\u00A0Un", "16:06|Un"},
		{"h and a headline of digits", "16h063 morts", "16:06|3 morts"},
		{"capital H", "9H05 Un", "09:05|Un"},
		{"en dash", "– 11:27 Un", "11:27|Un"},
		{"em dash", "—11:27 Un", "11:27|Un"},
		{"bullet", "• 11:27 Un", "11:27|Un"},
		{"star", "* 11:27 Un", "11:27|Un"},
		{"minus", "− 11:27 Un", "11:27|Un"},
		{"middle dot", "· 11:27 Un", "11:27|Un"},
		{"non-breaking hyphen", "\u2011 11:27 Un", "11:27|Un"},
		{"square", "▪ 11:27 Un", "11:27|Un"},
		{"two dashes", "-- 11:27 Un", "11:27|Un"},
		{"white space and invisible characters", " \t\u200B- \u2060\t11:27\u00A0\u200BUn \u202F", "11:27|Un"},
		{"quotation marks", "11:27« Oui »", "11:27|« Oui »"},
		{"dash as a mark", "11:27 – Un", "11:27|Un"},
		{"colon as a mark", "11h27 : Un", "11:27|Un"},
		{"colon right after the time", "11:27: Un", "11:27|Un"},
		{"bar as a mark", "11:27 | Un", "11:27|Un"},
		{"only one mark goes", "11:27 - – Un", "11:27|– Un"},
		{"a minus sign isn't a mark", "11:27 -5 degrés à Lunel", "11:27|-5 degrés à Lunel"},
		{"a second time is headline", "11:27 12:00 Un", "11:27|12:00 Un"},
		{"longest headline", "11:27 " + long, "11:27|" + long},

		{"24 o'clock", "24:00 Un", `!has the time "24:00", which does not exist: hours go from 0 to 23`},
		{"hour 25", "- 25:10Un", `!has the time "25:10", which does not exist: hours go from 0 to 23`},
		{"three digits of hour", "111:27 Un", `!has the time "111:27", which does not exist: hours go from 0 to 23`},
		{"hour 24 with h", "24\u00A0h\u00A000 Un", `!has the time "24 h 00", which does not exist: hours go from 0 to 23`},
		{"minute 60", "11:60 Un", `!has the time "11:60", which does not exist: minutes go from 00 to 59`},
		{"one minute digit", "11:7x Un", `!has the time "11:7x", which needs exactly two minute digits`},
		{"one minute digit and the end", "11:7", `!has the time "11:7", which needs exactly two minute digits`},
		{"one minute digit with h", "16 h 6 Un", `!has the time "16 h 6", which needs exactly two minute digits`},
		{"no minutes", "- 16h Un", `!has the time "16h" without minutes`},
		{"no minutes after the colon", "- 16: Un", `!has the time "16:" without minutes`},
		{"spaces around the colon", "11 : 27 Un", `!has the time "11 : 27" with a space in it`},
		{"space before the colon", "11 :27 Un", `!has the time "11 :27" with a space in it`},
		{"seconds", "11:27:30 Un", `!has the time "11:27:30" with seconds; ticker lines have hours and minutes`},
		{"no headline", "- 11:27 ", "!has a time but no headline"},
		{"no headline but a mark", "- 11:27 –", "!has a time but no headline"},
		{"no headline that can be seen", "11:27 \u200D\u00AD", "!has a time but no headline"},
		{"headline too long", "11:27 " + long + "é", "!has a headline of 301 characters; at most 300 are allowed"},
		{"no time", "- Un", "!does not begin with a time, as ticker lines do"},
		{"a year", "2025:30 Un", "!does not begin with a time, as ticker lines do"},
		{"a quantity", "24 heures à Lunel", "!does not begin with a time, as ticker lines do"},
		{"a quantity after a dash", "- 16 heures à Lunel", "!does not begin with a time, as ticker lines do"},
		{"a rule with a NUL", "--\x00--", "!contains a NUL character at position 3"},
		{"Arabic digits", "١١:٢٧ Un", "!does not begin with a time, as ticker lines do"},
		{"NUL in the headline", "11:27 U\x00n", "!contains a NUL character at position 8"},
		{"NUL in front", "\x0011:27 Un", "!contains a NUL character at position 1"},
		{"bullet of another encoding", "\x95 11:27 Un", "!is not valid UTF-8 at position 1"},
		{"text direction turned", "11:27 \u202EUn", "!contains the text direction control U+202E at position 7"},
		{"broken before it is anything else", "- 24:00 U\x00n", "!contains a NUL character at position 10"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, err := page.ParseTicker(tt.in, paris(t))
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Entries)+len(p.Refused) != 1 || p.Article != nil || p.Chrome != nil {
				t.Fatalf("got %+v, want the one line as entry or refusal", p)
			}
			got := ""
			if len(p.Refused) == 1 {
				got = "!" + p.Refused[0].Reason
			} else {
				got = p.Entries[0].Clock + "|" + p.Entries[0].Headline
			}
			if got != tt.want {
				t.Errorf("%q:\n got %s\nwant %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestParseTickerRefusesTheRest(t *testing.T) {
	p, err := page.ParseTicker("Le fil info\n- 11:00 Un\nDeux\n\nPublicité\n- 10:00 Trois\nQuatre\x00\n---", paris(t))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "entries", entries(p), []string{"2|11:00|Un", "6|10:00|Trois"})
	equal(t, "refusals", refusals(p), []string{
		"3|does not begin with a time, as ticker lines do",
		"7|contains a NUL character at position 7",
	})
	if want := []int{1, 5, 8}; !slices.Equal(p.Chrome, want) {
		t.Errorf("furniture: got lines %v, want %v", p.Chrome, want)
	}
}

func TestRefusedTextIsSafeToShow(t *testing.T) {
	p, err := page.ParseTicker(" a\x00b\xffc\u202Ed\te "+strings.Repeat("é", 300), paris(t))
	if err != nil {
		t.Fatal(err)
	}
	want := "a\uFFFDb\uFFFDc\uFFFDd\te " + strings.Repeat("é", 190) + "…"
	if got := p.Refused[0].Text; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	full := paris(t)
	tests := []struct {
		name, in string
		o        page.Options
		want     error
	}{
		{"nothing", "", full, page.ErrEmpty},
		{"white space", "\uFEFF \r\n\t\u00A0\n", full, page.ErrEmpty},
		{"entries without an anchor", "11:00 Un", page.Options{Zone: full.Zone}, page.ErrNoAnchor},
		{"entries without a zone", "11:00 Un", page.Options{Anchor: full.Anchor}, page.ErrNoZone},
		{"nothing to date", "Titre", page.Options{}, nil},
		{"furniture alone", "---", page.Options{}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, parse := range map[string]func(string, page.Options) (page.Page, error){
				"Parse": page.Parse, "ParseTicker": page.ParseTicker,
			} {
				if _, err := parse(tt.in, tt.o); !errors.Is(err, tt.want) {
					t.Errorf("%s: got error %v, want %v", name, err, tt.want)
				}
			}
		})
	}
}

func TestParseOneVeryLongLine(t *testing.T) {
	const size = 5 << 20
	tests := []struct{ name, in, reason string }{
		{"headline", "- 11:00 " + strings.Repeat("a", size), "has a headline of 5242880 characters; at most 300 are allowed"},
		{"title", strings.Repeat("a", size), "stands where the title belongs and has 5242880 characters; at most 300 are allowed"},
		{"digits", strings.Repeat("1", size), "stands where the title belongs and has 5242880 characters; at most 300 are allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := mustParse(t, tt.in, paris(t))
			equal(t, "refusals", refusals(p), []string{"1|" + tt.reason})
			if got := len(p.Refused[0].Text); got > 1000 {
				t.Errorf("text of the refusal: got %d bytes, want it cut", got)
			}
		})
	}
	t.Run("invisible", func(t *testing.T) {
		if p := mustParse(t, strings.Repeat("\u200B", size/4), paris(t)); !slices.Equal(p.Chrome, []int{1}) {
			t.Errorf("got %d lines of furniture, want line 1", len(p.Chrome))
		}
	})
	t.Run("paragraph", func(t *testing.T) {
		p := mustParse(t, "Titre\n"+strings.Repeat("a", size), paris(t))
		if p.Article == nil || len(p.Article.Paragraphs) != 1 || len(p.Article.Paragraphs[0]) != size {
			t.Errorf("got another article, want one paragraph of %d bytes", size)
		}
	})
}
