package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"depeche/internal/news"
	"depeche/internal/text"
)

const (
	// lockLease is how long a lock outlives the last sign of life of its holder.
	lockLease = time.Minute
	// lockWithin bounds how often a lock is tried for when others are faster.
	lockWithin = 10
)

// A HeldLock is a lock and how long it lasts unless its holder is heard of.
type HeldLock struct {
	*news.Lock           // of version 0 where nobody has ever held it
	Until      time.Time // zero where nobody holds it
}

// LockStory takes the lock of a story, or keeps it where who holds it. While
// somebody else holds it, it is refused, unless steal says that it is to be taken
// all the same. Errors: ErrNotFound, *news.HeldError (who holds it), and those of
// Authorize.
func (d *Desk) LockStory(ctx context.Context, who news.Actor, id news.StoryID, steal bool) (HeldLock, error) {
	if err := d.mayLock(ctx, who, id); err != nil {
		return HeldLock{}, err
	}
	for range lockWithin {
		current, err := d.lock(ctx, id)
		if err != nil {
			return HeldLock{}, err
		}
		held := !current.Until.IsZero()
		switch {
		case held && current.Holder == who.Name:
			return d.keepLock(ctx, current)
		case held && !steal:
			return HeldLock{}, heldBy(current)
		}
		var faster *news.ConflictError
		if got, err := d.takeLock(ctx, who, current); !errors.As(err, &faster) {
			return got, err
		}
	}
	return HeldLock{}, fmt.Errorf("lock %s: others were faster %d times: %w", id, lockWithin, news.ErrUnavailable)
}

// takeLock makes who the holder of a lock. The sign of life comes before the line,
// so that no lock is ever held without one.
func (d *Desk) takeLock(ctx context.Context, who news.Actor, current HeldLock) (HeldLock, error) {
	next := current.Clone()
	next.Version++
	next.Status, next.Holder, next.Since, next.From = news.LockHeld, who.Name, d.now(), ""
	op := news.OpLocked
	if !current.Until.IsZero() {
		op, next.From = news.OpStolen, current.Holder
	}
	lease, err := d.signOfLife(ctx, next)
	if err != nil {
		return HeldLock{}, err
	}
	if lease.Holder != leaseHolder(next) { // somebody else is about to have it
		return HeldLock{}, &news.HeldError{Story: next.Story, Holder: lease.Holder, Since: next.Since}
	}
	var prev news.Entity
	if current.Version > 0 {
		prev = current.Lock
	}
	taken, err := commitOne[*news.Lock](ctx, d, who, op, next, prev)
	if err != nil {
		return HeldLock{}, err
	}
	return HeldLock{taken, lease.Until}, d.forgetHolder(ctx, current.Lock)
}

// RenewLock is the sign of life of whoever holds the lock of a story: to be given
// three times a minute. Errors: as LockStory; *news.HeldError also when nobody
// holds it any more.
func (d *Desk) RenewLock(ctx context.Context, who news.Actor, id news.StoryID) (HeldLock, error) {
	if err := d.mayLock(ctx, who, id); err != nil {
		return HeldLock{}, err
	}
	current, err := d.lock(ctx, id)
	switch {
	case err != nil:
		return HeldLock{}, err
	case current.Status == news.LockHeld && current.Holder == who.Name:
		return d.keepLock(ctx, current)
	}
	return HeldLock{}, heldBy(current)
}

// keepLock gives a sign of life of the holder of a lock.
func (d *Desk) keepLock(ctx context.Context, current HeldLock) (HeldLock, error) {
	lease, err := d.signOfLife(ctx, current.Lock)
	if err != nil {
		return HeldLock{}, err
	}
	// It may have gone to somebody else, or have fallen, since it was read.
	now, err := d.lock(ctx, current.Story)
	switch {
	case err != nil:
		return HeldLock{}, err
	case now.Version != current.Version:
		if err := d.forgetHolder(ctx, current.Lock); err != nil {
			return HeldLock{}, err
		}
		return HeldLock{}, heldBy(now)
	case lease.Holder != leaseHolder(current.Lock):
		return HeldLock{}, heldBy(now)
	}
	return HeldLock{now.Lock, lease.Until}, nil
}

// ReleaseLock frees the lock of a story where who holds it; where nobody holds it,
// nothing changes. Errors: as LockStory.
func (d *Desk) ReleaseLock(ctx context.Context, who news.Actor, id news.StoryID) (HeldLock, error) {
	// Whoever may not lock the story any more, since it is published by now, may
	// still let go of it.
	if err := d.Authorize(who, LockStory); err != nil {
		return HeldLock{}, err
	}
	if _, err := d.visibleStory(ctx, who, id); err != nil {
		return HeldLock{}, err
	}
	for range lockWithin {
		current, err := d.lock(ctx, id)
		switch {
		case err != nil:
			return HeldLock{}, err
		case current.Until.IsZero():
			return shown(current), nil
		case current.Holder != who.Name:
			return HeldLock{}, heldBy(current)
		}
		freed, err := d.freeLock(ctx, who, current.Lock)
		if !errors.Is(err, news.ErrConflict) {
			return HeldLock{Lock: freed}, err
		}
	}
	return HeldLock{}, fmt.Errorf("release the lock of %s: others were faster %d times: %w", id, lockWithin, news.ErrUnavailable)
}

// freeLock commits that nobody holds a lock any more.
func (d *Desk) freeLock(ctx context.Context, who news.Actor, current *news.Lock) (*news.Lock, error) {
	next := current.Clone()
	next.Version++
	next.Status, next.Since, next.From = news.LockFree, d.now(), ""
	freed, err := commitOne[*news.Lock](ctx, d, who, news.OpUnlocked, next, current)
	if err != nil {
		return nil, err
	}
	return freed, d.forgetHolder(ctx, current)
}

// LockOn tells who holds the lock of a story that who may see; a zero Until where
// nobody does. Errors: ErrNotFound, and those of Authorize.
func (d *Desk) LockOn(ctx context.Context, who news.Actor, id news.StoryID) (HeldLock, error) {
	if err := d.mayLock(ctx, who, id); err != nil {
		return HeldLock{}, err
	}
	l, err := d.lock(ctx, id)
	if err != nil {
		return HeldLock{}, err
	}
	return shown(l), nil
}

// mayLock tells whether who may lock a story. Errors: ErrNotFound where who may not
// see it.
func (d *Desk) mayLock(ctx context.Context, who news.Actor, id news.StoryID) error {
	if err := d.Authorize(who, LockStory); err != nil {
		return err
	}
	s, err := d.visibleStory(ctx, who, id)
	if err != nil {
		return err
	}
	return d.authorizeOn(who, LockStory, s)
}

func (d *Desk) visibleStory(ctx context.Context, who news.Actor, id news.StoryID) (*news.Story, error) {
	found, err := d.store.StoriesByID(ctx, who.Audience(), []news.StoryID{id})
	if err != nil {
		return nil, err
	}
	if found[id] == nil {
		return nil, fmt.Errorf("there is no story %s: %w", text.Quote(string(id)), news.ErrNotFound)
	}
	return found[id], nil
}

// lock reads the lock of a story.
func (d *Desk) lock(ctx context.Context, story news.StoryID) (HeldLock, error) {
	id := news.LockOf(story)
	lines, err := d.store.Versions(ctx, news.EntityID(id), 0, 1)
	if err != nil {
		return HeldLock{}, err
	}
	if len(lines) == 0 {
		return HeldLock{Lock: &news.Lock{ID: id, Status: news.LockFree, Story: story}}, nil
	}
	l, ok := lines[0].Doc.(*news.Lock)
	if !ok {
		return HeldLock{}, fmt.Errorf("the id %s of the lock belongs to something else: %w", id, news.ErrConflict)
	}
	lives, err := d.lives(ctx, []*news.Lock{l})
	return HeldLock{l, lives[l.ID]}, err
}

// shown is a lock as it is told of: one that has lost its holder is free, as it
// will be in a moment.
func shown(l HeldLock) HeldLock {
	if l.Until.IsZero() && l.Status == news.LockHeld {
		l.Lock = l.Clone()
		l.Status = news.LockFree
	}
	return l
}

// heldBy refuses a lock, and says who holds it.
func heldBy(l HeldLock) error {
	err := &news.HeldError{Story: l.Story, Since: l.Since}
	if !l.Until.IsZero() {
		err.Holder = l.Holder
	}
	return err
}
