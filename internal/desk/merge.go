package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"depeche/internal/news"
	"depeche/internal/text"
)

// A TagMove is what a merge of tags, or its undoing, does.
type TagMove struct {
	Tag   *news.Tag   // the one that stays
	Other *news.Tag   // the one that is merged into it, or is taken out again
	Moved news.TagUse // how much moves from one to the other, drafts included
}

// mergeWithin bounds how often a merge tries again when somebody else was faster
// with one of its tags.
const mergeWithin = 10

// MergeTags merges a tag into another one: whatever carries from carries into from
// then on, and the id and the slugs of from answer with into. With dryRun it only
// tells what would move. Asked for again it goes on where it was cut off. Errors:
// as UpdateTag.
func (d *Desk) MergeTags(ctx context.Context, who news.Actor, from news.TagID, expected int, into news.TagID, dryRun bool) (TagMove, error) {
	if err := d.Authorize(who, MergeTags); err != nil {
		return TagMove{}, err
	}
	var move TagMove
	for range mergeWithin {
		var err error
		if move, err = d.mergeable(ctx, who, from, expected, into); err != nil {
			return TagMove{}, err
		}
		if dryRun {
			uses, err := d.store.TagUses(ctx, []news.TagID{from})
			move.Moved = uses[from]
			return move, err
		}
		if move.Other.Status == news.TagMerged {
			break // it was cut off, and is asked for again
		}
		again, err := d.commitMerge(ctx, who, &move)
		if err != nil {
			return TagMove{}, err
		}
		if !again {
			break
		}
	}
	if move.Other.Status != news.TagMerged {
		return TagMove{}, fmt.Errorf("merge %s into %s: others were faster %d times: %w", from, into, mergeWithin, news.ErrUnavailable)
	}
	var err error
	if move.Moved, err = d.moveUses(ctx, who, move.Other); err != nil {
		return TagMove{}, fmt.Errorf("move what carries %s to %s: %w", from, into, err)
	}
	return move, nil
}

// mergeable reads the two tags of a merge and holds them to its rules. A merge
// that has been made already keeps to them.
func (d *Desk) mergeable(ctx context.Context, who news.Actor, from news.TagID, expected int, into news.TagID) (TagMove, error) {
	if from == into {
		return TagMove{}, news.Invalid("into", "is the tag itself")
	}
	_, other, err := d.tagItself(ctx, from)
	if err != nil {
		return TagMove{}, err
	}
	switch {
	case other.Status == news.TagDeleted:
		return TagMove{}, news.Invalid("from", "names a tag that has been deleted")
	case other.Status == news.TagMerged && other.MergedInto != into:
		return TagMove{}, d.mergedAlready(ctx, "from", other)
	case other.Status == news.TagMerged && expected >= firstMerged(other)-1 && expected <= other.Version:
		// It was cut off, and is asked for again.
	case other.Version != expected:
		return TagMove{}, d.conflict(ctx, who, other, expected)
	}
	_, survivor, err := d.tagItself(ctx, into)
	switch {
	case errors.Is(err, news.ErrNotFound):
		return TagMove{}, news.Invalid("into", "names no tag: %s", text.Quote(string(into)))
	case err != nil:
		return TagMove{}, err
	case other.Status == news.TagMerged:
		return TagMove{Tag: survivor, Other: other}, nil
	case survivor.Status == news.TagDeleted:
		return TagMove{}, news.Invalid("into", "names a tag that has been deleted")
	case survivor.Status == news.TagMerged:
		return TagMove{}, d.mergedAlready(ctx, "into", survivor)
	case survivor.Kind != other.Kind:
		return TagMove{}, news.Invalid("into", "names a tag of kind %s, and %s is of kind %s: only tags of one kind can be merged", survivor.Kind, from, other.Kind)
	}
	if n := len(survivor.Aliases) + len(brought(other, survivor)); n > maxAliases {
		return TagMove{}, news.Invalid("into", "names a tag that would have %d aliases; at most %d are allowed", n, maxAliases)
	}
	return TagMove{Tag: survivor, Other: other}, nil
}

// firstMerged is the version in which a merged tag was merged: settling it made
// another one.
func firstMerged(tag *news.Tag) int {
	if tag.Settled {
		return tag.Version - 1
	}
	return tag.Version
}

// commitMerge commits the lines of a merge. again tells that somebody else has
// changed one of the tags meanwhile.
//
// The line of the tag that stays comes first, also when it gains nothing: of two
// merges that would have two tags stand for each other, one fails there.
func (d *Desk) commitMerge(ctx context.Context, who news.Actor, m *TagMove) (again bool, err error) {
	at := d.now()
	survivor := nextTag(m.Tag)
	survivor.Aliases = append(survivor.Aliases, brought(m.Other, m.Tag)...)
	other := nextTag(m.Other)
	other.Status, other.MergedInto, other.MergedAt, other.Settled = news.TagMerged, survivor.ID, at, false
	changes := []news.Change{d.change(who, news.OpMerged, survivor, m.Tag), d.change(who, news.OpMerged, other, m.Other)}
	for i := range changes {
		changes[i].At = at
	}
	lines, err := d.store.Commit(ctx, changes)
	switch {
	case err == nil:
		m.Tag, m.Other = lines[0].Doc.(*news.Tag), lines[1].Doc.(*news.Tag)
		return false, nil
	case !errors.Is(err, news.ErrConflict):
		return false, err
	case len(lines) == 1:
		stays := lines[0].Doc.(*news.Tag)
		return true, d.disown(ctx, who, stays.ID, brought(m.Other, m.Tag))
	}
	return true, nil
}

// brought are the names of a tag that one is to have which stands for it.
func brought(other, survivor *news.Tag) []string {
	known := map[string]bool{text.Fold(survivor.Name): true}
	for _, alias := range survivor.Aliases {
		known[text.Fold(alias)] = true
	}
	var names []string
	for _, name := range append([]string{other.Name}, other.Aliases...) {
		if key := text.Fold(name); !known[key] {
			known[key] = true
			names = append(names, name)
		}
	}
	return names
}

// disown takes aliases off a tag that is in use.
func (d *Desk) disown(ctx context.Context, who news.Actor, id news.TagID, aliases []string) error {
	for range mergeWithin {
		_, current, err := d.tagItself(ctx, id)
		if err != nil {
			return err
		}
		next := nextTag(current)
		next.Aliases = slices.DeleteFunc(next.Aliases, func(alias string) bool { return slices.Contains(aliases, alias) })
		if len(next.Aliases) == len(current.Aliases) || current.Status != news.TagInUse {
			return nil
		}
		if _, err = commitOne[*news.Tag](ctx, d, who, news.OpUnmerged, next, current); !errors.Is(err, news.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("take aliases off %s: others were faster %d times: %w", id, mergeWithin, news.ErrUnavailable)
}

// UnmergeTag undoes a merge: what carried the tag when it was merged, and still
// carries the one that it was merged into, carries it again. Asked for again it
// goes on where it was cut off. Errors: as UpdateTag.
func (d *Desk) UnmergeTag(ctx context.Context, who news.Actor, id news.TagID, expected int) (TagMove, error) {
	if err := d.Authorize(who, MergeTags); err != nil {
		return TagMove{}, err
	}
	line, other, err := d.tagItself(ctx, id)
	if err != nil {
		return TagMove{}, err
	}
	undone := line.Op == news.OpUnmerged && line.Before != nil && line.Before.Status == string(news.TagMerged)
	switch {
	case undone && expected == other.Version-1: // it was cut off, and is asked for again
	case other.Version != expected:
		return TagMove{}, d.conflict(ctx, who, other, expected)
	case !undone && other.Status != news.TagMerged:
		return TagMove{}, news.Invalid("id", "names a tag that is not merged into another")
	}
	m, err := d.mergeOf(ctx, id)
	if err != nil {
		return TagMove{}, err
	}
	_, survivor, err := d.tagItself(ctx, m.into)
	if err != nil {
		return TagMove{}, err
	}
	if other.Status == news.TagMerged {
		switch survivor.Status {
		case news.TagMerged:
			return TagMove{}, news.Invalid("id", "names a tag that was merged into %s, which has been merged itself: undo that first", named(survivor))
		case news.TagDeleted:
			return TagMove{}, news.Invalid("id", "names a tag that was merged into %s, which has been deleted: restore that first", named(survivor))
		}
		next := nextTag(other)
		next.Status, next.MergedInto, next.MergedAt, next.Settled = news.TagInUse, "", time.Time{}, false
		if other, err = commitOne[*news.Tag](ctx, d, who, news.OpUnmerged, next, other); err != nil {
			return TagMove{}, err
		}
	}
	if err := d.disown(ctx, who, m.into, m.added); err != nil {
		return TagMove{}, err
	}
	move := TagMove{Other: other}
	if move.Moved, err = d.giveBack(ctx, who, id, m); err != nil {
		return TagMove{}, fmt.Errorf("give back what carried %s: %w", id, err)
	}
	_, move.Tag, err = d.tagItself(ctx, m.into)
	return move, err
}

// A merge is what the log says of the newest merge of a tag.
type merge struct {
	into  news.TagID
	line  news.Seq // the line that merged the tag
	added []string // the aliases that it gave to the one that stays
}

// mergeOf finds the newest merge of a tag in the log.
func (d *Desk) mergeOf(ctx context.Context, id news.TagID) (merge, error) {
	for line, err := range d.history(ctx, news.EntityID(id)) {
		if err != nil {
			return merge{}, err
		}
		tag, ok := line.Doc.(*news.Tag)
		if !ok || line.Op != news.OpMerged || tag.Status != news.TagMerged {
			continue
		}
		added, err := d.addedBy(ctx, line, tag)
		return merge{into: tag.MergedInto, line: line.Seq, added: added}, err
	}
	return merge{}, fmt.Errorf("find the merge of %s in the log: %w", id, news.ErrNotFound)
}

// addedBy finds the aliases that the merge of line gave to the tag that stays.
func (d *Desk) addedBy(ctx context.Context, line news.Line, tag *news.Tag) ([]string, error) {
	var after *news.Tag
	for stays, err := range d.history(ctx, news.EntityID(tag.MergedInto)) {
		if err != nil {
			return nil, err
		}
		doc, ok := stays.Doc.(*news.Tag)
		if !ok {
			break
		}
		if after != nil {
			added := slices.Clone(after.Aliases)
			return slices.DeleteFunc(added, func(alias string) bool { return slices.Contains(doc.Aliases, alias) }), nil
		}
		// The two lines of a merge have one time and one name.
		if stays.Seq < line.Seq && stays.Op == news.OpMerged && stays.At.Equal(line.At) && stays.By == line.By {
			after = doc
		}
	}
	return nil, nil
}
