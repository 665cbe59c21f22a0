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

// audiences are who asks for lists: the public, two contributors and the staff.
func audiences() []news.Audience {
	return []news.Audience{{}, {Author: "marie"}, {Author: "nobody"}, {Staff: true}}
}

// mixed are stories of two authors and of nobody in every state, all with tag_a.
// What the public may not see says "secret" everywhere; what it may see but not
// meet in a list says "retracted".
func mixed() []news.Entity {
	list := []news.Entity{Tag("tag_a")}
	for i, state := range []struct {
		name, says string
		edits      []func(*news.Story)
	}{
		{"published", "public", nil},
		{"draft", "secret", []func(*news.Story){draft}},
		{"promised", "secret", []func(*news.Story){draft, embargoed(Noon())}},
		{"scheduled", "secret", []func(*news.Story){scheduled(Noon())}},
		{"embargoed", "secret", []func(*news.Story){embargoed(Noon())}},
		{"unpublished", "secret", []func(*news.Story){unpublished}},
		{"retracted", "retracted", []func(*news.Story){retracted}},
	} {
		for _, author := range []string{"marie", "paul", "nobody"} {
			id := news.StoryID(fmt.Sprintf("story_%s_by_%s", state.name, author))
			list = append(list, Story(id, func(s *news.Story) {
				if s.CreatedBy = author; author == "nobody" {
					s.CreatedBy = ""
				}
				s.Tags = []news.TagID{"tag_a"}
				s.CreatedAt = Noon().Add(time.Duration(i) * time.Hour)
				s.Title, s.Body, s.Summary = state.says, state.says, news.Text(state.says)
				edit(s, state.edits)
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
	asking := audiences()
	for _, id := range ids {
		asking = append(asking, news.Audience{Preview: id})
	}
	for _, who := range asking {
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
		listed := 0
		for _, story := range byID {
			if story.Public() || who.Staff || who.Author != "" && story.CreatedBy == who.Author {
				listed++
			}
		}
		p := l.checkPage(storyQuery(who, news.StoryFilter{}), news.Window{First: 50})
		if len(p.Items) != listed {
			t.Errorf("%+v: the list has %d stories, want %d", who, len(p.Items), listed)
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
				if !story.Public() {
					t.Errorf("%+v: %s is related to %s and not public", who, story.ID, id)
				}
			}
		}
	}
}

func testNothingLeaks(t *testing.T, l *lab) {
	l.put(mixed()...)
	l.checkNothingLeaks("at first", 3)
	// What was public has gone, and what was not has come.
	for _, author := range []string{"marie", "paul", "nobody"} {
		l.put(Next(l.model.story(news.StoryID("story_published_by_"+author)), func(s *news.Story) {
			s.Status, s.Title, s.Body = news.StoryUnpublished, "secret", "secret"
		}))
		l.put(Next(l.model.story(news.StoryID("story_draft_by_"+author)), func(s *news.Story) {
			s.Status, s.PublishedAt = news.StoryPublished, Noon()
			s.Title, s.Body, s.Summary = "public", "public", "public"
		}))
	}
	l.checkNothingLeaks("later", 3)
	for _, state := range []string{"scheduled", "embargoed"} {
		l.put(Next(l.model.story(news.StoryID("story_"+state+"_by_paul")), released, func(s *news.Story) {
			s.Title, s.Body, s.Summary = "public", "public", "public"
		}))
	}
	l.put(Next(l.model.story("story_draft_by_marie"), retracted, func(s *news.Story) { s.Title = "retracted" }))
	l.checkNothingLeaks("in the end", 4)
}

// checkNothingLeaks asks all that the public can ask, for stories in the states of
// mixed, of which so many are public.
func (l *lab) checkNothingLeaks(when string, public int) {
	l.t.Helper()
	var (
		who    news.Audience
		nodes  = slices.Collect(maps.Keys(l.model.entities))
		ids    []news.StoryID
		slugs  []string
		hidden = []string{"secret"}
	)
	for _, e := range l.model.all(news.KindStory) {
		story := e.(*news.Story)
		ids, slugs = append(ids, story.ID), append(slugs, story.Slugs()...)
		if !story.Public() && story.Status != news.StoryRetracted {
			hidden = append(append(hidden, string(story.ID)), story.Slugs()...)
		}
	}
	secret := func(what string, found any, err error, hidden ...string) {
		l.t.Helper()
		if err != nil {
			l.t.Errorf("%s: %s: %v", when, what, err)
		}
		text, err := json.Marshal(found)
		if err != nil {
			l.t.Errorf("%s: %s: %v", when, what, err)
		}
		for _, word := range hidden {
			if strings.Contains(string(text), word) {
				l.t.Errorf("%s: %s tells of %s:\n%s", when, what, word, text)
			}
		}
	}
	ctx, s := l.t.Context(), l.store
	found, err := s.Nodes(ctx, who, nodes)
	secret("Nodes", found, err, hidden...)
	stories, err := s.StoriesByID(ctx, who, ids)
	secret("StoriesByID", stories, err, hidden...)
	bySlug, err := s.StoriesBySlug(ctx, who, slugs)
	secret("StoriesBySlug", bySlug, err, hidden...)

	unlisted := append(slices.Clone(hidden), "retracted", "RETRACTED")
	related, err := s.RelatedStories(ctx, who, ids, 50)
	for id, list := range related {
		secret("RelatedStories of "+string(id), list, err, unlisted...)
	}
	for _, f := range []news.StoryFilter{
		{}, {Status: news.StoryStatuses()}, {Tags: []news.TagID{"tag_a"}},
		{Tags: []news.TagID{"tag_a"}, AnyTag: true}, {Language: "fr"}, {PublishedBefore: Noon().Add(24 * time.Hour)},
		{Status: []news.StoryStatus{news.StoryDraft}}, {Status: []news.StoryStatus{news.StoryUnpublished}},
		{Status: []news.StoryStatus{news.StoryScheduled}}, {Status: []news.StoryStatus{news.StoryRetracted}},
		{Status: []news.StoryStatus{news.StoryPublished}},
	} {
		want := public
		if len(f.Status) == 1 && f.Status[0] != news.StoryPublished {
			want = 0
		}
		for _, w := range []news.Window{{First: 50}, {Last: 1}} {
			p, err := s.Stories(ctx, who, f, w)
			secret("Stories", p.Items, err, unlisted...)
			if got := len(p.Items); w.First > 0 && (got != want || p.HasNext || p.HasPrevious) {
				l.t.Errorf("%s: stories %+v: got %d and more: %v, %v; want %d", when, f, got, p.HasPrevious, p.HasNext, want)
			} else if w.Last > 0 && p.HasPrevious != (want > 1) {
				l.t.Errorf("%s: stories %+v: the last one of %d has others before it: %v", when, f, want, p.HasPrevious)
			}
		}
	}
	counts, err := s.StoryCounts(ctx, []news.TagID{"tag_a"})
	if err != nil || counts["tag_a"] != public {
		l.t.Errorf("%s: StoryCounts: got %v, %v; want %d", when, counts, err, public)
	}
	trending, err := s.TrendingTags(ctx, time.Time{}, nil, 5)
	if err != nil || len(trending) != 1 || trending[0].Stories != public {
		l.t.Errorf("%s: TrendingTags: got %v, %v; want tag_a with %d", when, trending, err, public)
	}
}
