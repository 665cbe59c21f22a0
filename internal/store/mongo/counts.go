package mongo

import (
	"sync"

	"depeche/internal/news"
)

// maxCounts bounds the counts that are kept.
const maxCounts = 10_000

// counts knows how many published stories carry each of some terms; the empty
// term is carried by all. A count is taken once and then kept up to date by the
// lines of the log.
type counts struct {
	mu sync.Mutex
	at news.Seq // the line that the counts reflect
	n  map[string]int
}

func newCounts(at news.Seq) *counts {
	return &counts{at: at, n: make(map[string]int)}
}

// apply brings the counts to the state behind the lines.
func (c *counts) apply(links []*link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range links {
		c.at = l.seq
		if l.ref.Kind != news.KindStory {
			continue
		}
		if l.Before != nil {
			c.add(*l.Before, -1)
		}
		c.add(l.listing, 1)
	}
}

func (c *counts) add(l news.Listing, by int) {
	if l.Status != string(news.StoryPublished) {
		return
	}
	for _, term := range append([]string{""}, l.Terms...) {
		if n, known := c.n[term]; known {
			c.n[term] = n + by
		}
	}
}

// get returns the count of term, if it is known.
func (c *counts) get(term string) (n int, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, known = c.n[term]
	return n, known
}

// put notes a count that was taken at a line. It is of no use when the log has
// gone on since.
func (c *counts) put(term string, n int, at news.Seq) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at != c.at {
		return
	}
	if len(c.n) >= maxCounts {
		clear(c.n)
	}
	c.n[term] = n
}
