package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// A session is one connection and the statements prepared on it, for one
// goroutine at a time. After an error other than those of the domain it is in
// an unknown state and is to be closed.
//
// Statements say LIMIT 0 + ? since SQLite plans a LIMIT ? anew for each value
// that is bound, so at every execution.
type session struct {
	conn  *sql.Conn
	stmts map[string]*sql.Stmt
}

func newSession(ctx context.Context, db *sql.DB) (*session, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &session{conn: conn, stmts: make(map[string]*sql.Stmt)}, nil
}

func (c *session) close() error {
	errs := make([]error, 0, 1+len(c.stmts))
	for _, stmt := range c.stmts {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(append(errs, c.conn.Close())...)
}

func (c *session) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if stmt, ok := c.stmts[text]; ok {
		return stmt, nil
	}
	stmt, err := c.conn.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	c.stmts[text] = stmt
	return stmt, nil
}

func (c *session) exec(ctx context.Context, text string, args ...any) error {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	_, err = stmt.ExecContext(ctx, args...)
	return err
}

// query calls each for every row. What each scans into a sql.RawBytes is good
// until it returns.
func (c *session) query(ctx context.Context, text string, args []any, each func(*sql.Rows) error) error {
	stmt, err := c.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// row scans the first row into dest. found is false where there is none.
func (c *session) row(ctx context.Context, text string, args []any, dest ...any) (found bool, err error) {
	err = c.query(ctx, text, args, func(rows *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(dest...)
	})
	return found, err
}

// transact calls f between begin and COMMIT. When any of the three fails,
// nothing of f remains.
func (c *session) transact(ctx context.Context, begin string, f func(*session) error) error {
	if err := c.exec(ctx, begin); err != nil {
		return err
	}
	// The end of a transaction must not depend on whether the caller waits.
	ctx = context.WithoutCancel(ctx)
	if err := f(c); err != nil {
		// SQLite may have rolled back by itself; the error that counts is err.
		_ = c.exec(ctx, "ROLLBACK")
		return err
	}
	return c.exec(ctx, "COMMIT")
}

// A pool hands out sessions, the one used last first, because its page cache is
// warm.
type pool struct {
	db    *sql.DB
	slots chan struct{} // as many as there may be sessions

	mu   sync.Mutex
	idle []*session
}

func newPool(db *sql.DB, size int) *pool {
	return &pool{db: db, slots: make(chan struct{}, size)}
}

// with calls f with a session that nobody else uses meanwhile. It waits for one
// until ctx ends.
func (p *pool) with(ctx context.Context, f func(*session) error) error {
	c, err := p.borrow(ctx)
	if err != nil {
		return err
	}
	err = f(c)
	p.giveBack(c, err)
	return err
}

// borrow hands out a session that nobody else uses until giveBack. It waits for
// one until ctx ends.
func (p *pool) borrow(ctx context.Context) (*session, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	c, err := p.take(ctx)
	if err != nil {
		<-p.slots
	}
	return c, err
}

// giveBack takes back c after a use that ended with err.
func (p *pool) giveBack(c *session, err error) {
	if err == nil || isOfDomain(err) {
		p.put(c)
	} else {
		_ = c.close() // err says why
	}
	<-p.slots
}

func (p *pool) take(ctx context.Context) (*session, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	return newSession(ctx, p.db)
}

func (p *pool) put(c *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, c)
}

// close ends the pool. Nobody uses a session of it any more.
func (p *pool) close() error {
	var errs []error
	for _, c := range p.idle {
		errs = append(errs, c.close())
	}
	p.idle = nil
	return errors.Join(append(errs, p.db.Close())...)
}
