package mongo

import (
	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
)

// validatorOf is what the documents of a collection have to be. It holds the
// fields that depeche reads to their types and lets others be. What the log
// takes in, the collection of its kind takes in too: a line that is committed
// can be projected.
func validatorOf(collection string) bson.D {
	return bson.D{{Key: "$jsonSchema", Value: schemaOf(collection)}}
}

func schemaOf(collection string) bson.D {
	switch collection {
	case logCollection:
		return logSchema()
	case placesCollection:
		return placeSchema()
	}
	for _, kind := range news.Kinds() {
		if collectionOf(kind) == collection {
			s := entitySchema(kind)
			s.require("listing", listingSchema())
			s.require("line", typed("long"))
			s.allow("slugs", listOf(text()))
			return s.document()
		}
	}
	return nil
}

func logSchema() bson.D {
	s := new(schema)
	s.require("_id", typed("long"))
	s.require("entity", text())
	s.require("version", number())
	s.require("kind", text())
	s.require("op", text())
	s.require("at", typed("date"))
	s.require("by", text())
	s.allow("before", listingSchema())
	s.allow("slugs", listOf(text()))
	s.require("write", text())
	s.require("doc", typed("object"))
	var kinds bson.A
	for _, kind := range news.Kinds() {
		one := new(schema)
		one.require("kind", bson.D{{Key: "enum", Value: bson.A{string(kind)}}})
		one.require("doc", entitySchema(kind).document())
		kinds = append(kinds, one.document())
	}
	return append(s.document(), bson.E{Key: "anyOf", Value: kinds})
}

func placeSchema() bson.D {
	s := new(schema)
	s.require("_id", text())
	s.require("seq", typed("long"))
	s.require("until", typed("date"))
	s.allow("taken", text())
	return s.document()
}

func listingSchema() bson.D {
	s := new(schema)
	s.allow("status", text())
	s.allow("at", typed("date"))
	s.allow("name", text())
	s.allow("terms", listOf(text()))
	return s.document()
}

func entitySchema(kind news.Kind) *schema {
	s := new(schema)
	s.require("_id", text())
	s.require("version", number())
	ids := listOf(text())
	switch kind {
	case news.KindStory:
		for _, field := range []string{"status", "slug", "title", "body", "language", "priority"} {
			s.require(field, text())
		}
		for _, field := range []string{"summary", "canonicalUrl", "createdBy"} {
			s.allow(field, text())
		}
		s.allow("breaking", typed("bool"))
		s.allow("tags", ids)
		s.allow("authors", ids)
		s.allow("image", imageSchema())
		s.allow("source", sourceSchema())
		s.allow("previousSlugs", listOf(text()))
		s.allow("corrections", listOf(correctionSchema()))
		s.require("createdAt", typed("date"))
		s.require("updatedAt", typed("date"))
		s.allow("publishedAt", typed("date"))
		s.allow("withdrawnIn", number())
	case news.KindTag:
		for _, field := range []string{"slug", "name", "kind", "sortName"} {
			s.require(field, text())
		}
		s.allow("description", text())
		s.allow("aliases", listOf(text()))
		s.allow("previousSlugs", listOf(text()))
	case news.KindTickerEntry:
		for _, field := range []string{"status", "headline", "priority"} {
			s.require(field, text())
		}
		for _, field := range []string{"body", "story", "coverage"} {
			s.allow(field, text())
		}
		for _, field := range []string{"occurredAt", "publishedAt", "updatedAt"} {
			s.require(field, typed("date"))
		}
		s.allow("keyEvent", typed("bool"))
		s.allow("pinned", typed("bool"))
		s.allow("tags", ids)
		s.allow("source", sourceSchema())
		s.allow("corrections", listOf(correctionSchema()))
	case news.KindCoverage:
		for _, field := range []string{"slug", "title", "status"} {
			s.require(field, text())
		}
		s.allow("summary", text())
		s.require("startsAt", typed("date"))
		s.allow("endsAt", typed("date"))
		s.allow("tags", ids)
		s.allow("previousSlugs", listOf(text()))
	}
	return s
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
	for _, field := range []string{"url", "alt", "credit"} {
		s.require(field, text())
	}
	s.allow("caption", text())
	s.allow("width", number())
	s.allow("height", number())
	point := new(schema)
	point.require("x", typed("double"))
	point.require("y", typed("double"))
	s.allow("focalPoint", point.document())
	return s.document()
}

// A schema is that of an object.
type schema struct {
	required   bson.A
	properties bson.D
}

func (s *schema) require(field string, value bson.D) {
	s.required = append(s.required, field)
	s.allow(field, value)
}

func (s *schema) allow(field string, value bson.D) {
	s.properties = append(s.properties, bson.E{Key: field, Value: value})
}

func (s *schema) document() bson.D {
	d := typed("object")
	if len(s.required) > 0 {
		d = append(d, bson.E{Key: "required", Value: s.required})
	}
	return append(d, bson.E{Key: "properties", Value: s.properties})
}

func typed(name string) bson.D { return bson.D{{Key: "bsonType", Value: name}} }

func text() bson.D { return typed("string") }

// number is a whole number, which the driver writes as short as it can.
func number() bson.D { return bson.D{{Key: "bsonType", Value: bson.A{"int", "long"}}} }

func listOf(item bson.D) bson.D { return append(typed("array"), bson.E{Key: "items", Value: item}) }
