package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"depeche/internal/news"
)

// giveBack gives a tag that has been taken out of a merge back to what carried it
// then, and tells how much that is.
func (d *Desk) giveBack(ctx context.Context, who news.Actor, tag news.TagID, m merge) (news.TagUse, error) {
	var moved news.TagUse
	for _, kind := range taggedKinds() {
		// What changes its place in the list while that is walked can be missed: the
		// last walk is one that finds nothing.
		for tries := 0; ; tries++ {
			n, rest, err := d.giveBackOnce(ctx, who, kind, tag, m)
			*counter(&moved, kind) += n
			if err != nil {
				return moved, err
			}
			if !rest {
				break
			}
			if tries == retagWithin {
				return moved, fmt.Errorf("others were faster %d times: %w", retagWithin, news.ErrUnavailable)
			}
		}
	}
	return moved, nil
}

// giveBackOnce walks all of one kind that carries the tag that stayed. rest tells
// whether there was anything to give back.
func (d *Desk) giveBackOnce(ctx context.Context, who news.Actor, kind news.Kind, tag news.TagID, m merge) (moved int, rest bool, err error) {
	for page, err := range news.Walk(ctx, d.store, news.Carrying(kind, m.into), retagBatch) {
		if err != nil {
			return moved, rest, err
		}
		var changes []news.Change
		for _, e := range page {
			next, err := d.givenBack(ctx, e, tag, m)
			if err != nil {
				return moved, rest, err
			}
			if next != nil {
				changes = append(changes, d.change(who, news.OpRetagged, next, e))
			}
		}
		lines, err := d.store.Commit(ctx, changes)
		moved += len(lines)
		rest = rest || len(changes) > 0
		if err := ignoreConflict(err); err != nil {
			return moved, rest, err
		}
	}
	return moved, rest, nil
}

func ignoreConflict(err error) error {
	if errors.Is(err, news.ErrConflict) {
		return nil
	}
	return err
}

// givenBack is the next version of e with a tag given back; nil where the merge has
// taken none from it, or somebody has taken the other one off since.
func (d *Desk) givenBack(ctx context.Context, e news.Entity, tag news.TagID, m merge) (news.Entity, error) {
	next, lists, retags := nextTagged(e)
	rest := without(*retags, tag, m.into)
	if len(rest) == len(*retags) {
		return nil, nil
	}
	*retags = rest
	before, after, err := d.moveOf(ctx, e.Ref().ID, tag, m)
	if err != nil || before == nil {
		return nil, err
	}
	_, was, had := nextTagged(before)
	_, then, _ := nextTagged(after)
	gained := false
	for i, list := range lists {
		stays := standsFor(rest, m.into) || slices.Contains(*was[i], m.into) && ofItsOwn(*had, m.into)
		given := reversed(*list, *was[i], *then[i], tag, m.into, stays)
		gained = gained || !slices.Equal(given, *list)
		*list = given
	}
	if !gained {
		return nil, nil
	}
	return next, nil
}

// standsFor tells whether a tag stands for another one by a merge.
func standsFor(retags []news.Retag, tag news.TagID) bool {
	return slices.ContainsFunc(retags, func(r news.Retag) bool { return r.To == tag })
}

// ofItsOwn tells whether a tag that is there was so before the first merge that
// brought it.
func ofItsOwn(retags []news.Retag, tag news.TagID) bool {
	first := slices.IndexFunc(retags, func(r news.Retag) bool { return r.To == tag })
	return first < 0 || retags[first].Beside
}

// moveOf finds an entity before and after a merge has taken a tag from it; nil
// where that has not.
func (d *Desk) moveOf(ctx context.Context, id news.EntityID, tag news.TagID, m merge) (before, after news.Entity, err error) {
	var later news.Line
	for line, err := range d.history(ctx, id) {
		if err != nil {
			return nil, nil, err
		}
		if later.Op == news.OpRetagged && later.Doc.Listing().Has(m.into.Term()) && !later.Doc.Listing().Has(tag.Term()) && line.Doc.Listing().Has(tag.Term()) {
			return line.Doc, later.Doc, nil
		}
		if line.Seq < m.line {
			break
		}
		later = line
	}
	return nil, nil, nil
}

// reversed undoes replaced: was became then, and is now by what others have done
// since. stays tells that to is there not only for from. Whoever has taken to off
// has taken from off with it.
func reversed(now, was, then []news.TagID, from, to news.TagID, stays bool) []news.TagID {
	at := slices.Index(now, to)
	switch {
	case !slices.Contains(was, from) || slices.Contains(now, from) || at < 0:
		return now
	case slices.Equal(now, then):
		return was
	case !stays:
		given := slices.Clone(now)
		given[at] = from
		return given
	case slices.Contains(was, to) && slices.Index(was, to) < slices.Index(was, from):
		at++
	}
	return slices.Insert(slices.Clone(now), at, from)
}
