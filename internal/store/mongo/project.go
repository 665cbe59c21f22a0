package mongo

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

// overdueAfter is how long the process that wrote a line has to project it
// before others do.
const overdueAfter = time.Second

// maxProjections bounds how often the projection of a batch is tried while other
// processes project newer versions of the same entities.
const maxProjections = 20

// project brings the entities of lines to the versions that the lines made, but
// for those that have come further already.
func (s *Store) project(ctx context.Context, links []*link) error {
	for kind, newest := range newestOfEach(links) {
		if err := s.projectKind(ctx, kind, newest); err != nil {
			return fmt.Errorf("project lines of the log: %w", err)
		}
	}
	s.witness(ctx)
	s.tail.projected(links)
	return nil
}

// newestOfEach returns, for each kind, the newest line of each entity.
func newestOfEach(links []*link) map[news.Kind]map[news.EntityID]*entry {
	kinds := make(map[news.Kind]map[news.EntityID]*entry)
	for _, l := range links {
		if kinds[l.ref.Kind] == nil {
			kinds[l.ref.Kind] = make(map[news.EntityID]*entry)
		}
		kinds[l.ref.Kind][l.ref.ID] = l.entry
	}
	return kinds
}

func (s *Store) projectKind(ctx context.Context, kind news.Kind, entries map[news.EntityID]*entry) error {
	for range maxProjections {
		var writes []driver.WriteModel
		for id, e := range entries {
			projection, err := e.projection()
			if err != nil {
				return err
			}
			if e.ref.Version == 1 {
				writes = append(writes, driver.NewInsertOneModel().SetDocument(projection))
				continue
			}
			older := bson.D{{Key: "_id", Value: string(id)}, {Key: "version", Value: bson.D{{Key: "$lt", Value: e.ref.Version}}}}
			writes = append(writes, driver.NewReplaceOneModel().SetFilter(older).SetReplacement(projection).SetUpsert(true))
		}
		_, err := s.collection(kind).BulkWrite(ctx, writes, options.BulkWrite().SetOrdered(false))
		if err == nil {
			return nil
		}
		// An entity that is not older is taken for missing, and can't be made
		// anew. Not every engine goes on behind that with the others.
		if !driver.IsDuplicateKeyError(err) {
			return err
		}
		if entries, err = s.behind(ctx, kind, entries); err != nil || len(entries) == 0 {
			return err
		}
	}
	return fmt.Errorf("%w: other processes project the same entities all the time", news.ErrUnavailable)
}

// behind returns those entries whose entity has not come so far yet.
func (s *Store) behind(ctx context.Context, kind news.Kind, entries map[news.EntityID]*entry) (map[news.EntityID]*entry, error) {
	ids := make([]string, 0, len(entries))
	rest := make(map[news.EntityID]*entry, len(entries))
	for id, e := range entries {
		ids = append(ids, string(id))
		rest[id] = e
	}
	found, err := s.collection(kind).Find(ctx, bson.D{{Key: "_id", Value: in(ids)}},
		options.Find().SetProjection(bson.D{{Key: "version", Value: 1}}))
	if err != nil {
		return nil, err
	}
	var documents []struct {
		ID      news.EntityID `bson:"_id"`
		Version int           `bson:"version"`
	}
	if err := found.All(ctx, &documents); err != nil {
		return nil, err
	}
	for _, d := range documents {
		if d.Version >= entries[d.ID].ref.Version {
			delete(rest, d.ID)
		}
	}
	return rest, nil
}

// mend projects the lines that are overdue: whoever wrote them has died, or is
// cut off.
func (s *Store) mend(ctx context.Context, now time.Time) error {
	links := s.tail.overdue(now)
	for kind, newest := range newestOfEach(links) {
		behind, err := s.behind(ctx, kind, newest)
		if err != nil {
			return fmt.Errorf("compare the projection with the log: %w", err)
		}
		if len(behind) == 0 {
			continue
		}
		if err := s.projectKind(ctx, kind, behind); err != nil {
			return fmt.Errorf("project lines of the log: %w", err)
		}
		for id, e := range behind {
			s.logger.WarnContext(ctx, "a line of the log had not been projected; it has been mended",
				"op", "mend", "line", int64(e.Seq), "entity", string(id), "version", e.ref.Version)
		}
	}
	s.witness(ctx)
	s.tail.projected(links)
	return nil
}
