package mongo

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// TestValidatorsTakeWhatIsWritten holds what a store writes against the
// validators, which the stand-in does not apply, and a real server does.
func TestValidatorsTakeWhatIsWritten(t *testing.T) {
	s, err := Open(t.Context(), Options{URI: mongotest.Database(t, mongotest.URI(t))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var changes []news.Change
	for _, e := range append(storetest.Full(), storetest.Bare()...) {
		changes = append(changes, storetest.Change(e, nil))
		if story, ok := e.(*news.Story); ok {
			changes = append(changes, storetest.Change(storetest.Next(story, func(s *news.Story) { s.WithdrawnIn = 2 }), story))
		}
	}
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	if err := s.LeavePlaces(t.Context(), storetest.Noon(), []news.Place{{Key: "anna", Seq: 1, Until: storetest.Noon()}}); err != nil {
		t.Fatal(err)
	}
	// What marks a place while it is taken is a text.
	if err := s.markPlaces(t.Context(), bson.D{}, "name"); err != nil {
		t.Fatal(err)
	}
	for _, name := range collections() {
		schema := marshalled(t, schemaOf(name))
		found, err := s.db.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		var documents []bson.Raw
		if err := found.All(t.Context(), &documents); err != nil {
			t.Fatal(err)
		}
		if len(documents) == 0 {
			t.Errorf("%s is empty", name)
		}
		for _, d := range documents {
			if err := objection(schema, bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: d}); err != nil {
				t.Errorf("%s %v: %v", name, d.Lookup("_id"), err)
			}
			// Without any of its required fields it is refused.
			elements, err := d.Elements()
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range required(schema) {
				var rest bson.D
				for _, e := range elements {
					if e.Key() != field {
						rest = append(rest, bson.E{Key: e.Key(), Value: e.Value()})
					}
				}
				if err := objection(schema, bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: marshalled(t, rest)}); err == nil {
					t.Errorf("%s without %s is taken", name, field)
				}
			}
		}
	}
}

func marshalled(t *testing.T, d bson.D) bson.Raw {
	t.Helper()
	raw, err := bson.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func required(schema bson.Raw) []string {
	var names []string
	if value, err := schema.LookupErr("required"); err == nil {
		_ = value.Unmarshal(&names)
	}
	return names
}

// objection is what MongoDB would object to: of $jsonSchema it knows what the
// validators use, and fails on the rest.
func objection(schema bson.Raw, value bson.RawValue) error {
	rules, err := schema.Elements()
	if err != nil {
		return err
	}
	for _, rule := range rules {
		switch rule.Key() {
		case "bsonType":
			if names := namesOf(rule.Value()); !slices.Contains(names, typeName(value.Type)) {
				return fmt.Errorf("it is %s, not %s", typeName(value.Type), strings.Join(names, " or "))
			}
		case "enum":
			if names := namesOf(rule.Value()); !slices.Contains(names, value.StringValue()) {
				return fmt.Errorf("%v is none of %v", value, names)
			}
		case "required":
			for _, name := range namesOf(rule.Value()) {
				if _, err := value.Document().LookupErr(name); err != nil {
					return fmt.Errorf("it has no %s", name)
				}
			}
		case "properties":
			properties, _ := rule.Value().Document().Elements()
			for _, p := range properties {
				if field, err := value.Document().LookupErr(p.Key()); err == nil {
					if err := objection(p.Value().Document(), field); err != nil {
						return fmt.Errorf("%s: %w", p.Key(), err)
					}
				}
			}
		case "items":
			items, _ := value.Array().Values()
			for _, item := range items {
				if err := objection(rule.Value().Document(), item); err != nil {
					return fmt.Errorf("an item: %w", err)
				}
			}
		case "anyOf":
			choices, _ := rule.Value().Array().Values()
			if !slices.ContainsFunc(choices, func(c bson.RawValue) bool { return objection(c.Document(), value) == nil }) {
				return fmt.Errorf("it is none of %d choices", len(choices))
			}
		default:
			return fmt.Errorf("the validator has a rule %s", rule.Key())
		}
	}
	return nil
}

func namesOf(value bson.RawValue) []string {
	if one, ok := value.StringValueOK(); ok {
		return []string{one}
	}
	var all []string
	_ = value.Unmarshal(&all)
	return all
}

// typeName is the alias of a type in a bsonType.
func typeName(t bson.Type) string {
	switch t {
	case bson.TypeEmbeddedDocument:
		return "object"
	case bson.TypeInt32:
		return "int"
	case bson.TypeInt64:
		return "long"
	case bson.TypeDateTime:
		return "date"
	case bson.TypeBoolean:
		return "bool"
	}
	return t.String()
}
