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

// Rank orders the published stories that share tags with story as
// news.Reading.RelatedStories does.
func (r Relations) Rank(story *news.Story) []Place {
	scores := make(map[Place]float64)
	for i, tag := range story.Tags {
		if slices.Contains(story.Tags[:i], tag) {
			continue
		}
		for _, p := range r.Newest[tag] {
			if p.ID != string(story.ID) {
				scores[p] += r.Weights[tag]
			}
		}
	}
	places := make([]Place, 0, len(scores))
	for p := range scores {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b Place) int {
		return cmp.Or(cmp.Compare(scores[b], scores[a]), b.Compare(a))
	})
	return places
}
