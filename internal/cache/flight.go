package cache

import (
	"context"
	"time"
)

// A flight is the making of an answer. What is not final is guarded by Cache.mu.
type flight struct {
	key    Key
	ctx    context.Context // of what makes it
	cancel context.CancelFunc
	notes  *notes
	begun  time.Time
	began  tick

	waiting int // who wants it, with the one who makes it
	landed  chan struct{}

	// These stand when it has landed.
	ok      bool // it was made at all
	answer  *Answer
	outcome Outcome // for who has made it
	untrue  tick    // the first line that made it untrue; 0 for none
}

// Do returns the answer to key: the one that is there, or the one that make makes.
// Who asks for the same meanwhile gets the same, unless a line has come in between
// that makes it untrue for those who asked later. make is called in the caller's
// goroutine; its context has the values of the first caller's, and ends when nobody
// waits any more. The answer is nil for Bypass, and where ctx has ended. A panic of
// make is the panic of the caller that it was called for; the others try again.
func (c *Cache) Do(ctx context.Context, key Key, make func(context.Context) Made) (*Answer, Outcome) {
	if c == nil {
		made := make(ctx)
		if made.Answer == nil {
			return nil, Bypass
		}
		return made.Answer, Miss
	}
	var (
		arrived tick
		at      time.Time
	)
	for again := false; ; again = true {
		if a := c.Get(key); a != nil {
			return a, Hit
		}
		now := c.o.Now()
		c.mu.Lock()
		if !again {
			arrived, at = c.recent.now, now
		}
		f := c.flights[key]
		if f == nil {
			if a := c.Get(key); a != nil { // it has just been made
				c.mu.Unlock()
				return a, Hit
			}
			f = c.begin(ctx, key, now)
			c.mu.Unlock()
			return c.fly(ctx, f, make)
		}
		f.waiting++
		c.mu.Unlock()

		select {
		case <-ctx.Done():
			c.leave(f)
			return nil, Coalesced
		case <-f.landed:
		}
		if a, outcome, ok := f.forWhoCame(arrived, at); ok {
			c.counts.add(outcome)
			return a, outcome
		}
	}
}

// begin has the caller hold c.mu.
func (c *Cache) begin(ctx context.Context, key Key, now time.Time) *flight {
	f := &flight{key: key, begun: now, began: c.recent.now, waiting: 1, landed: make(chan struct{})}
	f.ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
	f.ctx, f.notes = withNotes(f.ctx)
	c.flights[key] = f
	return f
}

// fly makes the answer of f for the caller and for whoever joins.
func (c *Cache) fly(ctx context.Context, f *flight, make func(context.Context) Made) (*Answer, Outcome) {
	defer context.AfterFunc(ctx, func() { c.leave(f) })()
	func() {
		var made Made
		returned := false
		// Also when make panics, or ends its goroutine.
		defer func() { c.land(f, made, returned) }()
		made = make(f.ctx)
		returned = true
	}()
	c.counts.add(f.outcome)
	if ctx.Err() != nil {
		return nil, f.outcome
	}
	return f.answer, f.outcome
}

// leave has one less wait for f. When nobody does, it is given up, and who asks
// then begins anew.
func (c *Cache) leave(f *flight) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.waiting--; f.waiting == 0 {
		f.cancel()
		if c.flights[f.key] == f {
			delete(c.flights, f.key)
		}
	}
}

// land ends f with what has been made, keeps the answer if it may be kept, and
// tells those who wait.
func (c *Cache) land(f *flight, made Made, returned bool) {
	f.cancel()
	f.notes.close()
	f.ok, f.answer, f.outcome = returned, made.Answer, Miss
	if f.answer == nil {
		f.outcome = Bypass
	} else {
		f.answer.complete(f.begun)
	}
	checked := f.began
	c.mu.Lock()
	// When many lines have come, the others must not wait for the first look.
	if effects, ok := c.recent.since(f.began); ok && len(effects) > 0 && returned {
		c.mu.Unlock()
		f.check(&checked, effects)
		c.mu.Lock()
	}
	defer c.mu.Unlock()
	if effects, ok := c.recent.since(checked); !ok {
		f.untrue = checked + 1
	} else if f.untrue == 0 && returned {
		f.check(&checked, effects)
	}
	current := c.flights[f.key] == f
	if current {
		delete(c.flights, f.key)
	}
	switch {
	case !returned:
	case made.Away:
		if a := c.standIn(f.key); a != nil {
			f.answer, f.outcome, f.untrue = a, Stale, 0
		}
	case current && made.Keep && f.answer != nil && f.untrue == 0 && !f.notes.all:
		c.keep(f)
	}
	close(f.landed)
}

// check looks for the first of effects that makes untrue what f has made. They are
// those behind checked, which moves on.
func (f *flight) check(checked *tick, effects []effect) {
	for i := range effects {
		*checked++
		if f.notes.concerned(&effects[i]) {
			f.untrue = *checked
			return
		}
	}
}

// forWhoCame is the answer of f for somebody who came when arrived lines had been
// applied, at a time. ok is false when it was not made, or was not true any more
// by then.
func (f *flight) forWhoCame(arrived tick, at time.Time) (a *Answer, outcome Outcome, ok bool) {
	switch {
	case !f.ok:
		return nil, Bypass, false
	case f.outcome == Bypass, f.outcome == Stale:
		return f.answer, f.outcome, true
	}
	if f.untrue != 0 && f.untrue <= arrived {
		return nil, Bypass, false
	}
	// What was begun after they came is new enough in any case.
	if end := f.notes.until; f.begun.Before(at) && !end.IsZero() && !at.Before(end) {
		return nil, Bypass, false
	}
	return f.answer, Coalesced, true
}

// standIn is the answer to key that may be given while the store is away.
func (c *Cache) standIn(key Key) *Answer {
	if k := c.held.find(key); k != nil && c.o.Now().Before(k.stale) {
		return k.answer
	}
	return nil
}

// keep keeps what f has made. The caller holds c.mu.
func (c *Cache) keep(f *flight) {
	k := &kept{key: f.key, answer: f.answer, began: f.began, fresh: f.begun.Add(c.o.Lifetime)}
	k.stale = k.fresh.Add(c.o.StaleFor)
	if end := f.notes.until; !end.IsZero() {
		// What was to end must not be shown any longer, whoever is away.
		if k.stale.After(end) {
			k.stale = end
		}
		if k.fresh.After(end) {
			k.fresh = end
		}
	}
	weight := weigh(k.answer, f.notes)
	if weight > c.o.Bytes/largest || !c.o.Now().Before(k.fresh) {
		return
	}
	k.weight = uint32(weight)
	c.index.add(k, f.notes)
	c.held.put(k) // it may be k itself that has to make room
	c.unfile()
}
