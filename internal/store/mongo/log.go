package mongo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

const (
	// maxLines is the largest limit of Lines, Versions and Entities.
	maxLines = 1000
	// chunk is how many lines are read at once to catch up with the log.
	chunk = 200
)

// Epoch implements news.Log.
func (s *Store) Epoch() news.Epoch { return s.epoch }

// Head implements news.Log.
func (s *Store) Head(ctx context.Context) (news.Seq, error) {
	if err := s.call(ctx, s.catchUp); err != nil {
		return 0, fmt.Errorf("read head: %w", err)
	}
	return s.tail.end().seq, nil
}

// catchUp reads what has come behind the newest line that is known.
func (s *Store) catchUp(ctx context.Context) error {
	for {
		entries, err := s.entries(ctx, s.tail.end().seq, chunk)
		if err != nil {
			return err
		}
		s.witness(ctx)
		s.tail.learn(entries, time.Now().Add(overdueAfter))
		if len(entries) < chunk {
			return nil
		}
	}
}

// entries reads up to limit lines behind line after, without holes.
func (s *Store) entries(ctx context.Context, after news.Seq, limit int) ([]*entry, error) {
	found, err := s.log().Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: int64(after)}}}},
		options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)).SetBatchSize(int32(limit)))
	if err != nil {
		return nil, err
	}
	defer found.Close(ctx)
	var entries []*entry
	for found.Next(ctx) {
		e, err := entryOf(found.Current)
		if err != nil {
			return nil, err
		}
		if want := max(after, 0) + 1 + news.Seq(len(entries)); e.Seq != want {
			return nil, fmt.Errorf("%w: the log has line %d where line %d is due", errDamaged, e.Seq, want)
		}
		entries = append(entries, e)
	}
	return entries, found.Err()
}

// Lines implements news.Log.
func (s *Store) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	limit = min(max(limit, 1), maxLines)
	var lines []news.Line
	err := s.call(ctx, func(ctx context.Context) error {
		entries, err := s.entries(ctx, after, limit)
		if err != nil {
			return err
		}
		for _, e := range entries {
			lines = append(lines, e.Line)
		}
		s.witness(ctx)
		// Who has been shown a line finds its effect in whatever it asks next.
		s.tail.learn(entries, time.Now().Add(overdueAfter))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read lines after %d: %w", after, err)
	}
	return lines, nil
}

// Version implements news.Log.
func (s *Store) Version(ctx context.Context, id news.EntityID, version int) (news.Line, error) {
	var line news.Line
	err := s.call(ctx, func(ctx context.Context) error {
		raw, err := s.log().FindOne(ctx, bson.D{{Key: "entity", Value: string(id)}, {Key: "version", Value: version}}).Raw()
		if errors.Is(err, driver.ErrNoDocuments) {
			return news.ErrNotFound
		}
		if err != nil {
			return err
		}
		e, err := entryOf(raw)
		if err != nil {
			return err
		}
		line = e.Line
		return s.reach(ctx, line.Seq)
	})
	if err != nil {
		return news.Line{}, fmt.Errorf("read version %d of %s: %w", version, id, err)
	}
	return line, nil
}

// Versions implements news.Log.
func (s *Store) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	filter := bson.D{{Key: "entity", Value: string(id)}}
	if before != 0 {
		filter = append(filter, bson.E{Key: "version", Value: bson.D{{Key: "$lt", Value: before}}})
	}
	limit = min(max(limit, 1), maxLines)
	var lines []news.Line
	err := s.call(ctx, func(ctx context.Context) error {
		found, err := s.log().Find(ctx, filter, options.Find().
			SetSort(bson.D{{Key: "version", Value: -1}}).SetLimit(int64(limit)))
		if err != nil {
			return err
		}
		defer found.Close(ctx)
		for found.Next(ctx) {
			e, err := entryOf(found.Current)
			if err != nil {
				return err
			}
			lines = append(lines, e.Line)
		}
		if err := found.Err(); err != nil || len(lines) == 0 {
			return err
		}
		return s.reach(ctx, lines[0].Seq)
	})
	if err != nil {
		return nil, fmt.Errorf("read versions of %s below %d: %w", id, before, err)
	}
	return lines, nil
}

// reach sees to it that who is shown a line finds its effect in whatever it asks
// next.
func (s *Store) reach(ctx context.Context, line news.Seq) error {
	if line <= s.tail.end().seq {
		return nil
	}
	return s.catchUp(ctx)
}

// Watch implements news.Log.
func (s *Store) Watch(ctx context.Context, wake func()) error {
	_, leave, err := s.enter(ctx)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	added := s.watchers.Add()
	leave() // Close ends a Watch; it does not wait for one
	defer s.watchers.Remove(added)
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("watch: %w", ctx.Err())
		case <-s.closed:
			return fmt.Errorf("watch: %w", errClosed)
		case <-added:
			wake()
		}
	}
}
