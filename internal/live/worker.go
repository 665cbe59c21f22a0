package live

import (
	"context"
	"math"
)

// wake has all readers of the group woken.
func (g *group) wake() {
	for i, worker := range g.hub.workers {
		if !g.shards[i].waking.Swap(true) {
			worker.push(g)
		}
	}
}

// wakeReaders is a worker: it wakes the readers of its shard of every group that
// has something new. While it goes through them more may come, which those it has
// not yet woken then get along with the first.
func (h *Hub) wakeReaders(ctx context.Context, shard int) {
	for {
		g, ok := h.workers[shard].pop(ctx)
		if !ok {
			return
		}
		g.shards[shard].wake(ctx)
	}
}

func (d *shard) wake(ctx context.Context) {
	d.waking.Store(false)
	var some [64]*Subscription
	for n, below := d.some(math.MaxInt, some[:]); n > 0 && ctx.Err() == nil; n, below = d.some(below, some[:]) {
		for _, s := range some[:n] {
			s.reader.Wake()
		}
	}
}
