package mongo

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
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
	if _, err := s.TakeLease(t.Context(), storetest.Noon(), news.Lease{Key: "anna", Holder: "a node", Until: storetest.Noon(), Note: []byte{1}}); err != nil {
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

// TestValidatorsOfExistingDatabase has a server tell of collections whose validators
// an earlier depeche has made: those that differ are brought up to date.
func TestValidatorsOfExistingDatabase(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	s, err := Open(t.Context(), Options{URI: uri})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	earlier := bson.D{{Key: "$jsonSchema", Value: typed("object")}}
	var list bson.A
	for _, name := range collections() {
		validator := validatorOf(name)
		if name == logCollection || name == collectionOf(news.KindStory) {
			validator = earlier
		}
		list = append(list, bson.D{{Key: "name", Value: name}, {Key: "type", Value: "collection"},
			{Key: "options", Value: bson.D{{Key: "validator", Value: validator}}}})
	}
	for _, tt := range []struct {
		name   string
		answer mongotest.Action
		warned bool
	}{
		{"with the right to", mongotest.Answer(bson.D{}), false},
		{"without the right to", mongotest.Fail(unauthorized, "Unauthorized"), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proxy := mongotest.NewProxy(t, uri)
			var mu sync.Mutex
			modified := make(map[string]bson.Raw)
			proxy.On(func(c *mongotest.Command) mongotest.Action {
				switch c.Name {
				case "listCollections":
					return mongotest.Answer(bson.D{{Key: "cursor", Value: bson.D{
						{Key: "id", Value: int64(0)}, {Key: "ns", Value: c.Database + ".$cmd.listCollections"}, {Key: "firstBatch", Value: list},
					}}})
				case "collMod":
					mu.Lock()
					defer mu.Unlock()
					modified[c.Collection] = c.Body.Lookup("validator").Document()
					return tt.answer
				}
				return mongotest.Pass
			})
			var log bytes.Buffer
			s, err := Open(t.Context(), Options{URI: proxy.URI(), Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(modified) != 2 {
				t.Errorf("the validators of %v were changed, want those of log and stories", slices.Collect(maps.Keys(modified)))
			}
			for name, got := range modified {
				if want := marshalled(t, validatorOf(name)); string(got) != string(want) {
					t.Errorf("%s: got the validator %v, want %v", name, got, want)
				}
			}
			if warned := strings.Contains(log.String(), "may refuse what an earlier depeche did not write"); warned != tt.warned {
				t.Errorf("warned: got %v, want %v:\n%s", warned, tt.warned, log.String())
			}
		})
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
	case bson.TypeBinary:
		return "binData"
	}
	return t.String()
}
