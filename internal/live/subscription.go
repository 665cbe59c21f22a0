package live

import (
	"sync"
	"sync/atomic"

	"depeche/internal/news"
)

// A Subscription is the place of one reader who follows a group. Take, Lag and At
// are called by one goroutine at a time; Leave may be called by any.
type Subscription struct {
	g      *group
	reader Reader
	at     news.Seq // everything up to here has been handed out
	live   bool     // the reader has been among the newest payloads

	backlog atomic.Pointer[page] // what a catch-up has found
	queued  atomic.Bool          // a catch-up is on its way
	lost    atomic.Pointer[error]

	shard, index int // among the readers; guarded by the shard
	left         atomic.Bool
}

// At is the place up to which everything has been handed out.
func (s *Subscription) At() news.Seq { return s.at }

// Take hands out what follows, oldest first, roughly at most room bytes of it, but
// at least one payload when there is one. When there is none, the reader is woken
// when there may be some. more says that there is more at once. The error says
// why there will be nothing any more: ErrCursorExpired for a reader who fell too
// far behind while it was catching up, ErrPanic, context.Canceled when the hub
// ends.
func (s *Subscription) Take(room int) (list []Payload, more bool, err error) {
	if lost := s.lost.Load(); lost != nil {
		return nil, false, *lost
	}
	if s.queued.Load() {
		return nil, false, s.g.failure() // the place is with a catch-up, which wakes the reader
	}
	if p := s.backlog.Load(); p != nil {
		if !p.outdated(s.g.hub.follower) {
			if found := after(p.list, s.at); len(found) > 0 {
				list, _ = fitting(found, room)
				s.at = list[len(list)-1].Seq
				return list, true, nil
			}
			s.at = max(s.at, p.through)
		}
		s.backlog.Store(nil)
	}
	err = s.g.failure() // before the payloads: there are no more of them then
	recent := s.g.recent.Load()
	found := after(recent.list, s.at)
	outdated := len(found) > 0 && found[0].Seq < s.g.hub.follower.newestWithdrawal()
	if outdated || s.at+1 < recent.from {
		if s.at+1 >= recent.from {
			s.at = found[0].Seq - 1 // nothing is wanted of the lines before
		}
		if err == nil {
			s.catchUp()
		}
		return nil, false, err
	}
	s.live = true
	if len(found) == 0 {
		s.at = max(s.at, recent.through)
		return nil, false, err
	}
	list, more = fitting(found, room)
	s.at = list[len(list)-1].Seq
	return list, more || err != nil, nil // who takes all is told the error next
}

// fitting is the beginning of a list that takes room bytes.
func fitting(list []Payload, room int) (part []Payload, more bool) {
	n := 1
	for n < len(list) && size(list[:n+1]) <= room {
		n++
	}
	return list[:n], n < len(list)
}

// Lag is how much a reader that was once among the newest payloads has not taken
// of them; nothing for one that is still catching up.
func (s *Subscription) Lag() (messages, bytes int) {
	if !s.live {
		return 0, 0
	}
	waiting := after(s.g.recent.Load().list, s.at)
	return len(waiting), size(waiting)
}

// Leave ends the subscription; its reader may be woken a last time. Leaving
// again does nothing.
func (s *Subscription) Leave() {
	if s.left.Swap(true) {
		return
	}
	s.g.shards[s.shard].remove(s)
	s.g.release()
}

func (s *Subscription) catchUp() {
	if !s.queued.Swap(true) {
		s.g.hub.behind.push(s)
	}
}

// A shard is the readers of a group that one worker wakes.
type shard struct {
	mu      sync.Mutex
	readers []*Subscription
	waking  atomic.Bool // the worker has it on its list
}

// add makes a reader who has been held one of the group.
func (g *group) add(reader Reader, at news.Seq) *Subscription {
	s := &Subscription{g: g, reader: reader, at: at, shard: int(g.hub.turn.Add(1)) % len(g.shards)}
	d := &g.shards[s.shard]
	d.mu.Lock()
	defer d.mu.Unlock()
	s.index = len(d.readers)
	d.readers = append(d.readers, s)
	return s
}

func (d *shard) remove(s *Subscription) {
	d.mu.Lock()
	defer d.mu.Unlock()
	last := len(d.readers) - 1
	moved := d.readers[last]
	d.readers[s.index], moved.index = moved, s.index
	d.readers[last] = nil
	d.readers = d.readers[:last]
}

// some copies up to len(into) of the readers below an index, the highest first.
// Going down, nobody is passed over when another leaves: the last takes that
// one's place, and the last has been seen.
func (d *shard) some(below int, into []*Subscription) (n, next int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	below = min(below, len(d.readers))
	for n < len(into) && below > 0 {
		below--
		into[n] = d.readers[below]
		n++
	}
	return n, below
}
