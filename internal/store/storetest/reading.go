package storetest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

func testByID(t *testing.T, l *lab) {
	story, tag, entry, coverage := Story("story_a"), Tag("tag_a"), TickerEntry("tick_a"), Coverage("cov_a")
	l.put(story, tag, entry, coverage)
	changed := Next(story, func(s *news.Story) { s.Title = "Autre titre" })
	l.put(changed)
	ctx, s := t.Context(), l.store

	// Some repeated, some of other kinds, some not there.
	stories, err := s.StoriesByID(ctx, news.Audience{}, []news.StoryID{"story_x", "story_a", "tag_a", "story_a", ""})
	if diff := cmp.Diff(map[news.StoryID]*news.Story{"story_a": changed}, stories); diff != "" || err != nil {
		t.Errorf("stories: %v (-want +got):\n%s", err, diff)
	}
	tags, err := s.TagsByID(ctx, []news.TagID{"tag_a", "tag_x", "tag_a", "story_a"})
	if diff := cmp.Diff(map[news.TagID]*news.Tag{"tag_a": tag}, tags); diff != "" || err != nil {
		t.Errorf("tags: %v (-want +got):\n%s", err, diff)
	}
	entries, err := s.TickerEntriesByID(ctx, []news.TickerEntryID{"tick_a", "cov_a", "tick_a", "tick_x"})
	if diff := cmp.Diff(map[news.TickerEntryID]*news.TickerEntry{"tick_a": entry}, entries); diff != "" || err != nil {
		t.Errorf("ticker entries: %v (-want +got):\n%s", err, diff)
	}
	coverages, err := s.CoveragesByID(ctx, []news.CoverageID{"tick_a", "cov_x", "cov_a", "cov_a"})
	if diff := cmp.Diff(map[news.CoverageID]*news.Coverage{"cov_a": coverage}, coverages); diff != "" || err != nil {
		t.Errorf("coverages: %v (-want +got):\n%s", err, diff)
	}
	nodes, err := s.Nodes(ctx, news.Audience{}, []news.EntityID{"tick_a", "story_a", "x", "tag_a", "cov_a", "tag_a", "'\"\\"})
	want := map[news.EntityID]news.Entity{"story_a": changed, "tag_a": tag, "tick_a": entry, "cov_a": coverage}
	if diff := cmp.Diff(want, nodes); diff != "" || err != nil {
		t.Errorf("nodes: %v (-want +got):\n%s", err, diff)
	}
	if none, err := s.StoriesByID(ctx, news.Audience{}, nil); len(none) != 0 || err != nil {
		t.Errorf("no stories: got %v, %v", none, err)
	}
}

func testBySlug(t *testing.T, l *lab) {
	story := Story("story_a", func(s *news.Story) { s.Slug = "first" })
	tag := Tag("tag_a", func(t *news.Tag) { t.Slug = "first" })
	coverage := Coverage("cov_a", func(c *news.Coverage) { c.Slug, c.PreviousSlugs = "second", []string{"first"} })
	l.put(story, tag, coverage, Story("story_b", func(s *news.Story) { s.Slug = "third" }))
	story = Next(story, func(s *news.Story) { s.Slug, s.PreviousSlugs = "second", []string{"first"} })
	tag = Next(tag, func(t *news.Tag) { t.Slug, t.PreviousSlugs = "second", []string{"first"} })
	l.put(story, tag)
	asked := []string{"first", "second", "fourth", "first", "", "FIRST", "story_a"}

	stories, err := l.store.StoriesBySlug(t.Context(), news.Audience{}, asked)
	if diff := cmp.Diff(map[string]*news.Story{"first": story, "second": story}, stories); diff != "" || err != nil {
		t.Errorf("stories: %v (-want +got):\n%s", err, diff)
	}
	tags, err := l.store.TagsBySlug(t.Context(), asked)
	if diff := cmp.Diff(map[string]*news.Tag{"first": tag, "second": tag}, tags); diff != "" || err != nil {
		t.Errorf("tags: %v (-want +got):\n%s", err, diff)
	}
	coverages, err := l.store.CoveragesBySlug(t.Context(), asked)
	if diff := cmp.Diff(map[string]*news.Coverage{"first": coverage, "second": coverage}, coverages); diff != "" || err != nil {
		t.Errorf("coverages: %v (-want +got):\n%s", err, diff)
	}
	if none, err := l.store.TagsBySlug(t.Context(), nil); len(none) != 0 || err != nil {
		t.Errorf("no tags: got %v, %v", none, err)
	}
}

func testEntities(t *testing.T, l *lab) {
	draft := Story("story_c", func(s *news.Story) { s.Status = news.StoryDraft })
	gone := Story("story_B", func(s *news.Story) { s.Status = news.StoryUnpublished })
	l.put(Story("story_e"), draft, Tag("story_cc"), gone, Story("story-d"), TickerEntry("tick_a"))
	l.put(Next(draft))

	for _, tt := range []struct {
		kind  news.Kind
		after news.EntityID
		limit int
		want  []news.EntityID
	}{
		{news.KindStory, "", 10, []news.EntityID{"story-d", "story_B", "story_c", "story_e"}},
		{news.KindStory, "", 2, []news.EntityID{"story-d", "story_B"}},
		{news.KindStory, "story_B", 2, []news.EntityID{"story_c", "story_e"}},
		{news.KindStory, "story_C", 1, []news.EntityID{"story_c"}},
		{news.KindStory, "story_cc", 10, []news.EntityID{"story_e"}},
		{news.KindStory, "story_e", 10, nil},
		{news.KindStory, "", 0, []news.EntityID{"story-d"}},
		{news.KindTag, "", 10, []news.EntityID{"story_cc"}},
		{news.KindTickerEntry, "", 10, []news.EntityID{"tick_a"}},
		{news.KindCoverage, "", 10, nil},
	} {
		got, err := l.store.Entities(t.Context(), tt.kind, tt.after, tt.limit)
		if err != nil {
			t.Fatalf("entities: %v", err)
		}
		var want []news.Entity
		for _, id := range tt.want {
			want = append(want, l.model.entities[id])
		}
		if len(got) == 0 && len(want) == 0 {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d %s after %q (-want +got):\n%s", tt.limit, tt.kind, tt.after, diff)
		}
	}
}
