package graph

import (
	"context"
	"slices"

	"depeche/graph/model"
	"depeche/graph/scalar"
	"depeche/internal/desk"
	"depeche/internal/news"
)

const (
	maxRelated       = 20
	maxPinned        = 20
	maxTrendingHours = 720
)

// stories answers a list of stories, of those with a tag where one is given.
func (r *Resolver) stories(ctx context.Context, filter *model.StoryFilter, tag news.TagID, first *int, after *scalar.Cursor, last *int, before *scalar.Cursor) (*model.StoryConnection, error) {
	f, err := r.storyFilter(ctx, filter)
	if err != nil {
		return nil, err
	}
	f.Within = tag
	w, err := window(first, last, after, before)
	if err != nil {
		return nil, err
	}
	page, err := r.Store.Stories(ctx, r.actor(ctx).Audience(), f, w)
	if err != nil {
		return nil, err
	}
	loadersFrom(ctx).announceStories(page.Items...)
	return r.storyConnection(page), nil
}

// tickerEntries answers a list of ticker entries.
func (r *Resolver) tickerEntries(ctx context.Context, f news.TickerFilter, first *int, after *scalar.Cursor, last *int, before *scalar.Cursor) (*model.TickerConnection, error) {
	w, err := window(first, last, after, before)
	if err != nil {
		return nil, err
	}
	page, err := r.Store.TickerEntries(ctx, f, w)
	if err != nil {
		return nil, err
	}
	loadersFrom(ctx).announceEntries(page.Items...)
	return r.tickerConnection(page), nil
}

// newestEntries answers a short list that is not paged through.
func (r *Resolver) newestEntries(ctx context.Context, f news.TickerFilter, n int) ([]*news.TickerEntry, error) {
	page, err := r.Store.TickerEntries(ctx, f, news.Window{First: n})
	if err != nil {
		return nil, err
	}
	loadersFrom(ctx).announceEntries(page.Items...)
	return nonNil(page.Items), nil
}

// tagsOf finds tags. One that has been merged comes as the tag that it was merged
// into, and that only once: what carried both may do so for a moment still.
func (r *Resolver) tagsOf(ctx context.Context, ids []news.TagID) ([]*news.Tag, error) {
	tags, err := loadersFrom(ctx).tags.loadAll(ctx, ids)
	for i := len(tags) - 1; i > 0; i-- {
		if slices.ContainsFunc(tags[:i], func(t *news.Tag) bool { return t.ID == tags[i].ID }) {
			tags = slices.Delete(tags, i, i+1)
		}
	}
	return tags, err
}

// tagMove puts a merge of tags, or its undoing, into the shape of the schema.
func tagMove(m desk.TagMove, err error) (*model.TagMove, error) {
	if err != nil {
		return nil, err
	}
	return &model.TagMove{
		Tag: m.Tag, Merged: m.Other,
		Stories: m.Moved.Stories, TickerEntries: m.Moved.TickerEntries, Coverages: m.Moved.Coverages,
	}, nil
}

// trendingKinds are those that are meant where none are named: the default of
// the argument, which null does not take.
func trendingKinds(kinds []news.TagKind) []news.TagKind {
	if len(kinds) > 0 {
		return kinds
	}
	return slices.DeleteFunc(news.TagKinds(), func(k news.TagKind) bool {
		return k == news.TagSection || k == news.TagContributor
	})
}

func trending(ctx context.Context, counts []news.TagCount) []*news.TagCount {
	list := make([]*news.TagCount, len(counts))
	for i := range counts {
		list[i] = &counts[i]
		loadersFrom(ctx).announceTags(counts[i].Tag)
	}
	return list
}

// nodes finds what ids name, in their order; nil where there is nothing to see.
func (r *Resolver) nodes(ctx context.Context, ids []string) ([]news.Entity, error) {
	asked := make([]news.EntityID, len(ids))
	for i, id := range ids {
		asked[i] = news.EntityID(id)
	}
	found, err := r.Store.Nodes(ctx, r.actor(ctx).Audience(), asked)
	if err != nil {
		return nil, err
	}
	list := make([]news.Entity, len(ids))
	for i, id := range asked {
		list[i] = found[id]
		if s, ok := found[id].(*news.Story); ok {
			list[i] = r.shown(ctx, s)
		}
	}
	loadersFrom(ctx).announceEntities(list...)
	return list, nil
}
