package live_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestSlowReaderGetsEverything(t *testing.T) {
	for _, row := range []struct {
		name   string
		behind int
		ok     bool
	}{
		{"as far as may be", 20, true},
		{"too far", 21, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				h := serve(t, log, live.Options{MaxBehind: 10, Ring: 4}, live.HubOptions{Payloads: 4})
				c := &client{idle: true}
				c.join(t, h, "all", &operation{t: t}, nil)
				for i := range row.behind {
					log.commit(news.OpPublished, entry(i))
				}
				synctest.Wait()
				c.idle = false
				c.take()
				synctest.Wait()
				if row.ok {
					c.mustHave(t, "a slow reader", fromTo(1, news.Seq(row.behind)))
					return
				}
				var expired *news.CursorError
				if err := c.end(); !errors.As(err, &expired) || expired.Oldest == nil || expired.Oldest.Seq != 11 || len(c.seqs()) > 0 {
					t.Errorf("got %v, %v, want line 11 named as the oldest good place", c.seqs(), err)
				}
			})
		})
	}
}

// TestNobodyIsAheadOfTheFollower: what a catch-up reads from the store ends where
// the follower is, which may lag behind the store.
func TestNobodyIsAheadOfTheFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		publish := func(from, to int) {
			for i := from; i <= to; i++ {
				log.commit(news.OpPublished, entry(i))
			}
		}
		publish(1, 5)
		f, err := live.Follow(t.Context(), log, live.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h := live.NewHub(f, live.HubOptions{})
		run(t, h.Run)
		publish(6, 10)
		c := join(t, h, "all", &operation{t: t}, place(2))
		synctest.Wait()
		c.mustHave(t, "a reader while the follower stands still", fromTo(3, 5))
		run(t, f.Run)
		synctest.Wait()
		c.mustHave(t, "a reader when the follower has come along", fromTo(3, 10))
	})
}

// TestPagesAreBounded lets a second reader come along after a first: what was made
// for that one is kept for a while only.
func TestPagesAreBounded(t *testing.T) {
	for _, row := range []struct {
		name    string
		lines   int
		padding int
		shared  bool
	}{
		{"a few pages", 600, 0, true},
		{"many pages", 3000, 0, false},
		{"a few pages of many bytes", 600, 2 << 10, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				for i := range row.lines {
					log.commit(news.OpPublished, entry(i))
				}
				h := serve(t, log, live.Options{Ring: 1}, live.HubOptions{Payloads: 1, PayloadBytes: 500 << 10})
				o := &operation{t: t, padding: row.padding}
				for i := range 2 {
					c := join(t, h, "all", o, place(0))
					synctest.Wait()
					c.mustHave(t, fmt.Sprint("reader ", i), fromTo(1, news.Seq(row.lines)))
				}
				if found := h.Stats().FromPayloads.Load(); found > 0 != row.shared {
					t.Errorf("%d pages were found, %d made", found, h.Stats().FromStore.Load())
				}
			})
		})
	}
}

// TestTakingWithoutAWakeUp has readers take all the time, also while somebody works
// for them to catch up.
func TestTakingWithoutAWakeUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const lines = 500
		log := &memoryLog{delay: func() time.Duration { runtime.Gosched(); return 0 }}
		h := serve(t, log, live.Options{Ring: 1}, live.HubOptions{Payloads: 1, CatchUps: 2})
		o := &operation{t: t}
		var work sync.WaitGroup
		for range 3 {
			c := &client{idle: true}
			c.join(t, h, "all", o, nil)
			work.Go(func() {
				for c.sub.At() < lines && c.end() == nil {
					c.take()
					runtime.Gosched()
				}
				c.mustHave(t, "who takes all the time", fromTo(1, lines))
			})
		}
		for i := range lines {
			e := entry(i)
			if i%10 == 9 {
				e = entry(i - 1)
				e.Version, e.Status, e.Body = 2, news.TickerRetracted, ""
			}
			log.commit(news.OpPublished, e)
			runtime.Gosched()
		}
		work.Wait()
	})
}

// TestCatchingUpDoesNotKeepTheLiveWaiting lets thousands come back through a slow
// store while things happen.
func TestCatchingUpDoesNotKeepTheLiveWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 1000 {
			log.commit(news.OpPublished, entry(i))
		}
		h := serve(t, log, live.Options{Ring: 1}, live.HubOptions{CatchUps: 1})
		there := join(t, h, "live", &operation{t: t}, nil)
		synctest.Wait()
		// The follower reads from the same store, but what is in its ring costs nothing.
		log.slow(50 * time.Millisecond)
		o := &operation{t: t}
		var back []*client
		for i := range 2000 {
			back = append(back, join(t, h, fmt.Sprint("back ", i%10), o.apart(), place(news.Seq(i%20))))
		}
		time.Sleep(time.Second)
		for i := range 5 {
			log.commit(news.OpPublished, entry(1000+i))
			time.Sleep(150 * time.Millisecond)
			synctest.Wait()
			there.mustHave(t, "a live reader", fromTo(1001, news.Seq(1001+i)))
		}
		if len(back[len(back)-1].seqs()) >= 1000 {
			t.Error("all had been caught up before anything happened")
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		for i, c := range back {
			c.mustHave(t, fmt.Sprint("reader ", i), fromTo(news.Seq(i%20+1), 1005))
		}
	})
}

// apart is the same operation for another group.
func (o *operation) apart() *operation { return &operation{t: o.t, wants: o.wants} }
