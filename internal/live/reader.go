package live

import (
	"context"
	"fmt"

	"depeche/internal/news"
)

// An Event is a line of the log as the public may see it.
type Event struct {
	news.Line
	Kind news.EventKind
	// Public is the entity to show: Line.Doc, or what may be shown of it where
	// it has been withdrawn by the line or since.
	Public news.Entity
}

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
	fromStore bool     // the ring did not reach back so far
}

// read makes events of the lines after a place, of at most most of them, that are
// wanted and mean something to the public. Errors: ErrUnavailable.
func (f *Follower) read(ctx context.Context, after news.Seq, most int, wanted func(news.Line) bool) (reading, error) {
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
	events, err := f.events(ctx, l, wanted)
	return reading{events, after + news.Seq(len(l.lines)), l.head, !l.inRing}, err
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

// events makes events of lines. Of what has changed since, it asks the store what
// may still be shown.
func (f *Follower) events(ctx context.Context, l look, wanted func(news.Line) bool) ([]Event, error) {
	var events []Event
	var stale []news.EntityID
	for i, line := range l.lines {
		kind, ok := line.Event()
		if !ok || !wanted(line) {
			continue
		}
		events = append(events, Event{Line: line, Kind: kind, Public: line.Doc})
		if l.stale[i] {
			stale = append(stale, line.Doc.Ref().ID)
		}
	}
	current, err := f.current(ctx, stale)
	if err != nil {
		return nil, err
	}
	for i := range events {
		events[i].show(current)
	}
	return events, nil
}

// current finds what the public is shown by now of entities; nil for nothing.
func (f *Follower) current(ctx context.Context, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := f.source.Nodes(ctx, news.Audience{}, ids)
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
