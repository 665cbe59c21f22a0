package live

import (
	"context"

	"depeche/internal/news"
)

// Events makes events of the lines after a place, of at most limit lines, that are
// wanted and mean something to the public, as it is shown them by now. through is
// the line up to which that was done: after itself at the head. It is for whoever
// keeps a place of its own; none is too far back. Errors: ErrUnavailable.
func (f *Follower) Events(ctx context.Context, after news.Seq, limit int, wants func(news.Line) bool) (events []Event, through news.Seq, err error) {
	r, err := f.read(ctx, after, limit, wanted{public: wants})
	return r.events, r.through, err
}

// Wait waits until the log has been seen further than a place. It returns ctx's
// error when that ends first.
func (f *Follower) Wait(ctx context.Context, after news.Seq) error { return f.wait(ctx, after) }

// Withdrawn is the newest line, as far as the log has been seen, that took
// something from the public; 0 for none. Events that were made before it moved on
// may show too much.
func (f *Follower) Withdrawn() news.Seq { return f.newestWithdrawal() }
