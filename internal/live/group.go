package live

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"depeche/internal/news"
)

// A Payload is what everybody who follows the same gets of an event. It is
// shared and must not be changed.
type Payload struct {
	Seq  news.Seq  // the line
	JSON []byte    // the response of the operation
	Mark string    // the place behind the line, as HubOptions.Mark writes it
	At   time.Time // when the line was written

	sum int64 // bytes of this and of all payloads of the group before it
}

// payloads is what a group has of the log's end. It is never changed but
// replaced, so that readers look at it without a lock.
type payloads struct {
	list    []Payload
	from    news.Seq // all that is wanted of the lines from here ...
	through news.Seq // ... to here is in list
}

// after is the part of a list behind a place.
func after(list []Payload, at news.Seq) []Payload {
	n := len(list)
	if n == 0 || list[n-1].Seq <= at {
		return nil
	}
	if n == 1 || list[n-2].Seq <= at {
		return list[n-1:] // as nearly always
	}
	return list[sort.Search(n, func(i int) bool { return list[i].Seq > at }):]
}

// A group is the readers who follow the same.
type group struct {
	hub    *Hub
	key    string
	ctx    context.Context
	stop   context.CancelFunc
	opened chan struct{} // closed when current is there, or ended
	recent atomic.Pointer[payloads]
	ended  atomic.Pointer[error]
	shards []shard // of readers, one a worker

	held      int       // readers, and those about to be; guarded by the hub
	idleSince time.Time // guarded by the hub

	current   atomic.Pointer[begun] // set when opened is closed; replaced under executing
	executing sync.Mutex
	pages     pages
}

func newGroup(h *Hub, key string) *group {
	ctx, stop := context.WithCancel(h.ctx)
	g := &group{hub: h, key: key, ctx: ctx, stop: stop, opened: make(chan struct{}), shards: make([]shard, len(h.workers))}
	head := h.follower.Head()
	g.recent.Store(&payloads{from: head + 1, through: head})
	return g
}

// A begun is an operation in force, and what ends it.
type begun struct {
	Operation
	end context.CancelFunc
}

// run opens the operation and executes it for each event until the group ends.
func (g *group) run(open Open) {
	opened := sync.OnceFunc(func() { close(g.opened) })
	defer opened()
	err := g.guard(func() error {
		if err := g.open(open); err != nil {
			return err
		}
		opened()
		return g.follow(open)
	})
	g.end(err)
}

// open begins the operation, and ends the one that it takes the place of.
func (g *group) open(open Open) error {
	ctx, end := context.WithCancel(g.ctx)
	operation, err := open(ctx)
	if err != nil {
		end()
		return err
	}
	g.executing.Lock()
	defer g.executing.Unlock()
	if before := g.current.Swap(&begun{operation, end}); before != nil {
		before.end()
	}
	return nil
}

func (g *group) operation() Operation { return g.current.Load().Operation }

// ErrPanic ends the subscriptions for which something panicked: a fault of ours.
var ErrPanic = errors.New("a subscription panicked")

// guard makes an error of a panic.
func (g *group) guard(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			g.hub.o.Logger.ErrorContext(g.ctx, "a subscription panicked", "op", "live", "panic", v, "stack", string(debug.Stack()))
			err = ErrPanic
		}
	}()
	return do()
}

// end lets the readers know that there will be no more, and why.
func (g *group) end(err error) {
	g.ended.Store(&err)
	g.hub.mu.Lock()
	g.hub.remove(g)
	g.hub.mu.Unlock()
	g.wake()
}

// failure is why the group has ended; nil while it has not.
func (g *group) failure() error {
	if err := g.ended.Load(); err != nil {
		return *err
	}
	return nil
}

// follow makes payloads of what happens, as it happens.
func (g *group) follow(open Open) error {
	for {
		if err := g.hub.follower.wait(g.ctx, g.recent.Load().through); err != nil {
			return err
		}
		var r reading
		err := g.patiently(func() (err error) {
			at := g.recent.Load().through
			if r, err = g.hub.follower.read(g.ctx, at, batch, upToReopening(g.operation())); err != nil {
				return err
			}
			return g.extend(r)
		})
		if err == nil && r.cut {
			// Nothing goes on meanwhile, so no line behind that one is seen as before.
			err = g.patiently(func() error { return g.open(open) })
		}
		if err != nil {
			return err
		}
	}
}

// extend adds what follows to the newest payloads, one by one: each goes out when
// it is there. On an error the reading has to be done again from where they end.
func (g *group) extend(r reading) error {
	for _, e := range r.events {
		p, err := g.execute(e)
		if err != nil {
			return err
		}
		g.recent.Store(g.recent.Load().with(p, g.hub.o.Payloads, g.hub.groupBytes()))
		g.wake()
	}
	last := *g.recent.Load()
	last.through = r.through
	g.recent.Store(&last)
	return nil
}

// with is what there is when p has been added: the newest most of it, and no more
// than bytes, but up to twice of both so that cutting costs little a payload.
func (l *payloads) with(p Payload, most, bytes int) *payloads {
	// Whoever looks at the shorter list does not see what is added behind it.
	next := &payloads{list: added(l.list, p), from: l.from, through: p.Seq}
	if len(next.list) <= 2*most && size(next.list) <= 2*bytes {
		return next
	}
	drop := 0
	for len(next.list)-drop > most || drop < len(next.list)-1 && size(next.list[drop:]) > bytes {
		next.from = next.list[drop].Seq + 1
		drop++
	}
	next.list = append(make([]Payload, 0, 2*(len(next.list)-drop)), next.list[drop:]...)
	return next
}

// added is a list with another payload.
func added(list []Payload, p Payload) []Payload {
	p.sum = int64(len(p.JSON))
	if n := len(list); n > 0 {
		p.sum += list[n-1].sum
	}
	return append(list, p)
}

// size is the bytes of the payloads of a list.
func size(list []Payload) int {
	if len(list) == 0 {
		return 0
	}
	return int(list[len(list)-1].sum-list[0].sum) + len(list[0].JSON)
}

func (g *group) execute(e Event) (Payload, error) {
	g.executing.Lock()
	defer g.executing.Unlock()
	json, err := g.operation().Execute(e)
	if err != nil {
		return Payload{}, fmt.Errorf("execute for line %d: %w", e.Seq, err)
	}
	g.hub.stats.Executions.Add(1)
	return Payload{Seq: e.Seq, JSON: json, Mark: g.hub.o.Mark(g.hub.Cursor(e.Seq)), At: e.At}, nil
}

// patiently does something again until it does not fail for want of the store.
func (g *group) patiently(do func() error) error {
	for {
		err := do()
		if !errors.Is(err, news.ErrUnavailable) {
			return err
		}
		if err := rest(g.ctx, g.hub.follower.poll); err != nil {
			return err
		}
	}
}

// rest waits; its error is ctx's.
func rest(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// release lets go of a group that was held.
func (g *group) release() {
	g.hub.mu.Lock()
	defer g.hub.mu.Unlock()
	if g.held--; g.held == 0 {
		g.idleSince = time.Now()
	}
}
