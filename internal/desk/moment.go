package desk

import (
	"regexp"
	"slices"
	"sort"
	"time"

	"depeche/internal/news"
	"depeche/internal/text"
)

// A Moment is a time as somebody gives it: as an instant, or as what clocks show in
// some place. The zero Moment is none.
type Moment struct {
	At    time.Time
	Local string // 2026-10-25T02:30 or 2026-10-25T02:30:00; where the day is plain also 14:32
	Zone  string // the IANA name of the zone of Local, such as Europe/Paris
	Pass  Pass   // which of the two, where the clocks go back over Local
}

// A Pass tells the two occurrences of an hour apart that comes twice.
type Pass string

// The passes.
const (
	FirstPass  Pass = "FIRST"  // before the clocks go back
	SecondPass Pass = "SECOND" // after it
)

// IsZero tells whether the moment is none.
func (m Moment) IsZero() bool { return m == Moment{} }

// schedule finds the instant that m names. field is what errors call it.
func (m Moment) schedule(field string) (news.Schedule, error) {
	if m.Local == "" {
		at, err := m.instant(field)
		return news.Schedule{At: at}, err
	}
	zone, err := m.zone(field)
	if err != nil {
		return news.Schedule{}, err
	}
	wall, ok := wholeReading(m.Local)
	if !ok {
		return news.Schedule{}, news.Invalid(field+".local", "must be a day and a time without an offset, such as 2026-10-25T02:30")
	}
	at, err := m.occurrence(field, wall, zone, time.Time{})
	return news.Schedule{At: at, Local: m.Local, Zone: m.Zone}, err
}

// A day says which one is meant where a time is given without it.
type day int

const (
	sameDay day = iota // that of an instant
	lastDay            // the last one on which the time is not after an instant
)

// near is schedule for what also may be a time without a day, such as 14:32: it is
// on the day that choice has of at.
func (m Moment) near(field string, at time.Time, choice day) (time.Time, error) {
	clock, ok := reading(m.Local, "15:04", "15:04:05")
	if !ok {
		s, err := m.schedule(field)
		return s.At, err
	}
	zone, err := m.zone(field)
	if err != nil {
		return time.Time{}, err
	}
	now := wallTime(at, zone)
	wall := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), clock.Second(), 0, time.UTC)
	if choice == sameDay {
		return m.occurrence(field, wall, zone, time.Time{})
	}
	if found := instants(wall, zone); len(found) == 0 && wall.After(now) || len(found) > 0 && found[0].After(at) {
		wall = wall.AddDate(0, 0, -1)
	}
	return m.occurrence(field, wall, zone, at)
}

// instant is the one that m is given as.
func (m Moment) instant(field string) (time.Time, error) {
	switch {
	case m.At.IsZero():
		return time.Time{}, news.Invalid(field, "must be an instant or a local time")
	case m.Zone != "":
		return time.Time{}, news.Invalid(field+".zone", "goes with a local time alone")
	case m.Pass != "":
		return time.Time{}, news.Invalid(field+".pass", "goes with a local time alone")
	}
	return inRange(field, m.At)
}

// zoneName is how IANA names zones. What else a machine may find by such a name, as
// localtime or right/UTC, is no zone, or counts leap seconds.
var zoneName = regexp.MustCompile(`^[A-Z][A-Za-z0-9_+-]*(/[A-Z][A-Za-z0-9_+-]*)*$`)

// zone is where clocks show the local time of m.
func (m Moment) zone(field string) (*time.Location, error) {
	switch {
	case !m.At.IsZero():
		return nil, news.Invalid(field, "must be an instant or a local time, not both")
	case m.Zone == "":
		return nil, news.Invalid(field+".zone", "must be given with a local time")
	}
	zone, ok := zoneNamed(m.Zone)
	if !ok {
		return nil, news.Invalid(field+".zone", "must be an IANA name such as Europe/Paris, not %s", text.Quote(m.Zone))
	}
	return zone, nil
}

func zoneNamed(name string) (*time.Location, bool) {
	if len(name) > maxZone || !zoneName.MatchString(name) || name == "Local" {
		return nil, false
	}
	zone, err := time.LoadLocation(name)
	return zone, err == nil
}

// maxZone bounds the name of a zone, in bytes; the longest has 32.
const maxZone = 64

// occurrence finds when clocks in zone show wall. Of two such instants it is the one
// that m asks for; where m asks for none, it is the first if the second is after
// until, which is zero for never.
func (m Moment) occurrence(field string, wall time.Time, zone *time.Location, until time.Time) (time.Time, error) {
	if m.Pass != "" && m.Pass != FirstPass && m.Pass != SecondPass {
		return time.Time{}, news.Invalid(field+".pass", "must be FIRST or SECOND")
	}
	found := instants(wall, zone)
	if len(found) == 0 {
		from, to := gap(wall, zone)
		return time.Time{}, news.Invalid(field+".local", "does not exist in %s: the clocks go from %s to %s there", m.Zone, shownTime(from), shownTime(to))
	}
	first, last := found[0], found[len(found)-1]
	switch {
	case len(found) == 1 && m.Pass != "":
		return time.Time{}, news.Invalid(field+".pass", "is for times that come twice: %s comes once in %s, at %s", m.Local, m.Zone, withOffset(first))
	case len(found) == 1, m.Pass == FirstPass, m.Pass == "" && !until.IsZero() && last.After(until):
		return inRange(field, first)
	case m.Pass == SecondPass:
		return inRange(field, last)
	}
	return time.Time{}, news.Invalid(field+".pass", "must say which one is meant: %s comes twice in %s, FIRST at %s and SECOND at %s", m.Local, m.Zone, withOffset(first), withOffset(last))
}

func inRange(field string, at time.Time) (time.Time, error) {
	var rules rulebook
	at = rules.instant(field, at)
	return at, rules.err
}

// wholeReading is a reading with its day.
func wholeReading(s string) (time.Time, bool) {
	return reading(s, "2006-01-02T15:04", "2006-01-02T15:04:05")
}

// reading is what clocks show, as if they were in UTC: s in one of the layouts. What
// Parse takes beside them, as 9:00 and fractions, is of another length.
func reading(s string, layouts ...string) (time.Time, bool) {
	for _, layout := range layouts {
		if len(s) != len(layout) {
			continue
		}
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// offset is how far clocks in zone are ahead of UTC at an instant.
func offset(at time.Time, zone *time.Location) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}

// wallTime is what clocks in zone show at an instant.
func wallTime(at time.Time, zone *time.Location) time.Time { return at.UTC().Add(offset(at, zone)) }

// offsets lists how far clocks in zone are ahead of UTC around the time when they
// show wall, least first. It looks rather than asks for the changes: ZoneBounds can't
// be gone by at the ends of leap years (Go 1.26). No zone is further from UTC than 16
// hours, or changes its mind within 15 minutes.
func offsets(wall time.Time, zone *time.Location) []time.Duration {
	var list []time.Duration
	for at := wall.Add(-24 * time.Hour); !at.After(wall.Add(24 * time.Hour)); at = at.Add(15 * time.Minute) {
		list = append(list, offset(at, zone))
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// instants lists when clocks in zone show wall, earliest first: one instant as a
// rule, none where they are put forward over it, two where they are put back.
func instants(wall time.Time, zone *time.Location) []time.Time {
	var list []time.Time
	for _, ahead := range slices.Backward(offsets(wall, zone)) {
		if at := wall.Add(-ahead); offset(at, zone) == ahead {
			list = append(list, at.In(zone))
		}
	}
	return list
}

// gap is what clocks in zone leave out around wall, which they never show: they go
// from one time to the other.
func gap(wall time.Time, zone *time.Location) (from, to time.Time) {
	ahead := offsets(wall, zone)
	early, late := wall.Add(-ahead[len(ahead)-1]), wall.Add(-ahead[0])
	before := offset(early, zone)
	seconds := sort.Search(int(late.Sub(early)/time.Second), func(n int) bool {
		return offset(early.Add(time.Duration(n)*time.Second), zone) != before
	})
	at := early.Add(time.Duration(seconds) * time.Second)
	return at.Add(before), wallTime(at, zone)
}

// shownTime writes a time as clocks show it.
func shownTime(wall time.Time) string {
	if wall.Second() == 0 {
		return wall.Format("2006-01-02T15:04")
	}
	return wall.Format("2006-01-02T15:04:05")
}

func withOffset(at time.Time) string {
	if at.Second() == 0 {
		return at.Format("2006-01-02T15:04-07:00")
	}
	return at.Format("2006-01-02T15:04:05-07:00")
}
