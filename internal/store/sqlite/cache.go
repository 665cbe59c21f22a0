package sqlite

import (
	"sync"

	"depeche/internal/news"
)

// A cache keeps decoded entities by the line that made them, which never
// changes. It holds those used lately: when the young ones have grown to half of
// the limit they become the old ones, and the old ones that nobody has asked
// for since are forgotten.
type cache struct {
	limit int // of the bytes of encoded entities

	mu         sync.Mutex
	young, old map[news.Seq]cached
	size       int // of the young ones
}

type cached struct {
	entity news.Entity
	size   int
}

func newCache(limit int) *cache {
	return &cache{limit: limit, young: make(map[news.Seq]cached)}
}

// get returns the entity that line seq made, nil when it is not kept.
func (c *cache) get(seq news.Seq) news.Entity {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.young[seq]; ok {
		return found.entity
	}
	found, ok := c.old[seq]
	if ok {
		c.keep(seq, found)
	}
	return found.entity
}

// put keeps e, which line seq made and which took size bytes.
func (c *cache) put(seq news.Seq, e news.Entity, size int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.young[seq]; !ok {
		c.keep(seq, cached{e, size})
	}
}

func (c *cache) keep(seq news.Seq, e cached) {
	if c.size += e.size; c.size > c.limit/2 {
		c.old, c.young, c.size = c.young, make(map[news.Seq]cached), e.size
	}
	c.young[seq] = e
}
