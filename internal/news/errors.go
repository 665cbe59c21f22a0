package news

import (
	"errors"
	"fmt"
	"time"
)

// The errors of the domain. Others wrap them; compare with errors.Is.
var (
	// ErrInvalid: the input breaks a rule; an *InvalidError names it.
	ErrInvalid = errors.New("invalid input")
	// ErrNotFound: there is no such thing, or it may not be seen.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the entity is in another version than the caller thought; a
	// *ConflictError tells which.
	ErrConflict = errors.New("conflict")
	// ErrTaken: a slug belongs to another entity; a *TakenError tells whose it is.
	ErrTaken = errors.New("slug is taken")
	// ErrUnauthenticated: the caller has to say who it is.
	ErrUnauthenticated = errors.New("not authenticated")
	// ErrForbidden: the caller may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrBadCursor: the cursor can't be understood, or is of another list, of
	// another log, or ahead of the log.
	ErrBadCursor = errors.New("bad cursor")
	// ErrCursorExpired: the cursor is further back than can be resumed from.
	ErrCursorExpired = errors.New("cursor expired")
	// ErrTooComplex: the operation would cost too much.
	ErrTooComplex = errors.New("too complex")
	// ErrRateLimited: the caller, or all callers together, ask for too much at once.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable: the store can't answer now; the same call may succeed later.
	ErrUnavailable = errors.New("unavailable")
)

// An InvalidError names the input that breaks a rule.
type InvalidError struct {
	Field  string // as the caller knows it, such as title or image.url
	Reason string // follows the name of the field in a sentence
}

// Invalid makes an *InvalidError.
func Invalid(field, reason string, args ...any) error {
	return &InvalidError{Field: field, Reason: fmt.Sprintf(reason, args...)}
}

func (e *InvalidError) Error() string { return e.Field + " " + e.Reason }

// Is makes the error an ErrInvalid.
func (e *InvalidError) Is(target error) bool { return target == ErrInvalid }

// A ConflictError tells the version that an entity is in.
type ConflictError struct {
	ID      EntityID
	Current int // 0 where the entity does not exist
	// What follows is for a caller who may see it; nil where that is not known. Doc
	// is the entity as it is, Known as it was in the version that the caller had
	// before them, Fields are the fields that differ, by their names in the schema.
	Doc, Known Entity
	Fields     []string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s is in version %d by now", e.ID, e.Current)
}

// Is makes the error an ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// A HeldError tells who holds the lock that somebody wanted; nobody does where
// Holder is empty.
type HeldError struct {
	Story  StoryID
	Holder string
	Since  time.Time
}

func (e *HeldError) Error() string {
	if e.Holder == "" {
		return fmt.Sprintf("the lock of %s is not held any more", e.Story)
	}
	return fmt.Sprintf("%s is at work on %s", e.Holder, e.Story)
}

// Is makes the error an ErrConflict.
func (e *HeldError) Is(target error) bool { return target == ErrConflict }

// A TakenError tells to whom a slug belongs.
type TakenError struct {
	Slug  string
	Owner EntityID
}

func (e *TakenError) Error() string {
	return fmt.Sprintf("the slug %q belongs to %s", e.Slug, e.Owner)
}

// Is makes the error an ErrTaken.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// A CursorError tells which cursor can't be used and why.
type CursorError struct {
	Field  string // the argument; empty where it is not known
	Reason string
	Oldest *LogCursor // set when the cursor has expired: the oldest that has not
}

// BadCursor makes a *CursorError that is an ErrBadCursor.
func BadCursor(field, reason string) error { return &CursorError{Field: field, Reason: reason} }

func (e *CursorError) Error() string {
	what := "the cursor"
	if e.Field != "" {
		what += " " + e.Field
	}
	if e.Oldest != nil {
		return what + " has expired: " + e.Reason
	}
	return what + " can't be used: " + e.Reason
}

// Is makes the error an ErrBadCursor or an ErrCursorExpired.
func (e *CursorError) Is(target error) bool {
	if e.Oldest != nil {
		return target == ErrCursorExpired
	}
	return target == ErrBadCursor
}
