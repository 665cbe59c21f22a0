package sqlite

import (
	"context"
	"database/sql"

	"depeche/internal/news"
)

// A moment is a state of the newsroom that somebody looks at: what is read in it
// shows every line up to at and none after it. It is for one goroutine.
type moment struct {
	store *Store
	c     *session // nil until the file is asked
	at    news.Seq
	gen   uint64 // the state of the cache in which it began

	// quiet: nothing was being committed when the moment began, so the cache
	// holds what is in force at it. Otherwise the moment is a read transaction.
	quiet bool
}

// glance calls f within one moment. Mostly nothing is committed meanwhile: then
// it takes no transaction, and no connection either when f finds all in the
// cache. When something is, f is called a second time, in a transaction, so it
// must begin with nothing.
func (s *Store) glance(ctx context.Context, f func(*moment) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	if at, gen, quiet := s.cache.begin(); quiet {
		m := &moment{store: s, at: at, gen: gen, quiet: true}
		err := f(m)
		if m.c != nil {
			s.readers.giveBack(m.c, err)
		}
		if s.cache.still(gen) {
			return translate(ctx, err)
		}
	}
	return s.transaction(ctx, f)
}

// study is glance for long reading: f is called once, in a transaction.
func (s *Store) study(ctx context.Context, f func(*moment) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return s.transaction(ctx, f)
}

func (s *Store) transaction(ctx context.Context, f func(*moment) error) error {
	m := &moment{store: s}
	_, m.gen, _ = s.cache.begin() // before the transaction sees anything
	return translate(ctx, s.readers.with(ctx, func(c *session) error {
		return c.transact(context.WithoutCancel(ctx), "BEGIN", func(*session) (err error) {
			if m.at, err = headOf(ctx, c); err != nil {
				return err
			}
			if s.writer != nil {
				s.cache.learn(m.at, m.gen)
			}
			m.c = c
			return f(m)
		})
	}))
}

// query is session.query.
func (m *moment) query(ctx context.Context, text string, args []any, each func(*sql.Rows) error) error {
	if err := m.borrow(ctx); err != nil {
		return err
	}
	return m.c.query(ctx, text, args, each)
}

// quick is query for what reads a few rows, each by its key: to watch for the end
// of ctx meanwhile would cost as much as the reading. It is met before.
func (m *moment) quick(ctx context.Context, text string, args []any, each func(*sql.Rows) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := m.borrow(ctx); err != nil {
		return err
	}
	return m.c.query(context.WithoutCancel(ctx), text, args, each)
}

// row is session.row.
func (m *moment) row(ctx context.Context, text string, args []any, dest ...any) (found bool, err error) {
	if err := m.borrow(ctx); err != nil {
		return false, err
	}
	return m.c.row(ctx, text, args, dest...)
}

func (m *moment) borrow(ctx context.Context) (err error) {
	if m.c == nil {
		m.c, err = m.store.readers.borrow(ctx)
	}
	return err
}

// keep has the cache keep what was read in the moment.
func (m *moment) keep(k key, f fact) { m.store.cache.put(k, f, m.gen) }
