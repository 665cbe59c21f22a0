// Package desk is the only writer. It knows the rules of the trade: who may do
// what, what a headline may be, how a story goes from draft to public, how a
// line is corrected. Everything that changes the newsroom goes through a Desk,
// which answers when the change is durable.
//
// It refuses what breaks a rule with an error that names the rule, and changes
// nothing then. It does not know GraphQL, HTTP or any database.
package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"depeche/internal/news"
	"depeche/internal/text"
)

// A Desk writes to one store. It may be used by many goroutines at once.
type Desk struct {
	store news.Store
	now   func() time.Time

	paces paces

	idsMu  sync.Mutex
	ids    *ulid.MonotonicEntropy
	idTime uint64 // of the newest id, in ms; it never goes back as a clock may
}

// New makes the desk of a store. now is its clock.
func New(store news.Store, now func() time.Time) *Desk {
	return &Desk{
		store: store,
		now:   func() time.Time { return news.Instant(now()) },
		ids:   ulid.Monotonic(rand.Reader, 0),
	}
}

// Now is the desk's clock: UTC, whole milliseconds.
func (d *Desk) Now() time.Time { return d.now() }

// newID makes an id that is above all that were made before it.
func (d *Desk) newID(prefix string) string {
	d.idsMu.Lock()
	defer d.idsMu.Unlock()
	d.idTime = max(d.idTime, ulid.Timestamp(d.now()))
	return prefix + ulid.MustNew(d.idTime, d.ids).String()
}

// commitOne commits a change of prev, nil for a new entity. Where somebody else was
// faster with prev, the *news.ConflictError is as conflict makes it.
func commitOne[E news.Entity](ctx context.Context, d *Desk, by news.Actor, op news.Op, next, prev news.Entity) (E, error) {
	var none E
	if err := d.admit(by); err != nil {
		return none, err
	}
	lines, err := d.store.Commit(ctx, []news.Change{d.change(by, op, next, prev)})
	switch {
	case err == nil:
		return lines[0].Doc.(E), nil
	case prev == nil:
		return none, err
	}
	return none, d.lostRace(ctx, by, prev, err)
}

func (d *Desk) change(by news.Actor, op news.Op, next, prev news.Entity) news.Change {
	c := news.Change{Op: op, At: d.now(), By: by.Name, Doc: next}
	if prev != nil {
		before := prev.Listing()
		c.Before = &before
	}
	return c
}

// createWithin bounds how often a creation tries again when somebody else was
// faster with its id or its slug.
const createWithin = 10

// create commits the first version that c makes, with a slug that is free where
// the caller chose none, and recognises a creation that was asked for before.
func create[E news.Entity](ctx context.Context, d *Desk, by news.Actor, c creation[E]) (E, error) {
	var none E
	for range createWithin {
		current, first, err := d.existing(ctx, c.id)
		if err != nil {
			return none, err
		}
		if current != nil {
			was, ok := first.(E)
			if !ok || !c.same(was) {
				return none, usedBefore(by, current)
			}
			return current.(E), nil
		}
		slug := ""
		if c.slugFrom != "" {
			if slug, err = d.freeSlug(ctx, c.kind, c.slugFrom); err != nil {
				return none, err
			}
		}
		next := c.make(slug)
		made, err := commitOne[E](ctx, d, by, c.op, next, nil)
		switch {
		case err == nil:
			return made, nil
		case errors.Is(err, news.ErrConflict) || errors.Is(err, news.ErrTaken) && c.slugFrom != "":
			continue
		default:
			return none, slugError(by, err)
		}
	}
	return none, fmt.Errorf("create %s: others were faster %d times: %w", c.id, createWithin, news.ErrUnavailable)
}

type creation[E news.Entity] struct {
	kind     news.Kind
	op       news.Op
	id       news.EntityID
	slugFrom string              // make a slug of it; empty when there is one, or none is needed
	make     func(slug string) E // the first version
	same     func(first E) bool  // whether first is what is asked for
}

// existing finds what is there under an id, nil where nothing is.
func (d *Desk) existing(ctx context.Context, id news.EntityID) (current, first news.Entity, err error) {
	found, err := d.store.Nodes(ctx, news.Audience{Staff: true}, []news.EntityID{id})
	if err != nil || found[id] == nil {
		return nil, nil, err
	}
	line, err := d.store.Version(ctx, id, 1)
	if err != nil {
		return nil, nil, fmt.Errorf("read the first version of %s: %w", id, err)
	}
	return found[id], line.Doc, nil
}

// freeSlug makes a slug of name that no entity of the kind has had yet.
func (d *Desk) freeSlug(ctx context.Context, kind news.Kind, name string) (string, error) {
	base := text.Slug(name)
	if base == "" {
		base = "untitled"
	}
	candidates := []string{base}
	for n := 2; n <= 20; n++ {
		candidates = append(candidates, fmt.Sprintf("%s-%d", base, n))
	}
	taken := func(string) bool { return false }
	switch kind {
	case news.KindStory:
		found, err := d.store.StoriesBySlug(ctx, news.Audience{Staff: true}, candidates)
		if err != nil {
			return "", err
		}
		taken = func(slug string) bool { return found[slug] != nil }
	case news.KindCoverage:
		found, err := d.store.CoveragesBySlug(ctx, candidates)
		if err != nil {
			return "", err
		}
		taken = func(slug string) bool { return found[slug] != nil }
	}
	if i := slices.IndexFunc(candidates, func(slug string) bool { return !taken(slug) }); i >= 0 {
		return candidates[i], nil
	}
	return base + "-" + strings.ToLower(d.newID("")), nil
}

// usedBefore answers a creation under the id of something else. Whoever may not
// see everything learns nothing of what it is.
func usedBefore(who news.Actor, current news.Entity) error {
	ref := current.Ref()
	err := news.ErrConflict
	if who.Audience().Staff {
		err = &news.ConflictError{ID: ref.ID, Current: ref.Version, Doc: current}
	}
	return fmt.Errorf("the id %s has been used before for something else: %w", ref.ID, err)
}

// slugError speaks of a taken slug as of the input that it came in. It names the
// owner only to those who may see everything.
func slugError(who news.Actor, err error) error {
	var taken *news.TakenError
	switch {
	case !errors.As(err, &taken):
		return err
	case who.Audience().Staff:
		return news.Invalid("slug", "%q belongs to %s", taken.Slug, taken.Owner)
	}
	return news.Invalid("slug", "%q is taken", taken.Slug)
}

// renamed keeps the slug that an entity had among its previous ones.
func renamed(previous []string, was, is string) []string {
	if was == is {
		return previous
	}
	kept := slices.DeleteFunc(slices.Clone(previous), func(s string) bool { return s == is })
	return append(kept, was)
}

// later is the desk's time, but never before t.
func (d *Desk) later(t time.Time) time.Time {
	if now := d.now(); now.After(t) {
		return now
	}
	return t
}
