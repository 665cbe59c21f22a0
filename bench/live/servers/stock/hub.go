package stock

import (
	"context"
	"sync"
	"time"

	"depeche/bench/live/event"
	"depeche/bench/live/servers/stock/graph"
)

// buffer is how many events wait for a subscriber; those that come when it is full
// pass it by.
const buffer = 64

// A hub is what subscriptions are commonly made of by hand: a map of channels.
type hub struct {
	mu          sync.Mutex
	number      uint64
	subscribers map[chan *graph.TickerEvent]bool
}

func (h *hub) publish(headline, body string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	e := newEvent(h.number, headline, body)
	for subscriber := range h.subscribers {
		select {
		case subscriber <- e:
		default:
		}
	}
}

func (h *hub) subscribe(ctx context.Context) <-chan *graph.TickerEvent {
	events := make(chan *graph.TickerEvent, buffer)
	h.mu.Lock()
	h.subscribers[events] = true
	h.mu.Unlock()
	context.AfterFunc(ctx, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.subscribers, events)
		close(events)
	})
	return events
}

func newEvent(number uint64, headline, body string) *graph.TickerEvent {
	at := event.Time(time.Now())
	e := &graph.TickerEvent{
		Cursor: event.Cursor(number), Kind: graph.EventKindPublished, At: at,
		Entry: &graph.TickerEntry{
			ID: event.ID(number), Headline: headline, Priority: graph.PriorityRoutine, OccurredAt: at, Version: 1,
			Tags: []*graph.Tag{{Slug: event.TagSlug, Name: event.TagName}, {Slug: event.OtherTagSlug, Name: event.OtherTagName}},
		},
	}
	if body != "" {
		e.Entry.Body = &body
	}
	return e
}
