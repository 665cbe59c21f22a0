package mongo_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// TestLogAhead asks a node for what another one has written to the log and not to
// the collections: whoever is shown a line finds its effect in whatever it asks
// next, by whichever way the line was shown.
func TestLogAhead(t *testing.T) {
	story := storetest.Story("story_a", func(s *news.Story) { s.Tags = []news.TagID{"tag_old"} })
	old, tag := storetest.Tag("tag_old"), storetest.Tag("tag_a")
	lock := storetest.Lock("story_a")
	ended := storetest.Next(lock, func(l *news.Lock) { l.Status = news.LockFree })
	gone := storetest.Next(old, merged("tag_a"))
	moved := storetest.Next(story, func(s *news.Story) { s.Tags = []news.TagID{"tag_a"} })
	hook := storetest.Webhook("hook_a")
	for name, show := range map[string]func(news.Store) error{
		"by version":      func(s news.Store) error { _, err := s.Version(t.Context(), "hook_a", 1); return err },
		"by its versions": func(s news.Store) error { _, err := s.Versions(t.Context(), "hook_a", 0, 5); return err },
		"by its number":   func(s news.Store) error { _, err := s.Lines(t.Context(), 4, 5); return err },
	} {
		t.Run(name, func(t *testing.T) {
			uri := mongotest.Database(t, mongotest.URI(t))
			proxy := mongotest.NewProxy(t, uri)
			late := func(o *mongo.Options) { o.Poll = never }
			editor, s := opened(t, proxy.URI(), late), opened(t, uri, late)
			put(t, editor, story, old, tag, lock)
			if _, err := s.Head(t.Context()); err != nil {
				t.Fatal(err)
			}
			free, written := make(chan struct{}), make(chan struct{})
			var first sync.Once
			arrived := make(chan struct{}) // closed when the lines are in the log
			proxy.On(func(c *mongotest.Command) mongotest.Action {
				if !onProjection(c) {
					return mongotest.Pass
				}
				first.Do(func() { close(arrived) })
				return mongotest.Hold(free)
			})
			go func() {
				defer close(written)
				_, err := editor.Commit(context.WithoutCancel(t.Context()), []news.Change{
					storetest.Change(gone, old), storetest.Change(moved, story), storetest.Change(ended, lock), storetest.Change(hook, nil),
				})
				if err != nil {
					t.Error(err)
				}
			}()
			defer func() { close(free); <-written }()
			<-arrived
			if err := show(s); err != nil {
				t.Fatal(err)
			}

			tags, err := s.TagsByID(t.Context(), []news.TagID{"tag_old"})
			if diff := cmp.Diff(map[news.TagID]*news.Tag{"tag_old": tag}, tags); err != nil || diff != "" {
				t.Errorf("the merged tag: %v (-want +got):\n%s", err, diff)
			}
			uses, err := s.TagUses(t.Context(), []news.TagID{"tag_old", "tag_a"})
			want := map[news.TagID]news.TagUse{"tag_old": {}, "tag_a": {Stories: 1}}
			if diff := cmp.Diff(want, uses); err != nil || diff != "" {
				t.Errorf("uses: %v (-want +got):\n%s", err, diff)
			}
			nodes, err := s.Nodes(t.Context(), news.Audience{Staff: true}, []news.EntityID{"hook_a", "tag_old", news.EntityID(lock.ID)})
			if diff := cmp.Diff(map[news.EntityID]news.Entity{"tag_old": tag}, nodes); err != nil || diff != "" {
				t.Errorf("nodes: %v (-want +got):\n%s", err, diff)
			}
			for name, list := range map[string]struct {
				sel  news.Selection
				want []news.Entity
			}{
				"held locks": {news.HeldLocks(), nil},
				"webhooks":   {news.Webhooks(news.WebhookActive), []news.Entity{hook}},
				"unsettled":  {news.Unsettled(), []news.Entity{gone}},
				"of the tag": {news.Carrying(news.KindStory, "tag_a"), []news.Entity{moved}},
				"tags":       {news.TagFilter{}.Selection(), []news.Entity{tag}},
			} {
				got, err := s.Listed(t.Context(), list.sel, news.Window{First: 5})
				if diff := cmp.Diff(list.want, got.Items, cmpopts.EquateEmpty()); err != nil || diff != "" || got.At != 8 {
					t.Errorf("%s at line %d: %v (-want +got):\n%s", name, got.At, err, diff)
				}
			}
		})
	}
}
