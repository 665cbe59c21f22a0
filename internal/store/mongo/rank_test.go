package mongo_test

import (
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// TestRelatedHiddenMeanwhile has a story put under embargo after it was ranked and
// before it is read.
func TestRelatedHiddenMeanwhile(t *testing.T) {
	tagged := func(s *news.Story) { s.Tags = []news.TagID{"tag_a"} }
	story, other := storetest.Story("story_a", tagged), storetest.Story("story_b", tagged)
	hidden := storetest.Next(other, func(s *news.Story) { s.EmbargoedUntil = storetest.Noon().Add(time.Hour) })
	uri := mongotest.Database(t, mongotest.URI(t))
	proxy := mongotest.NewProxy(t, uri)
	s, editor := opened(t, proxy.URI()), opened(t, uri)
	put(t, editor, storetest.Tag("tag_a"), story, other)
	related := func(want int) {
		t.Helper()
		found, err := s.RelatedStories(t.Context(), news.Audience{}, []news.StoryID{"story_a"}, 5)
		if err != nil || len(found["story_a"]) != want {
			t.Errorf("got %d related stories, %v; want %d", len(found["story_a"]), err, want)
		}
	}
	related(1)
	acted := between(t, proxy, asksFor("stories", "story_b"), func() {
		if _, err := editor.Commit(t.Context(), []news.Change{storetest.Change(hidden, other)}); err != nil {
			t.Error(err)
		}
	})
	related(0)
	acted()
}
