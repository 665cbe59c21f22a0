package live_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"depeche/internal/news"
)

// A chance decides at random, the same way for the same seed as far as the
// scheduler allows.
type chance struct {
	mu     sync.Mutex
	random *rand.Rand
}

func newChance(seed uint64) *chance { return &chance{random: rand.New(rand.NewPCG(seed, 1))} }

// n is one of 0 … below-1.
func (c *chance) n(below int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(below)
}

func (c *chance) oneIn(n int) bool { return c.n(n) == 0 }

func (c *chance) upTo(ms int) time.Duration { return time.Duration(c.n(ms+1)) * time.Millisecond }

// A newsroom publishes, changes and withdraws at random. No two versions have the
// same text.
type newsroom struct {
	*chance
	log   *memoryLog
	docs  [6]news.Entity
	texts int
}

func (n *newsroom) text() string {
	n.texts++
	return fmt.Sprintf("text %d", n.texts)
}

// change commits something.
func (n *newsroom) change() {
	i := n.n(len(n.docs))
	op, doc := n.changed(i)
	n.docs[i] = doc
	if e, ok := doc.(*news.TickerEntry); ok && e.Status == news.TickerRetracted {
		n.docs[i] = nil // it can't be changed any more
	}
	n.log.commit(op, doc)
}

func (n *newsroom) changed(i int) (news.Op, news.Entity) {
	switch was := n.docs[i].(type) {
	case *news.Story:
		return n.changedStory(was)
	case *news.TickerEntry:
		next := *was
		next.Version++
		if n.oneIn(4) {
			next.Status, next.Body = news.TickerRetracted, ""
			return news.OpRetracted, &next
		}
		next.Body = news.Text(n.text())
		return news.OpCorrected, &next
	}
	if i%2 == 0 {
		s := story(i, news.StoryPublished, 1)
		s.Body = n.text()
		return news.OpPublished, s
	}
	e := entry(100*n.texts + i)
	e.Body = news.Text(n.text())
	return news.OpPublished, e
}

func (n *newsroom) changedStory(was *news.Story) (news.Op, news.Entity) {
	next := was.Clone()
	next.Version++
	next.Body = n.text()
	switch published := was.Status == news.StoryPublished; {
	case published && n.oneIn(3):
		next.Status, next.WithdrawnIn = news.StoryUnpublished, next.Version
		return news.OpUnpublished, next
	case !published && n.oneIn(2):
		next.Status = news.StoryPublished
		return news.OpPublished, next
	}
	return news.OpUpdated, next
}

// someone is an entity that the public may have seen.
func (n *newsroom) someone(seq news.Seq) news.EntityID {
	n.log.mu.Lock()
	defer n.log.mu.Unlock()
	line := n.log.lines[int(seq)*7%len(n.log.lines)]
	return line.Doc.Ref().ID
}
