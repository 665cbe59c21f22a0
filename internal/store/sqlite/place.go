package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"depeche/internal/news"
)

// LeavePlaces implements news.Handover.
func (s *Store) LeavePlaces(ctx context.Context, now time.Time, places []news.Place) error {
	err := news.CheckPlaces(places)
	if err == nil {
		err = s.run(ctx, func(ctx context.Context, c *session) error {
			for _, p := range places {
				err := c.exec(ctx, `INSERT OR REPLACE INTO places (key, seq, until) VALUES (?, ?, ?)`,
					p.Key, int64(p.Seq), p.Until.UnixMilli())
				if err != nil {
					return err
				}
			}
			return c.exec(ctx, `DELETE FROM places WHERE until < ?`, now.UnixMilli())
		})
	}
	if err != nil {
		return fmt.Errorf("leave %d places: %w", len(places), err)
	}
	return nil
}

// TakePlaces implements news.Handover. On an error nothing has been taken, but
// for that of ctx, which leaves it open.
func (s *Store) TakePlaces(ctx context.Context, now time.Time, keys []string) (map[string]news.Seq, error) {
	var taken map[string]news.Seq
	err := news.CheckPlaceKeys(keys)
	// There are places for a few minutes after a start only, and whoever follows
	// asks for one: without any, nobody has to wait for the writer.
	some := false
	if err == nil && s.writer != nil {
		err = s.read(ctx, func(c *session) (err error) {
			some, err = c.row(ctx, `SELECT 1 FROM places WHERE until >= 0 LIMIT 1`, nil, new(int))
			return err
		})
		if err == nil && !some {
			return map[string]news.Seq{}, nil
		}
	}
	if err == nil {
		err = s.run(ctx, func(ctx context.Context, c *session) error {
			taken = make(map[string]news.Seq)
			for _, key := range keys {
				err := c.query(ctx, `DELETE FROM places WHERE key = ? RETURNING seq, until`, []any{key},
					func(rows *sql.Rows) error {
						var seq news.Seq
						var until int64
						if err := rows.Scan(&seq, &until); err != nil {
							return err
						}
						if until >= now.UnixMilli() {
							taken[key] = seq
						}
						return nil
					})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("take %d places: %w", len(keys), err)
	}
	return taken, nil
}

// run has the writer run errand in a transaction. When ctx ends first, errand
// may still be under way.
func (s *Store) run(ctx context.Context, errand func(context.Context, *session) error) error {
	if s.writer == nil {
		return ErrReadOnly
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	c := &call{ctx: ctx, errand: errand, done: make(chan struct{})}
	if err := s.writer.await(c); err != nil {
		return err
	}
	return c.err
}
