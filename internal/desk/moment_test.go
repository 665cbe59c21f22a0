package desk_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests name zones that a bare machine doesn't know
	"unicode/utf8"

	"depeche/internal/desk"
	"depeche/internal/news"
)

func TestMoments(t *testing.T) {
	for _, c := range []struct {
		name   string
		moment desk.Moment
		want   string // the instant; or else:
		field  string
		reason string // is in the error
	}{
		{"an instant", desk.Moment{At: noon}, "2026-03-02T12:00:00Z", "", ""},
		{"an instant in a zone, to the nanosecond", desk.Moment{At: time.Date(2026, 3, 2, 13, 0, 0, 1_999_999, time.FixedZone("", 3600))}, "2026-03-02T12:00:00.001Z", "", ""},
		{"a plain time", desk.Moment{Local: "2026-03-02T13:00", Zone: "Europe/Paris"}, "2026-03-02T12:00:00Z", "", ""},
		{"with seconds", desk.Moment{Local: "2026-03-02T13:00:59", Zone: "Europe/Paris"}, "2026-03-02T12:00:59Z", "", ""},
		{"in summer", desk.Moment{Local: "2026-07-02T13:00", Zone: "Europe/Paris"}, "2026-07-02T11:00:00Z", "", ""},
		{"in UTC", desk.Moment{Local: "2026-07-02T13:00", Zone: "UTC"}, "2026-07-02T13:00:00Z", "", ""},
		{"half an hour off", desk.Moment{Local: "2026-07-02T13:00", Zone: "Asia/Kolkata"}, "2026-07-02T07:30:00Z", "", ""},
		{"as far east as it goes", desk.Moment{Local: "2026-07-02T13:00", Zone: "Etc/GMT-14"}, "2026-07-01T23:00:00Z", "", ""},
		{"as far west", desk.Moment{Local: "2026-07-02T13:00", Zone: "Etc/GMT+12"}, "2026-07-03T01:00:00Z", "", ""},
		{"a leap day", desk.Moment{Local: "2028-02-29T13:00", Zone: "Europe/Paris"}, "2028-02-29T12:00:00Z", "", ""},
		{"the end of a leap year", desk.Moment{Local: "2040-12-31T23:59", Zone: "Europe/Paris"}, "2040-12-31T22:59:00Z", "", ""},

		// The night of 29 March 2026 in Paris: 02:00 is 03:00.
		{"Paris, before the gap", desk.Moment{Local: "2026-03-29T01:59:59", Zone: "Europe/Paris"}, "2026-03-29T00:59:59Z", "", ""},
		{"Paris, the gap begins", desk.Moment{Local: "2026-03-29T02:00", Zone: "Europe/Paris"}, "", "at.local", "does not exist in Europe/Paris: the clocks go from 2026-03-29T02:00 to 2026-03-29T03:00"},
		{"Paris, in the gap", desk.Moment{Local: "2026-03-29T02:30", Zone: "Europe/Paris"}, "", "at.local", "the clocks go from 2026-03-29T02:00 to 2026-03-29T03:00"},
		{"Paris, in the gap, with a pass", desk.Moment{Local: "2026-03-29T02:30", Zone: "Europe/Paris", Pass: desk.FirstPass}, "", "at.local", "does not exist"},
		{"Paris, the gap ends", desk.Moment{Local: "2026-03-29T02:59:59", Zone: "Europe/Paris"}, "", "at.local", "does not exist"},
		{"Paris, after the gap", desk.Moment{Local: "2026-03-29T03:00", Zone: "Europe/Paris"}, "2026-03-29T01:00:00Z", "", ""},
		// The night of 25 October 2026 in Paris: 03:00 is 02:00 again.
		{"Paris, before it doubles", desk.Moment{Local: "2026-10-25T01:59:59", Zone: "Europe/Paris"}, "2026-10-24T23:59:59Z", "", ""},
		{"Paris, doubled", desk.Moment{Local: "2026-10-25T02:30", Zone: "Europe/Paris"}, "", "at.pass", "FIRST at 2026-10-25T02:30+02:00 and SECOND at 2026-10-25T02:30+01:00"},
		{"Paris, doubled, the first", desk.Moment{Local: "2026-10-25T02:30", Zone: "Europe/Paris", Pass: desk.FirstPass}, "2026-10-25T00:30:00Z", "", ""},
		{"Paris, doubled, the second", desk.Moment{Local: "2026-10-25T02:30", Zone: "Europe/Paris", Pass: desk.SecondPass}, "2026-10-25T01:30:00Z", "", ""},
		{"Paris, doubled at its beginning", desk.Moment{Local: "2026-10-25T02:00", Zone: "Europe/Paris", Pass: desk.SecondPass}, "2026-10-25T01:00:00Z", "", ""},
		{"Paris, after it doubled", desk.Moment{Local: "2026-10-25T03:00", Zone: "Europe/Paris"}, "2026-10-25T02:00:00Z", "", ""},

		{"New York, in the gap", desk.Moment{Local: "2026-03-08T02:30", Zone: "America/New_York"}, "", "at.local", "from 2026-03-08T02:00 to 2026-03-08T03:00"},
		{"New York, doubled", desk.Moment{Local: "2026-11-01T01:30", Zone: "America/New_York"}, "", "at.pass", "FIRST at 2026-11-01T01:30-04:00 and SECOND at 2026-11-01T01:30-05:00"},
		{"New York, the second", desk.Moment{Local: "2026-11-01T01:30", Zone: "America/New_York", Pass: desk.SecondPass}, "2026-11-01T06:30:00Z", "", ""},
		{"New York, a night of Paris", desk.Moment{Local: "2026-10-25T02:30", Zone: "America/New_York"}, "2026-10-25T06:30:00Z", "", ""},

		{"Lord Howe, in the gap of half an hour", desk.Moment{Local: "2026-10-04T02:15", Zone: "Australia/Lord_Howe"}, "", "at.local", "from 2026-10-04T02:00 to 2026-10-04T02:30"},
		{"Lord Howe, after the gap", desk.Moment{Local: "2026-10-04T02:30", Zone: "Australia/Lord_Howe"}, "2026-10-03T15:30:00Z", "", ""},
		{"Lord Howe, doubled", desk.Moment{Local: "2026-04-05T01:45", Zone: "Australia/Lord_Howe"}, "", "at.pass", "FIRST at 2026-04-05T01:45+11:00 and SECOND at 2026-04-05T01:45+10:30"},
		{"Lord Howe, once", desk.Moment{Local: "2026-04-05T01:15", Zone: "Australia/Lord_Howe"}, "2026-04-04T14:15:00Z", "", ""},

		// Morocco goes back for Ramadan and forward after it.
		{"Casablanca, Ramadan begins", desk.Moment{Local: "2026-02-15T02:30", Zone: "Africa/Casablanca"}, "", "at.pass", "FIRST at 2026-02-15T02:30+01:00 and SECOND at 2026-02-15T02:30+00:00"},
		{"Casablanca, Ramadan is over", desk.Moment{Local: "2026-03-22T02:30", Zone: "Africa/Casablanca"}, "", "at.local", "from 2026-03-22T02:00 to 2026-03-22T03:00"},
		{"Casablanca, within Ramadan", desk.Moment{Local: "2026-03-02T12:00", Zone: "Africa/Casablanca"}, "2026-03-02T12:00:00Z", "", ""},

		{"Apia, before the day that was none", desk.Moment{Local: "2011-12-29T23:59", Zone: "Pacific/Apia"}, "2011-12-30T09:59:00Z", "", ""},
		{"Apia, the day that was none", desk.Moment{Local: "2011-12-30T12:00", Zone: "Pacific/Apia"}, "", "at.local", "from 2011-12-30T00:00 to 2011-12-31T00:00"},
		{"Apia, after it", desk.Moment{Local: "2011-12-31T00:00", Zone: "Pacific/Apia"}, "2011-12-30T10:00:00Z", "", ""},
		{"Kwajalein, the day that was none", desk.Moment{Local: "1993-08-21T12:00", Zone: "Pacific/Kwajalein"}, "", "at.local", "from 1993-08-21T00:00 to 1993-08-22T00:00"},
		{"Manila, the day that was none", desk.Moment{Local: "1844-12-31T12:00", Zone: "Asia/Manila"}, "", "at.local", "does not exist"},
		{"Paris, off by minutes", desk.Moment{Local: "1900-01-01T00:00", Zone: "Europe/Paris"}, "1899-12-31T23:50:39Z", "", ""},

		{"none", desk.Moment{}, "", "at", "must be an instant or a local time"},
		{"both", desk.Moment{At: noon, Local: "2026-03-02T13:00", Zone: "Europe/Paris"}, "", "at", "not both"},
		{"an instant with a zone", desk.Moment{At: noon, Zone: "Europe/Paris"}, "", "at.zone", "local time alone"},
		{"an instant with a pass", desk.Moment{At: noon, Pass: desk.FirstPass}, "", "at.pass", "local time alone"},
		{"a pass on a plain time", desk.Moment{Local: "2026-03-02T13:00", Zone: "Europe/Paris", Pass: desk.FirstPass}, "", "at.pass", "comes once in Europe/Paris, at 2026-03-02T13:00+01:00"},
		{"a third pass", desk.Moment{Local: "2026-10-25T02:30", Zone: "Europe/Paris", Pass: "THIRD"}, "", "at.pass", "FIRST or SECOND"},
		{"no zone", desk.Moment{Local: "2026-03-02T13:00"}, "", "at.zone", "must be given"},
		{"the machine's zone", desk.Moment{Local: "2026-03-02T13:00", Zone: "Local"}, "", "at.zone", "IANA"},
		{"an unknown zone", desk.Moment{Local: "2026-03-02T13:00", Zone: "Europe/Lutetia"}, "", "at.zone", `"Europe/Lutetia"`},
		{"an offset for a zone", desk.Moment{Local: "2026-03-02T13:00", Zone: "+01:00"}, "", "at.zone", "IANA"},
		{"a path", desk.Moment{Local: "2026-03-02T13:00", Zone: "../../etc/localtime"}, "", "at.zone", "IANA"},
		{"an absolute path", desk.Moment{Local: "2026-03-02T13:00", Zone: "/usr/share/zoneinfo/UTC"}, "", "at.zone", "IANA"},
		{"another way up", desk.Moment{Local: "2026-03-02T13:00", Zone: `..\Europe\Paris`}, "", "at.zone", "IANA"},
		{"a zone that counts leap seconds", desk.Moment{Local: "2026-03-02T13:00", Zone: "right/Europe/Paris"}, "", "at.zone", "IANA"},
		{"a file that is none", desk.Moment{Local: "2026-03-02T13:00", Zone: "localtime"}, "", "at.zone", "IANA"},
		{"a huge zone", desk.Moment{Local: "2026-03-02T13:00", Zone: strings.Repeat("A", 5<<20)}, "", "at.zone", "IANA"},
		{"a NUL in a zone", desk.Moment{Local: "2026-03-02T13:00", Zone: "Europe/Paris\x00"}, "", "at.zone", "IANA"},

		{"no day", desk.Moment{Local: "14:32", Zone: "Europe/Paris"}, "", "at.local", "a day and a time"},
		{"no time", desk.Moment{Local: "2026-03-02", Zone: "Europe/Paris"}, "", "at.local", "a day and a time"},
		{"an offset", desk.Moment{Local: "2026-03-02T13:00+01:00", Zone: "Europe/Paris"}, "", "at.local", "without an offset"},
		{"a space for the T", desk.Moment{Local: "2026-03-02 13:00", Zone: "Europe/Paris"}, "", "at.local", "a day and a time"},
		{"a day that is none", desk.Moment{Local: "2026-02-29T13:00", Zone: "Europe/Paris"}, "", "at.local", "a day and a time"},
		{"an hour that is none", desk.Moment{Local: "2026-03-02T24:00", Zone: "Europe/Paris"}, "", "at.local", "a day and a time"},
		{"a leap second", desk.Moment{Local: "2016-12-31T23:59:60", Zone: "UTC"}, "", "at.local", "a day and a time"},
		{"a fraction", desk.Moment{Local: "2026-03-02T13:00:00.5", Zone: "Europe/Paris"}, "", "at.local", "a day and a time"},
		{"the year 0", desk.Moment{Local: "0000-03-02T13:00", Zone: "UTC"}, "", "at", "1 to 9999"},
		{"beyond the year 9999", desk.Moment{Local: "9999-12-31T23:00", Zone: "Etc/GMT+12"}, "", "at", "1 to 9999"},
		{"huge", desk.Moment{Local: strings.Repeat("1", 5<<20), Zone: "UTC"}, "", "at.local", "a day and a time"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := desk.ScheduleOf(c.moment, "at")
			if c.field != "" {
				wantInvalid(t, err, c.field)
				if err != nil && (!strings.Contains(err.Error(), c.reason) || len(err.Error()) > 300) {
					t.Errorf("got %q, want it to say %q", err, c.reason)
				}
				return
			}
			must(t, err)
			if s := got.At.Format(time.RFC3339Nano); s != c.want || got.Local != c.moment.Local || got.Zone != c.moment.Zone || got.At.Location() != time.UTC {
				t.Errorf("got %s (%s, %s), want %s", s, got.Local, got.Zone, c.want)
			}
		})
	}
}

func TestTimesWithoutADay(t *testing.T) {
	instant := func(s string) time.Time {
		at, err := time.Parse(time.RFC3339, s)
		must(t, err)
		return at
	}
	type resolve func(desk.Moment, string, time.Time) (time.Time, error)
	for _, c := range []struct {
		name    string
		how     resolve
		at      string
		local   string
		zone    string
		pass    desk.Pass
		want    string
		field   string
		because string
	}{
		{"earlier today", desk.LastBefore, "2026-03-02T12:00:00Z", "12:59", "Europe/Paris", "", "2026-03-02T11:59:00Z", "", ""},
		{"now", desk.LastBefore, "2026-03-02T12:00:00Z", "13:00", "Europe/Paris", "", "2026-03-02T12:00:00Z", "", ""},
		{"later than now was yesterday", desk.LastBefore, "2026-03-02T12:00:00Z", "13:00:01", "Europe/Paris", "", "2026-03-01T12:00:01Z", "", ""},
		{"before midnight, told after it", desk.LastBefore, "2026-03-01T23:05:00Z", "23:58", "Europe/Paris", "", "2026-03-01T22:58:00Z", "", ""},
		{"over the turn of a year", desk.LastBefore, "2026-01-01T00:00:00Z", "23:58", "UTC", "", "2025-12-31T23:58:00Z", "", ""},
		{"another day there", desk.LastBefore, "2026-03-02T12:00:00Z", "01:00", "Pacific/Auckland", "", "2026-03-02T12:00:00Z", "", ""},
		{"the same day", desk.OnTheDayOf, "2026-03-02T12:00:00Z", "23:59", "Europe/Paris", "", "2026-03-02T22:59:00Z", "", ""},
		{"the same day there", desk.OnTheDayOf, "2026-03-02T23:30:00Z", "00:10", "Europe/Paris", "", "2026-03-02T23:10:00Z", "", ""},

		{"the gap is over", desk.LastBefore, "2026-03-29T08:00:00Z", "02:30", "Europe/Paris", "", "", "at.local", "does not exist"},
		{"the gap is to come", desk.LastBefore, "2026-03-29T00:30:00Z", "02:30", "Europe/Paris", "", "2026-03-28T01:30:00Z", "", ""},
		{"in the gap on that day", desk.OnTheDayOf, "2026-03-29T12:00:00Z", "02:30", "Europe/Paris", "", "", "at.local", "does not exist"},
		{"both are over", desk.LastBefore, "2026-10-25T08:00:00Z", "02:30", "Europe/Paris", "", "", "at.pass", "comes twice"},
		{"both are over, the first", desk.LastBefore, "2026-10-25T08:00:00Z", "02:30", "Europe/Paris", desk.FirstPass, "2026-10-25T00:30:00Z", "", ""},
		{"both are over, the second", desk.LastBefore, "2026-10-25T08:00:00Z", "02:30", "Europe/Paris", desk.SecondPass, "2026-10-25T01:30:00Z", "", ""},
		{"between the two", desk.LastBefore, "2026-10-25T01:00:00Z", "02:30", "Europe/Paris", "", "2026-10-25T00:30:00Z", "", ""},
		{"before the two", desk.LastBefore, "2026-10-25T00:00:00Z", "02:30", "Europe/Paris", "", "2026-10-24T00:30:00Z", "", ""},
		{"doubled on that day", desk.OnTheDayOf, "2026-10-25T12:00:00Z", "02:30", "Europe/Paris", "", "", "at.pass", "comes twice"},
		{"the day before was none", desk.LastBefore, "2011-12-30T10:30:00Z", "14:32", "Pacific/Apia", "", "", "at.local", "does not exist"},

		{"with its day", desk.LastBefore, "2026-03-02T12:00:00Z", "2026-03-05T13:00", "Europe/Paris", "", "2026-03-05T12:00:00Z", "", ""},
		{"with its day all the same", desk.OnTheDayOf, "2026-03-02T12:00:00Z", "2026-03-05T13:00", "Europe/Paris", "", "2026-03-05T12:00:00Z", "", ""},
		{"a pass on a plain time", desk.LastBefore, "2026-03-02T12:00:00Z", "12:00", "Europe/Paris", desk.SecondPass, "", "at.pass", "comes once"},
		{"no zone", desk.LastBefore, "2026-03-02T12:00:00Z", "12:00", "", "", "", "at.zone", "must be given"},
		{"an hour of one digit", desk.LastBefore, "2026-03-02T12:00:00Z", "9:00", "Europe/Paris", "", "", "at.local", "such as"},
		{"an hour that is none", desk.LastBefore, "2026-03-02T12:00:00Z", "24:00", "Europe/Paris", "", "", "at.local", "such as"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := c.how(desk.Moment{Local: c.local, Zone: c.zone, Pass: c.pass}, "at", instant(c.at))
			if c.field != "" {
				wantInvalid(t, err, c.field)
				if err != nil && !strings.Contains(err.Error(), c.because) {
					t.Errorf("got %q, want it to say %q", err, c.because)
				}
				return
			}
			must(t, err)
			if s := got.Format(time.RFC3339Nano); s != c.want {
				t.Errorf("got %s, want %s", s, c.want)
			}
		})
	}
	got, err := desk.LastBefore(desk.Moment{At: noon}, "at", noon)
	if must(t, err); got != noon {
		t.Errorf("an instant: got %v, want %v", got, noon)
	}
}

// TestBothNights walks through both nights of a year in several zones, and holds that
// each local time means the instants at which clocks show it.
func TestBothNights(t *testing.T) {
	const step = 5 * time.Minute
	for _, c := range []struct {
		zone     string
		from, to string // local times between which every fifth minute is asked for
		gap      int    // of them that never come
		doubled  int    // and that come twice
	}{
		{"Europe/Paris", "2026-03-28T12:00", "2026-03-29T12:00", 12, 0},
		{"Europe/Paris", "2026-10-24T12:00", "2026-10-25T12:00", 0, 12},
		{"America/New_York", "2026-03-07T12:00", "2026-03-08T12:00", 12, 0},
		{"America/New_York", "2026-10-31T12:00", "2026-11-01T12:00", 0, 12},
		{"Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-04T12:00", 6, 0},
		{"Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-05T12:00", 0, 6},
		{"Africa/Casablanca", "2026-02-14T12:00", "2026-02-15T12:00", 0, 12},
		{"Africa/Casablanca", "2026-03-21T12:00", "2026-03-22T12:00", 12, 0},
		{"Pacific/Apia", "2011-12-29T12:00", "2011-12-31T12:00", 24 * 12, 0},
		{"Asia/Tokyo", "2026-03-28T12:00", "2026-03-29T12:00", 0, 0},
		{"Europe/Paris", "2028-12-31T00:00", "2029-01-01T12:00", 0, 0},
		{"America/New_York", "2048-12-31T00:00", "2049-01-01T12:00", 0, 0},
	} {
		zone, err := time.LoadLocation(c.zone)
		must(t, err)
		from, err := time.Parse("2006-01-02T15:04", c.from)
		must(t, err)
		to, err := time.Parse("2006-01-02T15:04", c.to)
		must(t, err)
		shown := map[string][]time.Time{} // when clocks show what
		for at := from.Add(-26 * time.Hour); at.Before(to.Add(26 * time.Hour)); at = at.Add(step) {
			local := at.In(zone).Format("2006-01-02T15:04")
			shown[local] = append(shown[local], at)
		}
		gap, doubled := 0, 0
		for wall := from; wall.Before(to); wall = wall.Add(step) {
			m := desk.Moment{Local: wall.Format("2006-01-02T15:04"), Zone: c.zone}
			plain, err := desk.ScheduleOf(m, "at")
			m.Pass = desk.FirstPass
			first, firstErr := desk.ScheduleOf(m, "at")
			m.Pass = desk.SecondPass
			second, secondErr := desk.ScheduleOf(m, "at")
			switch want := shown[m.Local]; len(want) {
			case 0:
				gap++
				for _, err := range []error{err, firstErr, secondErr} {
					wantInvalid(t, err, "at.local")
				}
			case 1:
				if err != nil || plain.At != want[0] {
					t.Errorf("%s in %s: got %v, %v, want %v", m.Local, c.zone, plain.At, err, want[0])
				}
				wantInvalid(t, firstErr, "at.pass")
				wantInvalid(t, secondErr, "at.pass")
			default:
				doubled++
				wantInvalid(t, err, "at.pass")
				if firstErr != nil || secondErr != nil || first.At != want[0] || second.At != want[1] {
					t.Errorf("%s in %s: got %v (%v) and %v (%v), want %v", m.Local, c.zone, first.At, firstErr, second.At, secondErr, want)
				}
			}
		}
		if gap != c.gap || doubled != c.doubled {
			t.Errorf("%s from %s on: %d times never come and %d come twice, want %d and %d", c.zone, c.from, gap, doubled, c.gap, c.doubled)
		}
	}
}

func FuzzMoment(f *testing.F) {
	for _, zone := range []string{"Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "UTC", "", "Local", "../x", "Etc/GMT+12"} {
		for _, local := range []string{"2026-10-25T02:30", "2026-03-29T02:30:00", "2011-12-30T12:00", "14:32", "14:32:05", "", "9999-12-31T23:59:59", "0001-01-01T00:00", "2026-02-30T00:00"} {
			f.Add(local, zone, "", noon.UnixMilli())
		}
	}
	f.Add("2026-10-25T02:30", "Europe/Paris", "FIRST", noon.UnixMilli())
	f.Add("2026-10-25T02:30", "Europe/Paris", "SECOND", noon.UnixMilli())
	f.Add("2026-10-25T02:30", "Europe/Paris", "THIRD", noon.UnixMilli())
	f.Fuzz(func(t *testing.T, local, zone, pass string, near int64) {
		if !utf8.ValidString(local + zone + pass) {
			t.Skip("what comes in is well-formed text")
		}
		m := desk.Moment{Local: local, Zone: zone, Pass: desk.Pass(pass)}
		if got, err := desk.ScheduleOf(m, "at"); err == nil {
			showsAs(t, m, got.At, got.At.Year())
		} else {
			named(t, err)
		}
		at := time.UnixMilli(near % (1 << 47)).UTC()
		for _, resolve := range []func(desk.Moment, string, time.Time) (time.Time, error){desk.OnTheDayOf, desk.LastBefore} {
			if got, err := resolve(m, "at", at); err == nil {
				showsAs(t, m, got, got.Year())
			} else {
				named(t, err)
			}
		}
	})
}

// showsAs wants clocks to show at an instant what was asked for.
func showsAs(t *testing.T, m desk.Moment, at time.Time, year int) {
	t.Helper()
	if year < 1 || year > 9999 || at.Location() != time.UTC {
		t.Fatalf("%+v became %v", m, at)
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil || m.Zone == "" || m.Zone == "Local" {
		t.Fatalf("%+v became %v in a zone that is none: %v", m, at, err)
	}
	if got := at.In(zone).Format("2006-01-02T15:04:05"); !strings.HasPrefix(got, m.Local) && !strings.Contains(got, "T"+m.Local) {
		t.Fatalf("%+v became %v, when clocks show %s", m, at, got)
	}
}

// named wants an error to name the part that is wrong, and to be brief.
func named(t *testing.T, err error) {
	t.Helper()
	var invalid *news.InvalidError
	if !errors.As(err, &invalid) || !strings.HasPrefix(invalid.Field, "at") || len(err.Error()) > 500 {
		t.Fatalf("got %v", err)
	}
}
