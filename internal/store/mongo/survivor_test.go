package mongo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// merged has a tag stand for nothing but another one.
func merged(into news.TagID) func(*news.Tag) {
	return func(t *news.Tag) { t.Status, t.MergedInto, t.MergedAt = news.TagMerged, into, storetest.Noon() }
}

// asksFor hits questions for entities by their ids, of which id is the first.
func asksFor(collection, id string) func(*mongotest.Command) bool {
	return func(c *mongotest.Command) bool {
		first, err := c.Body.LookupErr("filter", "_id", "$in", "0")
		return c.Name == "find" && c.Collection == collection && err == nil && first.StringValue() == id
	}
}

// TestMergeUndoneMeanwhile has a merge undone, and what it was into merged in turn,
// between two questions of who follows the chain: the tag answers for itself, and
// is not led on to where it never was.
func TestMergeUndoneMeanwhile(t *testing.T) {
	a := storetest.Tag("tag_a", merged("tag_b"))
	b, c := storetest.Tag("tag_b"), storetest.Tag("tag_c")
	undone := storetest.Next(a, func(t *news.Tag) { t.Status, t.MergedInto, t.MergedAt = news.TagInUse, "", b.MergedAt })
	further := storetest.Next(b, merged("tag_c"))
	for name, ask := range map[string]func(news.Store) (news.Entity, error){
		"by id": func(s news.Store) (news.Entity, error) {
			found, err := s.TagsByID(t.Context(), []news.TagID{"tag_a"})
			return found["tag_a"], err
		},
		"by slug": func(s news.Store) (news.Entity, error) {
			found, err := s.TagsBySlug(t.Context(), []string{"tag-a"})
			return found["tag-a"], err
		},
		"as a node": func(s news.Store) (news.Entity, error) {
			found, err := s.Nodes(t.Context(), news.Audience{}, []news.EntityID{"tag_a"})
			return found["tag_a"], err
		},
	} {
		t.Run(name, func(t *testing.T) {
			uri := mongotest.Database(t, mongotest.URI(t))
			proxy := mongotest.NewProxy(t, uri)
			s, editor := opened(t, proxy.URI()), opened(t, uri)
			put(t, editor, a, b, c)
			if got, err := ask(s); err != nil || !cmp.Equal(got, news.Entity(b)) {
				t.Errorf("at first: got %v, %v; want tag_b", got, err)
			}
			acted := between(t, proxy, asksFor("tags", "tag_b"), func() {
				_, err := editor.Commit(t.Context(), []news.Change{storetest.Change(undone, a), storetest.Change(further, b)})
				if err != nil {
					t.Error(err)
				}
			})
			if got, err := ask(s); err != nil || !cmp.Equal(got, news.Entity(undone)) {
				t.Errorf("undone meanwhile: got %v, %v; want tag_a", got, err)
			}
			acted()
		})
	}
}
