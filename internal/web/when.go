package web

import (
	"fmt"
	"time"
)

// Months as CLDR has them in fr and in en-GB, so that browsers, who go by it, say the
// same.
var (
	months = map[string][12]string{
		"fr": {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
		"en": {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
	}
	shortMonths = map[string][12]string{
		"fr": {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
		"en": {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sept", "Oct", "Nov", "Dec"},
	}
)

// when says times in one language, as clocks show them in the newsroom.
type when struct {
	lang string
	zone *time.Location
	now  func() time.Time
}

// clock is the time of day: 14:05.
func (w when) clock(t time.Time) string { return t.In(w.zone).Format("15:04") }

// moment is a whole time: 22 novembre 2026, 14:05.
func (w when) moment(t time.Time) string {
	t = t.In(w.zone)
	day := fmt.Sprint(t.Day())
	if w.lang == "fr" && t.Day() == 1 {
		day = "1er"
	}
	return fmt.Sprintf("%s %s %d, %s", day, months[w.lang][t.Month()-1], t.Year(), t.Format("15:04"))
}

// short is the time of day if it is today, and otherwise with the day: 21 nov. 14:05.
func (w when) short(t time.Time) string {
	t = t.In(w.zone)
	year, month, day := t.Date()
	if y, m, d := w.now().In(w.zone).Date(); y == year && m == month && d == day {
		return t.Format("15:04")
	}
	return fmt.Sprintf("%d %s %s", day, shortMonths[w.lang][month-1], t.Format("15:04"))
}

// today is the day on which all times are said that are.
func (w when) today() string { return w.now().In(w.zone).Format(time.DateOnly) }

// stamp is a time for machines, as the API says it: RFC 3339 in UTC, with
// milliseconds.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
