package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"depeche/internal/news"
)

// A world makes entities and filters at random, out of few enough values for
// the ones to meet the others.
type world struct{ *rand.Rand }

func (r world) pick(list ...string) string { return list[r.IntN(len(list))] }

func (r world) chance(percent int) bool { return r.IntN(100) < percent }

func (r world) at() time.Time { return Noon().Add(time.Duration(r.IntN(12)) * time.Minute) }

func (r world) priority() news.Priority {
	return []news.Priority{news.Flash, news.Alert, news.Urgent, news.Routine}[r.IntN(4)]
}

func (r world) tags(max int) []news.TagID {
	var tags []news.TagID
	for range r.IntN(max + 1) {
		tags = append(tags, news.TagID(fmt.Sprintf("tag_%d", r.IntN(6))))
	}
	return tags
}

func (r world) story(s *news.Story) {
	s.Status, s.Schedule, s.EmbargoedUntil = news.StoryPublished, nil, time.Time{}
	if r.chance(60) {
		s.Status = news.StoryStatuses()[r.IntN(len(news.StoryStatuses()))]
	}
	s.Language = r.pick("fr", "fr-CA", "en", "en-GB", "zh-Hant")
	s.Breaking, s.Priority = r.chance(30), r.priority()
	s.Tags, s.Authors = r.tags(3), r.tags(1)
	s.CreatedBy = r.pick("marie", "paul", "")
	s.CreatedAt, s.PublishedAt = r.at(), time.Time{}
	switch s.Status {
	case news.StoryDraft:
	case news.StoryScheduled:
		scheduled(r.at())(s)
	default:
		s.PublishedAt = r.at()
	}
	if r.chance(20) {
		embargoed(r.at())(s)
	}
}

func (r world) entry(e *news.TickerEntry) {
	e.Status = news.TickerStatus(r.pick(string(news.TickerPublished), string(news.TickerRetracted)))
	e.Priority, e.Tags, e.OccurredAt = r.priority(), r.tags(3), r.at()
	e.Coverage = news.CoverageID(r.pick("", "cov_0", "cov_1"))
	e.CoverageOnly = e.Coverage != "" && r.chance(40)
	e.Pinned, e.KeyEvent, e.PinnedUntil = r.chance(30), r.chance(30), time.Time{}
	if e.Pinned && r.chance(50) {
		e.PinnedUntil = r.at()
	}
}

func (r world) tag(t *news.Tag) {
	t.Kind = news.TagKinds()[r.IntN(4)]
	t.SortName = r.pick("a", "ab", "abc", "b", "ba", "") + r.pick("", "é", "z")
	t.Code = news.Text(r.pick("", "", "medtop:1", "medtop:2"))
	inUse(t)
	switch {
	case r.chance(20): // also into itself, in a round, and into one that there is not
		mergedInto(news.TagID(fmt.Sprintf("tag_%d", r.IntN(13))))(t)
		t.Settled = r.chance(50)
	case r.chance(10):
		deleted(t)
	}
}

func (r world) coverage(c *news.Coverage) {
	c.Status, c.StartsAt = news.CoverageStatuses()[r.IntN(3)], r.at()
}

func (r world) lock(l *news.Lock) {
	l.Status, l.Since = news.LockStatus(r.pick(string(news.LockHeld), string(news.LockFree))), r.at()
}

func (r world) token(t *news.ServiceToken) {
	t.Status, t.CreatedAt = news.ServiceTokenStatus(r.pick(string(news.ServiceTokenValid), string(news.ServiceTokenRevoked))), r.at()
}

func (r world) webhook(w *news.Webhook) {
	w.Status, w.CreatedAt = webhookStates()[r.IntN(len(webhookStates()))], r.at()
}

func webhookStates() []news.WebhookStatus {
	return []news.WebhookStatus{news.WebhookActive, news.WebhookPaused, news.WebhookDead, news.WebhookDeleted}
}

// populate fills the store, and then changes a part of it.
func (l *lab) populate(r world) {
	l.t.Helper()
	var list []news.Entity
	for i := range 40 {
		list = append(list, Story(news.StoryID(fmt.Sprintf("story_%d", i)), r.story))
		if i < 30 {
			list = append(list, TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d", i)), r.entry))
		}
		if i < 12 {
			list = append(list, Tag(news.TagID(fmt.Sprintf("tag_%d", i)), r.tag))
			list = append(list, Coverage(news.CoverageID(fmt.Sprintf("cov_%d", i)), r.coverage))
		}
		if i < 4 {
			list = append(list,
				Lock(news.StoryID(fmt.Sprintf("story_%d", i)), r.lock),
				ServiceToken(news.ServiceTokenID(fmt.Sprintf("token_%d", i)), r.token),
				Webhook(news.WebhookID(fmt.Sprintf("hook_%d", i)), r.webhook))
		}
	}
	l.put(list...)
	var changed []news.Entity
	for _, e := range list {
		if !r.chance(40) {
			continue
		}
		switch e := e.(type) {
		case *news.Story:
			changed = append(changed, Next(e, r.story))
		case *news.TickerEntry:
			changed = append(changed, Next(e, r.entry))
		case *news.Tag:
			changed = append(changed, Next(e, r.tag))
		case *news.Coverage:
			changed = append(changed, Next(e, r.coverage))
		case *news.Lock:
			changed = append(changed, Next(e, r.lock))
		case *news.ServiceToken:
			changed = append(changed, Next(e, r.token))
		case *news.Webhook:
			changed = append(changed, Next(e, r.webhook))
		}
	}
	l.put(changed...)
}

func testEachFilter(t *testing.T, l *lab) {
	l.populate(world{rand.New(rand.NewPCG(1, 2))})
	yes, no := true, false
	var queries []query
	for _, who := range audiences() {
		for _, f := range []news.StoryFilter{
			{},
			{Tags: []news.TagID{"tag_1"}},
			{Tags: []news.TagID{"tag_1", "tag_2"}},
			{Tags: []news.TagID{"tag_1", "tag_1"}},
			{Tags: []news.TagID{"tag_1", "tag_2"}, AnyTag: true},
			{Tags: []news.TagID{"tag_1", "tag_x"}, AnyTag: true},
			{Tags: []news.TagID{"tag_x"}},
			{AnyTag: true},
			{Language: "fr"},
			{Language: "FR-ca"},
			{Language: "zh"},
			{Language: "zh-Hant-TW"},
			{Breaking: &yes},
			{Breaking: &no},
			{MinPriority: news.Flash},
			{MinPriority: news.Alert},
			{MinPriority: news.Urgent},
			{MinPriority: news.Routine},
			{PublishedAfter: Noon().Add(5 * time.Minute)},
			{PublishedBefore: Noon().Add(5 * time.Minute)},
			{PublishedAfter: Noon().Add(5 * time.Minute), PublishedBefore: Noon().Add(7 * time.Minute)},
			{PublishedAfter: Noon().Add(7 * time.Minute), PublishedBefore: Noon().Add(5 * time.Minute)},
			{Status: []news.StoryStatus{news.StoryPublished}},
			{Status: []news.StoryStatus{news.StoryDraft, news.StoryUnpublished}},
			{Status: []news.StoryStatus{news.StoryScheduled}},
			{Status: []news.StoryStatus{news.StoryRetracted}, Tags: []news.TagID{"tag_1"}},
		} {
			queries = append(queries, storyQuery(who, f))
		}
	}
	for _, f := range []news.TickerFilter{
		{}, {MinPriority: news.Flash}, {MinPriority: news.Urgent}, {MinPriority: news.Routine},
		{Tags: []news.TagID{"tag_1"}}, {Tags: []news.TagID{"tag_1", "tag_2"}},
		{Coverage: "cov_1"}, {Coverage: "cov_1", Pinned: true}, {Coverage: "cov_1", MinPriority: news.Alert}, {Coverage: "cov_x"}, {Pinned: true}, {KeyEvents: true}, {Pinned: true, KeyEvents: true},
		{OccurredAfter: Noon().Add(5 * time.Minute)}, {OccurredBefore: Noon().Add(5 * time.Minute)},
	} {
		queries = append(queries, tickerQuery(f))
	}
	for _, f := range []news.TagFilter{
		{}, {Kinds: news.TagKinds()}, {Kinds: news.TagKinds()[:1]}, {Kinds: news.TagKinds()[1:3]}, {Kinds: []news.TagKind{news.TagSeries}},
		{NamePrefix: "a"}, {NamePrefix: "ab"}, {NamePrefix: "aé"}, {NamePrefix: "c"}, {NamePrefix: "%"},
		{NamePrefix: "a", Kinds: news.TagKinds()[:2]},
		{Code: "medtop:1"}, {Code: "medtop:2", Kinds: news.TagKinds()[:2]}, {Code: "medtop:1", NamePrefix: "a"},
		{Code: "medtop"}, {Code: "MEDTOP:1"},
	} {
		queries = append(queries, tagQuery(f))
	}
	for _, f := range []news.CoverageFilter{
		{}, {Status: news.CoverageStatuses()}, {Status: news.CoverageStatuses()[:1]}, {Status: news.CoverageStatuses()[1:]},
	} {
		queries = append(queries, coverageQuery(f))
	}
	for _, q := range queries {
		l.checkPage(q, news.Window{First: news.MaxPage})
		l.checkPage(q, news.Window{Last: 2})
	}
	for _, q := range selections() {
		l.checkPage(q, news.Window{First: news.MaxPage})
	}
}

func testRandomFilters(t *testing.T, l *lab) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := world{rand.New(rand.NewPCG(seed, 0))}
	l.populate(r)
	l.checkAll()
	for range 100 {
		q := r.query()
		l.checkPage(q, r.window(l.model.all(q.sel.Kind)))
	}
}

// query is any list query.
func (r world) query() query {
	switch r.IntN(8) {
	case 6, 7:
		lists := selections()
		return lists[r.IntN(len(lists))]
	case 0:
		f := news.TickerFilter{Tags: r.tags(2), Pinned: r.chance(20), KeyEvents: r.chance(20)}
		if r.chance(30) {
			f.MinPriority = r.priority()
		}
		if r.chance(30) {
			f.Coverage = news.CoverageID(r.pick("cov_0", "cov_1", "cov_2"))
		}
		if r.chance(30) {
			f.OccurredAfter = r.at()
		}
		if r.chance(30) {
			f.OccurredBefore = r.at()
		}
		return tickerQuery(f)
	case 1:
		f := news.TagFilter{NamePrefix: r.pick("", "", "a", "ab", "b", "bé"), Code: news.Text(r.pick("", "", "", "medtop:1"))}
		for range r.IntN(3) {
			f.Kinds = append(f.Kinds, news.TagKinds()[r.IntN(4)])
		}
		return tagQuery(f)
	case 2:
		return coverageQuery(news.CoverageFilter{Status: news.CoverageStatuses()[:r.IntN(4)]})
	}
	f := news.StoryFilter{Tags: r.tags(3), AnyTag: r.chance(50), Language: r.pick("", "", "", "fr", "fr-ca", "en")}
	if r.chance(30) {
		breaking := r.chance(50)
		f.Breaking = &breaking
	}
	if r.chance(30) {
		f.MinPriority = r.priority()
	}
	if r.chance(30) {
		f.PublishedAfter = r.at()
	}
	if r.chance(30) {
		f.PublishedBefore = r.at()
	}
	for range r.IntN(3) {
		f.Status = append(f.Status, news.StoryStatuses()[r.IntN(len(news.StoryStatuses()))])
	}
	return storyQuery(audiences()[r.IntN(len(audiences()))], f)
}

// window is any window, with bounds among list, of one kind.
func (r world) window(list []news.Entity) news.Window {
	var w news.Window
	size := []int{1, 2, 5, 20, news.MaxPage}[r.IntN(5)]
	if r.chance(50) {
		w.First = size
	} else {
		w.Last = size
	}
	if r.chance(40) {
		place := news.CursorOf(list[r.IntN(len(list))])
		w.After = &place
	}
	if r.chance(30) {
		place := news.CursorOf(list[r.IntN(len(list))])
		w.Before = &place
	}
	return w
}
