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
	"depeche/internal/store/listing"
)

// Nodes implements news.Reading.
func (s *Store) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	return byID(ctx, s, ids, func(e news.Entity) bool {
		if story, ok := e.(*news.Story); ok {
			return story.VisibleTo(who)
		}
		return !e.Ref().Kind.Private()
	})
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
	var found map[ID]E
	err := s.glance(ctx, func(m *moment) error {
		found = make(map[ID]E, len(ids))
		gone := false // mostly there is nothing to look through again
		err := load(ctx, m, ids, false, func(id ID, e news.Entity) {
			if e, ok := e.(E); ok && visible(e) {
				found[id] = e
				gone = gone || listing.Gone(e)
			}
		})
		if err != nil || !gone {
			return err
		}
		return survive(ctx, m, found)
	})
	if err != nil {
		return nil, fmt.Errorf("read %d entities: %w", len(ids), err)
	}
	return found, nil
}

func bySlug[E news.Entity](ctx context.Context, s *Store, kind news.Kind, slugs []string, visible func(E) bool) (map[string]E, error) {
	var found map[string]E
	err := s.glance(ctx, func(m *moment) error {
		found = make(map[string]E, len(slugs))
		owners, err := ownersOf(ctx, m, kind, slugs)
		if err != nil {
			return err
		}
		ids := slices.Collect(maps.Values(owners))
		entities := make(map[news.EntityID]E, len(ids))
		err = load(ctx, m, ids, false, func(id news.EntityID, e news.Entity) {
			if e, ok := e.(E); ok && visible(e) {
				entities[id] = e
			}
		})
		if err == nil {
			err = survive(ctx, m, entities)
		}
		for slug, owner := range owners {
			if e, ok := entities[owner]; ok {
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

// survive puts the tags that stand for merged ones in their place, and takes out
// those that do not exist for readers.
func survive[K comparable, E news.Entity](ctx context.Context, m *moment, found map[K]E) error {
	return listing.Survivors(found, func(ids []news.TagID) (map[news.TagID]*news.Tag, error) {
		tags := make(map[news.TagID]*news.Tag, len(ids))
		err := load(ctx, m, ids, false, func(id news.TagID, e news.Entity) {
			if tag, ok := e.(*news.Tag); ok {
				tags[id] = tag
			}
		})
		return tags, err
	})
}

// ownersOf tells to whom the slugs of kind belong, as far as they are anybody's.
func ownersOf(ctx context.Context, m *moment, kind news.Kind, slugs []string) (map[string]news.EntityID, error) {
	found := make(map[string]news.EntityID, len(slugs))
	if m.quiet {
		slugs = known(m.store.cache, space(kind), slugs, func(slug string, owner news.EntityID) { found[slug] = owner })
	}
	if len(slugs) == 0 {
		return found, nil
	}
	err := m.quick(ctx, `
		SELECT s.slug, s.entity FROM json_each(?) j CROSS JOIN slugs s ON s.kind = ? AND s.slug = j.value`,
		[]any{jsonOf(slugs), string(kind)}, func(rows *sql.Rows) error {
			var slug string
			var owner news.EntityID
			if err := rows.Scan(&slug, &owner); err != nil {
				return err
			}
			found[slug] = owner
			m.keep(key{space(kind), slug}, fact{value: owner, size: nameSize + len(slug) + len(owner)})
			return nil
		})
	return found, err
}

// load hands out the entities of ids that there are, whoever may see them; in
// brief where stories are wanted so.
func load[ID ~string](ctx context.Context, m *moment, ids []ID, brief bool, add func(ID, news.Entity)) error {
	missing := recall(m.store.cache, ids, brief, m.at, add)
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return m.quick(ctx, `
		SELECT e.id, l.seq, l.kind, l.doc
		FROM json_each(?) j CROSS JOIN entities e ON e.id = j.value CROSS JOIN log l ON l.seq = e.seq`,
		[]any{jsonOf(slices.Compact(missing))}, func(rows *sql.Rows) error {
			var (
				id   string
				seq  news.Seq
				kind news.Kind
				doc  sql.RawBytes
			)
			if err := rows.Scan(&id, &seq, &kind, &doc); err != nil {
				return err
			}
			e, size, err := decode(kind, doc, brief)
			if err != nil {
				return fmt.Errorf("line %d: %w", seq, err)
			}
			k, f := factOf(e, seq, size)
			m.keep(k, f)
			add(ID(id), e)
			return nil
		})
}

// decode decodes doc, a story in brief where it is wanted so, and tells how many
// bytes of doc it took.
func decode(kind news.Kind, doc []byte, brief bool) (e news.Entity, size int, err error) {
	body := 0
	if brief {
		e, body, err = document.DecodeBrief(kind, doc)
	} else {
		e, err = document.Decode(kind, doc)
	}
	return e, len(doc) - body, err
}

// jsonOf is a list for SQLite's json_each.
func jsonOf[E ~string | ~int64](list []E) string {
	data, err := json.Marshal(list)
	if err != nil {
		panic(err) // strings and numbers always can
	}
	return string(data)
}
