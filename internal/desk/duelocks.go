package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/internal/news"
)

// dueLocks frees the locks whose holders have not been heard of for too long. next
// is when the next one falls as far as is known, zero for none.
func (d *Desk) dueLocks(ctx context.Context) (next time.Time, err error) {
	for page, err := range news.Walk(ctx, d.store, news.HeldLocks(), news.MaxPage) {
		if err != nil {
			return d.now(), fmt.Errorf("look for locks without holders: %w", err)
		}
		locks := make([]*news.Lock, len(page))
		for i, e := range page {
			locks[i] = e.(*news.Lock)
		}
		lives, err := d.lives(ctx, locks)
		if err != nil {
			return d.now(), fmt.Errorf("look for locks without holders: %w", err)
		}
		for _, l := range locks {
			until, lives := lives[l.ID]
			if !lives {
				if _, err := d.freeLock(ctx, theClock(), l); err != nil && !errors.Is(err, news.ErrConflict) {
					return d.now(), fmt.Errorf("free %s: %w", l.ID, err)
				}
				continue
			}
			next = sooner(next, until)
		}
	}
	return next, nil
}
