package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
)

// A form is how much of an entity is read.
type form int

const (
	asPlace form = iota // where it stands in lists, and nothing of itself
	inBrief             // a story without its body; others are whole
	asWhole
)

// projection is what the server is to send of a document of kind; nil is all of it.
func (f form) projection(kind news.Kind) bson.D {
	switch {
	case f == asPlace:
		return bson.D{{Key: "listing", Value: 1}, {Key: "line", Value: 1}}
	case f == inBrief && kind == news.KindStory:
		return bson.D{{Key: "body", Value: 0}}
	}
	return nil
}

// of is an entity in the form; nil where it is a place. e may be shared: it is not
// changed.
func (f form) of(e news.Entity) news.Entity {
	if f == asPlace {
		return nil
	}
	if story, ok := e.(*news.Story); ok && f == inBrief {
		return story.InBrief()
	}
	return e
}
