package live

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"depeche/internal/news"
)

// HubOptions bounds a Hub. Zero fields take their defaults.
type HubOptions struct {
	Groups       int           // distinct operations that are followed at once: 5,000
	Payloads     int           // that a group keeps: 512, and up to as many again
	PayloadBytes int           // of the newest of all groups, roughly: 256 MiB, and up to as much again; of earlier ones, as much
	Linger       time.Duration // how long a group that nobody follows is kept up: 1 min
	Workers      int           // that wake readers: one a processor
	CatchUps     int           // that are worked at at a time: one for two processors
	// Mark writes a place in the log as its reader shall give it back; it becomes
	// Payload.Mark. Nothing is written without one.
	Mark   func(news.LogCursor) string
	Logger *slog.Logger // nothing is logged without one
}

// The least and the most bytes of payloads that a group keeps, however many
// groups share HubOptions.PayloadBytes.
const (
	leastGroupBytes = 64 << 10
	mostGroupBytes  = 4 << 20
)

// A Hub lets the readers of a process who follow the same share the work: each
// event is executed once for all of them. It may be used by many goroutines at
// once.
type Hub struct {
	follower *Follower
	o        HubOptions
	ctx      context.Context // of the groups; it ends with Run
	stop     context.CancelFunc
	running  sync.WaitGroup        // the groups
	workers  []*queue[*group]      // whose readers have to be woken, for each worker
	behind   *queue[*Subscription] // who have to be caught up
	turn     atomic.Int64          // of the workers to take another reader
	stats    Stats

	mu     sync.Mutex
	groups map[string]*group
	ended  bool
}

// Stats counts what a Hub does. The fields only grow, but for Groups.
type Stats struct {
	Groups     atomic.Int64 // that there are
	Executions atomic.Int64 // of operations for events
	Joins      atomic.Int64
	// What readers who were behind got their lines from, counted by page: the
	// payloads that the group had, the ring of the log, the store.
	FromPayloads, FromRing, FromStore atomic.Int64
}

// NewHub makes a Hub over what follower follows. Readers may join at once; they
// are served while Run runs.
func NewHub(follower *Follower, o HubOptions) *Hub {
	processors := runtime.GOMAXPROCS(0)
	o.Groups = cmp.Or(o.Groups, 5000)
	o.Payloads = cmp.Or(o.Payloads, 512)
	o.PayloadBytes = cmp.Or(o.PayloadBytes, 256<<20)
	o.Linger = cmp.Or(o.Linger, time.Minute)
	o.Workers = cmp.Or(o.Workers, processors)
	o.CatchUps = cmp.Or(o.CatchUps, (processors+1)/2)
	if o.Mark == nil {
		o.Mark = func(news.LogCursor) string { return "" }
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{follower: follower, o: o, ctx: ctx, stop: stop, groups: map[string]*group{}, behind: newQueue[*Subscription]()}
	for range o.Workers {
		h.workers = append(h.workers, newQueue[*group]())
	}
	return h
}

// Stats are the hub's counters.
func (h *Hub) Stats() *Stats { return &h.stats }

// Head is the newest line of the log that has been seen.
func (h *Hub) Head() news.Seq { return h.follower.Head() }

// Cursor is the place of a line in the log that is followed.
func (h *Hub) Cursor(seq news.Seq) news.LogCursor { return h.follower.Cursor(seq) }

// Run serves the readers until ctx ends; then it ends the groups, returns ctx's
// error, and nobody is woken any more. It is called once.
func (h *Hub) Run(ctx context.Context) error {
	var work sync.WaitGroup
	for shard := range h.workers {
		work.Go(func() { h.wakeReaders(ctx, shard) })
	}
	for range h.o.CatchUps {
		work.Go(func() { h.catchUp(ctx) })
	}
	tick := time.NewTicker(h.o.Linger / 2)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			h.sweep()
		case <-ctx.Done():
		}
	}
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	h.stop()
	work.Wait()
	h.running.Wait()
	return ctx.Err()
}

// A Reader is who follows: a connection. Wake tells that there may be something
// to Take; it is called from any goroutine, also without need, and must not block.
type Reader interface{ Wake() }

// A Joining is what somebody wants to follow, and from where.
type Joining struct {
	// Key names what is followed: whoever gives the same shares a group.
	Key string
	// Open begins the operation for whoever is the first, and again where the
	// operation is a Reopener; ctx ends with the operation.
	Open Open
	// After is the last line that the reader knows; nil: only what is to come.
	After  *news.LogCursor
	Reader Reader
}

// Join begins to follow. The caller has to Take from the Subscription once it
// has it: nobody is woken for what was there before. Errors: as for a place that
// is no good (ErrBadCursor, ErrCursorExpired), of Open and Admit, ErrRateLimited
// when there are too many groups, ErrPanic, ErrUnavailable, ctx's.
func (h *Hub) Join(ctx context.Context, j Joining) (*Subscription, error) {
	at, err := h.follower.start(ctx, j.After)
	if err != nil {
		return nil, err
	}
	g, err := h.group(ctx, j)
	if err != nil {
		return nil, err
	}
	joined := false
	defer func() {
		if !joined { // Admit may have panicked
			g.release()
		}
	}()
	if j.After == nil {
		if err := g.operation().Admit(ctx); err != nil {
			return nil, err
		}
	}
	joined = true
	h.stats.Joins.Add(1)
	return g.add(j.Reader, at), nil
}

// group finds the group of a key, or makes it, and holds it for the caller.
func (h *Hub) group(ctx context.Context, j Joining) (*group, error) {
	g, err := h.hold(j)
	if err != nil {
		return nil, err
	}
	select {
	case <-g.opened:
	case <-ctx.Done():
		g.release()
		return nil, ctx.Err()
	}
	if err := g.failure(); err != nil {
		g.release()
		return nil, err
	}
	return g, nil
}

// hold counts the caller in, in a group that may be new.
func (h *Hub) hold(j Joining) (*group, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return nil, fmt.Errorf("the server is shutting down: %w", news.ErrUnavailable)
	}
	if g := h.groups[j.Key]; g != nil {
		g.held++
		return g, nil
	}
	if len(h.groups) >= h.o.Groups && !h.evict() {
		return nil, fmt.Errorf("too many different subscriptions are followed at the moment: %w", news.ErrRateLimited)
	}
	g := newGroup(h, j.Key)
	g.held = 1
	h.groups[j.Key] = g
	h.stats.Groups.Store(int64(len(h.groups)))
	// Others may wait for it soon, so it does not end with the caller's context.
	h.running.Go(func() { g.run(j.Open) })
	return g, nil
}

// evict ends the group that nobody has followed for the longest time. The caller
// holds h.mu.
func (h *Hub) evict() bool {
	var oldest *group
	for _, g := range h.groups {
		if g.held == 0 && (oldest == nil || g.idleSince.Before(oldest.idleSince)) {
			oldest = g
		}
	}
	if oldest != nil {
		h.remove(oldest)
	}
	return oldest != nil
}

// sweep ends the groups that nobody has followed for a while.
func (h *Hub) sweep() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, g := range h.groups {
		if g.held == 0 && time.Since(g.idleSince) >= h.o.Linger {
			h.remove(g)
		}
	}
}

// remove ends a group. The caller holds h.mu.
func (h *Hub) remove(g *group) {
	g.stop()
	if h.groups[g.key] == g {
		delete(h.groups, g.key)
	}
	h.stats.Groups.Store(int64(len(h.groups)))
}

// groupBytes is how many bytes of payloads a group may keep now.
func (h *Hub) groupBytes() int {
	groups := max(1, int(h.stats.Groups.Load()))
	return min(max(h.o.PayloadBytes/groups, leastGroupBytes), mostGroupBytes)
}
