package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// testLife takes a story through all states, and looks each time at who meets it.
// No clock moves meanwhile: it is the lines alone that show and hide it.
func testLife(t *testing.T, l *lab) {
	// How somebody meets it: not at all, by its id or a slug of it, in the lists
	// too, or in all ways that the public has.
	var nowhere []string
	named := []string{"id", "node", "slug", "former slug"}
	listed := append(slices.Clone(named), "list", "list of its tag")
	all := append(slices.Clone(listed), "count", "trend", "related", "list of its time")
	at := Noon().Add(time.Hour)
	l.put(Tag("tag_life"), Tag("tag_other"), Story("story_other", func(s *news.Story) {
		s.Tags, s.PublishedAt = []news.TagID{"tag_other", "tag_life"}, Noon().Add(-time.Hour)
	}))
	public, staff, author := news.Audience{}, news.Audience{Staff: true}, news.Audience{Author: "marie"}
	for _, step := range []struct {
		name    string
		edits   []func(*news.Story)
		public  []string // and a contributor who has not written it
		preview []string
	}{
		{"created", []func(*news.Story){draft}, nowhere, named},
		{"scheduled", []func(*news.Story){scheduled(at)}, nowhere, named},
		{"scheduled anew", []func(*news.Story){scheduled(at.Add(-30 * time.Minute))}, nowhere, named},
		{"unscheduled", []func(*news.Story){draft, func(s *news.Story) { s.Schedule = nil }}, nowhere, named},
		{"promised", []func(*news.Story){draft, embargoed(at)}, nowhere, named},
		{"scheduled under embargo", []func(*news.Story){scheduled(at.Add(-time.Minute)), embargoed(at)}, nowhere, named},
		{"published under embargo", []func(*news.Story){func(s *news.Story) { s.Status, s.Schedule = news.StoryPublished, nil }}, nowhere, named},
		{"changed under embargo", []func(*news.Story){func(s *news.Story) { s.Title = "Autrement" }}, nowhere, named},
		{"embargo moved", []func(*news.Story){embargoed(at.Add(time.Hour))}, nowhere, named},
		{"released", []func(*news.Story){released}, all, all},
		{"corrected", []func(*news.Story){func(s *news.Story) { s.Body = "Mieux." }}, all, all},
		{"unpublished", []func(*news.Story){unpublished}, nowhere, named},
		{"to be published again", []func(*news.Story){func(s *news.Story) {
			s.Status, s.Schedule = news.StoryScheduled, &news.Schedule{At: at}
		}}, nowhere, named},
		{"published again", []func(*news.Story){func(s *news.Story) { s.Status, s.Schedule = news.StoryPublished, nil }}, all, all},
		{"retracted", []func(*news.Story){retracted}, named, named},
		{"restored", []func(*news.Story){func(s *news.Story) { s.Status, s.Body = news.StoryUnpublished, "Et pourtant." }}, nowhere, named},
		{"published for good", []func(*news.Story){released}, all, all},
	} {
		t.Run(step.name, func(t *testing.T) {
			on := *l
			on.t = t
			if is := l.model.story("story_life"); is != nil {
				on.put(Next(is, step.edits...))
			} else {
				on.put(Story("story_life", append(step.edits, func(s *news.Story) {
					s.Tags, s.PreviousSlugs = []news.TagID{"tag_life", "tag_life"}, []string{"former"}
				})...))
			}
			shown := listed
			if l.model.story("story_life").Public() {
				shown = all
			}
			for _, asked := range []struct {
				name string
				who  news.Audience
				want []string
			}{
				{"the public", public, step.public},
				{"another contributor", news.Audience{Author: "paul"}, step.public},
				{"a preview", news.Audience{Preview: "story_life"}, step.preview},
				{"a preview of another", news.Audience{Preview: "story_other"}, step.public},
				{"its author", author, shown},
				{"the staff", staff, shown},
			} {
				if diff := cmp.Diff(asked.want, on.meetings(asked.who)); diff != "" {
					t.Errorf("%s meets it (-want +got):\n%s", asked.name, diff)
				}
			}
			waiting := on.checkPage(listedQuery("waiting", news.Waiting(time.Time{})), news.Window{Last: 10})
			if is := l.model.story("story_life"); (len(waiting.Items) > 0) != (is.Status == news.StoryScheduled || is.Listing().Status == news.Embargoed) {
				t.Errorf("waiting: %v", refs(waiting.Items))
			}
			on.checkUses("tag_life", "tag_other")
		})
	}
	l.checkAll()
	l.reopen()
	l.checkAll()
}

// meetings are the ways in which who meets story_life, whole or in brief as it is.
func (l *lab) meetings(who news.Audience) (ways []string) {
	l.t.Helper()
	ctx, s := l.t.Context(), l.store
	const id = "story_life"
	story := l.model.story(id)
	meet := func(way string, found bool, err error) {
		l.t.Helper()
		if err != nil {
			l.t.Fatalf("%+v: %s: %v", who, way, err)
		}
		if found {
			ways = append(ways, way)
		}
	}
	same := func(e news.Entity) bool { return cmp.Equal(news.Entity(story), e) }

	byID, err := s.StoriesByID(ctx, who, []news.StoryID{id, "story_other"})
	meet("id", same(byID[id]), err)
	nodes, err := s.Nodes(ctx, who, []news.EntityID{"tag_life", id})
	meet("node", same(nodes[id]), err)
	bySlug, err := s.StoriesBySlug(ctx, who, []string{"former", story.Slug})
	meet("slug", same(bySlug[story.Slug]), err)
	meet("former slug", same(bySlug["former"]), err)

	in := func(f news.StoryFilter) (bool, error) {
		p, err := s.Stories(ctx, who, f, news.Window{First: 10})
		return slices.ContainsFunc(p.Items, func(s *news.Story) bool { return s.ID == id && cmp.Equal(s, story.InBrief()) }), err
	}
	found, err := in(news.StoryFilter{})
	meet("list", found, err)
	found, err = in(news.StoryFilter{Tags: []news.TagID{"tag_life"}})
	meet("list of its tag", found, err)

	counts, err := s.StoryCounts(ctx, []news.TagID{"tag_life", "tag_other"})
	meet("count", counts["tag_life"] == 2 && counts["tag_other"] == 1, err)
	trending, err := s.TrendingTags(ctx, Noon(), nil, 10)
	meet("trend", len(trending) == 1, err)
	related, err := s.RelatedStories(ctx, who, []news.StoryID{"story_other"}, 10)
	meet("related", len(related["story_other"]) == 1, err)
	found, err = in(news.StoryFilter{PublishedAfter: Noon(), PublishedBefore: Noon().Add(time.Minute), Status: []news.StoryStatus{news.StoryPublished}})
	meet("list of its time", found, err)
	return ways
}
