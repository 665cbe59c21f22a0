package live

import (
	"context"
	"fmt"

	"depeche/internal/news"
)

// An Event is a line of the log as the public may see it, or a line of a private
// kind as an Insider does.
type Event struct {
	news.Line
	Kind news.EventKind // empty for a line of a private kind
	// Public is the entity to show: Line.Doc, or what may be shown of it where
	// it has been withdrawn by the line or since.
	Public news.Entity
}

// events makes events of lines. Of what has changed since, it asks the store what
// may still be shown.
func (f *Follower) events(ctx context.Context, l look, w wanted) ([]Event, error) {
	var events []Event
	var stale []news.EntityID
	var err error
	for i, line := range l.lines {
		e, ok := w.event(line)
		if !ok {
			continue
		}
		if e.Kind == news.EventRemoved && line.Before.Status == string(news.StoryRetracted) {
			if e.Public, err = f.retracted(ctx, line.Doc.Ref()); err != nil {
				return nil, err
			}
		}
		events = append(events, e)
		if l.stale[i] && e.Kind != "" {
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

// retracted is a story as it was while it was retracted, for the line that undoes
// that: nothing of what it is behind it is public, not even its slug.
func (f *Follower) retracted(ctx context.Context, undone news.Ref) (news.Entity, error) {
	line, err := f.source.Version(ctx, undone.ID, undone.Version-1)
	if err != nil {
		return nil, fmt.Errorf("see what %s was when it was retracted: %w", undone.ID, err)
	}
	was, ok := line.Doc.(*news.Story)
	if !ok {
		return nil, fmt.Errorf("version %d of %s is no story", undone.Version-1, undone.ID)
	}
	shown := hushed(was)
	shown.Version = undone.Version
	return shown, nil
}

// hushed is a retracted story that shows no more of itself than one that is down.
func hushed(s *news.Story) *news.Story {
	c := *s
	c.Status = news.StoryUnpublished
	return &c
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
	if e.Kind != news.EventRemoved {
		return
	}
	switch gone := e.Public.(type) {
	case *news.Story:
		e.Public = gone.Tombstone()
	case *news.Tag:
		e.Public = tombstone(gone)
	}
}

// withdrawnSince takes back what is not public any more. now is what the public
// is shown of the entity by now, nil when that is nothing.
func (e *Event) withdrawnSince(now news.Entity) {
	switch now := now.(type) {
	case nil:
		e.Kind = news.EventRemoved
	case *news.Story:
		switch {
		case now.Status == news.StoryRetracted:
			e.Kind, e.Public = news.EventRemoved, now
			return
		case e.Doc.Ref().Version < now.WithdrawnIn:
			e.Kind = news.EventRemoved
		}
	case *news.TickerEntry:
		if now.Status == news.TickerRetracted {
			e.Kind, e.Public = news.EventRemoved, now
		}
	case *news.Tag:
		if now.ID != news.TagID(e.Doc.Ref().ID) { // it stands for the one that was merged
			e.Kind = news.EventRemoved
		}
	}
	if s, ok := e.Public.(*news.Story); ok && s.Status == news.StoryRetracted {
		// What a retracted story shows of itself is not public once that is undone.
		e.Public = hushed(s)
	}
}

// tombstone is what a reader is shown of a tag that is not in use any more.
func tombstone(t *news.Tag) *news.Tag {
	return &news.Tag{
		ID: t.ID, Version: t.Version, TagContent: news.TagContent{Slug: t.Slug, Kind: t.Kind},
		Status: t.Status, MergedInto: t.MergedInto, MergedAt: t.MergedAt,
	}
}

// withdraws tells whether a line takes something from the public.
func withdraws(line news.Line) bool {
	kind, ok := line.Event()
	return ok && kind == news.EventRemoved
}
