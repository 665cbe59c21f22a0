package mongo

import (
	"context"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// answering is what read reads, with the tags that answer for merged ones in their
// place and without deleted ones. Where a tag was merged, what it was merged into
// is as of the same line of the log as the tag itself is.
func answering[K comparable, E news.Entity](ctx context.Context, s *Store, read func() (map[K]E, error)) (map[K]E, error) {
	for {
		begin := s.tail.begin()
		found, err := read()
		if err != nil {
			return nil, err
		}
		chains := make(map[news.TagID]*news.Tag) // the tags that it goes by; nil: there is none
		for _, e := range found {
			if t, ok := news.Entity(e).(*news.Tag); ok && t.Status == news.TagMerged {
				chains[t.ID] = t
			}
		}
		err = listing.Survivors(found, func(ids []news.TagID) (map[news.TagID]*news.Tag, error) {
			tags, err := s.tagsOf(ctx, texts(ids))
			for _, id := range ids {
				chains[id] = tags[id]
			}
			return tags, err
		})
		if err != nil || len(chains) == 0 {
			return found, err
		}
		if err := s.catchUp(ctx); err != nil {
			return nil, err
		}
		if c := changesOf(s.tail.since(begin)); !c.overtake(chains) {
			return found, nil
		}
	}
}

// overtake tells whether any of the tags has come further since it was read.
func (c changes) overtake(tags map[news.TagID]*news.Tag) bool {
	for id, t := range tags {
		e := c.newest[news.EntityID(id)]
		if e == nil || e.ref.Kind != news.KindTag {
			continue
		}
		if t == nil || e.ref.Version > t.Version {
			return true
		}
	}
	return false
}
