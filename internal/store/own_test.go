package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store"
	"depeche/internal/store/storetest"
)

// ownLines is the lines that fillOwn adds.
const ownLines = 14

// fillOwn writes what the newsroom keeps for itself, in versions, and stories and
// tags in states that readers do not see.
func fillOwn(t *testing.T, s news.Store) {
	t.Helper()
	lock, token, hook := storetest.Lock("story_own"), storetest.ServiceToken("token_own"), storetest.Webhook("hook_own")
	tag, into := storetest.Tag("tag_own"), storetest.Tag("tag_into")
	story := storetest.Story("story_own", func(s *news.Story) {
		s.Status, s.PublishedAt, s.Tags = news.StoryScheduled, time.Time{}, []news.TagID{"tag_own"}
		s.Schedule = &news.Schedule{At: storetest.Noon(), Local: "2026-03-14T13:00", Zone: "Europe/Paris"}
	})
	embargoed := storetest.Next(story, func(s *news.Story) {
		s.Status, s.Schedule, s.EmbargoedUntil = news.StoryPublished, nil, storetest.Noon().Add(time.Hour)
	})
	moved := storetest.Next(embargoed, func(s *news.Story) {
		s.Tags, s.Retags = []news.TagID{"tag_into"}, []news.Retag{{From: "tag_own", To: "tag_into", Beside: true}}
	})
	entry := storetest.TickerEntry("tick_own", func(e *news.TickerEntry) {
		e.Coverage, e.CoverageOnly, e.Pinned, e.PinnedUntil = "cov_own", true, true, storetest.Noon().Add(time.Hour)
	})
	changes := []news.Change{
		storetest.Change(lock, nil), storetest.Change(token, nil), storetest.Change(hook, nil),
		storetest.Change(tag, nil), storetest.Change(into, nil), storetest.Change(story, nil), storetest.Change(embargoed, story),
		storetest.Change(storetest.Next(tag, func(t *news.Tag) {
			t.Status, t.MergedInto, t.MergedAt = news.TagMerged, "tag_into", storetest.Noon()
		}), tag),
		storetest.Change(moved, embargoed), storetest.Change(entry, nil),
		storetest.Change(storetest.Next(lock, func(l *news.Lock) { l.Holder, l.From = "paul", "marie" }), lock),
		storetest.Change(storetest.Next(token, func(t *news.ServiceToken) {
			t.Status, t.RevokedAt = news.ServiceTokenRevoked, storetest.Noon()
		}), token),
		storetest.Change(storetest.Next(hook, func(w *news.Webhook) { w.From, w.Begun = 3, 2 }), hook),
		storetest.Change(storetest.Webhook("hook_new"), nil),
	}
	changes[10].Op = news.OpStolen
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func lease(key, holder, note string) news.Lease {
	return news.Lease{Key: key, Holder: holder, Until: storetest.Noon().Add(time.Minute), Note: []byte(note)}
}

// keep has leases kept that nobody else holds.
func keep(t *testing.T, s news.Store, leases ...news.Lease) {
	t.Helper()
	for _, l := range leases {
		if got, err := s.TakeLease(t.Context(), storetest.Noon(), l); err != nil || got.Holder != l.Holder {
			t.Fatalf("got %v, %v", got, err)
		}
	}
}

// wantLeases compares what is kept under keys with want, as holder and note.
func wantLeases(t *testing.T, s news.Store, want map[string]string, keys ...string) {
	t.Helper()
	got, err := s.Leases(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		kept := ""
		if l, ok := got[key]; ok {
			kept = l.Holder + " " + string(l.Note)
			if !l.Until.Equal(storetest.Noon().Add(time.Minute)) {
				t.Errorf("%s is kept until %v", key, l.Until)
			}
		}
		if kept != want[key] {
			t.Errorf("%s: got %q, want %q", key, kept, want[key])
		}
	}
}

// What the newsroom keeps for itself is copied and compared like anything else, and
// a webhook goes on where it was.
func TestCopyOfWhatIsPrivate(t *testing.T) {
	from := filled(t, file(t), 1)
	fillOwn(t, from)
	keep(t, from, lease("webhook:hook_own", "node 1", "7"), lease("lock:story_own:2", "paul", ""), lease("webhook:nobody", "node 1", "9"))
	to := emptyFor(t, from)
	head, err := store.Copy(t.Context(), from, to, quiet)
	if err != nil || head != round+ownLines {
		t.Fatalf("got %d, %v", head, err)
	}
	census := compared(t, from, to, head)
	for kind, want := range map[news.Kind][2]int{
		news.KindLock: {1, 2}, news.KindServiceToken: {1, 2}, news.KindWebhook: {2, 3}, news.KindTag: {3, 5}, news.KindStory: {2, 6},
	} {
		if got := [2]int{census.Entities[kind], census.Versions[kind]}; got != want {
			t.Errorf("%s: got %d entities and versions, want %d", kind, got, want)
		}
	}
	// As in TestChecksumIsStable.
	const want = "480ce741afb41d8c84193ac28f62087001a26a18a0cf3a616cb83d1610e7f87a"
	if census.Checksum != want {
		t.Errorf("got the checksum %s, want %s", census.Checksum, want)
	}
	keys := []string{"webhook:hook_own", "webhook:hook_new", "lock:story_own:2", "webhook:nobody"}
	wantLeases(t, to, map[string]string{"webhook:hook_own": "node 1 7"}, keys...)
	tags, err := to.TagsByID(t.Context(), []news.TagID{"tag_own"})
	if err != nil || tags["tag_own"].ID != "tag_into" {
		t.Errorf("the merged tag: got %v, %v", tags, err)
	}
	if stories, err := to.StoriesByID(t.Context(), news.Audience{}, []news.StoryID{"story_own"}); err != nil || len(stories) != 0 {
		t.Errorf("the story under embargo: got %v, %v", stories, err)
	}

	// Again: whatever is kept in the target, the source says where a webhook is.
	keep(t, from, lease("webhook:hook_own", "node 1", "20"), lease("webhook:hook_new", "node 2", "21"))
	longer := lease("webhook:hook_new", "somebody", "1")
	longer.Until = storetest.Noon().Add(time.Hour)
	keep(t, to, longer)
	if _, err := store.Copy(t.Context(), from, to, quiet); err != nil {
		t.Fatal(err)
	}
	wantLeases(t, to, map[string]string{"webhook:hook_own": "node 1 20", "webhook:hook_new": "node 2 21"}, keys...)
}

// A webhook that is served while its newsroom is copied is not further in the copy
// than the copy is.
func TestCopyOfAWebhookThatMovesOn(t *testing.T) {
	inner := filled(t, file(t), 0)
	fillOwn(t, inner)
	keep(t, inner, lease("webhook:hook_own", "node 1", "14"))
	begun := false
	from := altered{Store: inner, lines: func() {
		if !begun {
			begun = true
			keep(t, inner, lease("webhook:hook_own", "node 1", "1000"))
		}
	}}
	to := emptyFor(t, inner)
	if _, err := store.Copy(t.Context(), from, to, quiet); err != nil {
		t.Fatal(err)
	}
	wantLeases(t, to, map[string]string{"webhook:hook_own": "node 1 14"}, "webhook:hook_own")
}

// A leaseless is a store that cannot keep leases.
type leaseless struct{ news.Store }

func (leaseless) TakeLease(context.Context, time.Time, news.Lease) (news.Lease, error) {
	return news.Lease{}, news.ErrUnavailable
}

func TestCopyThatCannotKeepAPlace(t *testing.T) {
	from := filled(t, file(t), 0)
	fillOwn(t, from)
	keep(t, from, lease("webhook:hook_own", "node 1", "14"))
	_, err := store.Copy(t.Context(), from, leaseless{emptyFor(t, from)}, quiet)
	if err == nil || !strings.Contains(err.Error(), "copy lease webhook:hook_own: ") {
		t.Errorf("got %v, want an error that names the lease", err)
	}
}

func TestCompareFindsWhatIsPrivate(t *testing.T) {
	from := filled(t, file(t), 0)
	fillOwn(t, from)
	full := emptyFor(t, from)
	head, err := store.Copy(t.Context(), from, full, quiet)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		id     news.EntityID
		change func(news.Entity) news.Entity
		want   string
	}{
		{"lock_story_own", func(news.Entity) news.Entity { return nil }, "the target lacks lock_story_own"},
		{"token_own", func(e news.Entity) news.Entity {
			c := e.(*news.ServiceToken).Clone()
			c.Hash = strings.Repeat("0", 64)
			return c
		}, "token_own is another in the target"},
		{"hook_own", func(e news.Entity) news.Entity {
			c := e.(*news.Webhook).Clone()
			c.Secret[0]++
			return c
		}, "hook_own is another in the target"},
		{"story_own", func(e news.Entity) news.Entity {
			c := e.(*news.Story).Clone()
			c.EmbargoedUntil = time.Time{}
			return c
		}, "story_own is another in the target"},
	} {
		to := altered{Store: full, entity: func(e news.Entity) news.Entity {
			if e.Ref().ID == row.id {
				return row.change(e)
			}
			return e
		}}
		if _, err := store.Compare(t.Context(), from, to, head, quiet); err == nil || err.Error() != row.want {
			t.Errorf("got %v, want %q", err, row.want)
		}
	}
}
