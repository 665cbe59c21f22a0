package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// testCoverageOnly has entries that stand in their coverage alone, beside some that
// are on the main ticker too.
func testCoverageOnly(t *testing.T, l *lab) {
	in := func(e *news.TickerEntry) { e.Coverage = "cov_a" }
	pinned := func(e *news.TickerEntry) { e.Pinned, e.KeyEvent = true, true }
	l.put(
		Coverage("cov_a"),
		TickerEntry("tick_1"), TickerEntry("tick_2", in), TickerEntry("tick_3", aside("cov_a")),
		TickerEntry("tick_4", aside("cov_a"), pinned), TickerEntry("tick_5", aside("cov_b")),
		TickerEntry("tick_6", aside("cov_a"), func(e *news.TickerEntry) { e.Status = news.TickerRetracted }),
		TickerEntry("tick_7", in, pinned, func(e *news.TickerEntry) { e.Priority = news.Flash }),
		TickerEntry("tick_8", aside("cov_a"), func(e *news.TickerEntry) { e.Priority = news.Flash }),
	)
	check := func(f news.TickerFilter, want ...news.EntityID) {
		t.Helper()
		p := l.checkPage(tickerQuery(f), news.Window{First: 20})
		var got []news.EntityID
		for _, e := range p.Items {
			got = append(got, e.Ref().ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", f, diff)
		}
		l.checkPage(tickerQuery(f), news.Window{Last: 2})
	}
	check(news.TickerFilter{}, "tick_7", "tick_2", "tick_1")
	check(news.TickerFilter{Coverage: "cov_a"}, "tick_8", "tick_7", "tick_6", "tick_4", "tick_3", "tick_2")
	check(news.TickerFilter{Coverage: "cov_b"}, "tick_5")
	check(news.TickerFilter{Pinned: true}, "tick_7")
	check(news.TickerFilter{Coverage: "cov_a", Pinned: true, KeyEvents: true}, "tick_7", "tick_4")
	check(news.TickerFilter{MinPriority: news.Alert}, "tick_7")
	check(news.TickerFilter{Coverage: "cov_a", MinPriority: news.Alert}, "tick_8", "tick_7")

	// By their ids they are there for everybody.
	found, err := l.store.TickerEntriesByID(t.Context(), []news.TickerEntryID{"tick_3", "tick_6"})
	if err != nil || len(found) != 2 {
		t.Errorf("by id: got %v, %v", found, err)
	}

	entry := func(id news.EntityID) *news.TickerEntry { return l.model.entities[id].(*news.TickerEntry) }
	l.put(
		Next(entry("tick_3"), func(e *news.TickerEntry) { e.CoverageOnly = false }),
		Next(entry("tick_7"), aside("cov_b")),
	)
	check(news.TickerFilter{}, "tick_3", "tick_2", "tick_1")
	check(news.TickerFilter{Coverage: "cov_a"}, "tick_8", "tick_6", "tick_4", "tick_3", "tick_2")
	check(news.TickerFilter{Coverage: "cov_b"}, "tick_7", "tick_5")
	l.checkAll()
}
