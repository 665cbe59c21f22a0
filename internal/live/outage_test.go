package live_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestReadersWaitThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 20 {
			log.commit(news.OpPublished, entry(i))
		}
		h := serve(t, log, live.Options{Ring: 2}, live.HubOptions{})
		synctest.Wait()
		o := &operation{t: t}
		log.fail(fmt.Errorf("dial: %w", news.ErrUnavailable))
		behind, atHead := join(t, h, "all", o, place(3)), join(t, h, "all", o, place(20))
		log.commit(news.OpPublished, entry(21))
		time.Sleep(time.Minute)
		log.commit(news.OpPublished, entry(22))
		behind.mustHave(t, "during the outage", nil)
		log.fail(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		behind.mustHave(t, "a reader who is behind", fromTo(4, 22))
		atHead.mustHave(t, "a reader at the head", fromTo(21, 22))
	})
}

func TestExecutionIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		tries := map[news.Seq]int{}
		o := &operation{t: t, trouble: func(e live.Event) error {
			if tries[e.Seq]++; tries[e.Seq]%3 != 0 {
				return fmt.Errorf("resolve: %w", news.ErrUnavailable)
			}
			return nil
		}}
		there := join(t, h, "all", o, nil)
		for i := range 5 {
			log.commit(news.OpPublished, entry(i))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		there.mustHave(t, "who was there", fromTo(1, 5))
		late := join(t, h, "all", o, place(0))
		time.Sleep(time.Minute)
		synctest.Wait()
		late.mustHave(t, "who was behind", fromTo(1, 5))
	})
}

func TestErrorOfAnExecutionEndsTheGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		broken := errors.New("broken")
		c := join(t, h, "all", &operation{t: t, trouble: func(live.Event) error { return broken }}, nil)
		log.commit(news.OpPublished, entry(1))
		synctest.Wait()
		if !errors.Is(c.end(), broken) {
			t.Errorf("got %v, want the execution's error", c.end())
		}
	})
}

func TestPanicEndsOneGroup(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(*memoryLog, *operation)
	}{
		{"in Execute", func(_ *memoryLog, o *operation) { o.trouble = func(live.Event) error { panic("in Execute") } }},
		{"in Wants", func(_ *memoryLog, o *operation) { o.wants = func(news.Line) bool { panic("in Wants") } }},
		{"in the store", func(log *memoryLog, o *operation) {
			log.broken = true // it is asked for what has changed since
			o.wants = func(l news.Line) bool { return l.Seq != 2 }
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{lost: func() bool { return true }} // so that both lines are found at once
				h := serve(t, log, live.Options{}, live.HubOptions{})
				o, sane := &operation{t: t}, &operation{t: t, wants: func(l news.Line) bool { return l.Seq > 1 }}
				row.do(log, o)
				other := join(t, h, "sane", sane, nil)
				var readers []*client
				for range 100 {
					readers = append(readers, join(t, h, "mad", o, nil))
				}
				synctest.Wait()
				changed := entry(1)
				changed.Version = 2
				log.commit(news.OpPublished, entry(1))
				log.commit(news.OpCorrected, changed)
				time.Sleep(time.Minute)
				synctest.Wait()
				for i, c := range readers {
					if !errors.Is(c.end(), live.ErrPanic) || len(c.seqs()) > 0 {
						t.Errorf("reader %d got %v, %v, want ErrPanic", i, c.seqs(), c.end())
					}
				}
				log.broken = false
				again := join(t, h, "mad", &operation{t: t}, place(0))
				log.commit(news.OpPublished, entry(2))
				time.Sleep(time.Minute)
				synctest.Wait()
				again.mustHave(t, "who joins again", fromTo(1, 3))
				other.mustHave(t, "another group", fromTo(2, 3))
			})
		})
	}
}

// TestEndComesAfterTheLastPayload has a group end with a payload that a reader has
// not taken: no other wake-up comes.
func TestEndComesAfterTheLastPayload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		c := &client{idle: true}
		c.join(t, h, "all", &operation{t: t, trouble: func(e live.Event) error {
			if e.Seq == 2 {
				panic("at line 2")
			}
			return nil
		}}, nil)
		log.commit(news.OpPublished, entry(1))
		log.commit(news.OpPublished, entry(2))
		synctest.Wait()
		c.take()
		if !errors.Is(c.end(), live.ErrPanic) || len(c.seqs()) != 1 {
			t.Errorf("got %v, %v, want line 1, then ErrPanic", c.seqs(), c.end())
		}
	})
}

// A group that panics while a reader of it is being caught up ends for that one too.
func TestPanicReachesThoseWhoAreBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 10 {
			log.commit(news.OpPublished, entry(i))
		}
		h := serve(t, log, live.Options{}, live.HubOptions{CatchUps: 1})
		synctest.Wait()
		log.fail(news.ErrUnavailable)
		c := join(t, h, "all", &operation{t: t, trouble: func(e live.Event) error {
			if e.Seq > 10 {
				panic("at the head")
			}
			return nil
		}}, place(0))
		time.Sleep(time.Minute)
		log.fail(nil)
		log.slow(time.Second)
		log.commit(news.OpPublished, entry(11))
		time.Sleep(time.Minute)
		synctest.Wait()
		if !errors.Is(c.end(), live.ErrPanic) {
			t.Errorf("got %v, %v, want ErrPanic", c.seqs(), c.end())
		}
	})
}
