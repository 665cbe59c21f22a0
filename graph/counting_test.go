package graph_test

import (
	"context"
	"sync"
	"time"

	"depeche/internal/news"
)

// counting counts what an operation asks of the store, by method.
type counting struct {
	news.Store
	mu    sync.Mutex
	calls map[string]int
}

func (c *counting) count(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[method]++
}

// reset returns the counts so far and begins anew.
func (c *counting) reset() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls = nil
	return calls
}

func (c *counting) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	c.count("Commit")
	return c.Store.Commit(ctx, changes)
}

func (c *counting) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	c.count("Nodes")
	return c.Store.Nodes(ctx, who, ids)
}

func (c *counting) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	c.count("StoriesByID")
	return c.Store.StoriesByID(ctx, who, ids)
}

func (c *counting) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	c.count("TagsByID")
	return c.Store.TagsByID(ctx, ids)
}

func (c *counting) TickerEntriesByID(ctx context.Context, ids []news.TickerEntryID) (map[news.TickerEntryID]*news.TickerEntry, error) {
	c.count("TickerEntriesByID")
	return c.Store.TickerEntriesByID(ctx, ids)
}

func (c *counting) CoveragesByID(ctx context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	c.count("CoveragesByID")
	return c.Store.CoveragesByID(ctx, ids)
}

func (c *counting) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	c.count("StoriesBySlug")
	return c.Store.StoriesBySlug(ctx, who, slugs)
}

func (c *counting) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	c.count("TagsBySlug")
	return c.Store.TagsBySlug(ctx, slugs)
}

func (c *counting) CoveragesBySlug(ctx context.Context, slugs []string) (map[string]*news.Coverage, error) {
	c.count("CoveragesBySlug")
	return c.Store.CoveragesBySlug(ctx, slugs)
}

func (c *counting) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	c.count("Stories")
	return c.Store.Stories(ctx, who, f, w)
}

func (c *counting) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	c.count("Tags")
	return c.Store.Tags(ctx, f, w)
}

func (c *counting) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	c.count("TickerEntries")
	return c.Store.TickerEntries(ctx, f, w)
}

func (c *counting) Coverages(ctx context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	c.count("Coverages")
	return c.Store.Coverages(ctx, f, w)
}

func (c *counting) StoryCounts(ctx context.Context, tags []news.TagID) (map[news.TagID]int, error) {
	c.count("StoryCounts")
	return c.Store.StoryCounts(ctx, tags)
}

func (c *counting) TrendingTags(ctx context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	c.count("TrendingTags")
	return c.Store.TrendingTags(ctx, since, kinds, limit)
}

func (c *counting) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	c.count("RelatedStories")
	return c.Store.RelatedStories(ctx, who, ids, limit)
}
