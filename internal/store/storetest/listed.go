package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"depeche/internal/news"
)

// selections are what a newsroom asks Listed for: all that package news selects,
// and what queries select.
func selections() []query {
	lists := []query{
		listedQuery("waiting", news.Waiting(time.Time{})),
		listedQuery("waiting until 12:05", news.Waiting(Noon().Add(5*time.Minute))),
		listedQuery("waiting until noon", news.Waiting(Noon())),
		listedQuery("ending pins", news.EndingPins()),
		listedQuery("unsettled", news.Unsettled()),
		listedQuery("held locks", news.HeldLocks()),
		listedQuery("service tokens", news.ServiceTokens()),
		listedQuery("webhooks", news.Webhooks(webhookStates()...)),
		listedQuery("no webhooks", news.Webhooks()),
		listedQuery("stories of the staff", news.StoryFilter{}.Selection(news.Audience{Staff: true})),
		listedQuery("the ticker", news.TickerFilter{}.Selection()),
		listedQuery("coverages", news.CoverageFilter{}.Selection()),
		listedQuery("tags", news.TagFilter{NamePrefix: "a"}.Selection()),
	}
	for _, status := range webhookStates() {
		lists = append(lists, listedQuery("webhooks "+string(status), news.Webhooks(status)))
	}
	for _, kind := range []news.Kind{news.KindStory, news.KindTickerEntry, news.KindCoverage, news.KindTag, news.KindLock} {
		for _, tag := range []news.TagID{"tag_1", "tag_x"} {
			lists = append(lists, listedQuery(fmt.Sprintf("%s of %s", kind, tag), news.Carrying(kind, tag)))
		}
	}
	return lists
}

// testWaiting looks at what is due, the soonest first: the lower end of the list.
func testWaiting(t *testing.T, l *lab) {
	at := func(minutes int) time.Time { return Noon().Add(time.Duration(minutes) * time.Minute) }
	l.put(
		Story("story_public"), Story("story_draft", draft),
		Story("story_gone", unpublished), Story("story_retracted", retracted),
		Story("story_late", scheduled(at(90))),
		Story("story_b", scheduled(at(2))), Story("story_a", scheduled(at(2))),
		Story("story_first", embargoed(at(1))),
		// What waits for a decision first does not wait for an instant.
		Story("story_draft_under_embargo", draft, embargoed(at(1))),
		// It is published first, under the embargo.
		Story("story_both", scheduled(at(3)), embargoed(at(1))),
	)
	due := func(now time.Time, last int, want ...news.EntityID) {
		t.Helper()
		q := listedQuery("waiting", news.Waiting(now))
		p := l.checkPage(q, news.Window{Last: last})
		var got []news.EntityID
		for _, e := range p.Items {
			got = append([]news.EntityID{e.Ref().ID}, got...)
			if story := e.(*news.Story); story.Brief || story.Body == "" {
				t.Errorf("%s comes without its body", story.ID)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("due before %v (-want +got):\n%s", now, diff)
		}
	}
	due(at(1), 10)
	due(at(1).Add(time.Millisecond), 10, "story_first")
	due(at(3), 10, "story_first", "story_a", "story_b")
	due(at(3), 2, "story_first", "story_a")
	due(time.Time{}, 10, "story_first", "story_a", "story_b", "story_both", "story_late")

	// Of two who do it, one does.
	first := l.model.story("story_first")
	done := Next(first, released)
	l.put(done)
	if _, err := l.store.Commit(t.Context(), []news.Change{Change(done, first)}); err == nil {
		t.Error("it was released twice")
	}
	l.put(Next(l.model.story("story_a"), scheduled(at(120))))
	l.put(Next(l.model.story("story_b"), draft, func(s *news.Story) { s.Schedule = nil }))
	due(time.Time{}, 10, "story_both", "story_late", "story_a")
	l.checkAll()
}

// testListed has whole entities in each list, and pages through them.
func testListed(t *testing.T, l *lab) {
	l.put(append(Full(), Bare()...)...)
	for _, q := range append(selections(),
		listedQuery("full tags", news.Selection{Kind: news.KindTag, Shelves: []news.Shelf{{Status: string(news.TagMerged)}, {}}})) {
		got := l.checkPage(q, news.Window{First: news.MaxPage})
		if diff := cmp.Diff(l.model.page(q, news.Window{First: news.MaxPage}).Items, got.Items, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", q.name, diff)
		}
	}

	var many []news.Entity
	for i := range 9 {
		at := Noon().Add(time.Duration(i/2) * time.Minute) // two at a time
		id := fmt.Sprintf("many_%d", i)
		many = append(many,
			Lock(news.StoryID(id), func(l *news.Lock) { l.Since = at }),
			Story(news.StoryID("story_"+id), scheduled(at)),
			Webhook(news.WebhookID("hook_"+id), func(w *news.Webhook) { w.CreatedAt = at }),
			ServiceToken(news.ServiceTokenID("token_"+id), func(t *news.ServiceToken) { t.CreatedAt = at }),
			Tag(news.TagID("tag_"+id), mergedInto("tag_full")))
	}
	l.put(many...)
	for _, q := range []query{
		listedQuery("held locks", news.HeldLocks()), listedQuery("waiting", news.Waiting(Noon().Add(3*time.Minute))),
		listedQuery("webhooks", news.Webhooks(news.WebhookActive, news.WebhookDead)),
		listedQuery("service tokens", news.ServiceTokens()), listedQuery("unsettled", news.Unsettled()),
	} {
		want := refs(l.model.list(q.sel))
		for _, size := range []int{1, 4, 20} {
			if diff := cmp.Diff(want, refs(l.walk(q, size))); diff != "" {
				t.Errorf("%s by %d (-want +got):\n%s", q.name, size, diff)
			}
			if diff := cmp.Diff(want, refs(l.walkBack(q, size))); diff != "" {
				t.Errorf("%s backwards by %d (-want +got):\n%s", q.name, size, diff)
			}
		}
	}
}

// testEndsOfPins has the entries that are pinned for a time, wherever they stand.
func testEndsOfPins(t *testing.T, l *lab) {
	pinned := func(until time.Time) func(*news.TickerEntry) {
		return func(e *news.TickerEntry) { e.Pinned, e.PinnedUntil = true, until }
	}
	one := TickerEntry("tick_a", pinned(Noon().Add(time.Hour)))
	l.put(one, TickerEntry("tick_b", pinned(time.Time{})), TickerEntry("tick_c"),
		TickerEntry("tick_d", aside("cov_a"), pinned(Noon())))
	q := listedQuery("ending pins", news.EndingPins())
	if p := l.checkPage(q, news.Window{Last: 10}); len(p.Items) != 2 {
		t.Errorf("got %v, want the two that end", refs(p.Items))
	}
	l.put(Next(one, func(e *news.TickerEntry) { e.Pinned, e.PinnedUntil = false, time.Time{} }))
	if p := l.checkPage(q, news.Window{Last: 10}); len(p.Items) != 1 {
		t.Errorf("got %v, want the one that is left", refs(p.Items))
	}
}
