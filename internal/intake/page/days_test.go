package page_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/intake/page"
)

func TestDays(t *testing.T) {
	tests := []struct {
		name   string
		zone   string
		anchor string   // in the zone, or with an offset
		clocks string   // one line each
		want   []string // date, clock and offset; "?" ambiguous; "!" refused
	}{
		{
			"one day", "Europe/Paris", "2025-07-09 12:00", "11:27 11:00 07:17",
			[]string{"2025-07-09 11:27 +0200", "2025-07-09 11:00 +0200", "2025-07-09 07:17 +0200"},
		},
		{
			"larger time is the day before", "Europe/Paris", "2025-07-09 12:00", "07:17 16:06 15:45",
			[]string{"2025-07-09 07:17 +0200", "2025-07-08 16:06 +0200", "2025-07-08 15:45 +0200"},
		},
		{
			"one minute larger", "Europe/Paris", "2025-07-09 12:00", "07:17 07:18",
			[]string{"2025-07-09 07:17 +0200", "2025-07-08 07:18 +0200"},
		},
		{
			"equal times stay on the day", "Europe/Paris", "2025-07-09 12:00", "11:27 11:27 11:27 11:00",
			[]string{"2025-07-09 11:27 +0200", "2025-07-09 11:27 +0200", "2025-07-09 11:27 +0200", "2025-07-09 11:00 +0200"},
		},
		{
			"first entry at the anchor", "Europe/Paris", "2025-07-09 12:00", "12:00",
			[]string{"2025-07-09 12:00 +0200"},
		},
		{
			"first entry after the anchor's time is yesterday's", "Europe/Paris", "2025-07-09 12:00", "12:01 12:00",
			[]string{"2025-07-08 12:01 +0200", "2025-07-08 12:00 +0200"},
		},
		{
			"midnight belongs to the day that begins", "Europe/Paris", "2025-07-09 00:30", "00:10 00:00 23:59",
			[]string{"2025-07-09 00:10 +0200", "2025-07-09 00:00 +0200", "2025-07-08 23:59 +0200"},
		},
		{
			"anchor given in another zone", "Europe/Paris", "2025-07-08T22:30:00Z", "00:10 23:50",
			[]string{"2025-07-09 00:10 +0200", "2025-07-08 23:50 +0200"},
		},
		{
			"several days over the end of a year", "Europe/Paris", "2026-01-01 08:00", "07:00 20:00 09:00 21:00",
			[]string{"2026-01-01 07:00 +0100", "2025-12-31 20:00 +0100", "2025-12-31 09:00 +0100", "2025-12-30 21:00 +0100"},
		},
		{
			"leap day", "Europe/Paris", "2024-03-01 08:00", "07:00 20:00",
			[]string{"2024-03-01 07:00 +0100", "2024-02-29 20:00 +0100"},
		},

		{
			"clocks go back: around the doubled hour", "Europe/Paris", "2025-10-26 12:00", "03:00 01:59",
			[]string{"2025-10-26 03:00 +0100", "2025-10-26 01:59 +0200"},
		},
		{
			"clocks go back: both passes are possible", "Europe/Paris", "2025-10-26 12:00", "03:05 02:40 02:20 01:50",
			[]string{"2025-10-26 03:05 +0100", "2025-10-26 02:40 +0100?", "2025-10-26 02:20 +0100?", "2025-10-26 01:50 +0200"},
		},
		{
			"clocks go back: a rise is the first pass", "Europe/Paris", "2025-10-26 12:00", "03:05 02:10 02:50 02:30 01:50",
			[]string{"2025-10-26 03:05 +0100", "2025-10-26 02:10 +0100?", "2025-10-26 02:50 +0200?", "2025-10-26 02:30 +0200?", "2025-10-26 01:50 +0200"},
		},
		{
			"clocks go back: a second rise is the day before", "Europe/Paris", "2025-10-26 12:00", "02:10 02:50 02:20 02:40",
			[]string{"2025-10-26 02:10 +0100?", "2025-10-26 02:50 +0200?", "2025-10-26 02:20 +0200?", "2025-10-25 02:40 +0200"},
		},
		{
			"clocks go back: a rise to 03:00 is the day before", "Europe/Paris", "2025-10-26 12:00", "02:10 03:00",
			[]string{"2025-10-26 02:10 +0100?", "2025-10-25 03:00 +0200"},
		},
		{
			"clocks go back: equal times", "Europe/Paris", "2025-10-26 12:00", "02:10 02:10",
			[]string{"2025-10-26 02:10 +0100?", "2025-10-26 02:10 +0100?"},
		},
		{
			"clocks go back: anchor in the first pass leaves one reading", "Europe/Paris", "2025-10-26T02:45:00+02:00", "02:40 02:50",
			[]string{"2025-10-26 02:40 +0200", "2025-10-25 02:50 +0200"},
		},
		{
			"clocks go back: anchor in the second pass", "Europe/Paris", "2025-10-26T02:15:00+01:00", "02:10 02:30 01:00",
			[]string{"2025-10-26 02:10 +0100?", "2025-10-26 02:30 +0200", "2025-10-26 01:00 +0200"},
		},
		{
			"clocks go back: first entry in the first pass for sure", "Europe/Paris", "2025-10-26T02:15:00+01:00", "02:30 02:10",
			[]string{"2025-10-26 02:30 +0200", "2025-10-26 02:10 +0200"},
		},
		{
			"clocks go back: that hour on another day", "Europe/Paris", "2025-10-27 12:00", "02:10 02:50",
			[]string{"2025-10-27 02:10 +0100", "2025-10-26 02:50 +0100?"},
		},

		{
			"clocks go forward: around the gap", "Europe/Paris", "2026-03-29 12:00", "03:00 01:59",
			[]string{"2026-03-29 03:00 +0200", "2026-03-29 01:59 +0100"},
		},
		{
			"clocks go forward: a time in the gap", "Europe/Paris", "2026-03-29 12:00", "03:10 02:30 01:50",
			[]string{"2026-03-29 03:10 +0200", "!has the time 02:30, which did not exist on 2026-03-29 in Europe/Paris: the clock was put forward over it", "2026-03-29 01:50 +0100"},
		},
		{
			"clocks go forward: the first entry is in the gap", "Europe/Paris", "2026-03-29 03:20", "02:30 01:50",
			[]string{"!has the time 02:30, which did not exist on 2026-03-29 in Europe/Paris: the clock was put forward over it", "2026-03-29 01:50 +0100"},
		},
		{
			"clocks go forward: a rise into the gap of the day before", "Europe/Paris", "2026-03-30 12:00", "02:10 02:30",
			[]string{"2026-03-30 02:10 +0200", "!has the time 02:30, which did not exist on 2026-03-29 in Europe/Paris: the clock was put forward over it"},
		},
		{
			"clocks go forward: that time the day before", "Europe/Paris", "2026-03-29 12:00", "01:50 02:30",
			[]string{"2026-03-29 01:50 +0100", "2026-03-28 02:30 +0100"},
		},

		{
			"half an hour back", "Australia/Lord_Howe", "2025-04-06 12:00", "02:00 01:40 01:50 01:29",
			[]string{"2025-04-06 02:00 +1030", "2025-04-06 01:40 +1030?", "2025-04-06 01:50 +1100?", "2025-04-06 01:29 +1100"},
		},
		{
			"half an hour back: outside it a rise is a day", "Australia/Lord_Howe", "2025-04-06 12:00", "01:10 01:20",
			[]string{"2025-04-06 01:10 +1100", "2025-04-05 01:20 +1100"},
		},
		{
			"half an hour forward", "Australia/Lord_Howe", "2025-10-05 12:00", "02:30 02:10 01:59",
			[]string{"2025-10-05 02:30 +1100", "!has the time 02:10, which did not exist on 2025-10-05 in Australia/Lord_Howe: the clock was put forward over it", "2025-10-05 01:59 +1030"},
		},
		{
			"no midnight", "America/Sao_Paulo", "2018-11-04 12:00", "01:00 00:30 00:00 23:59",
			[]string{
				"2018-11-04 01:00 -0200",
				"!has the time 00:30, which did not exist on 2018-11-04 in America/Sao_Paulo: the clock was put forward over it",
				"!has the time 00:00, which did not exist on 2018-11-04 in America/Sao_Paulo: the clock was put forward over it",
				"2018-11-03 23:59 -0300",
			},
		},
		{
			"the hour before midnight twice", "America/Sao_Paulo", "2018-02-18 12:00", "00:10 23:20 23:50 22:50",
			[]string{"2018-02-18 00:10 -0300", "2018-02-17 23:20 -0300?", "2018-02-17 23:50 -0200?", "2018-02-17 22:50 -0200"},
		},
		{
			"back over midnight, so that a date comes twice", "America/St_Johns", "2010-11-07 12:00", "00:30 23:30 00:00 23:10",
			[]string{"2010-11-07 00:30 -0330", "2010-11-06 23:30 -0330?", "2010-11-07 00:00 -0230?", "2010-11-06 23:10 -0230?"},
		},
		{
			"a day that was skipped", "Pacific/Apia", "2011-12-31 12:00", "08:00 09:00 08:30",
			[]string{"2011-12-31 08:00 +1400", "2011-12-29 09:00 -1000", "2011-12-29 08:30 -1000"},
		},
		{
			"a zone that never shifts", "UTC", "2025-10-26 12:00", "02:10 02:50",
			[]string{"2025-10-26 02:10 +0000", "2025-10-25 02:50 +0000"},
		},
		{
			"a quarter of an hour off", "Asia/Kathmandu", "2025-07-09 00:30", "00:10 23:50",
			[]string{"2025-07-09 00:10 +0545", "2025-07-08 23:50 +0545"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			z := zone(t, tt.zone)
			anchor, err := time.ParseInLocation("2006-01-02 15:04", tt.anchor, z)
			if err != nil {
				if anchor, err = time.Parse(time.RFC3339, tt.anchor); err != nil {
					t.Fatal(err)
				}
			}
			in := strings.ReplaceAll(tt.clocks, " ", " Un\n") + " Un"
			p, err := page.ParseTicker(in, page.Options{Anchor: anchor, Zone: z})
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "days", days(p, z), tt.want)
		})
	}
}

// days are the entries and refusals in the order of the page.
func days(p page.Page, z *time.Location) []string {
	out := make([]string, len(p.Entries)+len(p.Refused))
	for _, e := range p.Entries {
		out[e.Line-1] = e.OccurredAt.In(z).Format("2006-01-02 15:04 -0700")
		if e.Confidence == page.Ambiguous {
			out[e.Line-1] += "?"
		}
	}
	for _, r := range p.Refused {
		out[r.Line-1] = "!" + r.Reason
	}
	return out
}

func TestOccurredAtIsUTC(t *testing.T) {
	p := mustParse(t, "11:00 Un", paris(t))
	if got := p.Entries[0].OccurredAt.Location(); got != time.UTC {
		t.Errorf("got an instant in %v, want UTC", got)
	}
}

func TestOrder(t *testing.T) {
	const (
		refused = "!is one of a block whose times rise from line to line, as when the oldest comes first; paste it with the newest line first"
		day     = "2025-07-"
	)
	tests := []struct {
		name   string
		order  page.Order
		clocks string
		want   []string
	}{
		{"rising", page.Unstated, "08:00 09:00 11:00", []string{refused, refused, refused}},
		{"rising but for equals", page.Unstated, "08:00 08:00 09:00", []string{refused, refused, refused}},
		{"rising over midnight", page.Unstated, "21:00 22:00 23:00 00:10 01:00", []string{refused, refused, refused, refused, refused}},
		{"all equal", page.Unstated, "08:00 08:00 08:00", []string{day + "09 08:00", day + "09 08:00", day + "09 08:00"}},
		{"two lines prove nothing", page.Unstated, "08:00 09:00", []string{day + "09 08:00", day + "08 09:00"}},
		{"one fall is enough", page.Unstated, "08:00 09:00 08:30", []string{day + "09 08:00", day + "08 09:00", day + "08 08:30"}},
		{"morning and evening in turn", page.Unstated, "08:00 20:00 09:00 21:00", []string{day + "09 08:00", day + "08 20:00", day + "08 09:00", day + "07 21:00"}},
		{"refused lines don't count", page.Unstated, "08:00 24:00 09:00", []string{day + "09 08:00", `!has the time "24:00", which does not exist: hours go from 0 to 23`, day + "08 09:00"}},
		{"bad lines in a rising block", page.Unstated, "08:00 24:00 09:00 10:00", []string{refused, `!has the time "24:00", which does not exist: hours go from 0 to 23`, refused, refused}},
		{"rising, stated newest first", page.NewestFirst, "08:00 09:00 11:00", []string{day + "09 08:00", day + "08 09:00", day + "07 11:00"}},
		{"rising, stated oldest first", page.OldestFirst, "08:00 09:00 11:00", []string{day + "09 08:00", day + "09 09:00", day + "09 11:00"}},
		{"over midnight, stated oldest first", page.OldestFirst, "22:00 23:00 00:10 01:00", []string{day + "08 22:00", day + "08 23:00", day + "09 00:10", day + "09 01:00"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := paris(t)
			o.Order = tt.order
			in := strings.ReplaceAll(tt.clocks, " ", " Un\n") + " Un\nTitre"
			p := mustParse(t, in, o)
			var got []string
			for _, d := range days(p, o.Zone) {
				got = append(got, strings.TrimSuffix(d, " +0200"))
			}
			equal(t, "days", got, tt.want)
			if !slices.IsSortedFunc(p.Refused, func(a, b page.Refusal) int { return a.Line - b.Line }) {
				t.Errorf("refusals: got %+v, want them in the order of the page", p.Refused)
			}
			if p.Article == nil || p.Article.Title != "Titre" {
				t.Errorf("article: got %+v, want it read in any case", p.Article)
			}
		})
	}
}

// TestDaysAgainstTheMinuteHand turns the clock of each zone back minute by minute
// around its shifts, and finds no later instant than the one given to an entry.
func TestDaysAgainstTheMinuteHand(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		zone   string
		shifts []string
	}{
		{"Europe/Paris", []string{"2025-10-26T01:00:00Z", "2026-03-29T01:00:00Z"}},
		{"Australia/Lord_Howe", []string{"2025-04-05T15:00:00Z", "2025-10-04T15:30:00Z"}},
		{"America/Sao_Paulo", []string{"2018-02-18T02:00:00Z", "2018-11-04T03:00:00Z"}},
		{"America/St_Johns", []string{"2010-11-07T02:31:00Z", "2010-03-14T03:31:00Z"}},
		{"Pacific/Apia", []string{"2011-12-30T10:00:00Z"}},
	}
	for _, tt := range tests {
		z := zone(t, tt.zone)
		for _, shift := range tt.shifts {
			at, err := time.Parse(time.RFC3339, shift)
			if err != nil {
				t.Fatal(err)
			}
			for range 100 {
				anchor := at.Add(time.Duration(rnd.IntN(48*60)-60) * time.Minute)
				var in strings.Builder
				for range 6 {
					c := at.In(z).Add(time.Duration(rnd.IntN(5*60)-150) * time.Minute) // most clocks near the shift
					fmt.Fprintf(&in, "%s Un\n", c.Format("15:04"))
				}
				p, err := page.ParseTicker(in.String(), page.Options{Anchor: anchor, Zone: z, Order: page.NewestFirst})
				if err != nil {
					t.Fatal(err)
				}
				bound := anchor
				for _, e := range p.Entries {
					want := bound
					for want.In(z).Format("15:04") != e.Clock {
						want = want.Add(-time.Minute)
					}
					if !e.OccurredAt.Equal(want) {
						t.Errorf("%s, anchor %v, line %d of %q: got %v, want %v",
							tt.zone, anchor, e.Line, in.String(), e.OccurredAt, want.UTC())
					}
					bound = e.OccurredAt
				}
			}
		}
	}
}
