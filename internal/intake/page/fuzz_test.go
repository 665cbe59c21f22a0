package page_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"depeche/internal/intake/page"
)

func seeds(f *testing.F) {
	const summer, doubled, gap = 1752055200, 1761440400, 1774774800
	for _, s := range []string{
		ordinary, "", "\uFEFF", "\r\n\r", "11:00 Un", "- 24:00 Un\n- 11:7x\n\x00\n- 10:00 Deux\xff\nTitre\u202E\nFin.",
		"02:10 a\n02:50 b\n02:30 c\n02:59 d", "08:00 a\n09:00 b\n10:00 c", "---\n\u200B\nPublicité\n-\n16 h 06a\nPublicité\n16:00 b",
		"00:30 a\n23:30 b\n00:00 c", "11 : 27\n11:27:30\n16h\n- 16h\n111:27", "\v\n\u0085\n\u2028\n\u3164",
	} {
		f.Add(s, int64(summer), uint8(0), uint8(0))
		f.Add(s, int64(doubled), uint8(0), uint8(1))
		f.Add(s, int64(gap), uint8(2), uint8(2))
	}
}

// zones have shifts of an hour, half an hour and a day, over midnight too.
func zones(t testing.TB) []*time.Location {
	var out []*time.Location
	for _, name := range []string{
		"Europe/Paris", "Australia/Lord_Howe", "America/Sao_Paulo", "America/St_Johns", "Pacific/Apia", "UTC", "Africa/Monrovia",
	} {
		out = append(out, zone(t, name))
	}
	return out
}

func FuzzParse(f *testing.F)       { fuzz(f, page.Parse) }
func FuzzParseTicker(f *testing.F) { fuzz(f, page.ParseTicker) }

// fuzz checks what Page promises of any text: every line is in one place, no
// instant is after the anchor, order and clock are those of the page.
func fuzz(f *testing.F, parse func(string, page.Options) (page.Page, error)) {
	seeds(f)
	all := zones(f)
	f.Fuzz(func(t *testing.T, in string, anchor int64, z, order uint8) {
		o := page.Options{
			Anchor: time.Unix(anchor%4_000_000_000, 0),
			Zone:   all[int(z)%len(all)],
			Order:  page.Order(order % 3),
			Chrome: []string{"boutique"},
		}
		p, err := parse(in, o)
		if err != nil {
			if strings.TrimSpace(strings.TrimPrefix(in, "\uFEFF")) != "" {
				t.Fatalf("Parse(%q): %v", in, err)
			}
			return
		}
		accounted(t, in, p)
		for i, e := range p.Entries {
			if e.OccurredAt.After(o.Anchor) {
				t.Errorf("entry on line %d: %v is after the anchor %v", e.Line, e.OccurredAt, o.Anchor)
			}
			if got := e.OccurredAt.In(o.Zone).Format("15:04"); got != e.Clock {
				t.Errorf("entry on line %d: the clock showed %s, the page says %s", e.Line, got, e.Clock)
			}
			if e.Headline == "" || utf8.RuneCountInString(e.Headline) > 300 {
				t.Errorf("entry on line %d: headline %q", e.Line, e.Headline)
			}
			if i == 0 {
				continue
			}
			above := p.Entries[i-1]
			if o.Order == page.OldestFirst {
				above, e = e, above
			}
			if e.OccurredAt.After(above.OccurredAt) {
				t.Errorf("lines %d and %d: %v comes before %v", above.Line, e.Line, above.OccurredAt, e.OccurredAt)
			}
		}
	})
}

// accounted checks that each line of in that isn't white space is in exactly one
// place of p.
func accounted(t *testing.T, in string, p page.Page) {
	t.Helper()
	places := map[int]int{}
	for _, e := range p.Entries {
		places[e.Line]++
	}
	for _, r := range p.Refused {
		places[r.Line]++
		if r.Reason == "" || !utf8.ValidString(r.Text) {
			t.Errorf("refusal of line %d: reason %q, text %q", r.Line, r.Reason, r.Text)
		}
	}
	for _, n := range p.Chrome {
		places[n]++
	}
	if a := p.Article; a != nil {
		if a.Title != "" {
			places[a.Line]++
		}
		if len(a.Lines) != len(a.Paragraphs) {
			t.Errorf("got %d line numbers for %d paragraphs", len(a.Lines), len(a.Paragraphs))
		}
		for i, n := range a.Lines {
			places[n]++
			if a.Paragraphs[i] == "" {
				t.Errorf("paragraph on line %d is empty", n)
			}
		}
	}
	in = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(strings.TrimPrefix(in, "\uFEFF"))
	for i, l := range strings.Split(in, "\n") {
		want := 1
		if strings.TrimSpace(l) == "" {
			want = 0
		}
		if got := places[i+1]; got != want {
			t.Errorf("line %d, %q: in %d places, want %d", i+1, l, got, want)
		}
		delete(places, i+1)
	}
	for n := range places {
		t.Errorf("got something on line %d, which isn't there", n)
	}
}
