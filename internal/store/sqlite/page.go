package sqlite

import (
	"context"
	"fmt"
	"slices"

	"depeche/internal/news"
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
		var places []place
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

// cut finds what w shows of the list of sel, in the order of the list, and
// whether the list goes on on either side.
func cut(ctx context.Context, c *session, sel news.Selection, streams []stream, w news.Window) (places []place, previous, next bool, err error) {
	// Postings ascend. Where the list descends, After bounds it from above.
	ascending := byName(sel.Kind)
	upper, lower := w.After, w.Before
	if ascending {
		upper, lower = lower, upper
	}
	whole := wholeOf(sel)
	within, above, below := whole, span{}, span{}
	if upper != nil {
		p := placeOf(*upper)
		within, above = within.until(p), whole.from(p)
	}
	if lower != nil {
		p := placeOf(*lower).successor()
		within, below = within.from(p), whole.until(p)
	}

	n, down := w.First, !ascending
	if w.Last > 0 {
		n, down = w.Last, ascending
	}
	if places, err = walk(ctx, c, streams, within, down, n+1); err != nil {
		return nil, false, false, err
	}
	more := len(places) > n
	if more {
		places = places[:n]
	}
	if w.Last > 0 {
		slices.Reverse(places)
	}

	higher, deeper := more && !down, more && down
	if upper != nil && !higher {
		if higher, err = occupied(ctx, c, streams, above); err != nil {
			return nil, false, false, err
		}
	}
	if lower != nil && !deeper {
		if deeper, err = occupied(ctx, c, streams, below); err != nil {
			return nil, false, false, err
		}
	}
	if ascending {
		return places, deeper, higher, nil
	}
	return places, higher, deeper, nil
}

// at reads the entities at places.
func at[E news.Entity](ctx context.Context, s *Store, c *session, places []place) ([]E, error) {
	ids := make([]string, len(places))
	for i, p := range places {
		ids[i] = p.id
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
