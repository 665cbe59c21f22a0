package news

import "time"

// A Seq is the number of a line of the log, from 1 without holes; 0 is the
// place before the first line.
type Seq int64

// An Epoch is the random name of a log, made with its store. Line numbers of
// different epochs have nothing to do with each other.
type Epoch string

// A LogCursor is a place in the log of one epoch: right after the line Seq.
type LogCursor struct {
	Epoch Epoch
	Seq   Seq
}

// An Op says what was done to an entity.
type Op string

// The operations that the log knows.
const (
	OpCreated     Op = "CREATED"
	OpUpdated     Op = "UPDATED"
	OpPublished   Op = "PUBLISHED"
	OpUnpublished Op = "UNPUBLISHED"
	OpCorrected   Op = "CORRECTED"
	OpRetracted   Op = "RETRACTED"
	OpPinned      Op = "PINNED"
	OpUnpinned    Op = "UNPINNED"
	OpScheduled   Op = "SCHEDULED"   // a story is to be published at a time
	OpUnscheduled Op = "UNSCHEDULED" // and is not any more
	OpEmbargoed   Op = "EMBARGOED"   // an embargo was set, moved or lifted
	OpReleased    Op = "RELEASED"    // the embargo of a published story has ended
	OpRestored    Op = "RESTORED"    // an earlier version became the newest
	OpRetagged    Op = "RETAGGED"    // a merge of tags, or its undoing, moved it
	OpMerged      Op = "MERGED"      // a tag was merged into another one
	OpUnmerged    Op = "UNMERGED"    // and was taken out again
	OpDeleted     Op = "DELETED"
	OpStarted     Op = "STARTED" // a coverage has gone live
	OpEnded       Op = "ENDED"   // a coverage has ended
	OpLocked      Op = "LOCKED"
	OpStolen      Op = "STOLEN" // a lock went to somebody else while it was held
	OpUnlocked    Op = "UNLOCKED"
	OpRevoked     Op = "REVOKED"     // a service token
	OpFailed      Op = "FAILED"      // a webhook failed too often
	OpRedelivered Op = "REDELIVERED" // a webhook goes on from another place
)

// A Change is a line of the log to be: what an entity shall become.
type Change struct {
	Op Op
	At time.Time
	By string // who did it; for the newsroom, never shown to readers
	// Doc is the whole entity after the change, its version one above that of
	// its predecessor. It belongs to the store once it has been committed.
	Doc Entity
	// Before is how the predecessor was listed; nil for version 1.
	Before *Listing
}

// A Line is a committed Change.
type Line struct {
	Seq Seq
	Change
}

// An EventKind says what a line means to the public.
type EventKind string

// The kinds of events.
const (
	EventPublished EventKind = "PUBLISHED" // newly public
	EventUpdated   EventKind = "UPDATED"   // changed while public
	EventCorrected EventKind = "CORRECTED" // changed while public, with a public note
	EventRemoved   EventKind = "REMOVED"   // no longer public
	EventStarted   EventKind = "STARTED"   // a coverage has gone live
	EventEnded     EventKind = "ENDED"     // a coverage has ended
)

// Event tells what the change means to the public. ok is false when it means
// nothing, as the change of a draft does.
func (c Change) Event() (kind EventKind, ok bool) {
	of := c.Doc.Ref().Kind
	if of.Private() {
		return "", false
	}
	was := c.Before != nil && inForce(of, c.Before.Status)
	status := c.Doc.Listing().Status
	is := inForce(of, status)
	switch {
	case !was && !is && c.Before != nil && of == KindStory && (c.Before.Status == string(StoryRetracted)) != (status == string(StoryRetracted)):
		return EventRemoved, true // the note of a retraction comes, or goes
	case !was && !is:
		return "", false
	case !was:
		return EventPublished, true
	case !is:
		return EventRemoved, true
	case c.Op == OpCorrected:
		return EventCorrected, true
	case c.Op == OpStarted:
		return EventStarted, true
	case c.Op == OpEnded:
		return EventEnded, true
	}
	return EventUpdated, true
}

func inForce(kind Kind, status string) bool {
	switch kind {
	case KindStory:
		return status == string(StoryPublished)
	case KindTickerEntry:
		return status == string(TickerPublished) || status == aside+string(TickerPublished)
	case KindTag:
		return status == string(TagInUse)
	}
	return true
}

// Concerns tells whether the change is to be delivered to somebody who asked for
// sel: the entity is selected as it is now, or it was before the change, so that
// whoever saw it learns how it left.
func (c Change) Concerns(sel Selection) bool {
	if c.Doc.Ref().Kind != sel.Kind {
		return false
	}
	return sel.Holds(c.Doc.Listing()) || c.Before != nil && sel.Holds(*c.Before)
}
