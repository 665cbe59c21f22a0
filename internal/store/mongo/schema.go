package mongo

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

const (
	logCollection    = "log"
	metaCollection   = "meta"
	placesCollection = "places"
	leasesCollection = "leases"
)

// collections are those beside meta.
func collections() []string {
	names := []string{logCollection, placesCollection, leasesCollection}
	for _, kind := range kinds() {
		names = append(names, collectionOf(kind))
	}
	return names
}

// kinds are those of all entities that the log may be about.
func kinds() []news.Kind { return append(news.Kinds(), news.PrivateKinds()...) }

func collectionOf(kind news.Kind) string {
	switch kind {
	case news.KindStory:
		return "stories"
	case news.KindTag:
		return "tags"
	case news.KindTickerEntry:
		return "ticker"
	case news.KindCoverage:
		return "coverages"
	case news.KindLock:
		return "locks"
	case news.KindServiceToken:
		return "tokens"
	case news.KindWebhook:
		return "webhooks"
	}
	panic(fmt.Sprintf("there is no kind %q", kind))
}

func (s *Store) log() *driver.Collection    { return s.db.Collection(logCollection) }
func (s *Store) meta() *driver.Collection   { return s.db.Collection(metaCollection) }
func (s *Store) places() *driver.Collection { return s.db.Collection(placesCollection) }
func (s *Store) leases() *driver.Collection { return s.db.Collection(leasesCollection) }

// collection is where the entities of kind are.
func (s *Store) collection(kind news.Kind) *driver.Collection {
	return s.db.Collection(collectionOf(kind))
}

// An index is one that queries rely on.
type index struct {
	name   string
	keys   bson.D
	unique bool
}

// indexes are those of a collection.
func indexes(collection string) []index {
	ascending := func(fields ...string) (keys bson.D) {
		for _, field := range fields {
			keys = append(keys, bson.E{Key: field, Value: 1})
		}
		return keys
	}
	newestFirst := func(fields ...string) bson.D {
		return append(ascending(fields...), bson.E{Key: "listing.at", Value: -1}, bson.E{Key: "_id", Value: -1})
	}
	var (
		byTime  = index{name: "listing_at", keys: newestFirst("listing.status")}
		byTerm  = index{name: "listing_terms_at", keys: newestFirst("listing.status", "listing.terms")}
		bySlugs = index{name: "slugs", keys: ascending("slugs")}
	)
	switch collection {
	case logCollection:
		return []index{{name: "entity_version", keys: ascending("entity", "version"), unique: true}}
	case placesCollection:
		return []index{{name: "until", keys: ascending("until")}}
	case collectionOf(news.KindStory):
		return []index{byTime, byTerm, bySlugs}
	case collectionOf(news.KindTickerEntry):
		return []index{byTime, byTerm}
	case collectionOf(news.KindCoverage):
		return []index{byTime, byTerm, bySlugs}
	case collectionOf(news.KindLock), collectionOf(news.KindServiceToken), collectionOf(news.KindWebhook):
		return []index{byTime}
	case collectionOf(news.KindTag):
		return []index{
			{name: "listing_name", keys: ascending("listing.name", "_id")},
			{name: "listing_terms_name", keys: ascending("listing.terms", "listing.name", "_id")},
			bySlugs,
		}
	}
	return nil
}

// MongoDB's codes for what is there already, for what an engine has not got, and
// for an index that is there in another form.
const (
	unauthorized          = 13
	authenticationFailed  = 18
	namespaceExists       = 48
	commandNotFound       = 59
	commandNotSupported   = 115
	notImplemented        = 238
	indexOptionsConflict  = 85
	indexKeySpecsConflict = 86
)

// isMissing tells whether the engine has not got what it was asked for.
func isMissing(err error) bool {
	return hasCode(err, commandNotFound, commandNotSupported, notImplemented)
}

// furnish makes the collections, their validators and indexes as far as they are
// missing. Several processes may do so at once.
func (s *Store) furnish(ctx context.Context) error {
	existing, err := s.validators(ctx)
	if err != nil {
		return fmt.Errorf("list the collections: %w", err)
	}
	validated := true
	for _, name := range collections() {
		ok, err := s.ensureCollection(ctx, name, existing)
		if err != nil {
			return fmt.Errorf("make the collection %s: %w", name, err)
		}
		validated = validated && ok
		if err := s.index(ctx, name); err != nil {
			return fmt.Errorf("make the indexes of the collection %s: %w", name, err)
		}
	}
	if !validated {
		s.logger.InfoContext(ctx, "the server has no validators: documents are checked by depeche alone", "op", "open")
	}
	return nil
}

// validators are those of the collections that there are; nil where one has
// none.
func (s *Store) validators(ctx context.Context) (map[string]bson.Raw, error) {
	ctx, cancel := patiently(ctx)
	defer cancel()
	list, err := s.db.ListCollections(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	var found []struct {
		Name    string `bson:"name"`
		Options struct {
			Validator bson.Raw `bson:"validator"`
		} `bson:"options"`
	}
	if err := list.All(ctx, &found); err != nil {
		return nil, err
	}
	existing := make(map[string]bson.Raw)
	for _, c := range found {
		existing[c.Name] = c.Options.Validator
	}
	return existing, nil
}

// ensureCollection sees that the collection is there and validates what is written to
// it. ok is false where the server can't.
func (s *Store) ensureCollection(ctx context.Context, name string, existing map[string]bson.Raw) (ok bool, err error) {
	ctx, cancel := patiently(ctx)
	defer cancel()
	validator, err := bson.Marshal(validatorOf(name))
	if err != nil {
		return false, err
	}
	had, exists := existing[name]
	if !exists {
		err := s.db.CreateCollection(ctx, name, options.CreateCollection().SetValidator(bson.Raw(validator)))
		switch {
		case err == nil:
			return true, nil
		case isMissing(err):
			err := s.db.CreateCollection(ctx, name)
			if hasCode(err, namespaceExists) {
				err = nil
			}
			return false, err
		case !hasCode(err, namespaceExists):
			return false, err
		}
	}
	if string(had) == string(validator) {
		return true, nil
	}
	err = s.db.RunCommand(ctx, bson.D{{Key: "collMod", Value: name}, {Key: "validator", Value: bson.Raw(validator)}}).Err()
	switch {
	case isMissing(err):
		return false, nil
	case hasCode(err, unauthorized):
		// The role readWrite may make a collection with a validator, and not
		// give one to a collection that is there.
		s.logger.WarnContext(ctx, "the database's user may not change the validator of a collection (collMod): it is left as it is, "+
			"and may refuse what an earlier depeche did not write",
			"op", "open", "collection", name)
		return true, nil
	}
	return err == nil, err
}

// index sees that the indexes of the collection are there. One that is there in
// another form is left alone and reported; it is an error where depeche relies
// on it for more than speed.
func (s *Store) index(ctx context.Context, name string) error {
	existing, err := s.existing(ctx, name)
	if err != nil {
		return err
	}
	for _, want := range indexes(name) {
		difference := want.compare(existing)
		switch {
		case difference == "":
			continue
		case difference == missing:
			_, err := s.db.Collection(name).Indexes().CreateOne(ctx, driver.IndexModel{
				Keys: want.keys, Options: options.Index().SetName(want.name).SetUnique(want.unique),
			})
			switch {
			case err == nil:
				continue
			case hasCode(err, indexOptionsConflict, indexKeySpecsConflict):
				difference = err.Error() // another process was faster, and is another depeche
			case isMissing(err) && !want.unique:
				difference = "the server can't have it"
			default:
				return fmt.Errorf("%s: %w", want.name, err)
			}
		}
		if want.unique {
			return fmt.Errorf("the index %s differs from what depeche needs: %s; drop it, and it will be made anew", want.name, difference)
		}
		s.logger.WarnContext(ctx, "an index differs from what depeche would make; queries may be slow",
			"op", "open", "collection", name, "index", want.name, "difference", difference)
	}
	return nil
}

const missing = "it is missing"

// An existingIndex is one as the server lists it.
type existingIndex struct {
	Name      string   `bson:"name"`
	Keys      bson.Raw `bson:"key"`
	Unique    bool     `bson:"unique"`
	Sparse    bool     `bson:"sparse"`
	Hidden    bool     `bson:"hidden"`
	Partial   bson.Raw `bson:"partialFilterExpression"`
	Collation bson.Raw `bson:"collation"`
	Expires   *int64   `bson:"expireAfterSeconds"`
}

func (s *Store) existing(ctx context.Context, collection string) ([]existingIndex, error) {
	list, err := s.db.Collection(collection).Indexes().List(ctx)
	if err != nil {
		return nil, err
	}
	var found []existingIndex
	return found, list.All(ctx, &found)
}

// compare tells in what the index differs from the one that is there; it is
// empty where there is one that does what this one is for.
func (i index) compare(existing []existingIndex) string {
	for _, e := range existing {
		same := sameKeys(i.keys, e.Keys)
		switch {
		case !same && e.Name != i.name:
			continue
		case !same:
			return "it has other keys: " + e.Keys.String()
		case i.unique && !e.Unique:
			return "it is not unique"
		case !i.unique && e.Unique:
			return "it is unique"
		case e.Sparse, e.Partial != nil:
			return "it leaves documents out"
		case e.Collation != nil:
			return "it has a collation"
		case e.Hidden:
			return "it is hidden"
		case e.Expires != nil:
			return "it deletes documents"
		}
		return ""
	}
	return missing
}

// sameKeys compares the keys of an index with those that the server lists, which
// may be numbers of any type.
func sameKeys(want bson.D, is bson.Raw) bool {
	elements, err := is.Elements()
	if err != nil || len(elements) != len(want) {
		return false
	}
	for n, e := range elements {
		direction, ok := e.Value().AsInt64OK()
		if !ok || e.Key() != want[n].Key || direction != int64(want[n].Value.(int)) {
			return false
		}
	}
	return true
}
