package sqlite

import (
	"context"
	"fmt"
	"time"

	"depeche/internal/news"
)

// TakeLease implements news.Leasing.
func (s *Store) TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	l.Until = news.Instant(l.Until)
	kept := l
	err := news.CheckLease(l)
	if err == nil {
		err = s.run(ctx, func(ctx context.Context, c *session) error {
			there, found, err := leaseOf(ctx, c, l.Key)
			if err != nil {
				return err
			}
			if found && there.Holder != l.Holder && there.Until.After(news.Instant(now)) {
				kept = there
				return nil
			}
			kept = l
			return c.exec(ctx, `INSERT OR REPLACE INTO leases (key, holder, until, note) VALUES (?, ?, ?, ?)`,
				l.Key, l.Holder, l.Until.UnixMilli(), append([]byte{}, l.Note...)) // NULL would be no note
		})
	}
	if err != nil {
		return news.Lease{}, fmt.Errorf("take lease %q: %w", l.Key, err)
	}
	return kept, nil
}

// DropLease implements news.Leasing.
func (s *Store) DropLease(ctx context.Context, key, holder string) error {
	err := s.run(ctx, func(ctx context.Context, c *session) error {
		return c.exec(ctx, `DELETE FROM leases WHERE key = ? AND holder = ?`, key, holder)
	})
	if err != nil {
		return fmt.Errorf("drop lease %q: %w", key, err)
	}
	return nil
}

// Leases implements news.Leasing.
func (s *Store) Leases(ctx context.Context, keys []string) (map[string]news.Lease, error) {
	kept := make(map[string]news.Lease)
	err := news.CheckLeaseKeys(keys)
	if err == nil {
		err = s.read(ctx, func(c *session) error {
			some, err := s.keepsLeases(ctx, c)
			if err != nil || !some {
				return err
			}
			for _, key := range keys {
				l, found, err := leaseOf(ctx, c, key)
				if err != nil {
					return err
				}
				if found {
					kept[key] = l
				}
			}
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("read %d leases: %w", len(keys), err)
	}
	return kept, nil
}

// keepsLeases tells whether the file has a place for leases. One that is read only
// may not have been opened by a writer that knows of them.
func (s *Store) keepsLeases(ctx context.Context, c *session) (bool, error) {
	if s.writer != nil {
		return true, nil
	}
	return c.row(ctx, `SELECT 1 FROM sqlite_schema WHERE name = 'leases'`, nil, new(int))
}

func leaseOf(ctx context.Context, c *session, key string) (l news.Lease, found bool, err error) {
	var until int64
	l.Key = key
	found, err = c.row(ctx, `SELECT holder, until, note FROM leases WHERE key = ?`, []any{key}, &l.Holder, &until, &l.Note)
	l.Until = time.UnixMilli(until).UTC()
	return l, found, err
}
