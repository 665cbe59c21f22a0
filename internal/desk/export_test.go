package desk

import (
	"time"

	"depeche/internal/news"
)

// What has no door of its own for tests of every corner.
var (
	DiffText   = diffText
	DiffList   = diffList
	DiffWhole  = diffWhole
	Words      = words
	Sentences  = sentences
	Paragraphs = paragraphs
	Lines      = lines
)

// ScheduleOf is Moment.schedule.
func ScheduleOf(m Moment, field string) (news.Schedule, error) { return m.schedule(field) }

// OnTheDayOf is Moment.near on the day of an instant.
func OnTheDayOf(m Moment, field string, at time.Time) (time.Time, error) {
	return m.near(field, at, sameDay)
}

// LastBefore is Moment.near on the last day on which the time is not after an instant.
func LastBefore(m Moment, field string, at time.Time) (time.Time, error) {
	return m.near(field, at, lastDay)
}
