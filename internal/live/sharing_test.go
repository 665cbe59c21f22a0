package live_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestOneExecutionAnEvent(t *testing.T) {
	const readers = 10_000
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		for i := range 5 {
			log.commit(news.OpPublished, entry(i))
		}
		synctest.Wait()
		o, other := &operation{t: t}, &operation{t: t}
		var clients []*client
		for i := range readers {
			clients = append(clients, join(t, h, "all", o, []*news.LogCursor{nil, place(5), place(5)}[i%3]))
		}
		join(t, h, "others", other, nil)
		log.commit(news.OpPublished, entry(5))
		log.commit(news.OpPublished, entry(6))
		synctest.Wait()
		for i, c := range clients {
			c.mustHave(t, fmt.Sprint("reader ", i), fromTo(6, 7))
			if &c.got[0].JSON[0] != &clients[0].got[0].JSON[0] {
				t.Fatalf("reader %d has bytes of its own", i)
			}
		}
		if n := h.Stats().Executions.Load(); n != 4 || o.executed()[6] != 1 || other.executed()[6] != 1 {
			t.Errorf("executed %d times, %v and %v, want each of 2 events once for each of 2 groups", n, o.executed(), other.executed())
		}
		if n := h.Stats().Joins.Load(); n != readers+1 {
			t.Errorf("counted %d joins", n)
		}
	})
}

// TestCatchingUpIsShared lets many come back from one place, some lines of which
// the group has no payloads of.
func TestCatchingUpIsShared(t *testing.T) {
	for _, ring := range []int{1, 1000} {
		t.Run(fmt.Sprint("ring of ", ring), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &memoryLog{}
				h := serve(t, log, live.Options{Ring: ring}, live.HubOptions{CatchUps: 1})
				for i := range 300 {
					log.commit(news.OpPublished, entry(i))
				}
				synctest.Wait()
				o := &operation{t: t}
				var clients []*client
				for range 200 {
					clients = append(clients, join(t, h, "all", o, place(10)))
				}
				synctest.Wait()
				for i, c := range clients {
					c.mustHave(t, fmt.Sprint("reader ", i), fromTo(11, 300))
				}
				for seq, n := range o.executed() {
					if n != 1 {
						t.Errorf("line %d was executed %d times, want once", seq, n)
					}
				}
				s := h.Stats()
				made, found := s.FromRing.Load()+s.FromStore.Load(), s.FromPayloads.Load()
				if made != 5 || found != 199*5 || s.Executions.Load() != 290 {
					t.Errorf("%d pages were made and %d found, with %d executions, want 5, %d and 290", made, found, s.Executions.Load(), 199*5)
				}
			})
		})
	}
}

// TestLeavingCostsNobodyAWakeUp lets readers leave and join from within the pass
// that wakes the others.
func TestLeavingCostsNobodyAWakeUp(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			s := newChance(seed)
			log := &memoryLog{}
			h := serve(t, log, live.Options{}, live.HubOptions{Workers: 1 + s.n(2)})
			o := &operation{t: t}
			stay := make([]*client, 150)
			var restless []*leaver
			for i := range stay {
				stay[i] = join(t, h, "all", o, nil)
				l := &leaver{t: t, chance: s, hub: h, o: o}
				restless = append(restless, l)
				l.join()
			}
			for i := range 20 {
				log.commit(news.OpPublished, entry(i))
				if s.oneIn(2) {
					synctest.Wait()
				}
			}
			synctest.Wait()
			for i, c := range stay {
				c.mustHave(t, fmt.Sprintf("seed %d, reader %d", seed, i), fromTo(1, 20))
			}
			for _, l := range restless {
				l.sub.Leave()
			}
		})
	}
}

// A leaver leaves when it is woken, now and then, and joins anew.
type leaver struct {
	*chance
	t   *testing.T
	hub *live.Hub
	o   *operation
	mu  sync.Mutex
	sub *live.Subscription
}

func (l *leaver) Wake() {
	if l.oneIn(3) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sub.Leave()
		l.join()
	}
}

func (l *leaver) join() {
	sub, err := l.hub.Join(context.Background(), l.o.joining("all", l, place(0)))
	if err != nil {
		l.t.Error(err)
		return
	}
	l.sub = sub
}

// TestNewsDuringAPassIsNotMissed has something happen after one reader has been
// woken and while another is.
func TestNewsDuringAPassIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{Workers: 1})
		o := &operation{t: t}
		during := &interrupter{done: make(chan struct{}), do: func() {
			log.commit(news.OpPublished, entry(2))
			synctest.Wait()
		}}
		before := join(t, h, "all", o, nil)
		if _, err := h.Join(t.Context(), o.joining("all", during, nil)); err != nil {
			t.Fatal(err)
		}
		after := join(t, h, "all", o, nil)
		log.commit(news.OpPublished, entry(1))
		<-during.done
		synctest.Wait()
		before.mustHave(t, "who joined before", fromTo(1, 2))
		after.mustHave(t, "who joined after", fromTo(1, 2))
	})
}

// An interrupter does something when it is woken for the first time.
type interrupter struct {
	once sync.Once
	do   func()
	done chan struct{}
}

func (i *interrupter) Wake() {
	i.once.Do(func() {
		i.do()
		close(i.done)
	})
}

// TestAReaderThatNeverTakesCostsNothing holds that others get theirs, and that it
// can go on from its place.
func TestAReaderThatNeverTakesCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{Ring: 4}, live.HubOptions{Payloads: 4})
		o := &operation{t: t}
		idle := &client{idle: true}
		idle.join(t, h, "all", o, nil)
		other := join(t, h, "all", o, nil)
		for i := range 100 {
			log.commit(news.OpPublished, entry(i))
			synctest.Wait()
		}
		other.mustHave(t, "who takes", fromTo(1, 100))
		if idle.wakes == 0 || idle.sub.At() != 0 {
			t.Errorf("who does not take was woken %d times and is at line %d", idle.wakes, idle.sub.At())
		}
		idle.idle = false
		idle.take()
		synctest.Wait()
		idle.mustHave(t, "who takes at last", fromTo(1, 100))
	})
}
