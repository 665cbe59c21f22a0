package storetest

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// ties are n entities of each kind, of which each two have the same place but
// for their ids.
func ties(n int) []news.Entity {
	var list []news.Entity
	for i := range n {
		at := Noon().Add(time.Duration(i/2) * time.Millisecond)
		list = append(list,
			Story(news.StoryID(fmt.Sprintf("story_%02d", i)), func(s *news.Story) { s.PublishedAt = at }),
			Tag(news.TagID(fmt.Sprintf("tag_%02d", i)), func(t *news.Tag) { t.SortName = fmt.Sprintf("nom %d", i/2) }),
			TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%02d", i)), func(e *news.TickerEntry) { e.OccurredAt = at }),
			Coverage(news.CoverageID(fmt.Sprintf("cov_%02d", i)), func(c *news.Coverage) { c.StartsAt = at }),
		)
	}
	return list
}

func testEmptyLists(t *testing.T, l *lab) {
	for _, q := range append(wholeLists(), selections()...) {
		l.checkPage(q, news.Window{First: 1})
		l.checkPage(q, news.Window{Last: news.MaxPage})
		place := news.PageCursor{List: q.sel.Kind, ID: "x"}
		l.checkPage(q, news.Window{First: 1, After: &place})
		l.checkPage(q, news.Window{Last: 1, Before: &place, After: &place})
	}
	l.put(Story("story_a", func(s *news.Story) { s.Status = news.StoryDraft }))
	l.checkPage(storyQuery(news.Audience{}, news.StoryFilter{}), news.Window{First: 1})
}

func testBadWindows(t *testing.T, l *lab) {
	l.put(ties(2)...)
	for _, q := range append(wholeLists(), selections()...) {
		for _, tt := range []struct {
			field string
			w     news.Window
		}{
			{"first", news.Window{}},
			{"first", news.Window{First: -1}},
			{"first", news.Window{First: 101}},
			{"last", news.Window{Last: -1}},
			{"last", news.Window{Last: 101}},
			{"last", news.Window{First: 1, Last: 1}},
		} {
			_, err := q.page(t.Context(), l.store, tt.w)
			var invalid *news.InvalidError
			if !errors.As(err, &invalid) || invalid.Field != tt.field {
				t.Errorf("%s in %s: got %v, want an error of %s", q.name, windowName(tt.w), err, tt.field)
			}
		}
		for _, kind := range news.Kinds() {
			if kind == q.sel.Kind {
				continue
			}
			place := news.CursorOf(l.model.all(kind)[0])
			for field, w := range map[string]news.Window{
				"after": {First: 1, After: &place}, "before": {Last: 1, Before: &place},
			} {
				_, err := q.page(t.Context(), l.store, w)
				var cursor *news.CursorError
				if !errors.Is(err, news.ErrBadCursor) || !errors.As(err, &cursor) || cursor.Field != field {
					t.Errorf("%s in %s: got %v, want a bad cursor %s", q.name, windowName(w), err, field)
				}
			}
		}
	}
}

// testEveryWindow looks through all the windows there are on a short list.
func testEveryWindow(t *testing.T, l *lab) {
	const n = 4
	l.put(ties(n)...)
	for _, q := range wholeLists() {
		bounds := []*news.PageCursor{nil}
		for _, e := range l.model.list(q.sel) {
			place := news.CursorOf(e)
			bounds = append(bounds, &place)
		}
		beside := *bounds[2]
		beside.ID += "-"
		bounds = append(bounds, &beside)
		sizes := []int{1, n - 1, n}
		if q.sel.Kind != news.KindStory && q.sel.Kind != news.KindTag {
			sizes = []int{2} // the stories' order again
		}
		for _, size := range sizes {
			for _, after := range bounds {
				for _, before := range bounds {
					l.checkPage(q, news.Window{First: size, After: after, Before: before})
					l.checkPage(q, news.Window{Last: size, After: after, Before: before})
				}
			}
		}
	}
}

// testWalkingLists turns pages of each size forwards and backwards.
func testWalkingLists(t *testing.T, l *lab) {
	const n = 6
	l.put(ties(n)...)
	for _, q := range wholeLists() {
		want := refs(l.model.list(q.sel))
		for size := 1; size <= n+1; size++ {
			if got := refs(l.walk(q, size)); !slices.Equal(got, want) {
				t.Errorf("%s forwards by %d: got %v, want %v", q.name, size, got, want)
			}
			if got := refs(l.walkBack(q, size)); !slices.Equal(got, want) {
				t.Errorf("%s backwards by %d: got %v, want %v", q.name, size, got, want)
			}
		}
	}
}

// walk reads the list of q forwards by pages of size, each checked.
func (l *lab) walk(q query, size int, between ...func(page int)) []news.Entity {
	l.t.Helper()
	var all []news.Entity
	w := news.Window{First: size}
	for page := 1; ; page++ {
		p := l.checkPage(q, w)
		all = append(all, p.Items...)
		if !p.HasNext {
			return all
		}
		place := news.CursorOf(p.Items[len(p.Items)-1])
		w.After = &place
		for _, f := range between {
			f(page)
		}
	}
}

// walkBack reads the list of q backwards by pages of size, each checked. The
// result is in the order of the list.
func (l *lab) walkBack(q query, size int) []news.Entity {
	l.t.Helper()
	var all []news.Entity
	w := news.Window{Last: size}
	for {
		p := l.checkPage(q, w)
		all = slices.Concat(p.Items, all)
		if !p.HasPrevious {
			return all
		}
		place := news.CursorOf(p.Items[0])
		w.Before = &place
	}
}

// testChangingLists changes a list while it is walked: what was there all the
// time comes out once, and what is in front of the reader is seen as it is.
func testChangingLists(t *testing.T, l *lab) {
	var steady []news.EntityID
	for i := range 12 {
		entry := TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%02d", i)), func(e *news.TickerEntry) {
			e.OccurredAt = Noon().Add(-time.Duration(i/2) * time.Minute)
		})
		story := Story(news.StoryID(fmt.Sprintf("story_%02d", i)), func(s *news.Story) { s.PublishedAt = entry.OccurredAt })
		l.put(entry, story)
		if i%3 != 0 {
			steady = append(steady, entry.Ref().ID, story.Ref().ID)
		}
	}
	moving := func(page int) (news.StoryID, news.TickerEntryID) {
		return news.StoryID(fmt.Sprintf("story_%02d", page/2*3)), news.TickerEntryID(fmt.Sprintf("tick_%02d", page/2*3))
	}
	change := func(page int) {
		at := Noon().Add(-time.Duration(page) * time.Minute)
		l.put(
			// New ones at the top, where the reader is, and at the end.
			TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_new_%d", len(l.model.lines)))),
			TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_new_%d_", len(l.model.lines))), func(e *news.TickerEntry) { e.OccurredAt = at }),
			Story(news.StoryID(fmt.Sprintf("story_new_%d", len(l.model.lines))), func(s *news.Story) { s.PublishedAt = at }),
		)
		// Some move, go, or change where they are.
		story, tick := moving(page)
		if s := l.model.story(story); s != nil {
			l.put(Next(s, func(s *news.Story) { s.Status = news.StoryUnpublished }))
		}
		if e, ok := l.model.entities[news.EntityID(tick)].(*news.TickerEntry); ok {
			l.put(Next(e, func(e *news.TickerEntry) { e.OccurredAt = Noon().Add(-time.Duration(7*page%5) * time.Minute) }))
		}
		l.put(Next(l.model.story("story_01"), func(s *news.Story) { s.Title += "!" }))
	}
	for _, q := range []query{
		storyQuery(news.Audience{}, news.StoryFilter{}), tickerQuery(news.TickerFilter{}),
	} {
		seen := make(map[news.EntityID]int)
		for _, e := range l.walk(q, 3, change) {
			seen[e.Ref().ID]++
		}
		for _, id := range steady {
			if l.model.entities[id].Ref().Kind == q.sel.Kind && seen[id] != 1 {
				t.Errorf("%s came out %d times, want once", id, seen[id])
			}
		}
	}
	l.checkAll()
}

func testVanishedPlaces(t *testing.T, l *lab) {
	l.put(ties(6)...)
	q := storyQuery(news.Audience{}, news.StoryFilter{})
	list := l.model.list(q.sel)
	third, fourth := list[2].(*news.Story), list[3].(*news.Story)
	after, before := news.CursorOf(third), news.CursorOf(fourth)
	l.put(
		Next(third, func(s *news.Story) { s.Status = news.StoryUnpublished }),
		Next(fourth, func(s *news.Story) { s.PublishedAt = s.PublishedAt.Add(time.Hour) }),
	)
	p := l.checkPage(q, news.Window{First: 2, After: &after})
	if diff := cmp.Diff(refs(list[4:6]), refs(p.Items)); diff != "" {
		t.Errorf("after a place that is gone (-want +got):\n%s", diff)
	}
	p = l.checkPage(q, news.Window{Last: 2, Before: &before})
	if diff := cmp.Diff(refs(list[0:2]), refs(p.Items)); diff != "" {
		t.Errorf("before a place that is gone (-want +got):\n%s", diff)
	}
	// A cursor keeps its place under another filter.
	other := storyQuery(news.Audience{Staff: true}, news.StoryFilter{Status: []news.StoryStatus{news.StoryUnpublished}})
	l.checkPage(other, news.Window{First: 5, After: &before})
	l.checkPage(other, news.Window{Last: 5, After: &before})
	l.checkPage(other, news.Window{Last: 5, Before: &after})
}
