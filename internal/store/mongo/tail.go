package mongo

import (
	"sync"
	"time"

	"depeche/internal/news"
)

// trusted is how many of the newest lines are looked after: older ones are
// taken for projected. A process has at most maxBatch lines between the log and
// the projection, so this covers ten processes that die at the same moment.
const trusted = 10 * maxBatch

// tail is the end of the log as far as this process knows it: the newest lines,
// from those on that may not be projected yet. A reading that knows where the
// tail began before it read the projection, and what the tail holds after it
// has, knows all that may be missing from what it read.
//
// The lines are a chain, so that a reading that holds its beginning finds all
// that came since, however far the tail has moved on.
type tail struct {
	grown func([]*link) // called under the lock with lines that have come

	mu    sync.Mutex
	first *link // what is at and below it has been projected, or is taken for it
	last  *link // the newest line that is known
	size  int   // links behind first
}

// A link is a line of the tail.
type link struct {
	*entry      // nil for the place before the first line
	seq         news.Seq
	due         time.Time // when it should have been projected by whoever wrote it
	isProjected bool
	next        *link
}

// newTail is a tail that begins behind line seq.
func newTail(seq news.Seq, grown func([]*link)) *tail {
	l := &link{seq: seq, isProjected: true}
	return &tail{grown: grown, first: l, last: l}
}

// begin is where the tail begins now.
func (t *tail) begin() *link {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.first
}

// end is the newest line that is known.
func (t *tail) end() *link {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last
}

// since returns the lines behind begin, oldest first, and the number of the
// newest.
func (t *tail) since(begin *link) ([]*link, news.Seq) {
	end := t.end()
	var links []*link
	for l := begin; l != end; {
		l = l.next
		links = append(links, l)
	}
	return links, end.seq
}

// learn adds lines of the log, which are in order. Those that are known already
// are passed over, and so is everything behind a hole.
func (t *tail) learn(entries []*entry, due time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var added []*link
	for _, e := range entries {
		if e.Seq != t.last.seq+1 {
			continue
		}
		l := &link{entry: e, seq: e.Seq, due: due}
		t.last.next = l
		t.last = l
		t.size++
		added = append(added, l)
	}
	if len(added) > 0 {
		t.grown(added)
	}
	if t.size > 2*trusted {
		for ; t.size > trusted; t.size-- {
			t.first = t.first.next
		}
	}
}

// projected notes that lines have been projected.
func (t *tail) projected(links []*link) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, l := range links {
		l.isProjected = true
	}
	for t.first != t.last && t.first.next.isProjected {
		t.first = t.first.next
		t.size--
	}
}

// overdue returns the lines that should have been projected by now and are not
// known to be.
func (t *tail) overdue(now time.Time) []*link {
	t.mu.Lock()
	defer t.mu.Unlock()
	var links []*link
	for l := t.first; l != t.last; {
		l = l.next
		if !l.isProjected && !l.due.After(now) {
			links = append(links, l)
		}
	}
	return links
}
