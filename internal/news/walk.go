package news

import (
	"context"
	"iter"
)

// A Lister is the part of a Reading that Walk reads.
type Lister interface {
	// Listed is as in Reading.
	Listed(ctx context.Context, sel Selection, w Window) (Page[Entity], error)
}

// Walk goes through the whole list of a selection, from its beginning, so many
// entities at a time: 1 to MaxPage. Each part is read when the one before it has been
// dealt with, so that what was done to that counts. An error is the last that comes.
func Walk(ctx context.Context, store Lister, sel Selection, atATime int) iter.Seq2[[]Entity, error] {
	return func(yield func([]Entity, error) bool) {
		for w := (Window{First: atATime}); ; {
			page, err := store.Listed(ctx, sel, w)
			if !yield(page.Items, err) || err != nil || !page.HasNext || len(page.Items) == 0 {
				return
			}
			last := CursorOf(page.Items[len(page.Items)-1])
			w.After = &last
		}
	}
}
