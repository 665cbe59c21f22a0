package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

// A Census is what Compare found in both stores.
type Census struct {
	Lines    news.Seq
	Entities map[news.Kind]int
	Versions map[news.Kind]int // the lines of a kind
	// Checksum is the SHA-256, in hexadecimal, over the canonical forms of all
	// lines, one after the other (see appendLine). It says the same of the same
	// log in every store, for ever.
	Checksum string
	// SourceHead is the newest line of the source when all had been read: above
	// Lines when the source has moved on.
	SourceHead news.Seq
}

// Compare reads the first head lines of the log of from, and what follows from
// them, and all that is in to, and tells whether they are the same: each line,
// each entity, those of private kinds too, and that each entity is what its newest
// line made of it. The error names the first line or entity that differs.
//
// The source may be written to meanwhile: what differs because of that is no
// difference.
func Compare(ctx context.Context, from, to news.Store, head news.Seq, progress Progress) (Census, error) {
	c := comparison{
		from: from, to: to,
		census: Census{Lines: head, Entities: make(map[news.Kind]int), Versions: make(map[news.Kind]int)},
	}
	if err := c.lines(ctx, progress); err != nil {
		return c.census, err
	}
	for _, kind := range append(news.Kinds(), news.PrivateKinds()...) {
		if err := c.entities(ctx, kind); err != nil {
			return c.census, err
		}
	}
	var err error
	if c.census.SourceHead, err = from.Head(ctx); err != nil {
		return c.census, fmt.Errorf("read the source: %w", err)
	}
	if c.census.SourceHead == head {
		return c.census, c.later
	}
	return c.census, nil
}

type comparison struct {
	from, to news.Store
	census   Census
	// later is the first difference between entities that a line above the head
	// explains, if there is one.
	later error
}

// lines compares the logs, and counts the versions of each kind.
func (c *comparison) lines(ctx context.Context, progress Progress) error {
	sum, head := sha256.New(), c.census.Lines
	var form, other []byte
	for done := news.Seq(0); ; {
		ours, err := c.from.Lines(ctx, done, readLines)
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		ours = ours[:min(len(ours), int(head-done))]
		theirs, err := c.to.Lines(ctx, done, readLines)
		if err != nil {
			return fmt.Errorf("read the target: %w", err)
		}
		for i, l := range ours {
			if i >= len(theirs) {
				return fmt.Errorf("the target lacks line %d", l.Seq)
			}
			if form, err = appendLine(form[:0], l); err != nil {
				return fmt.Errorf("read the source: %w", err)
			}
			if other, err = appendLine(other[:0], theirs[i]); err != nil {
				return fmt.Errorf("read the target: %w", err)
			}
			ref := l.Doc.Ref()
			if !bytes.Equal(form, other) {
				return fmt.Errorf("line %d (%s, version %d) is another in the target", l.Seq, ref.ID, ref.Version)
			}
			sum.Write(form)
			c.census.Versions[ref.Kind]++
		}
		if done < head && len(ours) == 0 {
			return fmt.Errorf("the source has lost line %d", done+1)
		}
		done += news.Seq(len(ours))
		progress(done, head)
		if done == head {
			if len(theirs) > len(ours) {
				return fmt.Errorf("the target has a line %d by somebody else: nobody may write to it during a copy", head+1)
			}
			c.census.Checksum = hex.EncodeToString(sum.Sum(nil))
			return nil
		}
	}
}

// entities compares the entities of a kind. Those of the target are what the
// newest lines made of them when their versions add up to the lines of the kind:
// none can be above its newest version, so none is below.
func (c *comparison) entities(ctx context.Context, kind news.Kind) error {
	ours, theirs := walk{store: c.from, kind: kind}, walk{store: c.to, kind: kind}
	versions := 0
	for {
		e, err := ours.peek(ctx)
		if err != nil {
			return fmt.Errorf("read the source: %w", err)
		}
		other, err := theirs.peek(ctx)
		if err != nil {
			return fmt.Errorf("read the target: %w", err)
		}
		switch {
		case e == nil && other == nil:
			if versions != c.census.Versions[kind] {
				if c.later != nil {
					return c.later // it names one
				}
				return fmt.Errorf("the entities of kind %s in the target have %d versions, and its log has %d", kind, versions, c.census.Versions[kind])
			}
			return nil
		case other == nil || e != nil && e.Ref().ID < other.Ref().ID:
			c.explained(fmt.Errorf("the target lacks %s", e.Ref().ID))
			ours.next()
			continue
		case e == nil || other.Ref().ID < e.Ref().ID:
			return fmt.Errorf("the target has %s, and the source has not", other.Ref().ID)
		}
		if err := c.entity(e, other); err != nil {
			return err
		}
		versions += other.Ref().Version
		c.census.Entities[kind]++
		ours.next()
		theirs.next()
	}
}

// entity compares one entity.
func (c *comparison) entity(e, other news.Entity) error {
	ref, theirs := e.Ref(), other.Ref()
	if ref.Version != theirs.Version {
		err := fmt.Errorf("%s has version %d in the target, not %d", ref.ID, theirs.Version, ref.Version)
		if theirs.Version > ref.Version {
			return err
		}
		c.explained(err)
		return nil
	}
	form, err := document.Encode(e)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	another, err := document.Encode(other)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	if !bytes.Equal(form, another) {
		return fmt.Errorf("%s is another in the target", ref.ID)
	}
	return nil
}

func (c *comparison) explained(err error) {
	if c.later == nil {
		c.later = err
	}
}

// A walk goes through the entities of a kind.
type walk struct {
	store news.Store
	kind  news.Kind
	page  []news.Entity // the next ones
	last  news.EntityID // of the page
	ended bool
}

// peek is the entity that the walk is at, nil at the end.
func (w *walk) peek(ctx context.Context) (news.Entity, error) {
	if len(w.page) == 0 && !w.ended {
		page, err := w.store.Entities(ctx, w.kind, w.last, readLines)
		if err != nil {
			return nil, err
		}
		if w.page, w.ended = page, len(page) == 0; !w.ended {
			w.last = page[len(page)-1].Ref().ID
		}
	}
	if len(w.page) == 0 {
		return nil, nil
	}
	return w.page[0], nil
}

func (w *walk) next() { w.page = w.page[1:] }
