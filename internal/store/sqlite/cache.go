package sqlite

import (
	"sync"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// A cache keeps what is in force in the store by now, as far as it has been
// asked for lately. All writing passes through it, so that it never has to be
// compared with the file: the writer takes out what a transaction is about to
// change before it commits (hold), and puts in what has become of it afterwards
// (release). In between, readers find none of it and ask the file, which knows
// whether the transaction has been committed. What a reader brings from the file
// is kept only when no transaction ended since before the reader looked.
//
// It is bounded in bytes, and holds what was used lately: when the young facts
// have grown to half of the limit they become the old ones, and the old ones that
// nobody has asked for since are forgotten.
type cache struct {
	limit int // in bytes; 0 keeps nothing

	mu         sync.Mutex
	young, old map[key]fact
	size       int // of the young ones

	// gen counts the holds and releases: it is odd while a transaction is about
	// to be committed.
	gen  uint64
	held map[key]fact // what it changes, with what becomes of it
	head news.Seq     // the newest line, or unknown; good while gen is even
}

// unknown is the newest line where no reader has looked yet.
const unknown news.Seq = -1

// A key names a fact.
type key struct {
	space space
	name  string
}

// A space tells what names stand for in it. That of the slugs of a kind, each
// with the news.EntityID to which it belongs for ever, is named as the kind.
type space string

const (
	wholes space = "whole" // news.Entity by id
	briefs space = "brief" // *news.Story by id, in brief
	terms  space = "term"  // term by name

	newestOf space = "newest" // newest by the name of a term
)

// How many bytes things take, about: a name with its place in the cache, beside
// its text; and one of the newest places.
const (
	nameSize  = 200
	placeSize = 100
)

// newest is the upper end of a list by time.
type newest struct {
	places []listing.Place // from the newest down
	all    bool            // there are no more
}

// A fact is what is kept under a key.
type fact struct {
	value any      // nil: nothing
	seq   news.Seq // the line that made an entity
	size  int      // in bytes, about
}

func newCache(limit int) *cache {
	return &cache{limit: limit, young: make(map[key]fact), head: unknown}
}

// begin tells which state of the cache a reader begins with, and which line is
// the newest one then. quiet is false where that is not known.
func (c *cache) begin() (at news.Seq, gen uint64, quiet bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.head, c.gen, c.gen%2 == 0 && c.head != unknown
}

// still tells whether nothing has been committed, nor is about to be, since the
// quiet state gen.
func (c *cache) still(gen uint64) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gen == gen
}

// learn tells the newest line, which a reader found who began with gen.
func (c *cache) learn(head news.Seq, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.limit > 0 && c.gen == gen && gen%2 == 0 {
		c.head = head
	}
}

// put keeps what a reader found who began with gen.
func (c *cache) put(k key, f fact, gen uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, held := c.held[k]
	if held || c.gen/2 != gen/2 {
		return // what the reader saw may have been overtaken
	}
	c.keep(k, f)
}

// hold takes the facts of changed out before the transaction that changes them is
// committed. changed holds what becomes of each, and belongs to the cache from
// then on. release has to follow.
func (c *cache) hold(changed map[key]fact) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	for k := range changed {
		if !c.forget(k) {
			changed[k] = fact{} // nobody asked for it lately
		}
	}
	c.held = changed
}

// release ends what hold began: with the newest line when the transaction has
// been committed, with unknown when it has not, or nobody knows.
func (c *cache) release(head news.Seq) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gen++
	for k, f := range c.held {
		if f.value != nil && head != unknown {
			c.keep(k, f)
		}
	}
	c.held, c.head = nil, head
}

// find returns what is kept under k, which counts as used. c.mu is held.
func (c *cache) find(k key) (fact, bool) {
	if f, ok := c.young[k]; ok {
		return f, true
	}
	f, ok := c.old[k]
	if ok {
		c.keep(k, f)
	}
	return f, ok
}

// keep makes f one of the young ones. c.mu is held.
func (c *cache) keep(k key, f fact) {
	if f.size > c.limit/2 {
		return
	}
	c.size -= c.young[k].size
	delete(c.young, k)
	if c.size += f.size; c.size > c.limit/2 {
		c.old, c.young, c.size = c.young, make(map[key]fact, len(c.young)/2), f.size
	}
	c.young[k] = f
}

// forget tells whether there was anything under k. c.mu is held.
func (c *cache) forget(k key) bool {
	f, young := c.young[k]
	if young {
		c.size -= f.size
		delete(c.young, k)
	}
	_, old := c.old[k]
	delete(c.old, k)
	return young || old
}

// recall hands out the entities of ids that are kept and that line at or an
// earlier one made; in brief where stories are wanted so. All of it belongs to
// one moment. It returns the other ids.
func recall[ID ~string](c *cache, ids []ID, brief bool, at news.Seq, add func(ID, news.Entity)) (missing []ID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		f, ok := c.entity(string(id), brief)
		if !ok || f.seq > at {
			missing = append(missing, id)
			continue
		}
		add(id, f.value.(news.Entity))
	}
	return missing
}

// known hands out the values that are kept under names. It returns the other
// names.
func known[V any](c *cache, in space, names []string, add func(name string, value V)) (missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		if f, ok := c.find(key{in, name}); ok {
			add(name, f.value.(V))
		} else {
			missing = append(missing, name)
		}
	}
	return missing
}

// newest returns what is kept of the upper end of the list of t.
func (c *cache) newest(t term) newest {
	c.mu.Lock()
	defer c.mu.Unlock()
	f, _ := c.find(key{newestOf, t.name})
	found, _ := f.value.(newest)
	return found
}

// entity returns the entity of id that is kept. c.mu is held.
func (c *cache) entity(id string, brief bool) (fact, bool) {
	if brief {
		if f, ok := c.find(key{briefs, id}); ok {
			return f, true
		}
	}
	f, ok := c.find(key{wholes, id})
	if story, is := f.value.(*news.Story); is && brief {
		k, shorter := factOf(story.InBrief(), f.seq, f.size-entitySize-len(story.Body))
		c.keep(k, shorter)
		return shorter, true
	}
	return f, ok
}

// entitySize is about how many bytes an entity takes with its place in the cache
// beside its text, for which the encoded form stands: structs and the heads of
// strings.
const entitySize = 800

// factOf is the fact of an entity that line seq made, with so much encoded text.
func factOf(e news.Entity, seq news.Seq, encoded int) (key, fact) {
	k := key{wholes, string(e.Ref().ID)}
	if story, ok := e.(*news.Story); ok && story.Brief {
		k.space = briefs
	}
	return k, fact{value: e, seq: seq, size: entitySize + encoded}
}
