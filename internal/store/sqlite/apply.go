package sqlite

import (
	"context"
	"slices"

	"depeche/internal/news"
	"depeche/internal/store/document"
	"depeche/internal/store/listing"
)

// apply writes changes as the lines after head, up to the first that may not be
// written, of which there is no trace then.
func apply(ctx context.Context, c *session, head news.Seq, changes []change) ([]news.Line, error) {
	var lines []news.Line
	for i := range changes {
		ch := &changes[i]
		was, err := check(ctx, c, ch)
		if err != nil {
			return lines, err
		}
		seq := head + 1 + news.Seq(len(lines))
		if err := ch.write(ctx, c, seq, was); err != nil {
			return nil, err
		}
		lines = append(lines, news.Line{Seq: seq, Change: ch.Change})
	}
	return lines, nil
}

// check tells whether ch may be written, and how the entity is listed by now:
// nil where there is none. Errors: *news.ConflictError, *news.TakenError.
func check(ctx context.Context, c *session, ch *change) (was *news.Listing, err error) {
	var (
		ref     = ch.Doc.Ref()
		kind    news.Kind
		version int
		doc     []byte
	)
	found, err := c.row(ctx, `
		SELECT l.kind, l.version, l.doc FROM entities e CROSS JOIN log l ON l.seq = e.seq
		WHERE e.id = ?`, []any{string(ref.ID)}, &kind, &version, &doc)
	if err != nil {
		return nil, err
	}
	if ref.Version != version+1 || found && kind != ref.Kind {
		return nil, &news.ConflictError{ID: ref.ID, Current: version}
	}
	if len(ch.slugs) > 0 {
		var taken news.TakenError
		rival, err := c.row(ctx, `
			SELECT s.slug, s.entity FROM json_each(?) j
			CROSS JOIN slugs s ON s.kind = ? AND s.slug = j.value AND s.entity <> ?`,
			[]any{jsonOf(ch.slugs), string(ref.Kind), string(ref.ID)}, &taken.Slug, &taken.Owner)
		if err != nil {
			return nil, err
		}
		if rival {
			return nil, &taken
		}
	}
	if !found {
		return nil, nil
	}
	e, err := document.Decode(kind, doc)
	if err != nil {
		return nil, err
	}
	l := e.Listing()
	return &l, nil
}

// write writes ch as line seq.
func (ch *change) write(ctx context.Context, c *session, seq news.Seq, was *news.Listing) error {
	ref := ch.Doc.Ref()
	var before any // NULL where there is none
	if ch.before != nil {
		before = ch.before
	}
	if err := c.exec(ctx, `
		INSERT INTO log (seq, entity, version, kind, op, at, by, before, doc)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		int64(seq), string(ref.ID), ref.Version, string(ref.Kind), string(ch.Op),
		ch.At.UnixMilli(), ch.By, before, ch.encoded); err != nil {
		return err
	}
	if err := c.exec(ctx, `
		INSERT INTO entities (id, kind, seq) VALUES (?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET seq = excluded.seq`,
		string(ref.ID), string(ref.Kind), int64(seq)); err != nil {
		return err
	}
	if len(ch.slugs) > 0 {
		if err := c.exec(ctx, `
			INSERT OR IGNORE INTO slugs (kind, slug, entity) SELECT ?, value, ? FROM json_each(?)`,
			string(ref.Kind), string(ref.ID), jsonOf(ch.slugs)); err != nil {
			return err
		}
	}
	var err error
	ch.counted, err = relist(ctx, c, ref, was, ch.listing)
	return err
}

// relist changes the postings of an entity from those of was to those of is.
// What is in both is not touched. It returns the terms that were.
func relist(ctx context.Context, c *session, ref news.Ref, was *news.Listing, is news.Listing) ([]string, error) {
	var lost []string
	gained, key := termsOf(ref.Kind, is), keyOf(ref.Kind, is)
	if was != nil {
		before := keyOf(ref.Kind, *was)
		lost = termsOf(ref.Kind, *was)
		if before == key {
			lost, gained = without(lost, gained), without(gained, lost)
		}
		if err := unpost(ctx, c, ref.ID, before, lost); err != nil {
			return nil, err
		}
	}
	return slices.Concat(lost, gained), post(ctx, c, ref.ID, key, gained)
}

func without(list, others []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(others, s) })
}

func post(ctx context.Context, c *session, id news.EntityID, key any, terms []string) error {
	if len(terms) == 0 {
		return nil
	}
	list := jsonOf(terms)
	// WHERE true tells SQLite's parser that ON belongs to no join.
	if err := c.exec(ctx, `
		INSERT INTO terms (term, n) SELECT value, 1 FROM json_each(?) WHERE true
		ON CONFLICT (term) DO UPDATE SET n = n + 1`, list); err != nil {
		return err
	}
	return c.exec(ctx, `
		INSERT INTO postings (term, key, id)
		SELECT t.id, ?, ? FROM json_each(?) j CROSS JOIN terms t ON t.term = j.value`, key, string(id), list)
}

func unpost(ctx context.Context, c *session, id news.EntityID, key any, terms []string) error {
	if len(terms) == 0 {
		return nil
	}
	list := jsonOf(terms)
	if err := c.exec(ctx, `
		UPDATE terms SET n = n - 1 WHERE term IN (SELECT value FROM json_each(?))`, list); err != nil {
		return err
	}
	return c.exec(ctx, `
		DELETE FROM postings WHERE key = ? AND id = ?
		AND term IN (SELECT t.id FROM json_each(?) j CROSS JOIN terms t ON t.term = j.value)`, key, string(id), list)
}

// termOf is the name under which the store knows a term of the entities of one
// kind and status; the empty term is that of all of them.
func termOf(kind news.Kind, status, term string) string {
	return string(kind) + "/" + status + "/" + term
}

// termsOf are the names of all terms under which l is listed, each once.
func termsOf(kind news.Kind, l news.Listing) []string {
	terms := []string{termOf(kind, l.Status, "")}
	for _, term := range l.Terms {
		terms = append(terms, termOf(kind, l.Status, term))
	}
	slices.Sort(terms)
	return slices.Compact(terms)
}

// keyOf is the key of the postings of l.
func keyOf(kind news.Kind, l news.Listing) any {
	if listing.ByName(kind) {
		return l.Name
	}
	return l.At.UnixMilli()
}
