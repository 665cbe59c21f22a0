package desk

import (
	"context"
	"fmt"
	"strings"

	"depeche/internal/news"
)

// DeleteTag deletes a tag that nothing carries. Its slugs stay its own, so that it
// can be restored. Errors: as UpdateTag; ErrInvalid with the count where something
// carries it.
func (d *Desk) DeleteTag(ctx context.Context, who news.Actor, id news.TagID, expected int) (*news.Tag, error) {
	if err := d.Authorize(who, WriteTags); err != nil {
		return nil, err
	}
	current, err := d.tagInUse(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	uses, err := d.store.TagUses(ctx, []news.TagID{id})
	if err != nil {
		return nil, err
	}
	if use := uses[id]; use.Total() > 0 {
		return nil, news.Invalid("id", "names a tag in use: %s", counted(use))
	}
	if err := d.nothingOnTheWay(ctx, current); err != nil {
		return nil, err
	}
	next := nextTag(current)
	next.Status = news.TagDeleted
	return commitOne[*news.Tag](ctx, d, who, news.OpDeleted, next, current)
}

// nothingOnTheWay refuses a tag into which another one has been merged, whose
// stories may not have come yet.
func (d *Desk) nothingOnTheWay(ctx context.Context, tag *news.Tag) error {
	for page, err := range news.Walk(ctx, d.store, news.Unsettled(), news.MaxPage) {
		if err != nil {
			return err
		}
		for _, e := range page {
			if merged := e.(*news.Tag); merged.MergedInto == tag.ID {
				return news.Invalid("id", "names a tag that %s is being merged into: try again in a minute", named(merged))
			}
		}
	}
	return nil
}

// RestoreTag brings a deleted tag back. Errors: as UpdateTag.
func (d *Desk) RestoreTag(ctx context.Context, who news.Actor, id news.TagID, expected int) (*news.Tag, error) {
	if err := d.Authorize(who, WriteTags); err != nil {
		return nil, err
	}
	_, current, err := d.tagItself(ctx, id)
	if err != nil {
		return nil, err
	}
	if current.Version != expected {
		return nil, d.conflict(ctx, who, current, expected)
	}
	if current.Status != news.TagDeleted {
		return nil, news.Invalid("id", "names a tag that has not been deleted")
	}
	next := nextTag(current)
	next.Status = news.TagInUse
	return commitOne[*news.Tag](ctx, d, who, news.OpRestored, next, current)
}

// counted says how much carries a tag: 3 stories and 1 ticker entry.
func counted(use news.TagUse) string {
	var parts []string
	for _, p := range []struct {
		n         int
		one, many string
	}{
		{use.Stories, "story", "stories"},
		{use.TickerEntries, "ticker entry", "ticker entries"},
		{use.Coverages, "coverage", "coverages"},
	} {
		switch p.n {
		case 0:
		case 1:
			parts = append(parts, "1 "+p.one)
		default:
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.many))
		}
	}
	last := len(parts) - 1
	if last > 0 {
		return strings.Join(parts[:last], ", ") + " and " + parts[last]
	}
	return strings.Join(parts, "")
}
