package sqlite

import (
	"context"
	"fmt"
	"slices"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// Stories implements news.Reading.
func (s *Store) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	return page[*news.Story](ctx, s, f.Selection(who), w, true)
}

// Tags implements news.Reading.
func (s *Store) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	return page[*news.Tag](ctx, s, f.Selection(), w, false)
}

// TickerEntries implements news.Reading.
func (s *Store) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	return page[*news.TickerEntry](ctx, s, f.Selection(), w, false)
}

// Coverages implements news.Reading.
func (s *Store) Coverages(ctx context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	return page[*news.Coverage](ctx, s, f.Selection(), w, false)
}

// Listed implements news.Reading.
func (s *Store) Listed(ctx context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	return page[news.Entity](ctx, s, sel, w, false)
}

// page reads what w shows of the list of sel, stories in brief where they are wanted
// so.
func page[E news.Entity](ctx context.Context, s *Store, sel news.Selection, w news.Window, brief bool) (news.Page[E], error) {
	var p news.Page[E]
	if err := w.Check(sel.Kind); err != nil {
		return p, err
	}
	err := s.glance(ctx, func(m *moment) error {
		p.At = m.at
		streams, err := plan(ctx, m, sel)
		if err != nil {
			return err
		}
		var places []listing.Place
		if places, p.HasPrevious, p.HasNext, err = cut(ctx, m, sel, streams, w); err != nil {
			return err
		}
		p.Items, err = at[E](ctx, m, sel.Kind, places, brief)
		return err
	})
	if err != nil {
		return news.Page[E]{}, fmt.Errorf("list %s: %w", sel.Kind, err)
	}
	return p, nil
}

// cut reads what w shows of the list of sel.
func cut(ctx context.Context, m *moment, sel news.Selection, streams []stream, w news.Window) (places []listing.Place, previous, next bool, err error) {
	cut := listing.CutOf(sel, w)
	found, err := walk(ctx, m, streams, cut.Within, cut.Down, cut.Limit)
	if err != nil {
		return nil, false, false, err
	}
	above, err := occupied(ctx, m, streams, cut.Above)
	if err != nil {
		return nil, false, false, err
	}
	below, err := occupied(ctx, m, streams, cut.Below)
	if err != nil {
		return nil, false, false, err
	}
	places, previous, next = listing.Page(cut, found, above, below)
	return places, previous, next, nil
}

// at reads the entities of kind at places.
func at[E news.Entity](ctx context.Context, m *moment, kind news.Kind, places []listing.Place, brief bool) ([]E, error) {
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ID
	}
	items, next := make([]E, len(places)), 0
	err := load(ctx, m, ids, brief, func(id string, e news.Entity) {
		i := next
		if i == len(ids) || ids[i] != id { // most come in their order
			i = slices.Index(ids, id)
		}
		if i >= 0 {
			items[i], _ = e.(E)
			next = i + 1
		}
	})
	if err != nil {
		return nil, err
	}
	var none E
	for i, id := range ids {
		if news.Entity(items[i]) == news.Entity(none) {
			return nil, fmt.Errorf("the index lists %s, which is no %s", id, kind)
		}
	}
	return items, nil
}
