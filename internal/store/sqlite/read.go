package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

// Nodes implements news.Reading.
func (s *Store) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	var found map[news.EntityID]news.Entity
	err := s.read(ctx, func(c *session) (err error) {
		found, err = load(ctx, s, c, ids)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %d nodes: %w", len(ids), err)
	}
	for id, e := range found {
		if story, ok := e.(*news.Story); ok && !story.VisibleTo(who) {
			delete(found, id)
		}
	}
	return found, nil
}

// StoriesByID implements news.Reading.
func (s *Store) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	return byID(ctx, s, ids, visibleTo(who))
}

// TagsByID implements news.Reading.
func (s *Store) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	return byID(ctx, s, ids, public[*news.Tag])
}

// TickerEntriesByID implements news.Reading.
func (s *Store) TickerEntriesByID(ctx context.Context, ids []news.TickerEntryID) (map[news.TickerEntryID]*news.TickerEntry, error) {
	return byID(ctx, s, ids, public[*news.TickerEntry])
}

// CoveragesByID implements news.Reading.
func (s *Store) CoveragesByID(ctx context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	return byID(ctx, s, ids, public[*news.Coverage])
}

// StoriesBySlug implements news.Reading.
func (s *Store) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	return bySlug(ctx, s, news.KindStory, slugs, visibleTo(who))
}

// TagsBySlug implements news.Reading.
func (s *Store) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	return bySlug(ctx, s, news.KindTag, slugs, public[*news.Tag])
}

// CoveragesBySlug implements news.Reading.
func (s *Store) CoveragesBySlug(ctx context.Context, slugs []string) (map[string]*news.Coverage, error) {
	return bySlug(ctx, s, news.KindCoverage, slugs, public[*news.Coverage])
}

// Entities implements news.Reading.
func (s *Store) Entities(ctx context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	limit = min(max(limit, 1), maxLines)
	var list []news.Entity
	err := s.read(ctx, func(c *session) error {
		return c.query(ctx, `
			SELECT l.doc FROM entities e CROSS JOIN log l ON l.seq = e.seq
			WHERE e.kind = ? AND e.id > ? ORDER BY e.id LIMIT 0 + ?`, []any{string(kind), string(after), limit},
			func(rows *sql.Rows) error {
				var doc sql.RawBytes
				if err := rows.Scan(&doc); err != nil {
					return err
				}
				e, err := document.Decode(kind, doc)
				list = append(list, e)
				return err
			})
	})
	if err != nil {
		return nil, fmt.Errorf("walk %s after %q: %w", kind, after, err)
	}
	return list, nil
}

func visibleTo(who news.Audience) func(*news.Story) bool {
	return func(story *news.Story) bool { return story.VisibleTo(who) }
}

// public is the visibility of the kinds that everybody may see.
func public[E news.Entity](E) bool { return true }

func byID[E news.Entity, ID ~string](ctx context.Context, s *Store, ids []ID, visible func(E) bool) (map[ID]E, error) {
	found := make(map[ID]E, len(ids))
	err := s.read(ctx, func(c *session) error {
		entities, err := load(ctx, s, c, ids)
		for id, e := range entities {
			if e, ok := e.(E); ok && visible(e) {
				found[id] = e
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %d entities: %w", len(ids), err)
	}
	return found, nil
}

func bySlug[E news.Entity](ctx context.Context, s *Store, kind news.Kind, slugs []string, visible func(E) bool) (map[string]E, error) {
	found := make(map[string]E, len(slugs))
	err := s.read(ctx, func(c *session) error {
		owners := make(map[string]news.EntityID, len(slugs))
		var ids []news.EntityID
		err := c.query(ctx, `
			SELECT s.slug, s.entity FROM json_each(?) j CROSS JOIN slugs s ON s.kind = ? AND s.slug = j.value`,
			[]any{jsonOf(slugs), string(kind)}, func(rows *sql.Rows) error {
				var slug string
				var owner news.EntityID
				if err := rows.Scan(&slug, &owner); err != nil {
					return err
				}
				owners[slug] = owner
				ids = append(ids, owner)
				return nil
			})
		if err != nil {
			return err
		}
		entities, err := load(ctx, s, c, ids)
		for slug, owner := range owners {
			if e, ok := entities[owner].(E); ok && visible(e) {
				found[slug] = e
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %d slugs of %s: %w", len(slugs), kind, err)
	}
	return found, nil
}

// load reads the entities of ids that there are, whoever may see them.
func load[ID ~string](ctx context.Context, s *Store, c *session, ids []ID) (map[ID]news.Entity, error) {
	found := make(map[ID]news.Entity, len(ids))
	if len(ids) == 0 {
		return found, nil
	}
	missing := make(map[news.Seq]ID)
	err := c.query(ctx, `
		SELECT e.id, e.seq FROM json_each(?) j CROSS JOIN entities e ON e.id = j.value`,
		[]any{jsonOf(ids)}, func(rows *sql.Rows) error {
			var id string
			var seq news.Seq
			if err := rows.Scan(&id, &seq); err != nil {
				return err
			}
			if e := s.cache.get(seq); e != nil {
				found[ID(id)] = e
			} else {
				missing[seq] = ID(id)
			}
			return nil
		})
	if err != nil || len(missing) == 0 {
		return found, err
	}
	seqs := slices.Sorted(maps.Keys(missing))
	err = c.query(ctx, `
		SELECT l.seq, l.kind, l.doc FROM json_each(?) j CROSS JOIN log l ON l.seq = j.value`,
		[]any{jsonOf(seqs)}, func(rows *sql.Rows) error {
			var (
				seq  news.Seq
				kind news.Kind
				doc  sql.RawBytes
			)
			if err := rows.Scan(&seq, &kind, &doc); err != nil {
				return err
			}
			e, err := document.Decode(kind, doc)
			if err != nil {
				return fmt.Errorf("line %d: %w", seq, err)
			}
			s.cache.put(seq, e, len(doc))
			found[missing[seq]] = e
			return nil
		})
	return found, err
}

// jsonOf is a list for SQLite's json_each.
func jsonOf[E ~string | ~int64](list []E) string {
	data, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings and numbers always can
	}
	return string(data)
}
