package live_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestPollFindsWhatNothingAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{unwatch: errors.New("no change streams here")}
		h := serve(t, log, live.Options{Poll: time.Second}, live.HubOptions{})
		c := join(t, h, "all", &operation{t: t}, nil)
		synctest.Wait()
		log.commit(news.OpPublished, entry(1))
		time.Sleep(time.Second)
		synctest.Wait()
		c.mustHave(t, "after a poll's time", fromTo(1, 1))
	})
}

func TestHoleInTheLogIsNeverStepped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{holeAt: 2}
		f := follow(t, log, live.Options{})
		for i := range 3 {
			log.commit(news.OpPublished, entry(i))
		}
		time.Sleep(time.Minute)
		if head := f.Head(); head > 1 {
			t.Errorf("the follower went to line %d over a hole", head)
		}
	})
}

func TestLiveLinesCostNoStoreCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		c := join(t, h, "all", &operation{t: t}, nil)
		synctest.Wait()
		reads := log.reads
		for i := range 10 {
			log.commit(news.OpPublished, entry(i))
			synctest.Wait()
		}
		c.mustHave(t, "a live reader", fromTo(1, 10))
		// The follower reads each line and then finds that there is no more.
		if got := log.reads - reads; got > 20 || log.asked != 0 {
			t.Errorf("10 live lines took %d reads and %d look-ups, want the follower's 20 and none", got, log.asked)
		}
	})
}

func TestRingIsBounded(t *testing.T) {
	for _, row := range []struct {
		name    string
		options live.Options
		back    int // lines
		inRing  bool
	}{
		{"as many lines as it keeps", live.Options{Ring: 10}, 10, true},
		{"more than twice as many", live.Options{Ring: 10}, 21, false},
		{"as many bytes as it keeps", live.Options{RingBytes: 500 << 10}, 9, true},
		{"more than twice as many bytes", live.Options{RingBytes: 500 << 10}, 21, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			// The ring is cut now and then, so it is looked at in every state.
			for head := news.Seq(30); head < 60; head++ {
				synctest.Test(t, func(t *testing.T) {
					log := &memoryLog{}
					h := serve(t, log, row.options, live.HubOptions{})
					for i := range int(head) {
						s := story(i, news.StoryPublished, 1)
						s.Body = strings.Repeat("x", 50<<10)
						log.commit(news.OpPublished, s)
						synctest.Wait()
					}
					from := head - news.Seq(row.back)
					c := join(t, h, "all", &operation{t: t}, place(from))
					synctest.Wait()
					c.mustHave(t, "a reader who is behind", fromTo(from+1, head))
					ring, store := h.Stats().FromRing.Load(), h.Stats().FromStore.Load()
					if (ring > 0 && store == 0) != row.inRing {
						t.Errorf("at line %d, %d pages came from the ring, %d from the store", head, ring, store)
					}
				})
			}
		})
	}
}

func TestWhatLeavesAFilterIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		sel := news.TickerFilter{Tags: []news.TagID{"tag_a"}}.Selection()
		o := &operation{t: t, wants: func(l news.Line) bool { return l.Concerns(sel) }}
		early := join(t, h, "tag_a", o, place(0))
		moved := entry(1)
		moved.Version = 2
		again := entry(1)
		again.Version, again.Headline = 3, "Again"
		log.commit(news.OpPublished, entry(1, "tag_a"))
		log.commit(news.OpCorrected, moved)
		log.commit(news.OpCorrected, again)
		log.commit(news.OpPublished, entry(2, "tag_a"))
		synctest.Wait()
		late := join(t, h, "tag_a", o, place(0))
		synctest.Wait()
		for name, c := range map[string]*client{"who was there": early, "who came later": late} {
			c.mustHave(t, name, []news.Seq{1, 2, 4})
		}
	})
}

// A subject of which little is heard must not cost its readers their place.
func TestLinesThatNobodyWantsDoNotAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{MaxBehind: 10}, live.HubOptions{})
		rare := news.EntityID("story_1")
		c := join(t, h, "story", &operation{t: t, wants: func(l news.Line) bool { return l.Doc.Ref().ID == rare }}, nil)
		for i := range 100 {
			log.commit(news.OpPublished, entry(i))
		}
		retracted := entry(3)
		retracted.Version, retracted.Status, retracted.Body = 2, news.TickerRetracted, ""
		log.commit(news.OpRetracted, retracted)
		synctest.Wait()
		log.commit(news.OpPublished, story(1, news.StoryPublished, 1))
		synctest.Wait()
		c.mustHave(t, "a reader of something rare", []news.Seq{102})
		if s := h.Stats(); s.FromPayloads.Load()+s.FromRing.Load()+s.FromStore.Load() > 0 {
			t.Error("a live reader was caught up over lines that nobody wants")
		}
		for i := range 100 {
			log.commit(news.OpPublished, entry(1000+i))
		}
		log.commit(news.OpUnpublished, story(1, news.StoryUnpublished, 2))
		synctest.Wait()
		if got := c.shown(t); c.end() != nil || !slices.Equal(c.seqs(), []news.Seq{102, 203}) || got[1].Kind != news.EventRemoved {
			t.Errorf("got %+v, %v, want line 203 too, as REMOVED", got, c.end())
		}
		// What it has not taken yet is outdated, and all that lies before it is not wanted.
		c.idle = true
		for i := range 100 {
			log.commit(news.OpPublished, entry(2000+i))
		}
		log.commit(news.OpPublished, story(1, news.StoryPublished, 3))
		retracted = entry(4)
		retracted.Version, retracted.Status, retracted.Body = 2, news.TickerRetracted, ""
		log.commit(news.OpRetracted, retracted)
		synctest.Wait()
		c.idle = false
		c.take()
		synctest.Wait()
		c.mustHave(t, "a reader who takes late", []news.Seq{102, 203, 304})
	})
}
