package news

import "math"

// TagWeight is what sharing a tag says about two stories, when carrying of all
// total published stories carry it: the rarer the tag, the more (the inverse
// document frequency of information retrieval).
func TagWeight(carrying, total int) float64 {
	if carrying <= 0 || total <= 0 {
		return 0
	}
	return math.Log(1 + float64(total)/float64(carrying))
}
