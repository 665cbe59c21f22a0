package storetest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"depeche/internal/news"
)

func testStoryCounts(t *testing.T, l *lab) {
	author := []news.TagID{"tag_c"}
	a := Story("story_a", func(s *news.Story) { s.Tags, s.Authors = []news.TagID{"tag_a", "tag_b"}, author })
	b := Story("story_b", func(s *news.Story) { s.Tags = []news.TagID{"tag_a", "tag_a"} })
	draft := Story("story_c", func(s *news.Story) { s.Status, s.Tags = news.StoryDraft, []news.TagID{"tag_a"} })
	l.put(Tag("tag_a"), Tag("tag_b"), Tag("tag_c"), a, b, draft)
	// An entry of the ticker is no story.
	l.put(TickerEntry("tick_a", func(e *news.TickerEntry) { e.Tags = []news.TagID{"tag_b"} }))

	check := func(what string, want map[news.TagID]int) {
		t.Helper()
		asked := []news.TagID{"tag_a", "tag_b", "tag_a", "tag_x", "tag_c"}
		got, err := l.store.StoryCounts(t.Context(), asked)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		for _, tag := range asked {
			if got[tag] != want[tag] {
				t.Errorf("%s: stories of %s: got %d, want %d", what, tag, got[tag], want[tag])
			}
		}
	}
	check("at first", map[news.TagID]int{"tag_a": 2, "tag_b": 1, "tag_c": 1})
	l.put(Next(draft, func(s *news.Story) { s.Status = news.StoryPublished }))
	check("published", map[news.TagID]int{"tag_a": 3, "tag_b": 1, "tag_c": 1})
	l.put(Next(a, func(s *news.Story) { s.Tags = []news.TagID{"tag_b"}; s.Authors = nil }))
	check("changed", map[news.TagID]int{"tag_a": 2, "tag_b": 1})
	l.put(Next(b, func(s *news.Story) { s.Status = news.StoryUnpublished }))
	check("unpublished", map[news.TagID]int{"tag_a": 1, "tag_b": 1})
}

func testTrendingTags(t *testing.T, l *lab) {
	l.populate(world{rand.New(rand.NewPCG(3, 4))})
	// Of the same name: only the ids tell them apart.
	for _, id := range []news.TagID{"tag_twin_b", "tag_twin_a"} {
		l.put(Tag(id, func(t *news.Tag) { t.SortName = "twin" }))
	}
	l.put(Story("story_twins", func(s *news.Story) {
		s.Tags, s.PublishedAt = []news.TagID{"tag_twin_b", "tag_twin_a", "tag_missing"}, Noon().Add(time.Hour)
	}))
	for _, since := range []time.Time{{}, Noon().Add(6 * time.Minute), Noon().Add(time.Hour), Noon().Add(2 * time.Hour)} {
		for _, kinds := range [][]news.TagKind{nil, {news.TagSection, news.TagPerson}, {news.TagContributor}, {news.TagTopic, news.TagTopic}} {
			for _, limit := range []int{100, 2, 0} {
				name := fmt.Sprintf("%d of %v since %v", limit, kinds, since)
				got, err := l.store.TrendingTags(t.Context(), since, kinds, limit)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				want := l.model.trending(since, kinds, limit)
				if diff := compareCounts(want, got); diff != "" {
					t.Errorf("%s: %s", name, diff)
				}
			}
		}
	}
}

func compareCounts(want, got []news.TagCount) string {
	show := func(counts []news.TagCount) (s []string) {
		for _, n := range counts {
			s = append(s, fmt.Sprintf("%s×%d", n.Tag.ID, n.Stories))
		}
		return s
	}
	if w, g := show(want), show(got); !slices.Equal(w, g) {
		return fmt.Sprintf("got %v, want %v", g, w)
	}
	return ""
}

// trending ranks tags as Reading.TrendingTags does.
func (m *model) trending(since time.Time, kinds []news.TagKind, limit int) []news.TagCount {
	var counts []news.TagCount
	for _, e := range m.list(news.TagFilter{Kinds: kinds}.Selection()) {
		tag := e.(*news.Tag)
		f := news.StoryFilter{Tags: []news.TagID{tag.ID}, PublishedAfter: since}
		if n := len(m.list(f.Selection(news.Audience{}))); n > 0 {
			counts = append(counts, news.TagCount{Tag: tag, Stories: n})
		}
	}
	// They are by name, then id, already.
	slices.SortStableFunc(counts, func(a, b news.TagCount) int { return cmp.Compare(b.Stories, a.Stories) })
	return counts[:min(limit, len(counts))]
}

func testRelatedStories(t *testing.T, l *lab) {
	l.populate(world{rand.New(rand.NewPCG(5, 6))})
	l.put(
		Story("story_alone", func(s *news.Story) { s.Tags = []news.TagID{"tag_alone"} }),
		Story("story_bare"),
		Story("story_author", func(s *news.Story) { s.Authors = []news.TagID{"tag_1"} }),
		Story("story_twice", func(s *news.Story) { s.Tags = []news.TagID{"tag_1", "tag_1", "tag_2"} }),
	)
	var ids []news.StoryID
	for _, e := range l.model.all(news.KindStory) {
		ids = append(ids, news.StoryID(e.Ref().ID))
	}
	ids = append(ids, "story_missing", "tag_1", ids[0])
	l.checkRelated(ids, 100, 3, 0)
}

// testRelatedBound has a tag that more stories carry than are looked at.
func testRelatedBound(t *testing.T, l *lab) {
	var list []news.Entity
	for i := range relatedBound + 3 {
		list = append(list, Story(news.StoryID(fmt.Sprintf("story_%03d", i)), func(s *news.Story) {
			s.Tags, s.PublishedAt = []news.TagID{"tag_a"}, Noon().Add(time.Duration(i)*time.Minute)
			if i == 0 {
				s.Tags = append(s.Tags, "tag_b")
			}
		}))
	}
	l.put(list...)
	l.put(Story("story_old", func(s *news.Story) {
		s.Tags, s.PublishedAt = []news.TagID{"tag_a", "tag_b"}, Noon().Add(-time.Hour)
	}))
	l.checkRelated([]news.StoryID{"story_000", "story_old", "story_102"}, relatedBound+10)
}

// checkRelated compares what is related to the stories of ids with the model.
func (l *lab) checkRelated(ids []news.StoryID, limits ...int) {
	l.t.Helper()
	for _, who := range audiences() {
		for _, limit := range limits {
			got, err := l.store.RelatedStories(l.t.Context(), who, ids, limit)
			if err != nil {
				l.t.Fatalf("related: %v", err)
			}
			for _, id := range ids {
				want := refs(l.model.related(who, id, limit))
				if got := refs(got[id]); !slices.Equal(got, want) {
					l.t.Errorf("%+v: %d related to %s: got %v, want %v", who, limit, id, got, want)
				}
				if whole := refs(wholeOf(got[id])); len(whole) > 0 {
					l.t.Errorf("%+v: related to %s with a body: %v", who, id, whole)
				}
			}
		}
	}
}

// relatedBound is the number of stories that RelatedStories looks at for each
// tag.
const relatedBound = 100

// related ranks stories as Reading.RelatedStories does.
func (m *model) related(who news.Audience, id news.StoryID, limit int) []*news.Story {
	source := m.story(id)
	if source == nil || !source.VisibleTo(who) {
		return nil
	}
	published := m.published()
	scores := make(map[news.StoryID]float64)
	for i, tag := range source.Tags {
		if slices.Contains(source.Tags[:i], tag) {
			continue
		}
		var carrying []news.StoryID
		for _, story := range published {
			if story.Listing().Has(tag.Term()) {
				carrying = append(carrying, story.ID)
			}
		}
		for _, other := range carrying[:min(relatedBound, len(carrying))] {
			scores[other] += news.TagWeight(len(carrying))
		}
	}
	var related []*news.Story
	for _, story := range published {
		if story.ID != id && scores[story.ID] > 0 {
			related = append(related, story)
		}
	}
	// They are newest first already.
	slices.SortStableFunc(related, func(a, b *news.Story) int { return cmp.Compare(scores[b.ID], scores[a.ID]) })
	return related[:min(limit, len(related))]
}
