package live_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"depeche/internal/live"
	"depeche/internal/news"
)

// An insider is an operation that follows something private, and notes what it is
// asked and shown.
type insider struct {
	*operation
	private func(news.Line) bool
	shown   []live.Event
}

func (i *insider) WantsPrivate(line news.Line) bool {
	if !line.Doc.Ref().Kind.Private() {
		i.t.Errorf("line %d of a %s is taken for a private one", line.Seq, line.Doc.Ref().Kind)
	}
	return i.private(line)
}

func (i *insider) Execute(e live.Event) ([]byte, error) {
	i.shown = append(i.shown, e)
	return i.operation.Execute(e)
}

func lock(story news.StoryID, version int, status news.LockStatus, holder string) *news.Lock {
	return &news.Lock{ID: news.LockOf(story), Version: version, Status: status, Story: story, Holder: holder}
}

// TestPrivateLinesComeToInsidersAlone follows a newsroom in which locks, tokens and
// webhooks change between what the public may see, live and from the past.
func TestPrivateLinesComeToInsidersAlone(t *testing.T) {
	newsroom := []news.Change{
		{Op: news.OpPublished, Doc: story(1, news.StoryPublished, 1)},
		{Op: news.OpLocked, Doc: lock("story_1", 1, news.LockHeld, "marie")},
		{Op: news.OpCreated, Doc: &news.ServiceToken{ID: "token_1", Version: 1, Status: news.ServiceTokenValid}},
		{Op: news.OpStolen, Doc: lock("story_1", 2, news.LockHeld, "paul")},
		{Op: news.OpLocked, Doc: lock("story_2", 1, news.LockHeld, "marie")},
		{Op: news.OpCreated, Doc: &news.Webhook{ID: "hook_1", Version: 1, Status: news.WebhookActive}},
		{Op: news.OpPublished, Doc: entry(1)},
		{Op: news.OpUnlocked, Doc: lock("story_1", 3, news.LockFree, "paul")},
		{Op: news.OpUpdated, Doc: &news.Webhook{ID: "hook_1", Version: 2, Status: news.WebhookDead}},
	}
	public, locked := []news.Seq{1, 7}, []news.Seq{2, 4, 8}
	for _, ring := range []int{1, 100} {
		t.Run(fmt.Sprintf("ring of %d", ring), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				f := follow(t, log, live.Options{Ring: ring})
				h := live.NewHub(f, live.HubOptions{Payloads: 1})
				run(t, h.Run)
				everything := &operation{t: t, wants: func(l news.Line) bool {
					if l.Doc.Ref().Kind.Private() {
						t.Errorf("the public is asked about line %d of a %s", l.Seq, l.Doc.Ref().Kind)
					}
					return true
				}}
				inside := func() *insider {
					return &insider{
						operation: &operation{t: t, wants: func(news.Line) bool { return false }},
						private:   func(l news.Line) bool { return l.Doc.Ref().ID == news.EntityID(news.LockOf("story_1")) },
					}
				}
				both := inside()
				both.wants = nil
				join := func(key string, o live.Operation, after *news.LogCursor) *client {
					c := &client{}
					open := func(context.Context) (live.Operation, error) { return o, nil }
					sub, err := h.Join(t.Context(), live.Joining{Key: key, After: after, Reader: c, Open: open})
					if err != nil {
						t.Fatal(err)
					}
					c.sub = sub
					c.take()
					return c
				}
				follower := inside()
				clients := map[string]*client{
					"everybody": join("everything", everything, nil), "an insider": join("lock", follower, nil), "who wants both": join("both", both, nil),
				}
				for _, c := range newsroom {
					log.commit(c.Op, c.Doc)
				}
				for i := range 5 {
					log.commit(news.OpCreated, story(10+i, news.StoryDraft, 1))
				}
				synctest.Wait()
				late := inside()
				clients["everybody, late"] = join("everything", everything, place(0))
				clients["an insider, late"] = join("lock", follower, place(0))
				clients["the first of another group, late"] = join("lock again", late, place(0))
				synctest.Wait()
				for name, want := range map[string][]news.Seq{
					"everybody": public, "everybody, late": public,
					"an insider": locked, "an insider, late": locked, "the first of another group, late": locked,
					"who wants both": {1, 2, 4, 7, 8},
				} {
					clients[name].mustHave(t, name, want)
				}
				for _, e := range late.shown {
					if e.Kind != "" || e.Public != e.Doc {
						t.Errorf("line %d comes as %q and shows version %d", e.Seq, e.Kind, e.Public.Ref().Version)
					}
				}
				events, _, err := f.Events(t.Context(), 0, 100, everything.wants)
				var seqs []news.Seq
				for _, e := range events {
					seqs = append(seqs, e.Seq)
				}
				if err != nil || !slices.Equal(seqs, public) {
					t.Errorf("events: got lines %v, %v, want %v", seqs, err, public)
				}
			})
		})
	}
}
