package storetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// audiences are who asks: the public, two contributors and the staff.
func audiences() []news.Audience {
	return []news.Audience{{}, {Author: "marie"}, {Author: "nobody"}, {Staff: true}}
}

// mixed are stories of two authors in every state, all with tag_a. What the
// public may not see says "secret" everywhere.
func mixed() []news.Entity {
	list := []news.Entity{Tag("tag_a")}
	for i, status := range news.StoryStatuses() {
		for _, author := range []string{"marie", "paul", ""} {
			id := news.StoryID(fmt.Sprintf("story_%s_%s", strings.ToLower(string(status)), author))
			list = append(list, Story(id, func(s *news.Story) {
				s.Status, s.CreatedBy, s.Tags = status, author, []news.TagID{"tag_a"}
				s.CreatedAt = Noon().Add(time.Duration(i) * time.Hour)
				if status == news.StoryDraft {
					s.PublishedAt = time.Time{}
				}
				if status != news.StoryPublished {
					s.Title, s.Body, s.Summary = "secret", "secret", "secret"
				}
			}))
		}
	}
	return list
}

func testVisibility(t *testing.T, l *lab) {
	l.put(mixed()...)
	var (
		ids   []news.StoryID
		nodes []news.EntityID
		slugs []string
	)
	for _, e := range l.model.all(news.KindStory) {
		story := e.(*news.Story)
		ids, nodes, slugs = append(ids, story.ID), append(nodes, news.EntityID(story.ID)), append(slugs, story.Slug)
	}
	ctx := t.Context()
	for _, who := range audiences() {
		byID, bySlug, asNodes := map[news.StoryID]*news.Story{}, map[string]*news.Story{}, map[news.EntityID]news.Entity{}
		for _, id := range ids {
			if story := l.model.story(id); story.VisibleTo(who) {
				byID[id], bySlug[story.Slug], asNodes[news.EntityID(id)] = story, story, story
			}
		}
		gotByID, err := l.store.StoriesByID(ctx, who, ids)
		if diff := cmp.Diff(byID, gotByID); diff != "" || err != nil {
			t.Errorf("%+v: by id: %v (-want +got):\n%s", who, err, diff)
		}
		gotBySlug, err := l.store.StoriesBySlug(ctx, who, slugs)
		if diff := cmp.Diff(bySlug, gotBySlug); diff != "" || err != nil {
			t.Errorf("%+v: by slug: %v (-want +got):\n%s", who, err, diff)
		}
		gotNodes, err := l.store.Nodes(ctx, who, nodes)
		if diff := cmp.Diff(asNodes, gotNodes); diff != "" || err != nil {
			t.Errorf("%+v: nodes: %v (-want +got):\n%s", who, err, diff)
		}
		p := l.checkPage(storyQuery(who, news.StoryFilter{}), news.Window{First: 50})
		if len(p.Items) != len(byID) {
			t.Errorf("%+v: the list has %d stories, want %d", who, len(p.Items), len(byID))
		}
		for _, status := range news.StoryStatuses() {
			f := news.StoryFilter{Status: []news.StoryStatus{status}, Tags: []news.TagID{"tag_a"}}
			l.checkPage(storyQuery(who, f), news.Window{Last: 50})
		}
		related, err := l.store.RelatedStories(ctx, who, ids, 50)
		if err != nil {
			t.Errorf("%+v: related: %v", who, err)
		}
		for _, id := range ids {
			if got := len(related[id]); byID[id] == nil && got != 0 {
				t.Errorf("%+v: %d stories are related to %s, which may not be seen", who, got, id)
			} else if byID[id] != nil && got == 0 {
				t.Errorf("%+v: nothing is related to %s", who, id)
			}
			for _, story := range related[id] {
				if story.Status != news.StoryPublished {
					t.Errorf("%+v: %s is related to %s and not published", who, story.ID, id)
				}
			}
		}
	}
}

func testNothingLeaks(t *testing.T, l *lab) {
	l.put(mixed()...)
	// What was public has gone, and what was not has come.
	for _, author := range []string{"marie", "paul", ""} {
		l.put(Next(l.model.story(news.StoryID("story_published_"+author)), func(s *news.Story) {
			s.Status, s.Title, s.Body = news.StoryUnpublished, "secret", "secret"
		}))
		l.put(Next(l.model.story(news.StoryID("story_draft_"+author)), func(s *news.Story) {
			s.Status, s.PublishedAt = news.StoryPublished, Noon()
			s.Title, s.Body, s.Summary = "public", "public", "public"
		}))
	}
	ctx, s := t.Context(), l.store
	nodes := slices.Collect(maps.Keys(l.model.entities))
	var ids []news.StoryID
	var slugs []string
	for _, e := range l.model.all(news.KindStory) {
		ids = append(ids, news.StoryID(e.Ref().ID))
		slugs = append(slugs, e.Slugs()...)
	}
	var public news.Audience
	secret := func(what string, found any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		text, err := json.Marshal(found)
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if strings.Contains(string(text), "secret") {
			t.Errorf("%s shows a secret:\n%s", what, text)
		}
	}
	found, err := s.Nodes(ctx, public, nodes)
	secret("Nodes", found, err)
	stories, err := s.StoriesByID(ctx, public, ids)
	secret("StoriesByID", stories, err)
	bySlug, err := s.StoriesBySlug(ctx, public, slugs)
	secret("StoriesBySlug", bySlug, err)
	related, err := s.RelatedStories(ctx, public, ids, 50)
	secret("RelatedStories", related, err)
	for _, f := range []news.StoryFilter{
		{}, {Status: news.StoryStatuses()}, {Status: []news.StoryStatus{news.StoryDraft}},
		{Status: []news.StoryStatus{news.StoryUnpublished}}, {Tags: []news.TagID{"tag_a"}},
		{Tags: []news.TagID{"tag_a"}, AnyTag: true}, {Language: "fr"}, {PublishedBefore: Noon().Add(24 * time.Hour)},
	} {
		p, err := s.Stories(ctx, public, f, news.Window{First: 50})
		secret("Stories", p.Items, err)
		if len(f.Status) == 0 && len(p.Items) != 3 {
			t.Errorf("stories %+v: got %d, want 3", f, len(p.Items))
		}
	}
	counts, err := s.StoryCounts(ctx, []news.TagID{"tag_a"})
	if err != nil || counts["tag_a"] != 3 {
		t.Errorf("StoryCounts: got %v, %v; want 3", counts, err)
	}
	trending, err := s.TrendingTags(ctx, time.Time{}, nil, 5)
	if err != nil || len(trending) != 1 || trending[0].Stories != 3 {
		t.Errorf("TrendingTags: got %v, %v; want tag_a with 3", trending, err)
	}
}
