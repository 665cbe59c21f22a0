// Package cache keeps finished answers to public reads for as long as they are
// true. What an answer was made of is noted while the store is read for it; each
// line of the log drops the answers that it makes untrue, and no others. The
// package knows neither HTTP nor GraphQL.
//
// A Cache counts the lines that it has applied. An answer is kept only when none
// of those that were applied since it was begun concerns what it was made of, so
// it does not matter in which moment the store was read for it.
package cache

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"sync"
	"sync/atomic"
	"time"

	"depeche/internal/news"
)

// Options bounds a Cache. Zero fields take their defaults, but for StaleFor.
type Options struct {
	// Bytes bounds the answers that are kept, everything counted: 64 MiB. Below
	// zero there is no cache. An answer of more than an eighth of it is not kept.
	Bytes    int64
	Lifetime time.Duration // after which an answer is made anew whatever the log says: 1 min
	// StaleFor is how long after its lifetime an answer that no line has dropped
	// may stand in while the store is away; 0 for not at all.
	StaleFor time.Duration
	Now      func() time.Time // time.Now
	// OnHit is told how old the answer is that Get or Do found there. It is called
	// for each and has to be quick; nil for nobody.
	OnHit func(age time.Duration)
}

const (
	defaultBytes    = 64 << 20
	defaultLifetime = time.Minute
	// largest is the part of all bytes that one answer may take.
	largest = 8
	// maxLines is after how many lines an answer is made anew, also where none of them
	// concerns it: places in the log that it names are replayed from only so far back.
	maxLines = 4000
)

// A Key names what was asked.
type Key [sha256.Size]byte

// KeyOf is the key of a request, by all parts that its answer depends on.
func KeyOf(parts ...[]byte) Key {
	var room [1 << 10]byte // for most
	b := room[:0]
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return sha256.Sum256(b)
}

// A Cache keeps answers. It may be used by many goroutines at once. A nil *Cache
// is no cache: nothing is kept, noted or shared.
type Cache struct {
	o      Options
	counts counts
	held   *held
	passed atomic.Int64 // recent.now, for who holds no lock

	// mu is held to change what is kept and what is being made, never to find an
	// answer that is there.
	mu      sync.Mutex
	index   index
	flights map[Key]*flight
	seen    seen
	recent  recent
}

// New makes a Cache; nil where o asks for none.
func New(o Options) *Cache {
	if o.Bytes < 0 {
		return nil
	}
	o.Bytes = cmp.Or(o.Bytes, defaultBytes)
	o.Lifetime = cmp.Or(o.Lifetime, defaultLifetime)
	if o.Now == nil {
		o.Now = time.Now
	}
	c := &Cache{o: o, index: newIndex(), flights: make(map[Key]*flight)}
	c.held = hold(o.Bytes, &c.counts)
	return c
}

// Get returns the answer to key that is there and true, nil for none.
func (c *Cache) Get(key Key) *Answer {
	if c == nil {
		return nil
	}
	k := c.held.find(key)
	if k == nil {
		return nil
	}
	now := c.o.Now()
	if !now.Before(k.fresh) || c.passed.Load()-int64(k.began) > maxLines {
		return nil
	}
	c.counts.hits.Add(1)
	if c.o.OnHit != nil {
		c.o.OnHit(now.Sub(k.answer.Made))
	}
	return k.answer
}

// Over is store, with each reading noted in the notes of its context, and with
// commits that return only when the answers which they make untrue have been
// dropped. All stores over which a Cache is put must be of one log. Over a nil
// *Cache there is nothing to note: it is store itself.
func (c *Cache) Over(store news.Store) news.Store {
	if c == nil {
		return store
	}
	return &noting{Handover: store, Leasing: store, store: store, cache: c}
}

// Until notes that what is read for ctx is true only before t. The zero time is no
// end.
func Until(ctx context.Context, t time.Time) { notesOf(ctx).end(t) }
