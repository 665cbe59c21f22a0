package mongo

import (
	"context"
	"fmt"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
	"depeche/internal/store/listing"
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

// StoryCounts implements news.Reading.
func (s *Store) StoryCounts(ctx context.Context, tags []news.TagID) (map[news.TagID]int, error) {
	byTag := make(map[news.TagID]int, len(tags))
	err := s.call(ctx, func(ctx context.Context) error {
		var terms []string
		for _, tag := range tags {
			terms = append(terms, tag.Term())
		}
		n, err := s.count(ctx, terms)
		for _, tag := range tags {
			byTag[tag] = n[tag.Term()]
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count stories of %d tags: %w", len(tags), err)
	}
	return byTag, nil
}

// count tells how many published stories carry each of terms, at the newest
// line.
func (s *Store) count(ctx context.Context, terms []string) (map[string]int, error) {
	// What is kept is as new as the newest line that is known.
	if err := s.catchUp(ctx); err != nil {
		return nil, err
	}
	n := make(map[string]int, len(terms))
	for _, term := range terms {
		known, ok := s.counts.get(term)
		if !ok {
			var err error
			if known, err = s.countAnew(ctx, term); err != nil {
				return nil, err
			}
		}
		n[term] = known
	}
	return n, nil
}

// countAnew has the server count.
func (s *Store) countAnew(ctx context.Context, term string) (int, error) {
	t, err := s.tally(ctx, published(term))
	if err == nil && t.exact {
		s.counts.put(term, t.n, t.at)
	}
	return t.n, err
}

// TagUses implements news.Reading.
func (s *Store) TagUses(ctx context.Context, tags []news.TagID) (map[news.TagID]news.TagUse, error) {
	uses := make(map[news.TagID]news.TagUse, len(tags))
	err := s.call(ctx, func(ctx context.Context) error {
		for _, tag := range tags {
			if _, counted := uses[tag]; counted {
				continue
			}
			var use news.TagUse
			for kind, n := range map[news.Kind]*int{
				news.KindStory: &use.Stories, news.KindTickerEntry: &use.TickerEntries, news.KindCoverage: &use.Coverages,
			} {
				t, err := s.tally(ctx, news.Carrying(kind, tag))
				if err != nil {
					return err
				}
				*n = t.n
			}
			uses[tag] = use
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count what carries %d tags: %w", len(tags), err)
	}
	return uses, nil
}

// A tally is how many entities a selection held at a line of the log.
type tally struct {
	n     int
	at    news.Seq
	exact bool
}

// maxCountings bounds how often a count is taken while entities change.
const maxCountings = 5

// tally has the server count. Entities that come into the selection or leave it
// while it does, over and over, may be counted or not: it is not exact then.
func (s *Store) tally(ctx context.Context, sel news.Selection) (tally, error) {
	for attempt := 1; ; attempt++ {
		// Those that change meanwhile may be counted or not, so those that are
		// known to are left out and counted here.
		links, _ := s.tail.since(s.tail.begin())
		apart := changesOf(links, 0).newest
		var n int
		c, err := s.atHead(ctx, func() error {
			for _, filter := range filters(sel, listing.Whole(sel)) {
				if len(apart) > 0 {
					filter = append(filter, bson.E{Key: "_id", Value: bson.D{{Key: "$nin", Value: idsOf(apart)}}})
				}
				some, err := s.collection(sel.Kind).CountDocuments(ctx, filter)
				if err != nil {
					return err
				}
				n += int(some)
			}
			return nil
		})
		if err != nil {
			return tally{}, err
		}
		exact := covers(sel.Kind, apart, c.newest)
		if !exact && attempt < maxCountings {
			continue
		}
		for id, e := range apart {
			if newer := c.newest[id]; newer != nil {
				e = newer
			}
			if e.ref.Kind == sel.Kind && sel.Holds(e.listing) {
				n++
			}
		}
		return tally{n, c.head, exact}, nil
	}
}

// covers tells whether all entities of a kind of some are among others.
func covers(kind news.Kind, others, some map[news.EntityID]*entry) bool {
	for id, e := range some {
		if e.ref.Kind == kind && others[id] == nil {
			return false
		}
	}
	return true
}

func idsOf(entries map[news.EntityID]*entry) []string {
	ids := make([]string, 0, len(entries))
	for id := range entries {
		ids = append(ids, string(id))
	}
	return ids
}
