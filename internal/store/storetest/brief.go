package storetest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// testBrief looks at the same stories in lists and by their names, in turn: what
// a list leaves out is there for everybody else.
func testBrief(t *testing.T, l *lab) {
	tagged := func(s *news.Story) { s.Tags = []news.TagID{"tag_a"} }
	l.put(Full()...)
	l.put(Tag("tag_a"), Story("story_other", tagged), Story("story_bodiless", tagged, func(s *news.Story) { s.Body = "" }))
	l.put(TickerEntry("tick_long", func(e *news.TickerEntry) { e.Body = "Un texte." }))

	l.checkBrief("at first")
	// Lines that have come just now.
	l.put(Next(l.model.story("story_full"), func(s *news.Story) { s.Title, s.Body = "Encore", strings.Repeat("Corps. ", 1000) }))
	l.put(Story("story_new", tagged), Next(l.model.story("story_bodiless"), func(s *news.Story) { s.Body = "Enfin." }))
	l.checkBrief("after changes")
	l.reopen()
	l.checkBrief("reopened")
}

// checkBrief compares all stories, in lists and otherwise, with the model.
func (l *lab) checkBrief(when string) {
	l.t.Helper()
	ctx, s := l.t.Context(), l.store
	byID, bySlug, nodes, related := map[news.StoryID]*news.Story{}, map[string]*news.Story{}, map[news.EntityID]news.Entity{}, map[news.StoryID][]news.Entity{}
	var ids []news.StoryID
	var slugs []string
	var entities []news.EntityID
	for _, e := range l.model.all(news.KindStory) {
		story := e.(*news.Story)
		if !story.VisibleTo(news.Audience{}) {
			continue
		}
		ids, slugs, entities = append(ids, story.ID), append(slugs, story.Slug), append(entities, e.Ref().ID)
		byID[story.ID], bySlug[story.Slug], nodes[e.Ref().ID] = story, story, story
		if list := l.model.related(news.Audience{}, story.ID, 10); len(list) > 0 {
			related[story.ID] = inBrief(list)
		}
	}
	for range 2 { // a list may not have changed what others get, nor they the list
		l.checkAll()

		found, err := s.RelatedStories(ctx, news.Audience{}, ids, 10)
		got := map[news.StoryID][]news.Entity{}
		for id, stories := range found {
			for _, story := range stories {
				got[id] = append(got[id], story)
			}
		}
		if diff := cmp.Diff(related, got); diff != "" || err != nil {
			l.t.Errorf("%s: related: %v (-want +got):\n%s", when, err, diff)
		}
		gotByID, err := s.StoriesByID(ctx, news.Audience{}, ids)
		if diff := cmp.Diff(byID, gotByID); diff != "" || err != nil {
			l.t.Errorf("%s: by id: %v (-want +got):\n%s", when, err, diff)
		}
		gotBySlug, err := s.StoriesBySlug(ctx, news.Audience{}, slugs)
		if diff := cmp.Diff(bySlug, gotBySlug); diff != "" || err != nil {
			l.t.Errorf("%s: by slug: %v (-want +got):\n%s", when, err, diff)
		}
		gotNodes, err := s.Nodes(ctx, news.Audience{}, entities)
		if diff := cmp.Diff(nodes, gotNodes); diff != "" || err != nil {
			l.t.Errorf("%s: nodes: %v (-want +got):\n%s", when, err, diff)
		}
		for _, line := range l.model.lines {
			got, err := s.Version(ctx, line.Doc.Ref().ID, line.Doc.Ref().Version)
			if diff := cmp.Diff(line, got); diff != "" || err != nil {
				l.t.Errorf("%s: version %v: %v (-want +got):\n%s", when, line.Doc.Ref(), err, diff)
			}
		}
	}
}
