package news

import "time"

// A Lock says who is at work on a story, so that nobody else begins. It is
// advice: whoever does write is held by the versions alone. There is one for each
// story that anybody ever locked.
//
// A lock that is held lasts as long as the Lease under its key, and falls a while
// after the holder has been heard of for the last time.
type Lock struct {
	ID      LockID     `bson:"_id"` // LockOf the story
	Version int        `bson:"version"`
	Status  LockStatus `bson:"status"`
	Story   StoryID    `bson:"story"`
	Holder  string     `bson:"holder"` // the name of who holds it, or held it last
	Since   time.Time  `bson:"since"`  // of the status
	// From is who held it until it was stolen; empty where it was not.
	From string `bson:"from,omitempty"`
}

// A LockStatus tells whether a lock is held.
type LockStatus string

// The states of a lock.
const (
	LockHeld LockStatus = "HELD"
	LockFree LockStatus = "FREE"
)

// LockOf is the id of the lock of a story.
func LockOf(story StoryID) LockID { return LockID(KindLock.IDPrefix() + string(story)) }

// Ref implements Entity.
func (l *Lock) Ref() Ref { return Ref{KindLock, EntityID(l.ID), l.Version} }

// Slugs implements Entity: a lock has none.
func (l *Lock) Slugs() []string { return nil }

// Listing implements Entity. A lock stands where its state began.
func (l *Lock) Listing() Listing { return Listing{Status: string(l.Status), At: l.Since} }

// Clone copies the lock for editing.
func (l *Lock) Clone() *Lock {
	c := *l
	return &c
}
