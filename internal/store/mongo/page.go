package mongo

import (
	"context"
	"fmt"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// maxAlternatives bounds what one list query may ask for. The API takes up to 20
// tags, which makes 60 alternatives or 25 conditions at most. MongoDB merges up
// to 200 ranges of an index in order and sorts beyond that.
const (
	maxAlternatives = 200
	maxConditions   = 64
)

// Stories implements news.Reading.
func (s *Store) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	return page[*news.Story](ctx, s, f.Selection(who), inBrief, w)
}

// Tags implements news.Reading.
func (s *Store) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	return page[*news.Tag](ctx, s, f.Selection(), inBrief, w)
}

// TickerEntries implements news.Reading.
func (s *Store) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	return page[*news.TickerEntry](ctx, s, f.Selection(), inBrief, w)
}

// Coverages implements news.Reading.
func (s *Store) Coverages(ctx context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	return page[*news.Coverage](ctx, s, f.Selection(), inBrief, w)
}

// Listed implements news.Reading.
func (s *Store) Listed(ctx context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	return page[news.Entity](ctx, s, sel, asWhole, w)
}

func page[E news.Entity](ctx context.Context, s *Store, sel news.Selection, f form, w news.Window) (news.Page[E], error) {
	var p news.Page[E]
	if err := w.Check(sel.Kind); err != nil {
		return p, err
	}
	cut := listing.CutOf(sel, w)
	main := &walk{sel: sel, span: cut.Within, down: cut.Down, limit: cut.Limit, form: f}
	above, below := peek(sel, cut.Above), peek(sel, cut.Below)
	err := s.call(ctx, func(ctx context.Context) (err error) {
		if err := bounded(sel); err != nil {
			return err
		}
		walks := []*walk{main}
		for _, side := range []*walk{above, below} {
			if side != nil {
				walks = append(walks, side)
			}
		}
		p.At, err = s.walkAll(ctx, walks...)
		return err
	})
	if err != nil {
		return news.Page[E]{}, fmt.Errorf("list %s: %w", sel.Kind, err)
	}
	var rows []row
	rows, p.HasPrevious, p.HasNext = listing.Page(cut, main.rows, above.found(), below.found())
	for _, r := range rows {
		p.Items = append(p.Items, r.entity.(E))
	}
	return p, nil
}

// peek is a walk that tells whether anything is within a span; nil where there
// is none.
func peek(sel news.Selection, span *listing.Span) *walk {
	if span == nil {
		return nil
	}
	return &walk{sel: sel, span: *span, down: true, limit: 1}
}

// found tells whether the walk met anything.
func (w *walk) found() bool { return w != nil && len(w.rows) > 0 }

// bounded refuses what would cost the server a sort. Errors:
// news.ErrTooComplex.
func bounded(sel news.Selection) error {
	if len(sel.Shelves)*max(len(sel.Any), 1) > maxAlternatives {
		return fmt.Errorf("%w: more than %d alternatives", news.ErrTooComplex, maxAlternatives)
	}
	for _, shelf := range sel.Shelves {
		if len(shelf.All) > maxConditions {
			return fmt.Errorf("%w: more than %d conditions", news.ErrTooComplex, maxConditions)
		}
	}
	return nil
}
