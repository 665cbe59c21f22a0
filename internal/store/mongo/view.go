package mongo

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
	"depeche/internal/store/document"
	"depeche/internal/store/listing"
)

// changes are the lines that what was read of the projection may not show: the
// newest of each entity.
type changes struct {
	newest map[news.EntityID]*entry
	head   news.Seq // with them, what was read shows all lines up to this one
}

func changesOf(links []*link, head news.Seq) changes {
	c := changes{newest: make(map[news.EntityID]*entry), head: head}
	for _, l := range links {
		c.newest[l.ref.ID] = l.entry
	}
	return c
}

// atHead calls read, which reads the projection, and returns what else is needed
// to show the newsroom as of one line of the log, and of none after it: of the
// newest one when read had ended. An entity without a change did not change
// while it was read.
func (s *Store) atHead(ctx context.Context, read func() error) (changes, error) {
	begin := s.tail.begin()
	if err := read(); err != nil {
		return changes{}, err
	}
	if err := s.catchUp(ctx); err != nil {
		return changes{}, err
	}
	return changesOf(s.tail.since(begin)), nil
}

// isNewer tells whether e is of a newer version than was. Both may be nil.
func (e *entry) isNewer(was news.Entity) bool {
	return e != nil && (was == nil || e.ref.Version > was.Ref().Version)
}

// asKnown is like atHead, and shows each entity at least as it was when the call
// began and as of the newest line that this process has shown to anybody. It
// asks the log for nothing; what was read may be newer than the changes.
func (s *Store) asKnown(read func() error) (changes, error) {
	begin := s.tail.begin()
	if err := read(); err != nil {
		return changes{}, err
	}
	return changesOf(s.tail.since(begin)), nil
}

// A row is an entity where it stands in its list.
type row struct {
	place  listing.Place
	line   news.Seq // that made it what it is
	terms  []string
	entity news.Entity // nil where only the place was asked for
}

func (e *entry) row(f form) row {
	return row{listing.PlaceOf(e.ref.Kind, e.ref.ID, e.listing), e.Seq, e.listing.Terms, f.of(e.Doc)}
}

// A walk reads a part of a list: the first limit rows of sel within the span,
// from its upper end down or from its lower end up.
type walk struct {
	sel    news.Selection
	span   listing.Span
	down   bool
	limit  int
	form   form // of the entities
	margin int  // rows to read beyond limit, for those that are dropped

	rows []row
	more bool // there may be rows behind the last one
}

// read reads the rows as the projection has them.
func (s *Store) read(ctx context.Context, w *walk) error {
	w.rows, w.more = nil, false
	limit := w.limit + w.margin
	for _, filter := range filters(w.sel, w.span) {
		rows, err := s.find(ctx, w, filter, limit)
		if err != nil {
			return err
		}
		w.more = w.more || len(rows) == limit
		w.rows = append(w.rows, rows...)
	}
	slices.SortFunc(w.rows, w.compare)
	if len(w.rows) > limit {
		w.rows, w.more = w.rows[:limit], true
	}
	return nil
}

// compare orders rows as the walk meets them.
func (w *walk) compare(a, b row) int {
	if w.down {
		a, b = b, a
	}
	return a.place.Compare(b.place)
}

// find reads the rows of one filter.
func (s *Store) find(ctx context.Context, w *walk, filter bson.D, limit int) ([]row, error) {
	kind := w.sel.Kind
	direction := 1
	if w.down {
		direction = -1
	}
	o := options.Find().SetLimit(int64(limit)).
		SetSort(bson.D{{Key: key(kind), Value: direction}, {Key: "_id", Value: direction}})
	if sent := w.form.projection(kind); sent != nil {
		o.SetProjection(sent)
	}
	found, err := s.collection(kind).Find(ctx, filter, o)
	if err != nil {
		return nil, err
	}
	defer found.Close(ctx)
	var rows []row
	for found.Next(ctx) {
		var d struct {
			ID      news.EntityID `bson:"_id"`
			Listing news.Listing  `bson:"listing"`
			Line    news.Seq      `bson:"line"`
		}
		if err := bson.Unmarshal(found.Current, &d); err != nil {
			return nil, fmt.Errorf("%w: %s %v: %w", errDamaged, kind, found.Current.Lookup("_id"), err)
		}
		r := row{place: listing.PlaceOf(kind, d.ID, d.Listing), line: d.Line, terms: d.Listing.Terms}
		if w.form != asPlace {
			if r.entity, err = decode(kind, found.Current, w.form); err != nil {
				return nil, err
			}
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

func decode(kind news.Kind, raw bson.Raw, f form) (news.Entity, error) {
	e, err := document.Decode(kind, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %s %v: %w", errDamaged, kind, raw.Lookup("_id"), err)
	}
	return f.of(e), nil
}

// update brings the rows to what they are with the changes, and cuts them to
// the limit. ok is false when too many have gone: the walk has to be made again
// with a larger margin.
func (w *walk) update(c changes) (ok bool) {
	if len(c.newest) > 0 {
		var end row
		if len(w.rows) > 0 {
			end = w.rows[len(w.rows)-1]
		}
		w.rows = slices.DeleteFunc(w.rows, func(r row) bool { return c.newest[news.EntityID(r.place.ID)] != nil })
		for _, e := range c.newest {
			if e.ref.Kind != w.sel.Kind || !w.sel.Holds(e.listing) {
				continue
			}
			// Between the last row and what is behind it there may be others.
			if r := e.row(w.form); w.span.Holds(r.place) && (!w.more || w.compare(r, end) <= 0) {
				w.rows = append(w.rows, r)
			}
		}
		slices.SortFunc(w.rows, w.compare)
	}
	if len(w.rows) < w.limit && w.more {
		return false
	}
	w.rows = w.rows[:min(len(w.rows), w.limit)]
	return true
}

// walkAll makes walks that show the newsroom as of one line, whose number it
// returns.
func (s *Store) walkAll(ctx context.Context, walks ...*walk) (news.Seq, error) {
	for {
		c, err := s.atHead(ctx, func() error {
			for _, w := range walks {
				if err := s.read(ctx, w); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		enough := true
		for _, w := range walks {
			for _, r := range w.rows {
				if r.line > c.head {
					return 0, ahead(r.line, c.head)
				}
			}
			if !w.update(c) {
				enough = false
				w.margin += len(c.newest) + w.limit
			}
		}
		if enough {
			return c.head, nil
		}
	}
}
