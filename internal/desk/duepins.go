package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/internal/news"
)

// duePins unpins the ticker entries whose pin ends. next is when the next one does,
// zero for never.
func (d *Desk) duePins(ctx context.Context) (next time.Time, err error) {
	now := d.now()
	for page, err := range news.Walk(ctx, d.store, news.EndingPins(), news.MaxPage) {
		if err != nil {
			return now, fmt.Errorf("look for pins that end: %w", err)
		}
		for _, e := range page {
			entry := e.(*news.TickerEntry)
			if now.Before(entry.PinnedUntil) {
				next = sooner(next, entry.PinnedUntil)
				continue
			}
			unpinned := d.nextTickerEntry(entry)
			unpinned.Pinned, unpinned.PinnedUntil = false, time.Time{}
			_, err := commitOne[*news.TickerEntry](ctx, d, theClock(), news.OpUnpinned, unpinned, entry)
			if err != nil && !errors.Is(err, news.ErrConflict) {
				return now, fmt.Errorf("unpin %s: %w", entry.ID, err)
			}
		}
	}
	return next, nil
}

// sooner is the earlier of two instants; zero stands for never.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
