package desk

import (
	"time"

	"depeche/internal/news"
)

const (
	// maxPin is how long an entry may be pinned for: a mistyped year would keep it on
	// top for ever.
	maxPin = 365 * 24 * time.Hour
	// clockAhead is how far the clock of whoever gives a time of day may be ahead.
	clockAhead = time.Minute
)

// newLine finds the time that a new entry shows: now where none is given.
func (d *Desk) newLine(e *TickerEdit) (given bool, err error) {
	if err := d.occurred(e, time.Time{}, d.now().Add(clockAhead), lastDay); err != nil {
		return false, err
	}
	if !e.OccurredAt.IsZero() {
		return true, nil
	}
	e.OccurredAt = d.now()
	return false, nil
}

// occurred makes OccurredAt of Occurred, where that is given. was is what OccurredAt
// was before the edit.
func (d *Desk) occurred(e *TickerEdit, was, near time.Time, which day) error {
	if e.Occurred.IsZero() {
		return nil
	}
	if !e.OccurredAt.Equal(was) {
		return news.Invalid("occurred", "can't be combined with occurredAt")
	}
	at, err := e.Occurred.near("occurred", near, which)
	if err != nil {
		return err
	}
	var rules rulebook
	rules.notAhead("occurred", at, d.now())
	e.OccurredAt = at
	return rules.err
}

// pinEnd finds when a pin ends; the zero time where it has no end.
func (d *Desk) pinEnd(pinned bool, until Moment) (time.Time, error) {
	if until.IsZero() {
		return time.Time{}, nil
	}
	if !pinned {
		return time.Time{}, news.Invalid("until", "is for what is to be pinned")
	}
	now := d.now()
	at, err := until.near("until", now, sameDay)
	if err == nil && !at.After(now) {
		at, err = until.near("until", now.Add(24*time.Hour), sameDay) // a time of day that is over is tomorrow's
	}
	switch {
	case err != nil:
		return time.Time{}, err
	case !at.After(now):
		return time.Time{}, news.Invalid("until", "must lie ahead")
	case at.After(now.Add(maxPin)):
		return time.Time{}, news.Invalid("until", "is more than a year ahead")
	}
	return at, nil
}

// aside holds an entry to its coverage, where it stands in that alone.
func (r *rulebook) aside(c news.TickerContent) {
	if c.CoverageOnly && c.Coverage == "" {
		r.refuse("coverageOnly", "needs a coverage to stand in")
	}
}
