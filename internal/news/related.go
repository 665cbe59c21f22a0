package news

import "math"

// archive is how many stories an archive is taken to have for TagWeight. Were it
// the number that there are, each publication would rank anew what is related to
// any story.
const archive = 1_000_000

// TagWeight is what sharing a tag says about two stories, when so many published
// stories carry it: the rarer the tag, the more (the inverse document frequency of
// information retrieval).
func TagWeight(carrying int) float64 {
	if carrying <= 0 {
		return 0
	}
	return math.Log(1 + archive/float64(carrying))
}
