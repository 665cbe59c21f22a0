package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// published selects the published stories that carry term; the empty term is
// carried by all.
func published(term string) news.Selection {
	sel := news.StoryFilter{}.Selection(news.Audience{})
	if term != "" {
		sel.Shelves[0].All = []string{term}
	}
	return sel
}

// TrendingTags implements news.Reading. Tags that are not in use rank nowhere, even
// while stories carry them still.
func (s *Store) TrendingTags(ctx context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	var ranking []news.TagCount
	err := s.call(ctx, func(ctx context.Context) error {
		sel := published("")
		sel.From = since
		recent := &walk{sel: sel, span: listing.Whole(sel), down: true, limit: listing.TrendingStories}
		if _, err := s.walkAll(ctx, recent); err != nil {
			return err
		}
		stories := make(map[news.TagID]int)
		for _, r := range recent.rows {
			for _, term := range r.terms {
				if id, ok := strings.CutPrefix(term, news.TagID("").Term()); ok {
					stories[news.TagID(id)]++
				}
			}
		}
		wanted := news.TagFilter{Kinds: kinds}.Selection()
		var ids []string
		for id := range stories {
			ids = append(ids, string(id))
		}
		tags, err := s.tagsOf(ctx, ids)
		if err != nil {
			return err
		}
		for _, tag := range tags {
			if wanted.Holds(tag.Listing()) {
				ranking = append(ranking, news.TagCount{Tag: tag, Stories: stories[tag.ID]})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("rank tags since %s: %w", since, err)
	}
	slices.SortFunc(ranking, func(a, b news.TagCount) int {
		return cmp.Or(cmp.Compare(b.Stories, a.Stories), cmp.Compare(a.Tag.SortName, b.Tag.SortName), cmp.Compare(a.Tag.ID, b.Tag.ID))
	})
	return ranking[:min(max(limit, 0), len(ranking))], nil
}

// RelatedStories implements news.Reading.
func (s *Store) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	related := make(map[news.StoryID][]*news.Story, len(ids))
	err := s.call(ctx, func(ctx context.Context) error {
		sources, err := s.storiesOf(ctx, texts(ids))
		if err != nil {
			return err
		}
		var tags []news.TagID
		for id, story := range sources {
			if !story.VisibleTo(who) {
				delete(sources, id)
				continue
			}
			tags = append(tags, story.Tags...)
		}
		if len(tags) == 0 {
			return nil
		}
		slices.Sort(tags)
		r, err := s.relations(ctx, slices.Compact(tags))
		if err != nil {
			return err
		}
		ranked := make(map[news.StoryID][]listing.Place, len(sources))
		var wanted []string
		for id, story := range sources {
			ranked[id] = r.Rank(story, limit)
			for _, p := range ranked[id] {
				wanted = append(wanted, p.ID)
			}
		}
		found, err := s.storiesOf(ctx, wanted)
		for id, places := range ranked {
			for _, p := range places {
				// It may have been withdrawn since it was ranked.
				if story := found[news.StoryID(p.ID)]; story != nil && story.Public() {
					related[id] = append(related[id], story)
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what is related to %d stories: %w", len(ids), err)
	}
	return related, nil
}

// relations reads what it takes to rank by tags.
func (s *Store) relations(ctx context.Context, tags []news.TagID) (listing.Relations, error) {
	r := listing.Relations{Weights: make(map[news.TagID]float64), Newest: make(map[news.TagID][]listing.Place)}
	var terms []string
	walks := make([]*walk, len(tags))
	for i, tag := range tags {
		terms = append(terms, tag.Term())
		sel := published(tag.Term())
		walks[i] = &walk{sel: sel, span: listing.Whole(sel), down: true, limit: listing.RelatedStories}
	}
	n, err := s.count(ctx, terms)
	if err != nil {
		return r, err
	}
	if _, err := s.walkAll(ctx, walks...); err != nil {
		return r, err
	}
	for i, tag := range tags {
		r.Weights[tag] = news.TagWeight(n[tag.Term()])
		for _, found := range walks[i].rows {
			r.Newest[tag] = append(r.Newest[tag], found.place)
		}
	}
	return r, nil
}

// storiesOf reads stories in brief, whoever may see them.
func (s *Store) storiesOf(ctx context.Context, ids []string) (map[news.StoryID]*news.Story, error) {
	return entitiesOf[*news.Story, news.StoryID](ctx, s, news.KindStory, ids, inBrief)
}

func (s *Store) tagsOf(ctx context.Context, ids []string) (map[news.TagID]*news.Tag, error) {
	return entitiesOf[*news.Tag, news.TagID](ctx, s, news.KindTag, ids, asWhole)
}
