package mongo

import "go.mongodb.org/mongo-driver/v2/bson"

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
	case leasesCollection:
		return leaseSchema()
	}
	for _, kind := range kinds() {
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
	var choices bson.A
	for _, kind := range kinds() {
		one := new(schema)
		one.require("kind", bson.D{{Key: "enum", Value: bson.A{string(kind)}}})
		one.require("doc", entitySchema(kind).document())
		choices = append(choices, one.document())
	}
	return append(s.document(), bson.E{Key: "anyOf", Value: choices})
}

func placeSchema() bson.D {
	s := new(schema)
	s.require("_id", text())
	s.require("seq", typed("long"))
	s.require("until", typed("date"))
	s.allow("taken", text())
	return s.document()
}

func leaseSchema() bson.D {
	s := new(schema)
	s.require("_id", text())
	s.require("holder", text())
	s.require("until", typed("date"))
	s.allow("note", typed("binData"))
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

func (s *schema) requireTexts(fields ...string) {
	for _, field := range fields {
		s.require(field, text())
	}
}

func (s *schema) allowTexts(fields ...string) {
	for _, field := range fields {
		s.allow(field, text())
	}
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
