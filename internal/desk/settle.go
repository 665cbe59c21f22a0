package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/internal/news"
)

const (
	// settleAfter is how long a merge is left to whoever asked for it, and how long
	// a change may be under way that began before it.
	settleAfter = time.Minute
	// settleBatches is how much of a merge is done before other things that are due
	// have their turn.
	settleBatches = 10
)

// settleMerges goes on with merges that were cut off, and moves what was given a
// merged tag while it was merged. next is when there is more to do, zero for never.
func (d *Desk) settleMerges(ctx context.Context) (next time.Time, err error) {
	now := d.now()
	for page, err := range news.Walk(ctx, d.store, news.Unsettled(), news.MaxPage) {
		if err != nil {
			return now, fmt.Errorf("look for merges to settle: %w", err)
		}
		for _, e := range page {
			tag := e.(*news.Tag)
			due := tag.MergedAt.Add(settleAfter)
			if !now.Before(due) {
				due = now
				done, err := d.settle(ctx, tag)
				if err != nil && !errors.Is(err, news.ErrConflict) {
					return now, fmt.Errorf("settle the merge of %s: %w", tag.ID, err)
				}
				if done {
					continue
				}
			}
			next = sooner(next, due)
		}
	}
	return next, nil
}

// settle moves some of what still carries a merged tag, and marks the tag when
// there is nothing left.
func (d *Desk) settle(ctx context.Context, merged *news.Tag) (done bool, err error) {
	tag, batches := merged, 0
	for tag.Status == news.TagMerged { // and on to the end of the chain, where more than this one was merged
		for rest := true; rest; batches++ {
			if batches == settleBatches {
				return false, nil
			}
			if _, rest, err = d.moveSome(ctx, theClock(), tag); err != nil {
				return false, err
			}
		}
		if _, tag, err = d.tagItself(ctx, tag.MergedInto); err != nil {
			return false, err
		}
	}
	next := nextTag(merged)
	next.Settled = true
	_, err = commitOne[*news.Tag](ctx, d, theClock(), news.OpUpdated, next, merged)
	return err == nil, err
}

// theClock is who does what is due.
func theClock() news.Actor { return news.Actor{Name: "schedule"} }
