package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// publishedTerm is the name of a term of the published stories.
func publishedTerm(term string) string {
	return termOf(news.KindStory, string(news.StoryPublished), term)
}

// TrendingTags implements news.Reading.
func (s *Store) TrendingTags(ctx context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	var ranking []news.TagCount
	err := s.study(ctx, func(m *moment) error {
		recent, ok, err := recentStories(ctx, m, since)
		if err != nil || !ok {
			return err
		}
		counts, err := countTags(ctx, m, recent, news.TagFilter{Kinds: kinds}.Selection())
		if err != nil {
			return err
		}
		slices.SortFunc(counts, func(a, b tagCount) int {
			return cmp.Or(cmp.Compare(b.stories, a.stories), cmp.Compare(a.name, b.name), cmp.Compare(a.id, b.id))
		})
		counts = counts[:min(max(limit, 0), len(counts))]
		ids := make([]news.TagID, len(counts))
		for i, n := range counts {
			ids[i] = n.id
		}
		tags := make(map[news.TagID]*news.Tag, len(ids))
		err = load(ctx, m, ids, false, func(id news.TagID, e news.Entity) {
			tags[id], _ = e.(*news.Tag)
		})
		for _, n := range counts {
			if tag := tags[n.id]; tag != nil {
				ranking = append(ranking, news.TagCount{Tag: tag, Stories: n.stories})
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("rank tags since %s: %w", since, err)
	}
	return ranking, nil
}

// recentStories is the span of the published stories since then that a ranking
// looks at. ok is false where there is none.
func recentStories(ctx context.Context, m *moment, since time.Time) (recent listing.Span, ok bool, err error) {
	recent = listing.Whole(news.Selection{Kind: news.KindStory, From: since})
	all := publishedTerm("")
	terms, err := lookUp(ctx, m, []string{all})
	if err != nil || terms[all].n == 0 {
		return listing.Span{}, false, err
	}
	var oldest listing.Place
	many, err := m.row(ctx, `
		SELECT key, id FROM postings WHERE term = ? AND key >= ?
		ORDER BY key DESC, id DESC LIMIT 1 OFFSET 0 + ?`,
		[]any{terms[all].id, recent.Lo.Ms, listing.TrendingStories - 1}, &oldest.Ms, &oldest.ID)
	if many {
		recent = recent.From(oldest)
	}
	return recent, true, err
}

type tagCount struct {
	id      news.TagID
	name    string
	stories int
}

// countTags counts the published stories within recent that carry each of the
// tags of sel; those that none carries are left out.
func countTags(ctx context.Context, m *moment, recent listing.Span, sel news.Selection) ([]tagCount, error) {
	streams, err := plan(ctx, m, sel)
	if err != nil {
		return nil, err
	}
	var counts []tagCount
	for _, st := range streams {
		err := m.query(ctx, `
			SELECT p.id, p.key, (
				SELECT count(*) FROM postings q WHERE q.term = t.id AND (q.key, q.id) >= (?, ?)
			) FROM postings p CROSS JOIN terms t ON t.term = ? || p.id
			WHERE p.term = ?`,
			[]any{recent.Lo.Ms, recent.Lo.ID, publishedTerm(news.TagID("").Term()), st[0].id},
			func(rows *sql.Rows) error {
				var n tagCount
				if err := rows.Scan(&n.id, &n.name, &n.stories); err != nil {
					return err
				}
				if n.stories > 0 {
					counts = append(counts, n)
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

// RelatedStories implements news.Reading.
func (s *Store) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	var related map[news.StoryID][]*news.Story
	err := s.glance(ctx, func(m *moment) error {
		related = make(map[news.StoryID][]*news.Story, len(ids))
		sources := make(map[news.StoryID]*news.Story, len(ids))
		err := load(ctx, m, ids, true, func(id news.StoryID, e news.Entity) {
			if story, ok := e.(*news.Story); ok && story.VisibleTo(who) {
				sources[id] = story
			}
		})
		if err != nil {
			return err
		}
		r := relations{Weights: make(map[news.TagID]float64), Newest: make(map[news.TagID][]listing.Place)}
		ranked := make(map[news.StoryID][]listing.Place, len(ids))
		var wanted []string
		for id, story := range sources {
			if err := r.learn(ctx, m, story.Tags); err != nil {
				return err
			}
			ranked[id] = listing.Relations(r).Rank(story, limit)
			for _, p := range ranked[id] {
				wanted = append(wanted, p.ID)
			}
		}
		found := make(map[string]*news.Story, len(wanted))
		err = load(ctx, m, wanted, true, func(id string, e news.Entity) {
			found[id], _ = e.(*news.Story)
		})
		for id, places := range ranked {
			for _, p := range places {
				if story := found[p.ID]; story != nil {
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

// relations remembers what stories of one question have in common.
type relations listing.Relations

// learn reads what it takes to rank by tags.
func (r *relations) learn(ctx context.Context, m *moment, tags []news.TagID) error {
	var names []string
	for _, tag := range tags {
		if _, known := r.Weights[tag]; !known {
			names = append(names, publishedTerm(tag.Term()))
		}
	}
	if len(names) == 0 {
		return nil
	}
	terms, err := lookUp(ctx, m, names)
	if err != nil {
		return err
	}
	whole := listing.Whole(news.Selection{Kind: news.KindStory})
	for _, tag := range tags {
		if _, known := r.Weights[tag]; known {
			continue
		}
		t := terms[publishedTerm(tag.Term())]
		r.Weights[tag] = news.TagWeight(int(t.n))
		if t.n == 0 {
			continue
		}
		if r.Newest[tag], err = walk(ctx, m, []stream{{t}}, whole, true, listing.RelatedStories); err != nil {
			return err
		}
	}
	return nil
}
