package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"depeche/internal/news"
)

const (
	// retagBatch is how many entities are read and committed at once. A story may
	// have a megabyte.
	retagBatch = 50
	// retagWithin bounds how many batches in a row may find others faster with each
	// of their entities.
	retagWithin = 100
)

// taggedKinds are the kinds of what carries tags.
func taggedKinds() []news.Kind {
	return []news.Kind{news.KindStory, news.KindTickerEntry, news.KindCoverage}
}

// counter is where use counts the entities of a kind.
func counter(use *news.TagUse, kind news.Kind) *int {
	switch kind {
	case news.KindStory:
		return &use.Stories
	case news.KindTickerEntry:
		return &use.TickerEntries
	}
	return &use.Coverages
}

// nextTagged is the next version of an entity that carries tags, with its lists of
// them and its retags. When an entity was updated is not touched by what becomes
// of its tags: else thousands of stories would look as if they were new.
func nextTagged(e news.Entity) (next news.Entity, lists []*[]news.TagID, retags *[]news.Retag) {
	switch e := e.(type) {
	case *news.Story:
		c := e.Clone()
		c.Version++
		return c, []*[]news.TagID{&c.Tags, &c.Authors}, &c.Retags
	case *news.TickerEntry:
		c := e.Clone()
		c.Version++
		return c, []*[]news.TagID{&c.Tags}, &c.Retags
	case *news.Coverage:
		c := e.Clone()
		c.Version++
		return c, []*[]news.TagID{&c.Tags}, &c.Retags
	}
	panic(fmt.Sprintf("a %T carries no tags", e))
}

// retagged is the next version of e, in which to stands for from.
func retagged(e news.Entity, from, to news.TagID) news.Entity {
	next, lists, retags := nextTagged(e)
	retag := news.Retag{From: from, To: to}
	for _, list := range lists {
		if slices.Contains(*list, from) && slices.Contains(*list, to) {
			retag.Beside = true
		}
		*list = replaced(*list, from, to)
	}
	*retags = append(without(*retags, from, to), retag)
	return next
}

// replaced puts to in the place of from. Where both are there, the first of their
// places counts.
func replaced(tags []news.TagID, from, to news.TagID) []news.TagID {
	if !slices.Contains(tags, from) {
		return tags
	}
	var list []news.TagID
	for _, tag := range tags {
		if tag == from {
			tag = to
		}
		if tag != to || !slices.Contains(list, to) {
			list = append(list, tag)
		}
	}
	return list
}

// without leaves the retags from one tag to another out.
func without(retags []news.Retag, from, to news.TagID) []news.Retag {
	return slices.DeleteFunc(slices.Clone(retags), func(r news.Retag) bool { return r.From == from && r.To == to })
}

// moveUses moves whatever carries a merged tag to the tag that it was merged into,
// and on to the one that stands for that, where it was merged too. Errors:
// *news.ConflictError when the merge was undone meanwhile.
func (d *Desk) moveUses(ctx context.Context, who news.Actor, tag *news.Tag) (news.TagUse, error) {
	var moved news.TagUse
	for tag.Status == news.TagMerged {
		for rest := true; rest; {
			use, more, err := d.moveSome(ctx, who, tag)
			if err != nil {
				return moved, err
			}
			moved, rest = sum(moved, use), more
		}
		var err error
		if _, tag, err = d.tagItself(ctx, tag.MergedInto); err != nil {
			return moved, err
		}
	}
	return moved, nil
}

func sum(a, b news.TagUse) news.TagUse {
	return news.TagUse{
		Stories: a.Stories + b.Stories, TickerEntries: a.TickerEntries + b.TickerEntries, Coverages: a.Coverages + b.Coverages,
	}
}

// moveSome moves a batch of what carries a merged tag. rest tells whether there may
// be more.
func (d *Desk) moveSome(ctx context.Context, who news.Actor, tag *news.Tag) (moved news.TagUse, rest bool, err error) {
	for range retagWithin {
		kind, batch, err := d.carriers(ctx, tag.ID)
		if err != nil || len(batch) == 0 {
			return moved, false, err
		}
		changes := make([]news.Change, len(batch))
		for i, e := range batch {
			changes[i] = d.change(who, news.OpRetagged, retagged(e, tag.ID, tag.MergedInto), e)
		}
		lines, err := d.store.Commit(ctx, changes)
		switch {
		case err != nil && !errors.Is(err, news.ErrConflict):
			return moved, false, err
		case len(lines) > 0:
			*counter(&moved, kind) = len(lines)
			return moved, true, d.stillMerged(ctx, who, tag)
		}
		// Somebody else was faster with the first of them: it is read again.
	}
	return moved, false, fmt.Errorf("others were faster %d times: %w", retagWithin, news.ErrUnavailable)
}

// carriers reads a batch of the entities of one kind that carry a tag.
func (d *Desk) carriers(ctx context.Context, tag news.TagID) (news.Kind, []news.Entity, error) {
	for _, kind := range taggedKinds() {
		page, err := d.store.Listed(ctx, news.Carrying(kind, tag), news.Window{First: retagBatch})
		if err != nil || len(page.Items) > 0 {
			return kind, page.Items, err
		}
	}
	return "", nil, nil
}

// stillMerged holds that a tag is merged as it was before a batch was moved. Where
// the merge has been undone meanwhile, that may have passed the batch by: it is
// given back here.
func (d *Desk) stillMerged(ctx context.Context, who news.Actor, tag *news.Tag) error {
	_, now, err := d.tagItself(ctx, tag.ID)
	if err != nil || now.Status == news.TagMerged && now.MergedInto == tag.MergedInto {
		return err
	}
	m, err := d.mergeOf(ctx, tag.ID)
	if err != nil {
		return err
	}
	if _, err := d.giveBack(ctx, who, tag.ID, m); err != nil {
		return err
	}
	return &news.ConflictError{ID: news.EntityID(tag.ID), Current: now.Version}
}
