package listing

import (
	"cmp"
	"slices"

	"depeche/internal/news"
)

// How many stories the rankings of news.Reading look at, at most.
const (
	TrendingStories = 10_000
	RelatedStories  = 100 // for each tag
)

// Relations is what it takes to rank stories by the tags that they share.
type Relations struct {
	Weights map[news.TagID]float64
	Newest  map[news.TagID][]Place // the newest published stories that carry the tag
}

// Rank finds the published stories that share tags with story, at most limit of
// them, in the order of news.Reading.RelatedStories.
func (r Relations) Rank(story *news.Story, limit int) []Place {
	scores := make(map[string]int) // where a story is in found, by its id
	var found []scored
	for i, tag := range story.Tags {
		if slices.Contains(story.Tags[:i], tag) {
			continue
		}
		for _, p := range r.Newest[tag] {
			if p.ID == string(story.ID) {
				continue
			}
			at, known := scores[p.ID]
			if !known {
				at = len(found)
				scores[p.ID] = at
				found = append(found, scored{Place: p})
			}
			found[at].score += r.Weights[tag]
		}
	}
	best := make([]scored, 0, max(min(limit, len(found)), 0)+1)
	for _, s := range found {
		at, _ := slices.BinarySearchFunc(best, s, scored.compare)
		if at < limit {
			best = slices.Insert(best, at, s)
			best = best[:min(len(best), limit)]
		}
	}
	places := make([]Place, len(best))
	for i, s := range best {
		places[i] = s.Place
	}
	return places
}

// A scored place is better the more its story shares, and then the newer it is.
type scored struct {
	Place
	score float64
}

// compare is below zero where s is better than t.
func (s scored) compare(t scored) int {
	if c := cmp.Compare(t.score, s.score); c != 0 {
		return c
	}
	return t.Place.Compare(s.Place)
}
