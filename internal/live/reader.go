package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/internal/news"
)

// An Event is a line of the log as the public may see it.
type Event struct {
	news.Line
	Kind news.EventKind
	// Public is the entity to show: Line.Doc, or what may be shown of it where
	// it has been withdrawn by the line or since.
	Public news.Entity

	asOf news.Seq // the head of the log when Public was found
}

// A Reader is one reader's place in the log. It is used by one goroutine at a
// time and needs no closing.
type Reader struct {
	f  *Follower
	at news.Seq // everything up to here has been handed out
}

// Read makes a reader that begins right after the given place, or at the head
// where there is none. Errors: ErrBadCursor (of another log, or ahead of this
// one), ErrCursorExpired (more than Options.MaxBehind lines ago).
func (f *Follower) Read(ctx context.Context, after *news.LogCursor) (*Reader, error) {
	if after == nil {
		// The head of the store, not of the ring: whoever has seen a change
		// acknowledged and subscribes then does not get it again.
		head, err := f.source.Head(ctx)
		if err != nil {
			return nil, fmt.Errorf("find the head of the log: %w", err)
		}
		return &Reader{f: f, at: head}, nil
	}
	if after.Epoch != f.source.Epoch() {
		return nil, news.BadCursor("after", "it is from another log")
	}
	head := f.Head()
	if after.Seq > head {
		// The ring may lag a little behind what the client has been shown.
		var err error
		if head, err = f.source.Head(ctx); err != nil {
			return nil, fmt.Errorf("find the head of the log: %w", err)
		}
	}
	if after.Seq > head {
		return nil, news.BadCursor("after", "it is ahead of the log")
	}
	if behind := head - after.Seq; behind > news.Seq(f.maxBehind) {
		oldest := f.Cursor(head - news.Seq(f.maxBehind))
		return nil, &news.CursorError{
			Field: "after", Oldest: &oldest,
			Reason: fmt.Sprintf("it is %d changes old, and at most %d are replayed", behind, f.maxBehind),
		}
	}
	return &Reader{f: f, at: after.Seq}, nil
}

// At is the place up to which everything has been handed out.
func (r *Reader) At() news.LogCursor { return r.f.Cursor(r.at) }

// Next waits for the lines that follow and returns those that wanted tells are
// wanted, as events, in order; it returns as soon as there is one, and never
// none. A reader may be as slow as it likes: nothing is kept for it but its
// place. Errors: ctx's; ErrUnavailable, after which Next may be called again and
// goes on where it was.
func (r *Reader) Next(ctx context.Context, wanted func(news.Line) bool) ([]Event, error) {
	for {
		l := r.f.lookAfter(r.at, batch)
		switch {
		case !l.inRing:
			lines, err := r.f.source.Lines(ctx, r.at, batch)
			if err != nil {
				return nil, fmt.Errorf("read the log after line %d: %w", r.at, err)
			}
			if err := contiguous(r.at, lines); err != nil {
				return nil, err
			}
			l.lines = lines
			l.stale = allOf(lines)
		case len(l.lines) == 0:
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-l.changed:
			}
			continue
		}
		events, err := r.events(ctx, l, wanted)
		if err != nil {
			return nil, err
		}
		r.at += news.Seq(len(l.lines))
		if len(events) > 0 {
			return events, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
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

// events makes events of the lines that are wanted and mean something to the
// public. Of what has changed since, it asks the store what may still be shown.
func (r *Reader) events(ctx context.Context, l look, wanted func(news.Line) bool) ([]Event, error) {
	var events, stale []Event
	for i, line := range l.lines {
		kind, ok := line.Event()
		if !ok || !wanted(line) {
			continue
		}
		e := Event{Line: line, Kind: kind, Public: line.Doc, asOf: l.head}
		if l.stale[i] {
			stale = append(stale, e)
		}
		events = append(events, e)
	}
	current, err := r.current(ctx, stale)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].show(current)
	}
	return events, nil
}

// current finds what the public is shown by now of the entities of events.
func (r *Reader) current(ctx context.Context, events []Event) (map[news.EntityID]news.Entity, error) {
	if len(events) == 0 {
		return nil, nil
	}
	ids := make([]news.EntityID, len(events))
	for i, e := range events {
		ids[i] = e.Doc.Ref().ID
	}
	found, err := r.f.source.Nodes(ctx, news.Audience{}, ids)
	if err != nil {
		return nil, fmt.Errorf("see what became of %d entities: %w", len(ids), err)
	}
	for _, id := range ids {
		if _, ok := found[id]; !ok {
			found[id] = nil // which has been asked for
		}
	}
	return found, nil
}

// show makes the event what the public may see of it, current being what has
// become of the entities that changed since.
func (e *Event) show(current map[news.EntityID]news.Entity) {
	if now, changed := current[e.Doc.Ref().ID]; changed {
		e.withdrawnSince(now)
	}
	if s, ok := e.Public.(*news.Story); ok && e.Kind == news.EventRemoved {
		e.Public = s.Tombstone()
	}
}

// withdrawnSince takes back what is not public any more. now is what the public
// is shown of the entity by now, nil when that is nothing.
func (e *Event) withdrawnSince(now news.Entity) {
	switch now := now.(type) {
	case nil:
		e.Kind = news.EventRemoved
	case *news.Story:
		if e.Doc.Ref().Version < now.WithdrawnIn {
			e.Kind = news.EventRemoved
		}
	case *news.TickerEntry:
		if now.Status == news.TickerRetracted {
			e.Kind, e.Public = news.EventRemoved, now
		}
	}
}

// Each hands every wanted event to deliver, in order, until ctx ends or deliver
// fails, and returns why. While the store can't be read it waits and goes on
// where it was. Errors: as Next's but for ErrUnavailable, and deliver's.
func (r *Reader) Each(ctx context.Context, wanted func(news.Line) bool, deliver func(Event) error) error {
	for {
		var events []Event
		if err := r.patiently(ctx, func() (err error) {
			events, err = r.Next(ctx, wanted)
			return err
		}); err != nil {
			return err
		}
		for _, e := range events {
			if err := r.patiently(ctx, func() error { return r.refresh(ctx, &e) }); err != nil {
				return err
			}
			if err := deliver(e); err != nil {
				return err
			}
		}
	}
}

// refresh looks again at what the public may see of an event. Delivering those
// before it took as long as the reader did, and it may have been withdrawn
// meanwhile.
func (r *Reader) refresh(ctx context.Context, e *Event) error {
	if !r.f.changedSince(e.Doc.Ref().ID, e.asOf) {
		return nil
	}
	current, err := r.current(ctx, []Event{*e})
	if err != nil {
		return err
	}
	e.show(current)
	return nil
}

// patiently does something again until it does not fail for want of the store.
func (r *Reader) patiently(ctx context.Context, do func() error) error {
	for {
		err := do()
		if !errors.Is(err, news.ErrUnavailable) {
			return err
		}
		pause := time.NewTimer(r.f.poll)
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}
