package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

const selectLine = `SELECT seq, kind, op, at, by, before, doc FROM log`

// maxLines is the largest limit of Lines, Versions and Entities.
const maxLines = 1000

// Epoch implements news.Log.
func (s *Store) Epoch() news.Epoch { return s.epoch }

// Head implements news.Log.
func (s *Store) Head(ctx context.Context) (news.Seq, error) {
	var head news.Seq
	err := s.glance(ctx, func(m *moment) error {
		head = m.at
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("read head: %w", err)
	}
	return head, nil
}

func headOf(ctx context.Context, c *session) (news.Seq, error) {
	var head news.Seq
	_, err := c.row(context.WithoutCancel(ctx), `SELECT coalesce(max(seq), 0) FROM log`, nil, &head)
	return head, err
}

// Lines implements news.Log.
func (s *Store) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	limit = min(max(limit, 1), maxLines)
	var lines []news.Line
	err := s.read(ctx, func(c *session) error {
		return c.query(ctx, selectLine+` WHERE seq > ? ORDER BY seq LIMIT 0 + ?`, []any{int64(after), limit},
			func(rows *sql.Rows) error {
				l, err := scanLine(rows)
				lines = append(lines, l)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read lines after %d: %w", after, err)
	}
	return lines, nil
}

// Version implements news.Log.
func (s *Store) Version(ctx context.Context, id news.EntityID, version int) (news.Line, error) {
	var line news.Line
	err := s.read(ctx, func(c *session) error {
		found := false
		err := c.query(ctx, selectLine+` WHERE entity = ? AND version = ?`, []any{string(id), version},
			func(rows *sql.Rows) (err error) {
				found = true
				line, err = scanLine(rows)
				return err
			})
		if err == nil && !found {
			return news.ErrNotFound
		}
		return err
	})
	if err != nil {
		return news.Line{}, fmt.Errorf("read version %d of %s: %w", version, id, err)
	}
	return line, nil
}

// Versions implements news.Log.
func (s *Store) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	if before == 0 {
		before = math.MaxInt
	}
	limit = min(max(limit, 1), maxLines)
	var lines []news.Line
	err := s.read(ctx, func(c *session) error {
		return c.query(ctx, selectLine+` WHERE entity = ? AND version < ? ORDER BY version DESC LIMIT 0 + ?`,
			[]any{string(id), before, limit}, func(rows *sql.Rows) error {
				l, err := scanLine(rows)
				lines = append(lines, l)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("read versions of %s: %w", id, err)
	}
	return lines, nil
}

// scanLine reads a row of selectLine.
func scanLine(rows *sql.Rows) (news.Line, error) {
	var (
		l           news.Line
		kind        news.Kind
		at          int64
		before, doc sql.RawBytes
	)
	if err := rows.Scan(&l.Seq, &kind, &l.Op, &at, &l.By, &before, &doc); err != nil {
		return news.Line{}, err
	}
	l.At = time.UnixMilli(at).UTC()
	var err error
	if l.Before, err = document.DecodeListing(before); err != nil {
		return news.Line{}, fmt.Errorf("line %d: %w", l.Seq, err)
	}
	if l.Doc, err = document.Decode(kind, doc); err != nil {
		return news.Line{}, fmt.Errorf("line %d: %w", l.Seq, err)
	}
	return l, nil
}
