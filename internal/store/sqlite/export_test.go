package sqlite

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strings"

	"depeche/internal/news"
)

// Translate is translate.
var Translate = translate

// Submit has the writer serve a call whose ctx may have ended by then.
func (s *Store) Submit(ctx context.Context, ch news.Change) ([]news.Line, error) {
	ready, err := prepare(ch)
	if err != nil {
		return nil, err
	}
	c := &call{ctx: ctx, changes: []change{ready}, done: make(chan struct{})}
	s.writer.calls <- c
	<-c.done
	return c.lines, c.err
}

// Plans are the statements that have been prepared so far, each with SQLite's
// plan of it. The store must be idle.
func (s *Store) Plans(ctx context.Context) (map[string][]string, error) {
	texts := make(map[string]bool)
	sessions := append(slices.Clone(s.readers.idle), s.writer.session)
	for _, c := range sessions {
		for text := range maps.Keys(c.stmts) {
			texts[text] = true
		}
	}
	plans := make(map[string][]string)
	for text := range texts {
		if !strings.Contains(text, " ") || strings.HasPrefix(text, "BEGIN") {
			continue
		}
		args := make([]any, strings.Count(text, "?"))
		err := s.readers.with(ctx, func(c *session) error {
			return c.query(ctx, "EXPLAIN QUERY PLAN "+text, args, func(rows *sql.Rows) error {
				var id, parent, unused int
				var detail string
				err := rows.Scan(&id, &parent, &unused, &detail)
				plans[text] = append(plans[text], detail)
				return err
			})
		})
		if err != nil {
			return nil, err
		}
	}
	return plans, nil
}

// LimitCache bounds what the store keeps in memory. It has to be called first.
func (s *Store) LimitCache(bytes int) { s.cache.limit = bytes }
