package cache

import "depeche/internal/news"

// Passed drops the answers that lines make untrue. It is called with the lines of
// the log in order and without holes, from any line on, before anybody is told of
// them; lines that this process has committed itself may have come before by way
// of Over's Commit.
func (c *Cache) Passed(lines []news.Line) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range lines {
		if c.seen.follow(line.Seq) {
			c.apply(effectOf(line))
		}
	}
}

// committed does so with lines that this process has committed, in whatever order
// those of several commits come.
func (c *Cache) committed(lines []news.Line) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range lines {
		if c.seen.commit(line.Seq) {
			c.apply(effectOf(line))
		}
	}
}

// apply drops what e makes untrue, and has it remembered for what is being made.
// The caller holds c.mu.
func (c *Cache) apply(e effect) {
	c.unfile()
	c.recent.add(e, len(c.flights) > 0)
	c.passed.Store(int64(c.recent.now))
	for _, k := range c.index.concerned(&e, nil) {
		if k.filed {
			c.index.remove(k)
			c.held.remove(k)
			c.counts.invalidated.Add(1)
		}
	}
}

// unfile takes out of the index what had to make room. The caller holds c.mu.
func (c *Cache) unfile() {
	for _, k := range c.held.removed() {
		c.index.remove(k)
	}
}

// maxEarly bounds how many lines are remembered to have come before their time.
const maxEarly = 4096

// seen tells which lines have been applied, so that none is applied twice: what has
// been made since would be dropped for nothing.
type seen struct {
	first, last news.Seq              // of the lines that were followed; 0 for none
	early       map[news.Seq]struct{} // committed here, and not followed yet
}

// follow tells whether a line that is followed has to be applied.
func (s *seen) follow(seq news.Seq) bool {
	if s.first == 0 {
		s.first = seq
	} else if seq <= s.last {
		return false
	}
	s.last = seq
	_, early := s.early[seq]
	delete(s.early, seq)
	return !early
}

// commit tells whether a line that has been committed here has to be applied.
func (s *seen) commit(seq news.Seq) bool {
	if s.first != 0 && s.first <= seq && seq <= s.last {
		return false
	}
	if _, known := s.early[seq]; known {
		return false
	}
	if len(s.early) >= maxEarly || s.early == nil {
		// Nobody seems to follow the log. Whoever will drops a bit too much once.
		s.early = make(map[news.Seq]struct{})
	}
	s.early[seq] = struct{}{}
	return true
}

// A tick counts the lines that have been applied, in the order in which they were.
type tick int64

// maxRecent is how many effects are remembered at least.
const maxRecent = 4096

// recent remembers the effects that were applied while answers were being made.
type recent struct {
	now     tick
	effects []effect // the newest ones; those that are there are never changed
}

func (r *recent) add(e effect, needed bool) {
	r.now++
	switch {
	case !needed:
		r.effects = nil
	case len(r.effects) >= 2*maxRecent:
		r.effects = append(append(make([]effect, 0, 2*maxRecent), r.effects[maxRecent:]...), e)
	default:
		r.effects = append(r.effects, e)
	}
}

// since is the effects after t; ok is false where not all are remembered.
func (r *recent) since(t tick) (effects []effect, ok bool) {
	n := int(r.now - t)
	if n > len(r.effects) {
		return nil, false
	}
	return r.effects[len(r.effects)-n:], true
}
