package live_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// A newsroom publishes, changes and withdraws at random, and merges the tags that it
// files under. No two versions have the same text that differ in more than tags.
type newsroom struct {
	*chance
	log   *memoryLog
	docs  [6]news.Entity
	texts int
	moves []func() // of what carries tags that were merged or taken out again
}

// manyTags is how many tags there are; few enough for chains of merges.
const manyTags = 4

func newNewsroom(c *chance, log *memoryLog) *newsroom {
	for i := range manyTags {
		log.commit(news.OpCreated, tag(fmt.Sprint(i)))
	}
	return &newsroom{chance: c, log: log}
}

func (n *newsroom) tagID() news.TagID { return tag(fmt.Sprint(n.n(manyTags))).ID }

// tags are some to file something under: often ones that are merged, as somebody does
// who has not heard of it.
func (n *newsroom) tags() []news.TagID {
	tags := []news.TagID{n.tagID()}
	if other := n.tagID(); n.oneIn(3) && other != tags[0] {
		tags = append(tags, other)
	}
	return tags
}

func (n *newsroom) text() string {
	n.texts++
	return fmt.Sprintf("text %d", n.texts)
}

// change commits something.
func (n *newsroom) change() {
	switch {
	case len(n.moves) > 0 && n.oneIn(2):
		n.moves[0]()
		n.moves = n.moves[1:]
		return
	case n.oneIn(8):
		n.mergeOrUndo(n.tagID(), n.tagID())
		return
	}
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
		s.Body, s.Tags = n.text(), n.tags()
		return news.OpPublished, s
	}
	e := entry(100*n.texts+i, n.tags()...)
	e.Body = news.Text(n.text())
	return news.OpPublished, e
}

// mergeOrUndo merges a tag into another one, or takes it out again.
func (n *newsroom) mergeOrUndo(from, into news.TagID) {
	merged := n.log.merged[len(n.log.merged)-1]
	switch stays := merged[from]; {
	case stays != "":
		n.log.unmerge(from)
		from, into = stays, from
	case from == into || merged[into] != "":
		return
	default:
		n.log.merge(from, into)
	}
	for i := range n.docs {
		n.moves = append(n.moves, func() { n.move(i, from, into) })
	}
}

// move files what is under one tag under another one.
func (n *newsroom) move(i int, from, into news.TagID) {
	moved := func(tags []news.TagID) []news.TagID {
		tags = slices.Clone(tags)
		tags[slices.Index(tags, from)] = into
		return slices.Compact(tags)
	}
	switch was := n.docs[i].(type) {
	case *news.Story:
		if slices.Contains(was.Tags, from) {
			next := was.Clone()
			next.Version, next.Tags = was.Version+1, moved(was.Tags)
			n.docs[i] = next
			n.log.commit(news.OpRetagged, next)
		}
	case *news.TickerEntry:
		if slices.Contains(was.Tags, from) {
			next := was.Clone()
			next.Version, next.Tags = was.Version+1, moved(was.Tags)
			n.docs[i] = next
			n.log.commit(news.OpRetagged, next)
		}
	}
}

func (n *newsroom) changedStory(was *news.Story) (news.Op, news.Entity) {
	next := was.Clone()
	next.Version++
	next.Body = n.text()
	if n.oneIn(6) && was.Status != news.StoryRetracted {
		next.Tags = n.tags()
	}
	switch published := was.Public(); {
	case was.Status == news.StoryRetracted:
		next.Status = news.StoryUnpublished
		return news.OpRestored, next
	case published && n.oneIn(3):
		next.Status, next.WithdrawnIn = news.StoryUnpublished, next.Version
		return news.OpUnpublished, next
	case published && n.oneIn(8):
		next.Status, next.WithdrawnIn, next.Body = news.StoryRetracted, next.Version, ""
		return news.OpRetracted, next
	case was.Status == news.StoryPublished && !published && n.oneIn(2):
		next.EmbargoedUntil = time.Time{}
		return news.OpReleased, next
	case !published && n.oneIn(3):
		next.Status, next.EmbargoedUntil = news.StoryPublished, time.Now().Add(time.Hour)
		return news.OpPublished, next
	case !published && n.oneIn(2):
		next.Status, next.EmbargoedUntil = news.StoryPublished, time.Time{}
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
