package mongo

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

// How many places one command is about, at most. What takes a server no time
// takes an engine that goes through all documents long, and keeps it from
// answering anything else.
const (
	leftAtOnce  = 1000
	takenAtOnce = 100
)

// A placeDocument is a document of the places. One that has been taken and not
// been deleted yet has a field taken beside these: a random name of who took it.
type placeDocument struct {
	Key   string    `bson:"_id"`
	Seq   int64     `bson:"seq"`
	Until time.Time `bson:"until"`
}

// LeavePlaces implements news.Handover.
func (s *Store) LeavePlaces(ctx context.Context, now time.Time, places []news.Place) error {
	if err := s.leavePlaces(ctx, now, places); err != nil {
		return fmt.Errorf("leave %d places: %w", len(places), err)
	}
	return nil
}

func (s *Store) leavePlaces(ctx context.Context, now time.Time, places []news.Place) error {
	if s.readOnly {
		return ErrReadOnly
	}
	if err := news.CheckPlaces(places); err != nil {
		return err
	}
	// What is left twice is written once: the order of one command's writes is
	// not known.
	latest := make(map[string]placeDocument, len(places))
	for _, p := range places {
		latest[p.Key] = placeDocument{Key: p.Key, Seq: int64(p.Seq), Until: p.Until}
	}
	for some := range slices.Chunk(slices.Collect(maps.Values(latest)), leftAtOnce) {
		if err := s.call(ctx, func(ctx context.Context) error { return s.writePlaces(ctx, some) }); err != nil {
			return err
		}
	}
	return s.call(ctx, func(ctx context.Context) error {
		_, err := s.places().DeleteMany(ctx, bson.D{{Key: "until", Value: bson.D{{Key: "$lt", Value: now}}}})
		return err
	})
}

// writePlaces writes places. As a rule none of them is there: to insert costs
// less than to look for what is replaced.
func (s *Store) writePlaces(ctx context.Context, places []placeDocument) error {
	there := make(map[string]bool)
	for range maxProjections {
		writes := make([]driver.WriteModel, len(places))
		keys := make([]string, len(places))
		for i, p := range places {
			keys[i] = p.Key
			if there[p.Key] {
				writes[i] = driver.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: p.Key}}).SetReplacement(p).SetUpsert(true)
			} else {
				writes[i] = driver.NewInsertOneModel().SetDocument(p)
			}
		}
		_, err := s.places().BulkWrite(ctx, writes, options.BulkWrite().SetOrdered(false))
		if !driver.IsDuplicateKeyError(err) {
			return err
		}
		// Not every engine goes on behind one that is there with the others.
		found, err := s.findPlaces(ctx, bson.D{{Key: "_id", Value: in(keys)}})
		if err != nil {
			return err
		}
		for _, p := range found {
			there[p.Key] = true
		}
	}
	return fmt.Errorf("%w: other processes leave the same places all the time", news.ErrUnavailable)
}

// TakePlaces implements news.Handover. Whoever is first to mark a place has it;
// one command marks many, and a document at a time.
func (s *Store) TakePlaces(ctx context.Context, now time.Time, keys []string) (map[string]news.Seq, error) {
	taken, err := s.takePlaces(ctx, now, keys)
	if err != nil {
		return taken, fmt.Errorf("take %d places: %w", len(keys), err)
	}
	return taken, nil
}

func (s *Store) takePlaces(ctx context.Context, now time.Time, keys []string) (map[string]news.Seq, error) {
	if s.readOnly {
		return nil, ErrReadOnly
	}
	if err := news.CheckPlaceKeys(keys); err != nil {
		return nil, err
	}
	taken := make(map[string]news.Seq)
	if len(keys) == 0 {
		return taken, s.call(ctx, func(context.Context) error { return nil })
	}
	for some := range slices.Chunk(keys, takenAtOnce) {
		err := s.call(ctx, func(ctx context.Context) error {
			marked, err := s.takeSome(ctx, some)
			for _, p := range marked {
				if !p.Until.Before(news.Instant(now)) {
					taken[p.Key] = news.Seq(p.Seq)
				}
			}
			return err
		})
		if err != nil {
			return taken, err
		}
	}
	return taken, nil
}

// takeSome returns what is kept for keys, whatever its time.
func (s *Store) takeSome(ctx context.Context, keys []string) ([]placeDocument, error) {
	name := rand.Text()
	free, mine := placesOf(keys, bson.D{{Key: "$exists", Value: false}}), placesOf(keys, name)
	// Most who ask have left nothing, and to read costs less than to write.
	if there, err := s.findPlaces(ctx, free); err != nil || len(there) == 0 {
		return nil, err
	}
	if err := s.markPlaces(ctx, free, name); err != nil {
		return nil, err
	}
	marked, err := s.findPlaces(ctx, mine)
	if err != nil {
		return nil, err
	}
	if _, err := s.places().DeleteMany(ctx, mine); err != nil {
		// They are nobody else's, and go when their time is over.
		s.logger.WarnContext(ctx, "places that have been taken could not be deleted", "op", "take places", "error", err)
	}
	return marked, nil
}

// markPlaces marks what filter finds with name. The driver does not repeat a
// write of several documents when its reply is lost, and this one may be
// repeated: it finds none that it has marked.
func (s *Store) markPlaces(ctx context.Context, filter bson.D, name string) error {
	return twice(ctx, func() error {
		_, err := s.places().UpdateMany(ctx, filter, bson.D{{Key: "$set", Value: bson.D{{Key: "taken", Value: name}}}})
		return err
	})
}

// placesOf finds those places of keys whose field taken is as given.
func placesOf(keys []string, taken any) bson.D {
	return bson.D{{Key: "_id", Value: in(keys)}, {Key: "taken", Value: taken}}
}

func (s *Store) findPlaces(ctx context.Context, filter bson.D) ([]placeDocument, error) {
	found, err := s.places().Find(ctx, filter)
	if err != nil {
		return nil, err
	}
	var places []placeDocument
	return places, found.All(ctx, &places)
}
