package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"depeche/internal/news"
)

// Due does what is due by the desk's clock: it publishes scheduled stories, ends
// embargoes and pins, frees locks whose holders are gone, and goes on with merges
// of tags that were cut off. Every node may do so at once: who commits a version
// first has done it, and the others find it done. next is when something will be
// due, as far as is known now; zero for nothing.
//
// What fails does not hold up the rest. The error speaks of all that failed, which
// the next call tries again.
func (d *Desk) Due(ctx context.Context) (next time.Time, err error) {
	var errs []error
	for _, do := range []func(context.Context) (time.Time, error){d.dueStories, d.duePins, d.dueLocks, d.settleMerges} {
		at, err := do(ctx)
		if err != nil {
			errs = append(errs, err)
		}
		next = sooner(next, at)
	}
	return next, errors.Join(errs...)
}

const (
	// dueBatch is how many waiting stories are read at once; each may have a
	// megabyte.
	dueBatch = 20
	// dueFailures bounds the errors that are told of at once.
	dueFailures = 10
)

// dueStories publishes the stories whose time has come, and ends the embargoes that
// are over, the earliest first. next is when the next one is due, zero for none.
func (d *Desk) dueStories(ctx context.Context) (next time.Time, err error) {
	now := d.now()
	var errs []error
	for w := (news.Window{Last: 1}); ; {
		page, err := d.store.Listed(ctx, news.Waiting(time.Time{}), w)
		if err != nil {
			return now, errors.Join(append(errs, fmt.Errorf("look for stories that are due: %w", err))...)
		}
		for i := len(page.Items) - 1; i >= 0; i-- {
			waiting := page.Items[i].(*news.Story)
			if at := waiting.Listing().At; at.After(now) {
				return at, errors.Join(errs...)
			}
			if err := d.happen(ctx, waiting, now); err != nil && len(errs) < dueFailures {
				errs = append(errs, fmt.Errorf("publish %s, which is due: %w", waiting.ID, err))
			}
		}
		if !page.HasPrevious || len(page.Items) == 0 {
			return time.Time{}, errors.Join(errs...)
		}
		// What failed is passed over: the place of a story that has left the list is
		// as good as any.
		latest := news.CursorOf(page.Items[0])
		w = news.Window{Last: dueBatch, Before: &latest}
	}
}

// happen does what a story waited for. It is no error when somebody else has done
// something to the story meanwhile.
func (d *Desk) happen(ctx context.Context, waiting *news.Story, now time.Time) error {
	next := d.nextStory(waiting)
	op := news.OpPublished
	if waiting.Status == news.StoryPublished {
		op = news.OpReleased
	}
	publish(next, now)
	_, err := commitOne[*news.Story](ctx, d, theClock(), op, next, waiting)
	return ignoreConflict(err)
}

const (
	// lookEvery is how often KeepTime looks at least: a clock that jumps, and what
	// others have planned meanwhile, are noticed then.
	lookEvery = time.Second
	// lookAtMost keeps KeepTime from looking without a pause, whatever is due.
	lookAtMost = 10 * time.Millisecond
	// complainEvery is how often one and the same failure is logged.
	complainEvery = time.Minute
)

// KeepTime does what is due until ctx ends, whose error it returns. What fails is
// logged and tried again.
func (d *Desk) KeepTime(ctx context.Context, logger *slog.Logger) error {
	wait := time.NewTimer(0)
	defer wait.Stop()
	trouble := complaints{logger: logger}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wait.C:
		}
		next, err := d.Due(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		trouble.about(ctx, err)
		pause := lookEvery
		if until := next.Sub(d.now()); !next.IsZero() && (until > 0 || err == nil) {
			pause = min(max(until, lookAtMost), lookEvery)
		}
		wait.Reset(pause)
	}
}

// complaints logs what fails again and again.
type complaints struct {
	logger *slog.Logger
	last   string // what failed; empty where nothing did
	at     time.Time
}

func (c *complaints) about(ctx context.Context, err error) {
	switch {
	case err == nil && c.last != "":
		c.logger.InfoContext(ctx, "what is due is done again", "op", "due")
		c.last = ""
	case err != nil && (err.Error() != c.last || time.Since(c.at) >= complainEvery):
		c.logger.WarnContext(ctx, "something due was not done; trying again", "op", "due", "error", err)
		c.last, c.at = err.Error(), time.Now()
	}
}
