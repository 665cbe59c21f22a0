package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
)

// entitySchema is what the fields of an entity have to be, in the log and in the
// collection of its kind.
func entitySchema(kind news.Kind) *schema {
	s := new(schema)
	s.require("_id", text())
	s.require("version", number())
	switch kind {
	case news.KindStory:
		s.story()
	case news.KindTag:
		s.tag()
	case news.KindTickerEntry:
		s.tickerEntry()
	case news.KindCoverage:
		s.coverage()
	case news.KindLock:
		s.requireTexts("status", "story", "holder")
		s.require("since", typed("date"))
		s.allowTexts("from")
	case news.KindServiceToken:
		s.requireTexts("status", "name", "role", "hash", "createdBy")
		s.require("createdAt", typed("date"))
		s.allow("revokedAt", typed("date"))
	case news.KindWebhook:
		s.requireTexts("status", "url", "createdBy")
		s.allowTexts("description", "failure")
		s.allow("kinds", listOf(text()))
		s.require("secret", bson.D{{Key: "bsonType", Value: bson.A{"binData", "null"}}}) // null is an empty one
		s.require("from", typed("long"))
		s.require("begun", number())
		s.require("createdAt", typed("date"))
	}
	return s
}

func (s *schema) story() {
	s.requireTexts("status", "slug", "title", "body", "language", "priority")
	s.allowTexts("summary", "canonicalUrl", "createdBy")
	s.allow("breaking", typed("bool"))
	s.allow("tags", listOf(text()))
	s.allow("authors", listOf(text()))
	s.allow("image", imageSchema())
	s.allow("source", sourceSchema())
	s.allow("previousSlugs", listOf(text()))
	s.allow("corrections", listOf(correctionSchema()))
	s.require("createdAt", typed("date"))
	s.require("updatedAt", typed("date"))
	s.allow("publishedAt", typed("date"))
	s.allow("schedule", scheduleSchema())
	s.allow("embargoedUntil", typed("date"))
	s.allow("retags", listOf(retagSchema()))
	s.allow("withdrawnIn", number())
}

func (s *schema) tag() {
	s.requireTexts("slug", "name", "kind", "sortName")
	s.allowTexts("description", "code", "uri", "status", "mergedInto")
	s.allow("aliases", listOf(text()))
	s.allow("previousSlugs", listOf(text()))
	s.allow("mergedAt", typed("date"))
	s.allow("settled", typed("bool"))
}

func (s *schema) tickerEntry() {
	s.requireTexts("status", "headline", "priority")
	s.allowTexts("body", "story", "coverage")
	for _, field := range []string{"occurredAt", "publishedAt", "updatedAt"} {
		s.require(field, typed("date"))
	}
	s.allow("keyEvent", typed("bool"))
	s.allow("coverageOnly", typed("bool"))
	s.allow("pinned", typed("bool"))
	s.allow("pinnedUntil", typed("date"))
	s.allow("tags", listOf(text()))
	s.allow("source", sourceSchema())
	s.allow("corrections", listOf(correctionSchema()))
	s.allow("retags", listOf(retagSchema()))
}

func (s *schema) coverage() {
	s.requireTexts("slug", "title", "status")
	s.allowTexts("summary")
	s.require("startsAt", typed("date"))
	s.allow("endsAt", typed("date"))
	s.allow("tags", listOf(text()))
	s.allow("previousSlugs", listOf(text()))
	s.allow("retags", listOf(retagSchema()))
}

func correctionSchema() bson.D {
	s := new(schema)
	s.require("at", typed("date"))
	s.require("note", text())
	s.require("kind", text())
	s.require("fromVersion", number())
	s.require("toVersion", number())
	return s.document()
}

func sourceSchema() bson.D {
	s := new(schema)
	s.require("name", text())
	s.allow("url", text())
	return s.document()
}

func imageSchema() bson.D {
	s := new(schema)
	s.requireTexts("url", "alt", "credit")
	s.allowTexts("caption")
	s.allow("width", number())
	s.allow("height", number())
	point := new(schema)
	point.require("x", typed("double"))
	point.require("y", typed("double"))
	s.allow("focalPoint", point.document())
	return s.document()
}

func scheduleSchema() bson.D {
	s := new(schema)
	s.require("at", typed("date"))
	s.allowTexts("local", "zone")
	return s.document()
}

func retagSchema() bson.D {
	s := new(schema)
	s.requireTexts("from", "to")
	s.allow("beside", typed("bool"))
	return s.document()
}
