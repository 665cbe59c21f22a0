package main_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	goclient "depeche/examples/goclient"
)

func TestTicker(t *testing.T) {
	line := func(id string, version int, headline string, notes ...string) goclient.TickerLine {
		l := goclient.TickerLine{Id: id, Version: version, Headline: headline, Priority: goclient.PriorityRoutine, OccurredAt: time.Now()}
		for _, note := range notes {
			l.Corrections = append(l.Corrections, goclient.TickerLineCorrectionsCorrection{Note: note})
		}
		return l
	}
	flash := line("b", 1, "Two bridges closed")
	flash.Priority = goclient.PriorityFlash
	retracted := line("b", 2, "Two bridges closed", "None is.")
	retracted.Status = goclient.TickerStatusRetracted

	var out strings.Builder
	ticker := goclient.NewTicker(&out)
	for _, change := range []goclient.TickerChange{
		{Kind: goclient.EventKindPublished, Entry: line("a", 1, "Rain")},
		{Kind: goclient.EventKindPublished, Entry: line("a", 1, "Rain")}, // the page and an event
		{Kind: goclient.EventKindPublished, Entry: flash},
		{Kind: goclient.EventKindCorrected, Entry: line("a", 3, "Snow", "It was cold.", "Earlier.")},
		{Kind: goclient.EventKindUpdated, Entry: line("a", 2, "Sun")}, // older than what is known
		{Kind: goclient.EventKindRemoved, Entry: retracted},
		{Kind: goclient.EventKindUpdated, Entry: line("c", 2, "Wind")},
		{Kind: goclient.EventKindUpdated, Entry: line("c", 3, "Storm")},
		{Kind: goclient.EventKindRemoved, Entry: line("c", 4, "Storm")},
	} {
		ticker.Apply(change.Kind, change.Entry)
	}
	const want = "Rain\nFLASH: Two bridges closed\ncorrected: Snow (It was cold.)\nwithdrawn: Two bridges closed (None is.)\nWind\nupdated: Storm\nwithdrawn: Storm\n"
	if got := regexp.MustCompile(`(?m)^\d\d:\d\d  `).ReplaceAllString(out.String(), ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
