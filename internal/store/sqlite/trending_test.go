package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/storetest"
)

// TestTrendingTagsOfTheNewestStories has more stories than are looked at. The
// contract's suite has not, since it is for slow stores too.
func TestTrendingTagsOfTheNewestStories(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes 10,010 stories")
	}
	const bound, more = 10_000, 10
	s := open(t, filepath.Join(t.TempDir(), "news.db"))
	defer s.Close()
	changes := []news.Change{
		storetest.Change(storetest.Tag("tag_all"), nil),
		storetest.Change(storetest.Tag("tag_old"), nil),
	}
	for i := range bound + more {
		changes = append(changes, storetest.Change(storetest.Story(news.StoryID(fmt.Sprintf("story_%d", i)), func(s *news.Story) {
			s.PublishedAt = storetest.Noon().Add(time.Duration(i) * time.Second)
			s.Tags = []news.TagID{"tag_all"}
			if i <= more {
				s.Tags = append(s.Tags, "tag_old")
			}
		}), nil))
	}
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	got, err := s.TrendingTags(t.Context(), time.Time{}, nil, 5)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Stories != bound || got[1].Tag.ID != "tag_old" || got[1].Stories != 1 {
		t.Errorf("got %v, want tag_all with %d stories and tag_old with 1", got, bound)
	}
}
