package mongo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"depeche/internal/news"
)

// A leaseDocument is a document of the leases.
type leaseDocument struct {
	Key    string    `bson:"_id"`
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
	Note   []byte    `bson:"note,omitempty"`
}

func (d leaseDocument) lease() news.Lease {
	return news.Lease{Key: d.Key, Holder: d.Holder, Until: news.Instant(d.Until), Note: d.Note}
}

// TakeLease implements news.Leasing.
func (s *Store) TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	kept, err := s.takeLease(ctx, now, l)
	if err != nil {
		return news.Lease{}, fmt.Errorf("take the lease %q: %w", l.Key, err)
	}
	return kept.lease(), nil
}

func (s *Store) takeLease(ctx context.Context, now time.Time, l news.Lease) (kept leaseDocument, err error) {
	if s.readOnly {
		return kept, ErrReadOnly
	}
	if err := news.CheckLease(l); err != nil {
		return kept, err
	}
	wanted := leaseDocument{Key: l.Key, Holder: l.Holder, Until: news.Instant(l.Until)}
	if len(l.Note) > 0 {
		wanted.Note = bytes.Clone(l.Note)
	}
	err = s.call(ctx, func(ctx context.Context) error {
		return twice(ctx, func() (err error) {
			kept, err = s.keepLease(ctx, news.Instant(now), wanted)
			return err
		})
	})
	return kept, err
}

// keepLease returns what is kept under the key then. Of all who replace a lease
// whose time has passed, the first one finds it so, and of all who insert one, all
// others meet a duplicate key. Both in one command, an upsert, would not do: not
// every engine says of an upsert that the key is a duplicate.
func (s *Store) keepLease(ctx context.Context, now time.Time, wanted leaseDocument) (leaseDocument, error) {
	free := bson.D{{Key: "_id", Value: wanted.Key}, {Key: "$or", Value: bson.A{
		bson.D{{Key: "holder", Value: wanted.Holder}},
		bson.D{{Key: "until", Value: bson.D{{Key: "$lte", Value: now}}}},
	}}}
	for {
		replaced, err := s.leases().ReplaceOne(ctx, free, wanted)
		if err != nil || replaced.MatchedCount > 0 {
			return wanted, err
		}
		if _, err := s.leases().InsertOne(ctx, wanted); !driver.IsDuplicateKeyError(err) {
			return wanted, err
		}
		var kept leaseDocument
		err = s.leases().FindOne(ctx, bson.D{{Key: "_id", Value: wanted.Key}}).Decode(&kept)
		switch {
		case errors.Is(err, driver.ErrNoDocuments): // it has been dropped meanwhile
		case err != nil:
			return kept, err
		case kept.Holder != wanted.Holder && kept.Until.After(now):
			return kept, nil
		}
		if err := sleep(ctx, maxPause); err != nil {
			return kept, err
		}
	}
}

// DropLease implements news.Leasing.
func (s *Store) DropLease(ctx context.Context, key, holder string) error {
	if err := s.dropLease(ctx, key, holder); err != nil {
		return fmt.Errorf("drop the lease %q: %w", key, err)
	}
	return nil
}

func (s *Store) dropLease(ctx context.Context, key, holder string) error {
	if s.readOnly {
		return ErrReadOnly
	}
	return s.call(ctx, func(ctx context.Context) error {
		if !utf8.ValidString(key) || !utf8.ValidString(holder) {
			return nil // nobody can hold it
		}
		return twice(ctx, func() error {
			_, err := s.leases().DeleteOne(ctx, bson.D{{Key: "_id", Value: key}, {Key: "holder", Value: holder}})
			return err
		})
	})
}

// Leases implements news.Leasing.
func (s *Store) Leases(ctx context.Context, keys []string) (map[string]news.Lease, error) {
	if err := news.CheckLeaseKeys(keys); err != nil {
		return nil, fmt.Errorf("read leases: %w", err)
	}
	keys = slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !utf8.ValidString(key) })
	leases := make(map[string]news.Lease, len(keys))
	err := s.call(ctx, func(ctx context.Context) error {
		if len(keys) == 0 {
			return nil
		}
		found, err := s.leases().Find(ctx, bson.D{{Key: "_id", Value: in(keys)}})
		if err != nil {
			return err
		}
		var documents []leaseDocument
		if err := found.All(ctx, &documents); err != nil {
			return err
		}
		for _, d := range documents {
			leases[d.Key] = d.lease()
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %d leases: %w", len(keys), err)
	}
	return leases, nil
}

// twice does again what may be done twice, when the connection is lost: the driver
// does so of its own accord with some servers only.
func twice(ctx context.Context, f func() error) error {
	err := f()
	if err != nil && isTransient(err) && ctx.Err() == nil {
		err = f()
	}
	return err
}
