package live

import (
	"context"
	"fmt"

	"depeche/internal/news"
)

// start is the place at which a reader begins who knows the log up to after, or
// wants what is to come where there is none. Errors: ErrBadCursor (of another
// log, or ahead of this one), ErrCursorExpired (more than Options.MaxBehind lines
// ago).
func (f *Follower) start(ctx context.Context, after *news.LogCursor) (news.Seq, error) {
	if after == nil {
		// The head of the store, not of the ring: whoever has seen a change
		// acknowledged and subscribes then does not get it again.
		return f.storeHead(ctx)
	}
	if after.Epoch != f.source.Epoch() {
		return 0, news.BadCursor("after", "it is from another log")
	}
	head := f.Head()
	if after.Seq > head {
		// The ring may lag a little behind what the client has been shown.
		var err error
		if head, err = f.storeHead(ctx); err != nil {
			return 0, err
		}
	}
	if after.Seq > head {
		return 0, news.BadCursor("after", "it is ahead of the log")
	}
	if head-after.Seq > news.Seq(f.maxBehind) {
		return 0, f.expired(head, after.Seq)
	}
	return after.Seq, nil
}

func (f *Follower) storeHead(ctx context.Context) (news.Seq, error) {
	head, err := f.source.Head(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the head of the log: %w", err)
	}
	return head, nil
}

// expired tells a reader at a place too far back which one would still do.
func (f *Follower) expired(head, at news.Seq) error {
	oldest := f.Cursor(head - news.Seq(f.maxBehind))
	return &news.CursorError{
		Field: "after", Oldest: &oldest,
		Reason: fmt.Sprintf("it is %d changes old, and at most %d are replayed", head-at, f.maxBehind),
	}
}

// A reading is what follows a place in the log.
type reading struct {
	events    []Event
	through   news.Seq // everything that is wanted up to here is in events; the place itself at the head
	head      news.Seq // of the log, as far as it had been seen
	cut       bool     // the last line is one that was to be the last
	fromStore bool     // the ring did not reach back so far
}

// read makes events of the lines after a place, of at most most of them, that are
// wanted. Errors: ErrUnavailable.
func (f *Follower) read(ctx context.Context, after news.Seq, most int, w wanted) (reading, error) {
	l := f.lookAfter(after, most)
	if !l.inRing {
		lines, err := f.source.Lines(ctx, after, most)
		if err != nil {
			return reading{}, fmt.Errorf("read the log after line %d: %w", after, err)
		}
		if err := contiguous(after, lines); err != nil {
			return reading{}, err
		}
		// What the follower has not seen yet comes from its ring, later: nobody shall
		// be at a place which the follower is not at.
		l.lines = lines[:min(len(lines), int(l.head-after))]
		l.stale = allOf(l.lines)
	}
	r := reading{head: l.head, fromStore: !l.inRing}
	l.lines, r.cut = w.cut(l.lines)
	r.through = after + news.Seq(len(l.lines))
	var err error
	r.events, err = f.events(ctx, l, w)
	return r, err
}

// wait waits until the log has been seen further than a place.
func (f *Follower) wait(ctx context.Context, at news.Seq) error {
	for {
		l := f.lookAfter(at, 1)
		if l.head > at {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-l.changed:
		}
	}
}

func allOf(lines []news.Line) map[int]bool {
	all := make(map[int]bool, len(lines))
	for i := range lines {
		all[i] = true
	}
	return all
}
