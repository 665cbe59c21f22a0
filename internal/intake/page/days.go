package page

import (
	"fmt"
	"slices"
	"time"
)

// date turns the ticks into entries.
func (r *reader) date(o Options) error {
	switch {
	case len(r.ticks) == 0:
		return nil
	case o.Anchor.IsZero():
		return ErrNoAnchor
	case o.Zone == nil:
		return ErrNoZone
	case o.Order == Unstated && rising(r.ticks):
		for _, t := range r.ticks {
			r.refuse(t.line, "is one of a block whose times rise from line to line, as when the oldest comes first; "+
				"paste it with the newest line first")
		}
		return nil
	}
	if o.Order == OldestFirst {
		slices.Reverse(r.ticks)
	}
	d := dater{zone: o.Zone, latest: o.Anchor, certain: o.Anchor}
	for _, t := range r.ticks {
		at, confidence, err := d.place(t.clock)
		if err != nil {
			r.refuse(t.line, err.Error())
			continue
		}
		r.out.Entries = append(r.out.Entries, Entry{
			Line: t.number, OccurredAt: at, Headline: t.headline, Clock: t.clock.String(), Confidence: confidence,
		})
	}
	if o.Order == OldestFirst {
		slices.Reverse(r.out.Entries)
	}
	return nil
}

// rising reports whether a block plainly runs from old to new: three times or
// more that never fall and aren't all equal, or that rise at least three times
// and fall once, at midnight, all within 24 hours. Read newest first, such a
// block would go back a day with each line.
func rising(ticks []tick) bool {
	if len(ticks) < 3 {
		return false
	}
	rises, falls := 0, 0
	for i, t := range ticks[1:] {
		switch above := ticks[i]; {
		case t.clock > above.clock:
			rises++
		case t.clock < above.clock:
			falls++
		}
	}
	switch falls {
	case 0:
		return rises > 0
	case 1:
		return rises >= 3 && ticks[len(ticks)-1].clock <= ticks[0].clock
	}
	return false
}

// dater gives days to clock times going back in time.
type dater struct {
	zone *time.Location
	// latest is what no further instant may exceed: the last one, at first the
	// anchor.
	latest time.Time
	// certain is the same, but only moved by instants that have one reading.
	certain time.Time
}

// place returns the latest instant not after the last one at which the zone's
// clock showed c. So a larger time than the one above is a day earlier, unless
// the clock was put back in between. A time that the clock skipped on the day
// where it belongs is an error, and changes nothing for the next.
func (d *dater) place(c clock) (time.Time, Confidence, error) {
	year, month, day := d.latest.In(d.zone).Date()
	// The day after comes first for zones that go back over midnight; beyond the
	// day before, only a day that a zone skipped as a whole can lead.
	for back := -1; back <= 3; back++ {
		wall := time.Date(year, month, day-back, 0, int(c), 0, 0, time.UTC)
		at, gap := readings(wall, d.zone)
		for _, t := range slices.Backward(at) {
			if t.After(d.latest) {
				continue
			}
			d.latest = t
			if len(at) > 1 && !at[1].After(d.certain) {
				return t, Ambiguous, nil
			}
			d.certain = t
			return t, Inferred, nil
		}
		if !gap.IsZero() && !gap.After(d.latest) {
			return time.Time{}, "", fmt.Errorf("has the time %s, which did not exist on %s in %s: the clock was put forward over it",
				c, wall.Format(time.DateOnly), d.zone)
		}
	}
	return time.Time{}, "", fmt.Errorf("has the time %s, which the clock of %s did not show in the days before", c, d.zone)
}

// readings returns the instants, in order, at which the clock of zone shows the
// date and time that wall has in UTC: one as a rule, two when the clock was put
// back over it, none when it was put forward over it. Then gap is the instant
// that was done at, unless a whole day went missing: nobody dates by a day that
// there wasn't.
//
// It knows nothing of summer time: shifts may be of any length, in any month, at
// any hour, midnight included.
func readings(wall time.Time, zone *time.Location) (at []time.Time, gap time.Time) {
	// No offset from UTC, local mean times included, exceeds 16 hours.
	const reach = 17 * time.Hour
	end := wall.Add(reach)
	for t := wall.Add(-reach); ; {
		_, offset := t.In(zone).Zone()
		from, to := t.In(zone).ZoneBounds()
		instant := wall.Add(-seconds(offset))
		if (from.IsZero() || !instant.Before(from)) && (to.IsZero() || instant.Before(to)) {
			at = append(at, instant)
		}
		if to.IsZero() || to.After(end) || !to.After(t) {
			return at, gap
		}
		_, next := to.Zone()
		skipped := wall.Sub(to.UTC()) // wall lies between these offsets if it was skipped
		if seconds(offset) <= skipped && skipped < seconds(next) && next-offset < 24*60*60 {
			gap = to
		}
		t = to
	}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
