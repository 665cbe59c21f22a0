package sqlite

import (
	"context"
	"fmt"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// Stories implements news.Reading.
func (s *Store) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	return page[*news.Story](ctx, s, f.Selection(who), w)
}

// Tags implements news.Reading.
func (s *Store) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	return page[*news.Tag](ctx, s, f.Selection(), w)
}

// TickerEntries implements news.Reading.
func (s *Store) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	return page[*news.TickerEntry](ctx, s, f.Selection(), w)
}

// Coverages implements news.Reading.
func (s *Store) Coverages(ctx context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	return page[*news.Coverage](ctx, s, f.Selection(), w)
}

func page[E news.Entity](ctx context.Context, s *Store, sel news.Selection, w news.Window) (news.Page[E], error) {
	var p news.Page[E]
	if err := w.Check(sel.Kind); err != nil {
		return p, err
	}
	err := s.read(ctx, func(c *session) (err error) {
		if p.At, err = headOf(ctx, c); err != nil {
			return err
		}
		streams, err := plan(ctx, c, sel)
		if err != nil {
			return err
		}
		var places []listing.Place
		if places, p.HasPrevious, p.HasNext, err = cut(ctx, c, sel, streams, w); err != nil {
			return err
		}
		p.Items, err = at[E](ctx, s, c, places)
		return err
	})
	if err != nil {
		return news.Page[E]{}, fmt.Errorf("list %s: %w", sel.Kind, err)
	}
	return p, nil
}

// cut reads what w shows of the list of sel.
func cut(ctx context.Context, c *session, sel news.Selection, streams []stream, w news.Window) (places []listing.Place, previous, next bool, err error) {
	cut := listing.CutOf(sel, w)
	found, err := walk(ctx, c, streams, cut.Within, cut.Down, cut.Limit)
	if err != nil {
		return nil, false, false, err
	}
	above, err := occupied(ctx, c, streams, cut.Above)
	if err != nil {
		return nil, false, false, err
	}
	below, err := occupied(ctx, c, streams, cut.Below)
	if err != nil {
		return nil, false, false, err
	}
	places, previous, next = listing.Page(cut, found, above, below)
	return places, previous, next, nil
}

// at reads the entities at places.
func at[E news.Entity](ctx context.Context, s *Store, c *session, places []listing.Place) ([]E, error) {
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.ID
	}
	found, err := load(ctx, s, c, ids)
	if err != nil {
		return nil, err
	}
	items := make([]E, len(places))
	for i, id := range ids {
		e, ok := found[id].(E)
		if !ok {
			return nil, fmt.Errorf("the index lists %s, which is no %T", id, e)
		}
		items[i] = e
	}
	return items, nil
}
