package graph

import (
	"context"
	"errors"

	"depeche/graph/model"
	"depeche/graph/scalar"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
)

// storyLock puts a lock into the shape of the schema.
func storyLock(l desk.HeldLock, err error) (*model.StoryLock, error) {
	if err != nil {
		return nil, err
	}
	shown := &model.StoryLock{StoryID: string(l.Story), Held: l.Status == news.LockHeld, Holder: l.Holder}
	if !l.Since.IsZero() {
		shown.Since = &l.Since
	}
	if shown.Held && !l.Until.IsZero() {
		shown.Until = &l.Until
	}
	if l.From != "" {
		shown.From = &l.From
	}
	return shown, nil
}

// locksOn finds the locks that are held on some stories, as far as who asks may know
// of them. Few stories are locked at a time, so it looks for those first.
func (r *Resolver) locksOn(ctx context.Context, ids []news.StoryID) (map[news.StoryID]desk.HeldLock, error) {
	who := r.actor(ctx)
	if r.Desk.Authorize(who, desk.LockStory) != nil {
		return nil, nil
	}
	held, err := r.lockedStories(ctx)
	if err != nil {
		return nil, err
	}
	found := map[news.StoryID]desk.HeldLock{}
	for _, id := range ids {
		if !held[id] {
			continue
		}
		switch lock, err := r.Desk.LockOn(ctx, who, id); {
		case errors.Is(err, news.ErrForbidden), errors.Is(err, news.ErrNotFound):
		case err != nil:
			return nil, err
		case !lock.Until.IsZero():
			found[id] = lock
		}
	}
	return found, nil
}

// lockedStories are the stories whose locks are held.
func (r *Resolver) lockedStories(ctx context.Context) (map[news.StoryID]bool, error) {
	held := map[news.StoryID]bool{}
	for locks, err := range news.Walk(ctx, r.Store, news.HeldLocks(), news.MaxPage) {
		if err != nil {
			return nil, err
		}
		for _, e := range locks {
			held[e.(*news.Lock).Story] = true
		}
	}
	return held, nil
}

// followLock follows the lock of a story for who may lock it now.
func (r *Resolver) followLock(ctx context.Context, story news.StoryID) (<-chan *model.StoryLockEvent, error) {
	lock := news.EntityID(news.LockOf(story))
	private(ctx, func(line news.Line) bool { return line.Doc.Ref().ID == lock })
	if r.actor(ctx).Audience().Author != "" {
		// The right of an author may end with the draft.
		reopening(ctx, func(line news.Line) bool { return line.Doc.Ref().ID == news.EntityID(story) })
	}
	nothing := func(news.Line) bool { return false }
	return follow(ctx, r, nothing, func(cursor scalar.Cursor, e live.Event) *model.StoryLockEvent {
		lock, _ := storyLock(r.asOfNow(ctx, e.Public.(*news.Lock)), nil)
		return &model.StoryLockEvent{Cursor: cursor, At: e.At, Lock: lock}
	})
}

// asOfNow adds to a lock how long it lasts, where it is still held as it says.
func (r *Resolver) asOfNow(ctx context.Context, lock *news.Lock) desk.HeldLock {
	if lock.Status != news.LockHeld {
		return desk.HeldLock{Lock: lock}
	}
	now, err := r.Desk.LockOn(ctx, r.actor(ctx), lock.Story)
	if err != nil || now.Version != lock.Version {
		return desk.HeldLock{Lock: lock}
	}
	return desk.HeldLock{Lock: lock, Until: now.Until}
}
