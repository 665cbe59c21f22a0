package news_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"depeche/internal/news"
)

// TestTickerFilterMeansWhatItSays compares selections with the plain meaning of
// the filter.
func TestTickerFilterMeansWhatItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	pick := random.IntN
	priorities := []news.Priority{news.Flash, news.Alert, news.Urgent, news.Routine}
	coverages := []news.CoverageID{"", "c", "d"}
	some := func() []news.TagID {
		return slices.DeleteFunc([]news.TagID{"a", "b", "c"}, func(news.TagID) bool { return pick(2) == 0 })
	}
	held := 0
	for range 20_000 {
		e := &news.TickerEntry{
			Status: []news.TickerStatus{news.TickerPublished, news.TickerRetracted}[pick(2)], Pinned: pick(2) == 0,
			TickerContent: news.TickerContent{
				Priority: priorities[pick(4)], OccurredAt: at(pick(6)), KeyEvent: pick(2) == 0, Tags: some(), Coverage: coverages[pick(3)],
				CoverageOnly: pick(3) == 0,
			},
		}
		f := news.TickerFilter{Pinned: pick(4) == 0, KeyEvents: pick(4) == 0}
		if pick(3) == 0 {
			f.MinPriority = priorities[pick(4)]
		}
		if pick(3) == 0 {
			f.Tags = some()
		}
		if pick(3) == 0 {
			f.Coverage = coverages[pick(3)]
		}
		if pick(3) == 0 {
			f.OccurredAfter = at(pick(6))
		}
		if pick(3) == 0 {
			f.OccurredBefore = at(pick(6))
		}
		want := (!e.CoverageOnly || f.Coverage != "") && !slices.ContainsFunc(f.Tags, func(id news.TagID) bool { return !slices.Contains(e.Tags, id) }) &&
			(f.MinPriority == "" || e.Priority.Urgency() <= f.MinPriority.Urgency()) &&
			(f.Coverage == "" || e.Coverage == f.Coverage) &&
			(!f.Pinned || e.Pinned) && (!f.KeyEvents || e.KeyEvent) &&
			(f.OccurredAfter.IsZero() || !e.OccurredAt.Before(f.OccurredAfter)) &&
			(f.OccurredBefore.IsZero() || e.OccurredAt.Before(f.OccurredBefore))
		if got := f.Selection().Holds(e.Listing()); got != want {
			t.Fatalf("got %v, want %v for\n%+v\n%+v", got, want, f, e)
		}
		if want {
			held++
		}
	}
	if held < 1000 {
		t.Errorf("only %d of the entries were selected: the test hardly tests", held)
	}
}

func TestCoverageFilter(t *testing.T) {
	for _, status := range news.CoverageStatuses() {
		c := &news.Coverage{CoverageContent: news.CoverageContent{Status: status}}
		for _, row := range []struct {
			asked []news.CoverageStatus
			want  bool
		}{
			{nil, true},
			{news.CoverageStatuses(), true},
			{[]news.CoverageStatus{status}, true},
			{slices.DeleteFunc(news.CoverageStatuses(), func(s news.CoverageStatus) bool { return s == status }), false},
		} {
			if got := (news.CoverageFilter{Status: row.asked}).Selection().Holds(c.Listing()); got != row.want {
				t.Errorf("%s asked for as %v: got %v, want %v", status, row.asked, got, row.want)
			}
		}
	}
}

// What was selected and is so no longer concerns the reader once more.
func TestConcerns(t *testing.T) {
	line := func(tags ...news.TagID) *news.TickerEntry {
		return &news.TickerEntry{Status: news.TickerPublished, TickerContent: news.TickerContent{Tags: tags}}
	}
	sel := news.TickerFilter{Tags: []news.TagID{"a"}}.Selection()
	for _, row := range []struct {
		name        string
		before, now news.Entity
		want        bool
	}{
		{"new and selected", nil, line("a"), true},
		{"new and not selected", nil, line("b"), false},
		{"comes in", line("b"), line("a"), true},
		{"goes out", line("a"), line("b"), true},
		{"stays out", line("b"), line("c"), false},
		{"another kind", nil, &news.Story{Status: news.StoryPublished, StoryContent: news.StoryContent{Tags: []news.TagID{"a"}}}, false},
	} {
		c := news.Change{Doc: row.now}
		if row.before != nil {
			before := row.before.Listing()
			c.Before = &before
		}
		if got := c.Concerns(sel); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
}

func TestAudience(t *testing.T) {
	for role, want := range map[news.Role]news.Audience{
		news.Reader: {}, news.Contributor: {Author: "jo"}, news.Editor: {Staff: true}, news.Admin: {Staff: true}, "": {}, "EMPRESS": {},
	} {
		if got := (news.Actor{Name: "jo", Role: role}).Audience(); got != want {
			t.Errorf("%q: got %+v, want %+v", role, got, want)
		}
	}
	if got := news.ActorFrom(t.Context()); got.Role != news.Reader || got.Name != "" {
		t.Errorf("nobody is %+v", got)
	}
	draft := &news.Story{Status: news.StoryDraft}
	if draft.VisibleTo(news.Audience{}) || draft.VisibleTo(news.Audience{Author: "jo"}) {
		t.Error("a draft that nobody has created is shown")
	}
}

func TestTagWeight(t *testing.T) {
	last := news.TagWeight(1)
	for carrying := 2; carrying <= 1000; carrying++ {
		w := news.TagWeight(carrying)
		if w >= last || w <= 0 {
			t.Fatalf("%d stories weigh %v, one less %v", carrying, w, last)
		}
		last = w
	}
	for _, none := range []int{0, -1} {
		if got := news.TagWeight(none); got != 0 {
			t.Errorf("%d stories weigh %v", none, got)
		}
	}
}
