package sqlite

import (
	"context"
	"fmt"

	"depeche/internal/news"
)

// StoryCounts implements news.Reading.
func (s *Store) StoryCounts(ctx context.Context, tags []news.TagID) (map[news.TagID]int, error) {
	counts := make(map[news.TagID]int, len(tags))
	err := s.glance(ctx, func(m *moment) error {
		var names []string
		for _, tag := range tags {
			names = append(names, publishedTerm(tag.Term()))
		}
		terms, err := lookUp(ctx, m, names)
		for i, tag := range tags {
			counts[tag] = int(terms[names[i]].n)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count stories of %d tags: %w", len(tags), err)
	}
	return counts, nil
}

// TagUses implements news.Reading.
func (s *Store) TagUses(ctx context.Context, tags []news.TagID) (map[news.TagID]news.TagUse, error) {
	uses := make(map[news.TagID]news.TagUse, len(tags))
	err := s.glance(ctx, func(m *moment) error {
		clear(uses)
		var names []string
		for _, tag := range tags {
			for _, kind := range carriers() {
				names = append(names, carrying(kind, tag)...)
			}
		}
		terms, err := lookUp(ctx, m, names)
		for _, tag := range tags {
			uses[tag] = news.TagUse{
				Stories:       count(terms, carrying(news.KindStory, tag)),
				TickerEntries: count(terms, carrying(news.KindTickerEntry, tag)),
				Coverages:     count(terms, carrying(news.KindCoverage, tag)),
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count what carries %d tags: %w", len(tags), err)
	}
	return uses, nil
}

// carriers are the kinds of what carries tags.
func carriers() []news.Kind {
	return []news.Kind{news.KindStory, news.KindTickerEntry, news.KindCoverage}
}

// carrying are the names of the terms of the entities of kind that carry tag.
func carrying(kind news.Kind, tag news.TagID) []string {
	var names []string
	for _, shelf := range news.Carrying(kind, tag).Shelves {
		for _, term := range shelf.All {
			names = append(names, termOf(kind, shelf.Status, term))
		}
	}
	return names
}

// count adds up the postings of the terms of names; no entity is listed under two
// of them.
func count(terms map[string]term, names []string) (n int) {
	for _, name := range names {
		n += int(terms[name].n)
	}
	return n
}
