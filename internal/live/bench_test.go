package live_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"depeche/internal/live"
	"depeche/internal/news"
)

// A counter takes, and counts what it got.
type counter struct {
	sub  atomic.Pointer[live.Subscription]
	left *atomic.Int64 // payloads that all are to get yet
	done chan<- struct{}
	busy chan struct{} // holds one while somebody takes
}

func (c *counter) Wake() {
	sub := c.sub.Load()
	if sub == nil {
		return
	}
	c.busy <- struct{}{}
	defer func() { <-c.busy }()
	for more := true; more; {
		var list []live.Payload
		var err error
		list, more, err = sub.Take(1 << 20)
		if err != nil {
			return
		}
		if n := int64(len(list)); n > 0 && c.left.Add(-n) == 0 {
			c.done <- struct{}{}
		}
	}
}

func count(b *testing.B, h *live.Hub, key string, after *news.LogCursor, left *atomic.Int64, done chan<- struct{}) *counter {
	c := &counter{left: left, done: done, busy: make(chan struct{}, 1)}
	sub, err := h.Join(b.Context(), (&operation{t: b, padding: 500}).joining(key, c, after))
	if err != nil {
		b.Fatal(err)
	}
	c.sub.Store(sub)
	return c
}

// BenchmarkFanOut is one event on its way from the store to all readers of a group.
func BenchmarkFanOut(b *testing.B) {
	for _, readers := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(readers), func(b *testing.B) {
			log := &memoryLog{}
			h := serve(b, log, live.Options{}, live.HubOptions{})
			var left atomic.Int64
			done := make(chan struct{}, 1)
			for range readers {
				count(b, h, "all", nil, &left, done).Wake()
			}
			events := 0
			b.ReportAllocs()
			for b.Loop() {
				left.Store(int64(readers))
				log.commit(news.OpPublished, entry(events))
				<-done
				events++
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(events*readers), "ns/delivery")
		})
	}
}

// BenchmarkCatchUp is 1,000 readers who come back from one place, 1,000 lines ago.
func BenchmarkCatchUp(b *testing.B) {
	const readers, lines = 1000, 1000
	log := &memoryLog{}
	h := serve(b, log, live.Options{Ring: 16}, live.HubOptions{})
	for i := range lines {
		log.commit(news.OpPublished, entry(i))
	}
	rounds := 0
	b.ReportAllocs()
	for b.Loop() {
		var left atomic.Int64
		left.Store(readers * lines)
		done := make(chan struct{}, 1)
		var all []*counter
		for range readers {
			c := count(b, h, fmt.Sprint("round ", rounds), place(0), &left, done)
			c.Wake()
			all = append(all, c)
		}
		<-done
		for _, c := range all {
			c.sub.Load().Leave()
		}
		rounds++
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(rounds*readers*lines), "ns/delivery")
}
