package cache

import "sync/atomic"

// Stats tells what a Cache has done since it was made, and what it has now.
type Stats struct {
	Hits, Misses, Coalesced, Stale int64 // callers, by how they were served
	Invalidated                    int64 // answers that a line has dropped
	Evictions                      int64 // answers that had to make room
	Bytes                          int64 // of what is kept now, everything counted
	Answers                        int64 // that are kept now, true or only good for standing in
}

// counts are the Stats that only grow.
type counts struct {
	hits, misses, coalesced, stale, invalidated, evictions atomic.Int64
}

func (n *counts) add(o Outcome) {
	switch o {
	case Hit:
		n.hits.Add(1)
	case Miss:
		n.misses.Add(1)
	case Coalesced:
		n.coalesced.Add(1)
	case Stale:
		n.stale.Add(1)
	}
}

// Stats is what the Cache has done so far; zero for a nil one.
func (c *Cache) Stats() Stats {
	if c == nil {
		return Stats{}
	}
	return Stats{
		Hits: c.counts.hits.Load(), Misses: c.counts.misses.Load(),
		Coalesced: c.counts.coalesced.Load(), Stale: c.counts.stale.Load(),
		Invalidated: c.counts.invalidated.Load(), Evictions: c.counts.evictions.Load(),
		Bytes: int64(c.held.answers.WeightedSize()), Answers: int64(c.held.answers.EstimatedSize()),
	}
}
