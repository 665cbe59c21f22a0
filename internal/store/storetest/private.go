package storetest

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// testPrivateKinds holds that what the newsroom keeps for itself is in the log and
// in the lists of Listed, and nowhere that queries reach.
func testPrivateKinds(t *testing.T, l *lab) {
	lock, token, hook := Lock("story_a"), ServiceToken("token_a"), Webhook("hook_a")
	l.put(Story("story_a"), Tag("tag_a"), lock, token, hook)
	l.checkPrivate()
	l.put(
		Next(lock, func(l *news.Lock) { l.Holder, l.From = "paul", l.Holder }),
		Next(token, func(t *news.ServiceToken) { t.Status, t.RevokedAt = news.ServiceTokenRevoked, Noon() }),
		Next(hook, func(w *news.Webhook) { w.Secret, w.From, w.Begun = []byte{0, 1, 0xff}, 3, 2 }),
	)
	l.checkPrivate()
	l.reopen()
	l.checkPrivate()

	// Their ids are taken, by them and for them.
	for _, e := range []news.Entity{
		Story(news.StoryID(lock.ID)), Tag("token_a"), TickerEntry("hook_a"), Coverage("token_a"),
		Webhook("story_a"), ServiceToken("hook_a"), ServiceToken("tag_a"),
		Next(lock), Next(token), Next(hook), // stale
	} {
		_, err := l.store.Commit(t.Context(), []news.Change{Change(e, nil)})
		if !errors.Is(err, news.ErrConflict) {
			t.Errorf("%T %s: got %v, want a conflict", e, e.Ref().ID, err)
		}
	}
	l.checkAll()
}

// checkPrivate looks for the entities of private kinds everywhere.
func (l *lab) checkPrivate() {
	l.t.Helper()
	l.checkAll()
	ctx, s := l.t.Context(), l.store
	for _, kind := range news.PrivateKinds() {
		for _, e := range l.model.all(kind) {
			id := e.Ref().ID
			if got, err := s.Versions(ctx, id, 0, 1); err != nil || len(got) != 1 || !cmp.Equal(got[0].Doc, e) {
				l.t.Errorf("the newest version of %s: got %v, %v", id, got, err)
			}
			line, err := s.Version(ctx, id, e.Ref().Version)
			if err != nil || !cmp.Equal(line.Doc, e) {
				l.t.Errorf("version of %s: got %v, %v", id, line, err)
			}
			sel := news.Selection{Kind: kind, Shelves: []news.Shelf{{Status: e.Listing().Status}}}
			p := l.checkPage(listedQuery(string(kind), sel), news.Window{First: 10})
			if !slices.ContainsFunc(p.Items, func(in news.Entity) bool { return cmp.Equal(in, e) }) {
				l.t.Errorf("%s is not listed: %v", id, p.Items)
			}
			for _, who := range append(audiences(), news.Audience{Author: "admin"}, news.Audience{Preview: news.StoryID(id)}) {
				nodes, err := s.Nodes(ctx, who, []news.EntityID{id, "tag_a"})
				if len(nodes) != 1 || err != nil {
					l.t.Errorf("%+v: nodes of %s: got %v, %v, want tag_a alone", who, id, nodes, err)
				}
				stories, err := s.StoriesByID(ctx, who, []news.StoryID{news.StoryID(id)})
				if len(stories) != 0 || err != nil {
					l.t.Errorf("%+v: stories of %s: got %v, %v", who, id, stories, err)
				}
			}
			tags, err := s.TagsByID(ctx, []news.TagID{news.TagID(id)})
			if len(tags) != 0 || err != nil {
				l.t.Errorf("tags of %s: got %v, %v", id, tags, err)
			}
			entries, err := s.TickerEntriesByID(ctx, []news.TickerEntryID{news.TickerEntryID(id)})
			if len(entries) != 0 || err != nil {
				l.t.Errorf("ticker entries of %s: got %v, %v", id, entries, err)
			}
			coverages, err := s.CoveragesByID(ctx, []news.CoverageID{news.CoverageID(id)})
			if len(coverages) != 0 || err != nil {
				l.t.Errorf("coverages of %s: got %v, %v", id, coverages, err)
			}
		}
	}
}
