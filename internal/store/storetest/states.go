package storetest

import (
	"time"

	"depeche/internal/news"
)

// What follows are edits that bring an entity into a state of its life.

// draft makes a story one that was never public.
func draft(s *news.Story) { s.Status, s.PublishedAt = news.StoryDraft, time.Time{} }

// scheduled has a story wait for an instant.
func scheduled(at time.Time) func(*news.Story) {
	return func(s *news.Story) {
		draft(s)
		s.Status = news.StoryScheduled
		s.Schedule = &news.Schedule{At: at, Local: "2026-03-29T03:30", Zone: "Europe/Paris"}
	}
}

// embargoed puts a story under embargo, whatever its status.
func embargoed(until time.Time) func(*news.Story) {
	return func(s *news.Story) { s.EmbargoedUntil, s.PublishedAt = until, time.Time{} }
}

// released ends the embargo and the schedule of a story, which is public then.
func released(s *news.Story) {
	s.Status, s.PublishedAt, s.EmbargoedUntil, s.Schedule = news.StoryPublished, Noon(), time.Time{}, nil
}

func unpublished(s *news.Story) { s.Status, s.WithdrawnIn = news.StoryUnpublished, s.Version }

// retracted withdraws a story for good: its text is lost.
func retracted(s *news.Story) {
	s.Status, s.WithdrawnIn = news.StoryRetracted, s.Version
	s.Body, s.Summary, s.Image = "", "", nil
	note := news.Correction{At: Noon(), Note: "Rien de tout cela n’est vrai.", Kind: news.Retracting, FromVersion: s.Version - 1, ToVersion: s.Version}
	s.Corrections = append([]news.Correction{note}, s.Corrections...)
}

// mergedInto has a tag stand for nothing but another one.
func mergedInto(id news.TagID) func(*news.Tag) {
	return func(t *news.Tag) { t.Status, t.MergedInto, t.MergedAt = news.TagMerged, id, Noon() }
}

func deleted(t *news.Tag) {
	t.Status, t.MergedInto, t.MergedAt, t.Settled = news.TagDeleted, "", time.Time{}, false
}

// inUse brings a tag back.
func inUse(t *news.Tag) {
	t.Status, t.MergedInto, t.MergedAt, t.Settled = news.TagInUse, "", time.Time{}, false
}

// aside keeps an entry off the main ticker.
func aside(coverage news.CoverageID) func(*news.TickerEntry) {
	return func(e *news.TickerEntry) { e.Coverage, e.CoverageOnly = coverage, true }
}
