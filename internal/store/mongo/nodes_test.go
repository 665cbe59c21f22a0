package mongo_test

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
)

// nodes are two stores in one database, of which each call asks the next one:
// what one has acknowledged, the other has to show.
type nodes struct {
	stores [2]*mongo.Store
	calls  atomic.Int64
}

var _ news.Store = (*nodes)(nil)

func (n *nodes) next() *mongo.Store { return n.stores[n.calls.Add(1)%2] }

func (n *nodes) Epoch() news.Epoch { return n.next().Epoch() }

func (n *nodes) Head(ctx context.Context) (news.Seq, error) { return n.next().Head(ctx) }

func (n *nodes) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	return n.next().Lines(ctx, after, limit)
}

func (n *nodes) Version(ctx context.Context, id news.EntityID, version int) (news.Line, error) {
	return n.next().Version(ctx, id, version)
}

func (n *nodes) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	return n.next().Versions(ctx, id, before, limit)
}

func (n *nodes) Watch(ctx context.Context, wake func()) error { return n.next().Watch(ctx, wake) }

func (n *nodes) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	return n.next().Nodes(ctx, who, ids)
}

func (n *nodes) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	return n.next().StoriesByID(ctx, who, ids)
}

func (n *nodes) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	return n.next().TagsByID(ctx, ids)
}

func (n *nodes) TickerEntriesByID(ctx context.Context, ids []news.TickerEntryID) (map[news.TickerEntryID]*news.TickerEntry, error) {
	return n.next().TickerEntriesByID(ctx, ids)
}

func (n *nodes) CoveragesByID(ctx context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	return n.next().CoveragesByID(ctx, ids)
}

func (n *nodes) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	return n.next().StoriesBySlug(ctx, who, slugs)
}

func (n *nodes) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	return n.next().TagsBySlug(ctx, slugs)
}

func (n *nodes) CoveragesBySlug(ctx context.Context, slugs []string) (map[string]*news.Coverage, error) {
	return n.next().CoveragesBySlug(ctx, slugs)
}

func (n *nodes) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	return n.next().Stories(ctx, who, f, w)
}

func (n *nodes) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	return n.next().Tags(ctx, f, w)
}

func (n *nodes) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	return n.next().TickerEntries(ctx, f, w)
}

func (n *nodes) Coverages(ctx context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	return n.next().Coverages(ctx, f, w)
}

func (n *nodes) Listed(ctx context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	return n.next().Listed(ctx, sel, w)
}

func (n *nodes) TagUses(ctx context.Context, tags []news.TagID) (map[news.TagID]news.TagUse, error) {
	return n.next().TagUses(ctx, tags)
}

func (n *nodes) StoryCounts(ctx context.Context, tags []news.TagID) (map[news.TagID]int, error) {
	return n.next().StoryCounts(ctx, tags)
}

func (n *nodes) TrendingTags(ctx context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	return n.next().TrendingTags(ctx, since, kinds, limit)
}

func (n *nodes) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	return n.next().RelatedStories(ctx, who, ids, limit)
}

func (n *nodes) Entities(ctx context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	return n.next().Entities(ctx, kind, after, limit)
}

func (n *nodes) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	return n.next().Commit(ctx, changes)
}

func (n *nodes) LeavePlaces(ctx context.Context, now time.Time, places []news.Place) error {
	return n.next().LeavePlaces(ctx, now, places)
}

func (n *nodes) TakePlaces(ctx context.Context, now time.Time, keys []string) (map[string]news.Seq, error) {
	return n.next().TakePlaces(ctx, now, keys)
}

func (n *nodes) TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	return n.next().TakeLease(ctx, now, l)
}

func (n *nodes) DropLease(ctx context.Context, key, holder string) error {
	return n.next().DropLease(ctx, key, holder)
}

func (n *nodes) Leases(ctx context.Context, keys []string) (map[string]news.Lease, error) {
	return n.next().Leases(ctx, keys)
}

func (n *nodes) Close() error { return errors.Join(n.stores[0].Close(), n.stores[1].Close()) }
