package live_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestGroupsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, &memoryLog{}, live.Options{}, live.HubOptions{Groups: 2, Linger: time.Hour})
		first := join(t, h, "first", &operation{t: t}, nil)
		second := join(t, h, "second", &operation{t: t}, nil)
		third := (&operation{t: t}).joining("third", &client{}, nil)
		if _, err := h.Join(t.Context(), third); !errors.Is(err, news.ErrRateLimited) {
			t.Errorf("a third group: got %v, want ErrRateLimited", err)
		}
		join(t, h, "first", &operation{t: t}, nil).leave()
		if _, err := h.Join(t.Context(), third); !errors.Is(err, news.ErrRateLimited) {
			t.Errorf("while somebody is still there: got %v, want ErrRateLimited", err)
		}
		second.leave()
		time.Sleep(time.Second)
		first.leave()
		if _, err := h.Join(t.Context(), third); err != nil {
			t.Errorf("a third group in the place of another: %v", err)
		}
		// The one that was idle for the longest time made room; the other is still there.
		opened := false
		again := (&operation{t: t}).joining("first", &client{}, nil)
		open := again.Open
		again.Open = func(ctx context.Context) (live.Operation, error) { opened = true; return open(ctx) }
		if _, err := h.Join(t.Context(), again); err != nil || opened {
			t.Errorf("the group that was followed last: %v, opened anew: %v", err, opened)
		}
		if n := h.Stats().Groups.Load(); n != 2 {
			t.Errorf("there are %d groups, want 2", n)
		}
	})
}

func TestGroupsLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{Linger: time.Minute})
		o := &operation{t: t}
		c := join(t, h, "all", o, nil)
		time.Sleep(time.Hour) // a group that is followed does not end
		c.leave()
		time.Sleep(59 * time.Second)
		log.commit(news.OpPublished, entry(1))
		synctest.Wait()
		c.join(t, h, "all", o, place(0))
		c.mustHave(t, "who is back in time", fromTo(1, 1))
		if n := o.executed()[1]; n != 1 {
			t.Errorf("executed %d times, want once, while nobody was there", n)
		}
		c.leave()
		time.Sleep(2 * time.Minute)
		log.commit(news.OpPublished, entry(2))
		synctest.Wait()
		if n := o.executed()[2]; n != 0 || h.Stats().Groups.Load() != 0 {
			t.Errorf("executed %d times for nobody; there are %d groups", n, h.Stats().Groups.Load())
		}
		c.join(t, h, "all", o, place(1))
		synctest.Wait()
		c.mustHave(t, "who is back late", fromTo(2, 2))
	})
}

func TestLeavingTwiceLeavesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{Groups: 1, Workers: 1})
		o := &operation{t: t}
		stays, leaves := join(t, h, "all", o, nil), join(t, h, "all", o, nil)
		leaves.sub.Leave()
		leaves.sub.Leave()
		if _, err := h.Join(t.Context(), o.joining("another", &client{}, nil)); !errors.Is(err, news.ErrRateLimited) {
			t.Errorf("got %v: the group of who stays was let go", err)
		}
		log.commit(news.OpPublished, entry(1))
		synctest.Wait()
		stays.mustHave(t, "who stays", fromTo(1, 1))
	})
}

func TestHubEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 10 {
			log.commit(news.OpPublished, entry(i))
		}
		f := follow(t, log, live.Options{})
		h := live.NewHub(f, live.HubOptions{})
		stop := run(t, h.Run)
		o := &operation{t: t}
		atHead, behind := join(t, h, "all", o, nil), &client{idle: true}
		behind.join(t, h, "all", o, place(5))
		opening := make(chan error, 1)
		go func() {
			_, err := h.Join(t.Context(), live.Joining{Key: "slow", Open: func(ctx context.Context) (live.Operation, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}})
			opening <- err
		}()
		synctest.Wait()
		stop()
		if err := <-opening; err == nil {
			t.Error("joined a hub that has ended")
		}
		if _, err := h.Join(t.Context(), o.joining("all", &client{}, nil)); !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("join after the end: got %v, want ErrUnavailable", err)
		}
		for name, c := range map[string]*client{"a reader at the head": atHead, "a reader who is behind": behind} {
			if c.take(); !errors.Is(c.end(), context.Canceled) {
				t.Errorf("%s: got %v, want context.Canceled", name, c.end())
			}
			c.leave()
		}
	})
}

// TestJoinWhileTheHubEnds lets many join at the moment at which the hub ends; what
// they leave behind, the bubble finds.
func TestJoinWhileTheHubEnds(t *testing.T) {
	for round := range 50 {
		synctest.Test(t, func(t *testing.T) {
			h := live.NewHub(follow(t, &memoryLog{}, live.Options{}), live.HubOptions{})
			stop := run(t, h.Run)
			synctest.Wait()
			var work sync.WaitGroup
			for i := range 20 {
				work.Go(func() {
					o := &operation{t: t}
					sub, err := h.Join(t.Context(), o.joining(fmt.Sprint(i%10), &client{}, nil))
					if err != nil && !errors.Is(err, news.ErrUnavailable) && !errors.Is(err, context.Canceled) {
						t.Errorf("round %d: got %v", round, err)
					}
					if err == nil {
						sub.Leave()
					}
				})
			}
			stop()
			work.Wait()
		})
	}
}
