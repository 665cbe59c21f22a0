package news

import (
	"context"
	"time"
	"unicode/utf8"
)

// A Lease is what one of several holds for a while, such as the turn to send to a
// webhook, or the sign of life of who works on a story.
type Lease struct {
	Key    string    // what is held: well-formed text of 1 to MaxLeaseKey bytes
	Holder string    // who holds it: likewise
	Until  time.Time // others may take it from then on
	Note   []byte    // what the holder leaves to whoever comes next; at most MaxLeaseNote bytes
}

// Bounds of Leasing.
const (
	MaxLeaseKey  = 128  // bytes
	MaxLeaseNote = 4096 // bytes
	MaxLeaseKeys = 1000 // that are asked for at a call
)

// Leasing is no part of the log and does not move its head. The methods that write
// are refused by a store that was opened for reading only. What is kept is as
// durable as a commit is.
type Leasing interface {
	// TakeLease keeps l where nothing is kept under its key, or what is kept is of
	// the same holder, or its time was not after now. Of all who try at once one
	// succeeds. It returns what is kept then: l, or the lease of whoever holds it.
	// Errors: *InvalidError, as CheckLease has it.
	TakeLease(ctx context.Context, now time.Time, l Lease) (Lease, error)
	// DropLease forgets the lease under key if holder holds it.
	DropLease(ctx context.Context, key, holder string) error
	// Leases returns what is kept under keys, also where its time has passed; keys
	// of which nothing is kept are left out. Errors: *InvalidError for more than
	// MaxLeaseKeys.
	Leases(ctx context.Context, keys []string) (map[string]Lease, error)
}

// CheckLease tells whether a lease can be kept. Errors: *InvalidError (key,
// holder, note).
func CheckLease(l Lease) error {
	for field, s := range map[string]string{"key": l.Key, "holder": l.Holder} {
		switch {
		case s == "":
			return Invalid(field, "may not be empty")
		case len(s) > MaxLeaseKey:
			return Invalid(field, "may have at most %d bytes", MaxLeaseKey)
		case !utf8.ValidString(s):
			return Invalid(field, "must be well-formed text")
		}
	}
	if len(l.Note) > MaxLeaseNote {
		return Invalid("note", "may have at most %d bytes", MaxLeaseNote)
	}
	return nil
}

// CheckLeaseKeys tells whether so many leases can be asked for in one call. Errors:
// *InvalidError (keys).
func CheckLeaseKeys(keys []string) error {
	if len(keys) > MaxLeaseKeys {
		return Invalid("keys", "may be at most %d at a call", MaxLeaseKeys)
	}
	return nil
}
