package cache_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"depeche/internal/cache"
	"depeche/internal/news"
	"depeche/internal/store/storetest"
)

var (
	public news.Audience
	top2   = news.Window{First: 2}
)

// at is a time of day of the samples.
func at(hour int) time.Time { return storetest.Noon().Add(time.Duration(hour) * time.Hour) }

func story(id news.StoryID, hour int, tags ...news.TagID) *news.Story {
	return storetest.Story(id, func(s *news.Story) { s.PublishedAt, s.Tags = at(hour), tags })
}

func draft(id news.StoryID) *news.Story {
	return storetest.Story(id, func(s *news.Story) { s.Status, s.PublishedAt = news.StoryDraft, time.Time{} })
}

func tag(id news.TagID, name string, kind news.TagKind) *news.Tag {
	return storetest.Tag(id, func(t *news.Tag) { t.SortName, t.Kind = name, kind })
}

func entry(id news.TickerEntryID, hour int) *news.TickerEntry {
	return storetest.TickerEntry(id, func(e *news.TickerEntry) { e.OccurredAt = at(hour) })
}

// room is what there is before anything is asked: story_5 is the newest.
func room() []news.Entity {
	return []news.Entity{
		story("story_1", 1, "tag_a"), story("story_2", 2, "tag_a", "tag_b"), story("story_3", 3, "tag_a"),
		story("story_4", 4, "tag_b"), story("story_5", 5), draft("story_d"),
		tag("tag_a", "a", news.TagTopic), tag("tag_b", "b", news.TagTopic), tag("tag_c", "c", news.TagPerson),
		entry("tick_1", 1), entry("tick_2", 2), entry("tick_3", 3),
		storetest.Coverage("cov_a"), storetest.Coverage("cov_b"),
		hidden("story_s", news.StoryScheduled), hidden("story_e", news.StoryPublished), retracted(story("story_r", 1, "tag_a")),
		// tag_n stands for nothing but tag_m, and that for tag_a. What stood for tag_y was deleted.
		merged(tag("tag_m", "m", news.TagTopic), "tag_a"), merged(tag("tag_n", "n", news.TagTopic), "tag_m"),
		deleted(tag("tag_x", "x", news.TagTopic)), merged(tag("tag_y", "y", news.TagTopic), "tag_x"),
		merged(tag("tag_r", "r", news.TagTopic), "tag_r"), // round, against all rules
		storetest.Lock("story_1"),
		aside(entry("tick_a", 4)), pinned(entry("tick_p", 0)),
	}
}

// hidden is a story that waits for its time.
func hidden(id news.StoryID, status news.StoryStatus) *news.Story {
	s := draft(id)
	if s.Status = status; status == news.StoryScheduled {
		s.Schedule = &news.Schedule{At: at(20)}
	} else {
		s.EmbargoedUntil = at(20)
	}
	return s
}

func released(s *news.Story) news.Entity {
	return next(s, func(s *news.Story) {
		s.Status, s.PublishedAt, s.EmbargoedUntil, s.Schedule = news.StoryPublished, at(9), time.Time{}, nil
	})
}

func retracted(s *news.Story) *news.Story {
	s.Status, s.Body = news.StoryRetracted, ""
	return s
}

func merged(t *news.Tag, into news.TagID) *news.Tag {
	t.Status, t.MergedInto = news.TagMerged, into
	return t
}

func deleted(t *news.Tag) *news.Tag {
	t.Status = news.TagDeleted
	return t
}

// again is the next version of a tag that was merged or deleted: in use.
func again(t *news.Tag) news.Entity {
	return next(t, func(t *news.Tag) { t.Status, t.MergedInto = news.TagInUse, "" })
}

func aside(e *news.TickerEntry) *news.TickerEntry {
	e.Coverage, e.CoverageOnly = "cov_a", true
	return e
}

func pinned(e *news.TickerEntry) *news.TickerEntry {
	e.Pinned, e.PinnedUntil = true, at(20)
	return e
}

// The tags of the room that are not in use.
func tagM() *news.Tag { return merged(tag("tag_m", "m", news.TagTopic), "tag_a") }
func tagN() *news.Tag { return merged(tag("tag_n", "n", news.TagTopic), "tag_m") }
func tagX() *news.Tag { return deleted(tag("tag_x", "x", news.TagTopic)) }
func tagY() *news.Tag { return merged(tag("tag_y", "y", news.TagTopic), "tag_x") }

// unseen are changes that nobody outside may hear of: none drops any answer.
func unseen() []news.Entity {
	return []news.Entity{
		draft("new"), retitled(draft("story_d")), hidden("new", news.StoryScheduled), hidden("new", news.StoryPublished),
		retitled(hidden("story_s", news.StoryScheduled)), retitled(hidden("story_e", news.StoryPublished)),
		next(hidden("story_s", news.StoryScheduled), func(s *news.Story) { s.Schedule = &news.Schedule{At: at(2)} }),
		next(hidden("story_s", news.StoryScheduled), func(s *news.Story) { s.Status, s.Schedule = news.StoryDraft, nil }),
		next(hidden("story_e", news.StoryPublished), func(s *news.Story) { s.EmbargoedUntil = at(2) }),
		next(hidden("story_e", news.StoryPublished), func(s *news.Story) { s.Tags, s.Slug = []news.TagID{"tag_a", "tag_b"}, "to-be" }),
		next(hidden("story_e", news.StoryPublished), func(s *news.Story) { s.Status, s.WithdrawnIn = news.StoryUnpublished, 2 }),
		next(draft("story_d"), func(s *news.Story) { s.Status, s.EmbargoedUntil = news.StoryPublished, at(20) }),
		storetest.Lock("new"), storetest.Next(storetest.Lock("story_1")), storetest.Lock("story_d"),
		storetest.ServiceToken("new"), storetest.Webhook("new"),
	}
}

// next is the next version of something in the room.
func next[E news.Entity](e E, edit func(E)) news.Entity { return storetest.Next(e, edit) }

func retitled(s *news.Story) news.Entity {
	return next(s, func(s *news.Story) { s.Title = "autre" })
}

func withdrawn(s *news.Story) news.Entity {
	return next(s, func(s *news.Story) { s.Status = news.StoryUnpublished })
}

func retagged(s *news.Story, tags ...news.TagID) news.Entity {
	return next(s, func(s *news.Story) { s.Tags = tags })
}

func after(e news.Entity) *news.PageCursor {
	c := news.CursorOf(e)
	return &c
}

type read = func(context.Context, news.Store) (any, error)

// dependencies are what answers depend on: of each method of news.Reading, what
// drops it and what does not.
var dependencies = []struct {
	method string
	name   string
	read   read
	drop   []news.Entity // each is a change that drops the answer
	keep   []news.Entity // none of them does
}{
	{
		"Nodes", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.Nodes(ctx, public, []news.EntityID{"story_1", "tag_a", "story_d", "new"})
		},
		[]news.Entity{
			retitled(story("story_1", 1, "tag_a")), withdrawn(story("story_1", 1)),
			next(draft("story_d"), func(s *news.Story) { s.Status, s.PublishedAt = news.StoryPublished, at(9) }),
			entry("new", 1), next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { t.Description = "x" }),
		},
		[]news.Entity{retitled(story("story_2", 2)), retitled(draft("story_d")), entry("tick_9", 9)},
	},
	{
		"StoriesByID", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.StoriesByID(ctx, public, []news.StoryID{"story_1", "story_d"})
		},
		[]news.Entity{retitled(story("story_1", 1)), withdrawn(story("story_1", 1))},
		[]news.Entity{retitled(story("story_2", 2)), retitled(draft("story_d"))},
	},
	{
		"Nodes", "of what the newsroom keeps for itself",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.Nodes(ctx, public, []news.EntityID{"lock_story_1", "lock_new", "story_s", "story_e"})
		},
		[]news.Entity{released(hidden("story_s", news.StoryScheduled)), released(hidden("story_e", news.StoryPublished))},
		[]news.Entity{story("new", 9), storetest.Next(storetest.Lock("story_1")), storetest.Lock("new")},
	},
	{
		"Nodes", "of a merged tag",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.Nodes(ctx, public, []news.EntityID{"tag_n"})
		},
		[]news.Entity{
			again(tagN()), again(tagM()), storetest.Next(tag("tag_a", "a", news.TagTopic)),
			next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { merged(t, "tag_b") }),
		},
		[]news.Entity{storetest.Next(tag("tag_b", "b", news.TagTopic)), tag("new", "new", news.TagTopic), story("new", 9, "tag_a")},
	},
	{
		"StoriesByID", "of a retracted one",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.StoriesByID(ctx, public, []news.StoryID{"story_r"})
		},
		[]news.Entity{
			next(retracted(story("story_r", 1, "tag_a")), func(s *news.Story) { s.Status = news.StoryUnpublished }),
			retagged(retracted(story("story_r", 1, "tag_a")), "tag_b"),
		},
		[]news.Entity{retitled(story("story_1", 1, "tag_a"))},
	},
	{
		"TagsByID", "of a merged one",
		func(ctx context.Context, s news.Store) (any, error) { return s.TagsByID(ctx, []news.TagID{"tag_n"}) },
		[]news.Entity{
			again(tagN()), again(tagM()), storetest.Next(tag("tag_a", "a", news.TagTopic)),
			next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { merged(t, "tag_b") }),
			next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { deleted(t) }),
		},
		[]news.Entity{storetest.Next(tag("tag_b", "b", news.TagTopic)), story("new", 9, "tag_n")},
	},
	{
		"TagsByID", "of a merged one for which none stands",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.TagsByID(ctx, []news.TagID{"tag_y", "tag_r"})
		},
		[]news.Entity{again(tagX()), again(tagY())},
		[]news.Entity{storetest.Next(tag("tag_b", "b", news.TagTopic)), next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { merged(t, "tag_a") })},
	},
	{
		"TagsBySlug", "of a merged one",
		func(ctx context.Context, s news.Store) (any, error) { return s.TagsBySlug(ctx, []string{"tag-n"}) },
		[]news.Entity{
			again(tagN()), again(tagM()), storetest.Next(tag("tag_a", "a", news.TagTopic)),
			next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { merged(t, "tag_b") }),
		},
		[]news.Entity{storetest.Next(tag("tag_b", "b", news.TagTopic)), tag("new", "new", news.TagTopic)},
	},
	{
		"TagsBySlug", "of a merged one for which none stands",
		func(ctx context.Context, s news.Store) (any, error) { return s.TagsBySlug(ctx, []string{"tag-y"}) },
		[]news.Entity{again(tagX()), again(tagY())},
		[]news.Entity{storetest.Next(tag("tag_b", "b", news.TagTopic)), tag("new", "new", news.TagTopic)},
	},
	{
		"TagsBySlug", "of one in use",
		func(ctx context.Context, s news.Store) (any, error) { return s.TagsBySlug(ctx, []string{"tag-b"}) },
		[]news.Entity{
			next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { merged(t, "tag_a") }),
			next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { deleted(t) }),
		},
		// Whatever stands for others is nothing to it.
		[]news.Entity{
			again(tagN()), again(tagX()), next(tag("tag_c", "c", news.TagPerson), func(t *news.Tag) { deleted(t) }),
			next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { merged(t, "tag_b") }),
		},
	},
	{
		"Tags", "all of them",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Tags(ctx, news.TagFilter{}, news.Window{First: 50}))
		},
		[]news.Entity{
			again(tagN()), again(tagX()), next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { merged(t, "tag_a") }),
			next(tag("tag_c", "c", news.TagPerson), func(t *news.Tag) { deleted(t) }),
		},
		[]news.Entity{next(tagN(), func(t *news.Tag) { t.Settled = true })},
	},
	{
		"TickerEntries", "of the main ticker",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.TickerEntries(ctx, news.TickerFilter{}, top2))
		},
		[]news.Entity{
			next(aside(entry("tick_a", 4)), func(e *news.TickerEntry) { e.CoverageOnly = false }),
			next(entry("tick_3", 3), func(e *news.TickerEntry) { e.Coverage, e.CoverageOnly = "cov_a", true }),
		},
		[]news.Entity{aside(entry("new", 9)), next(aside(entry("tick_a", 4)), func(e *news.TickerEntry) { e.Headline = "autre" })},
	},
	{
		"TickerEntries", "of a coverage",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.TickerEntries(ctx, news.TickerFilter{Coverage: "cov_a"}, top2))
		},
		[]news.Entity{
			aside(entry("new", 9)), next(aside(entry("tick_a", 4)), func(e *news.TickerEntry) { e.Coverage, e.CoverageOnly = "", false }),
			next(aside(entry("tick_a", 4)), func(e *news.TickerEntry) { e.CoverageOnly = false }), // it is shown, and says so
		},
		[]news.Entity{entry("new", 9), next(entry("tick_3", 3), func(e *news.TickerEntry) { e.Headline = "autre" })},
	},
	{
		"TickerEntries", "that are pinned",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.TickerEntries(ctx, news.TickerFilter{Pinned: true}, top2))
		},
		[]news.Entity{
			next(pinned(entry("tick_p", 0)), func(e *news.TickerEntry) { e.Pinned, e.PinnedUntil = false, time.Time{} }),
			next(pinned(entry("tick_p", 0)), func(e *news.TickerEntry) { e.PinnedUntil = at(21) }),
			next(entry("tick_1", 1), func(e *news.TickerEntry) { e.Pinned = true }),
		},
		[]news.Entity{entry("new", 9), pinned(aside(entry("new", 9))), storetest.Next(entry("tick_1", 1))},
	},
	{
		"TagsByID", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.TagsByID(ctx, []news.TagID{"tag_a", "new"})
		},
		[]news.Entity{storetest.Next(tag("tag_a", "a", news.TagTopic)), tag("new", "n", news.TagTopic)},
		[]news.Entity{storetest.Next(tag("tag_b", "b", news.TagTopic)), retitled(story("story_1", 1, "tag_a"))},
	},
	{
		"TickerEntriesByID", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.TickerEntriesByID(ctx, []news.TickerEntryID{"tick_1"})
		},
		[]news.Entity{next(entry("tick_1", 1), func(e *news.TickerEntry) { e.Status = news.TickerRetracted })},
		[]news.Entity{storetest.Next(entry("tick_2", 2))},
	},
	{
		"CoveragesByID", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.CoveragesByID(ctx, []news.CoverageID{"cov_a", "new"})
		},
		[]news.Entity{storetest.Next(storetest.Coverage("cov_a")), storetest.Coverage("new")},
		[]news.Entity{storetest.Next(storetest.Coverage("cov_b"))},
	},
	{
		"StoriesBySlug", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.StoriesBySlug(ctx, public, []string{"story-1", "to-be"})
		},
		[]news.Entity{
			retitled(story("story_1", 1)),
			storetest.Story("new", func(s *news.Story) { s.Slug = "to-be" }),
			next(story("story_2", 2), func(s *news.Story) { s.Slug, s.PreviousSlugs = "to-be", []string{"story-2"} }),
			next(draft("story_d"), func(s *news.Story) {
				s.PreviousSlugs, s.Status, s.PublishedAt = []string{"to-be"}, news.StoryPublished, at(9)
			}),
		},
		[]news.Entity{
			storetest.Story("new"), retitled(story("story_2", 2)),
			next(draft("story_d"), func(s *news.Story) { s.Slug, s.PreviousSlugs = "to-be", []string{"story-d"} }),
			storetest.Tag("new", func(t *news.Tag) { t.Slug = "to-be" }),
		},
	},
	{
		"TagsBySlug", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.TagsBySlug(ctx, []string{"tag-a", "to-be"})
		},
		[]news.Entity{
			storetest.Next(tag("tag_a", "a", news.TagTopic)),
			storetest.Tag("new", func(t *news.Tag) { t.Slug = "to-be" }),
		},
		[]news.Entity{storetest.Tag("new"), storetest.Story("new", func(s *news.Story) { s.Slug = "to-be" })},
	},
	{
		"CoveragesBySlug", "",
		func(ctx context.Context, s news.Store) (any, error) { return s.CoveragesBySlug(ctx, []string{"to-be"}) },
		[]news.Entity{storetest.Coverage("new", func(c *news.Coverage) { c.Slug = "to-be" })},
		[]news.Entity{storetest.Coverage("new"), storetest.Next(storetest.Coverage("cov_a"))},
	},
	{
		"Stories", "the top of the list",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, news.StoryFilter{}, top2))
		},
		[]news.Entity{
			story("new", 9), story("story_z", 4), withdrawn(story("story_4", 4, "tag_b")), retitled(story("story_5", 5)),
			next(draft("story_d"), func(s *news.Story) { s.Status, s.PublishedAt = news.StoryPublished, at(9) }),
		},
		[]news.Entity{story("new", 3), retitled(story("story_3", 3)), draft("new"), retitled(draft("story_d"))},
	},
	{
		"Stories", "a page from the middle",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, news.StoryFilter{}, news.Window{First: 2, After: after(story("story_5", 5))}))
		},
		[]news.Entity{withdrawn(story("story_4", 4, "tag_b")), retitled(story("story_3", 3, "tag_a")),
			storetest.Story("new", func(s *news.Story) { s.PublishedAt = at(4) }),
			// It was the only one before them, for all that is known.
			withdrawn(story("story_5", 5))},
		[]news.Entity{story("new", 9), story("new", 2), retitled(story("story_5", 5)), retitled(story("story_1", 1, "tag_a"))},
	},
	{
		"Stories", "the last page",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, news.StoryFilter{}, news.Window{First: 2, After: after(story("story_3", 3))}))
		},
		[]news.Entity{story("new", 0), story("new", 2), withdrawn(story("story_1", 1))},
		[]news.Entity{story("new", 9), retitled(story("story_4", 4))},
	},
	{
		"Stories", "the last two",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, news.StoryFilter{}, news.Window{Last: 2}))
		},
		[]news.Entity{story("new", 0), story("new2", 2), withdrawn(story("story_2", 2))},
		[]news.Entity{story("new", 3), story("new", 9), retitled(story("story_3", 3))},
	},
	{
		"Stories", "of a tag",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, news.StoryFilter{Tags: []news.TagID{"tag_b"}}, news.Window{First: 5}))
		},
		[]news.Entity{story("new", 0, "tag_b"), retagged(story("story_4", 4, "tag_b")), retagged(story("story_1", 1, "tag_a"), "tag_b")},
		[]news.Entity{story("new", 9), story("new", 9, "tag_a"), retagged(story("story_1", 1, "tag_a"), "tag_c")},
	},
	{
		"Stories", "of any of two tags",
		func(ctx context.Context, s news.Store) (any, error) {
			f := news.StoryFilter{Tags: []news.TagID{"tag_c", "tag_b"}, AnyTag: true}
			return page(s.Stories(ctx, public, f, news.Window{First: 5}))
		},
		[]news.Entity{story("new", 0, "tag_b"), story("new", 0, "tag_c")},
		[]news.Entity{story("new", 0, "tag_a"), retagged(story("story_3", 3, "tag_a"))},
	},
	{
		"Stories", "of a status that nobody may see",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, news.StoryFilter{Status: []news.StoryStatus{news.StoryDraft}}, top2))
		},
		nil,
		[]news.Entity{story("new", 9), draft("new"), retitled(draft("story_d")), withdrawn(story("story_1", 1))},
	},
	{
		"Tags", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Tags(ctx, news.TagFilter{Kinds: []news.TagKind{news.TagTopic}}, top2))
		},
		[]news.Entity{
			tag("new", "ab", news.TagTopic), tag("new", "z", news.TagTopic), // there is a next page then
			next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { t.SortName = "c" }),
			next(tag("tag_c", "c", news.TagPerson), func(t *news.Tag) { t.Kind = news.TagTopic }),
		},
		[]news.Entity{tag("new", "ab", news.TagPerson), storetest.Next(tag("tag_c", "c", news.TagPerson))},
	},
	{
		"TickerEntries", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return page(s.TickerEntries(ctx, news.TickerFilter{}, top2))
		},
		[]news.Entity{entry("new", 9), storetest.Next(entry("tick_2", 2)), next(entry("tick_1", 1), func(e *news.TickerEntry) { e.OccurredAt = at(9) })},
		[]news.Entity{entry("new", 0), storetest.Next(entry("tick_1", 1)), next(entry("tick_1", 1), func(e *news.TickerEntry) { e.OccurredAt = at(0) })},
	},
	{
		"Coverages", "",
		func(ctx context.Context, s news.Store) (any, error) {
			f := news.CoverageFilter{Status: []news.CoverageStatus{news.CoverageLive}}
			return page(s.Coverages(ctx, f, news.Window{First: 5}))
		},
		[]news.Entity{storetest.Coverage("new"), next(storetest.Coverage("cov_a"), func(c *news.Coverage) { c.Status = news.CoverageEnded })},
		[]news.Entity{storetest.Coverage("new", func(c *news.Coverage) { c.Status = news.CoverageUpcoming })},
	},
	{
		"StoryCounts", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.StoryCounts(ctx, []news.TagID{"tag_a", "tag_c"})
		},
		[]news.Entity{story("new", 9, "tag_a"), withdrawn(story("story_1", 1, "tag_a")), retagged(story("story_1", 1, "tag_a")), story("new", 9, "tag_c")},
		[]news.Entity{retitled(story("story_1", 1, "tag_a")), story("new", 9, "tag_b"), retagged(story("story_2", 2, "tag_a", "tag_b"), "tag_a"),
			storetest.Next(tag("tag_a", "a", news.TagTopic))},
	},
	{
		"TrendingTags", "",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.TrendingTags(ctx, at(2), []news.TagKind{news.TagTopic}, 1)
		},
		[]news.Entity{
			story("new", 9, "tag_b"), withdrawn(story("story_4", 4, "tag_b")), retagged(story("story_4", 4, "tag_b"), "tag_a"),
			next(tag("tag_a", "a", news.TagTopic), func(t *news.Tag) { t.Name = "A" }),
			next(tag("tag_c", "c", news.TagPerson), func(t *news.Tag) { t.Kind = news.TagTopic }),
			next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { t.SortName = "0" }), // as many, now first
		},
		[]news.Entity{
			story("new", 1, "tag_a"), retitled(story("story_4", 4, "tag_b")), withdrawn(story("story_1", 1, "tag_a")),
			next(tag("tag_b", "b", news.TagTopic), func(t *news.Tag) { t.Description = "x" }),
		},
	},
	{
		"RelatedStories", "by one tag",
		func(ctx context.Context, s news.Store) (any, error) {
			if _, err := s.StoriesByID(ctx, public, []news.StoryID{"story_1"}); err != nil {
				return nil, err
			}
			return s.RelatedStories(ctx, public, []news.StoryID{"story_1"}, 1)
		},
		[]news.Entity{retitled(story("story_1", 1, "tag_a")), retitled(story("story_3", 3, "tag_a")), story("new", 9, "tag_a"),
			withdrawn(story("story_3", 3, "tag_a")), retagged(story("story_5", 5), "tag_a")},
		[]news.Entity{story("new", 9, "tag_b"), retitled(story("story_2", 2, "tag_a", "tag_b")), story("new", 2, "tag_a"),
			storetest.Next(tag("tag_a", "a", news.TagTopic))},
	},
	{
		"RelatedStories", "by two tags",
		func(ctx context.Context, s news.Store) (any, error) {
			if _, err := s.StoriesByID(ctx, public, []news.StoryID{"story_2"}); err != nil {
				return nil, err
			}
			return s.RelatedStories(ctx, public, []news.StoryID{"story_2"}, 1)
		},
		[]news.Entity{story("new", 9, "tag_a"), story("new", 9, "tag_b"), retagged(story("story_5", 5), "tag_a")},
		[]news.Entity{story("new", 9), withdrawn(story("story_5", 5)), retagged(story("story_5", 5), "tag_c"), retitled(story("story_1", 1, "tag_a")), draft("new")},
	},
	{
		"RelatedStories", "by tags that are not known",
		func(ctx context.Context, s news.Store) (any, error) {
			return s.RelatedStories(ctx, public, []news.StoryID{"story_1"}, 1)
		},
		[]news.Entity{story("new", 9, "tag_a"), retagged(story("story_5", 5), "tag_a")},
		[]news.Entity{retitled(story("story_2", 2, "tag_a", "tag_b")), draft("new")},
	},
	{
		"Entities", "is never kept",
		func(ctx context.Context, s news.Store) (any, error) { return s.Entities(ctx, news.KindTag, "", 10) },
		nil, nil,
	},
	{
		"Listed", "is never kept",
		func(ctx context.Context, s news.Store) (any, error) { return s.Listed(ctx, news.HeldLocks(), top2) },
		nil, nil,
	},
	{
		"TagUses", "is never kept",
		func(ctx context.Context, s news.Store) (any, error) { return s.TagUses(ctx, []news.TagID{"tag_a"}) },
		nil, nil,
	},
}

func TestDependencies(t *testing.T) {
	tested := make(map[string]bool)
	for _, tt := range dependencies {
		tested[tt.method] = true
		t.Run(tt.method+" "+tt.name, func(t *testing.T) {
			for _, e := range tt.drop {
				checkDependency(t, tt.read, e, true)
			}
			for _, e := range tt.keep {
				checkDependency(t, tt.read, e, false)
			}
			if tt.drop != nil {
				for _, e := range unseen() {
					checkDependency(t, tt.read, e, false)
				}
			}
		})
	}
	reading := reflect.TypeFor[news.Reading]()
	for i := range reading.NumMethod() {
		if name := reading.Method(i).Name; !tested[name] {
			t.Errorf("nothing tells what answers that read %s depend on", name)
		}
	}
}

func checkDependency(t *testing.T, read read, e news.Entity, drops bool) {
	t.Helper()
	m := newMemory()
	commit(t, m, room()...)
	c := cache.New(cache.Options{})
	s := c.Over(m)
	q := named(question{readings: []reading{{read: read}}}, "q")
	ask(t.Context(), c, s, q)
	if c.Get(q.key()) == nil {
		t.Fatal("it was not kept")
	}
	was := fresh(t.Context(), m, q)
	ref := e.Ref()
	commit(t, s, e)
	if kept := c.Get(q.key()) != nil; kept == drops {
		t.Errorf("kept after version %d of %s: %v, want %v (%s)", ref.Version, ref.ID, kept, !drops, inFull(e.Listing()))
	}
	if !drops && was != fresh(t.Context(), m, q) {
		t.Errorf("version %d of %s changes the answer, which was to be kept", ref.Version, ref.ID)
	}

	// It may come while the answer is being made, too.
	m = newMemory()
	commit(t, m, room()...)
	c = cache.New(cache.Options{})
	s = c.Over(m)
	q = named(question{readings: []reading{{read: func(ctx context.Context, _ news.Store) (any, error) {
		found, err := read(ctx, s)
		commit(t, s, e)
		return found, err
	}}}}, "q")
	ask(t.Context(), c, s, q)
	if kept := c.Get(q.key()) != nil; kept == drops {
		t.Errorf("kept though version %d of %s came meanwhile: %v, want %v (%s)", ref.Version, ref.ID, kept, !drops, inFull(e.Listing()))
	}
}

// TestNotForEverybody: what is not read for the public, or can't be noted, or went
// wrong, is not kept whatever its maker says.
func TestNotForEverybody(t *testing.T) {
	staff, preview := news.Audience{Staff: true}, news.Audience{Preview: "story_d"}
	for _, tt := range []struct {
		name string
		read read
	}{
		{"nodes for the staff", func(ctx context.Context, s news.Store) (any, error) { return s.Nodes(ctx, staff, nil) }},
		{"stories for the staff", func(ctx context.Context, s news.Store) (any, error) { return s.StoriesByID(ctx, staff, nil) }},
		{"slugs for an author", func(ctx context.Context, s news.Store) (any, error) {
			return s.StoriesBySlug(ctx, news.Audience{Author: "jo"}, nil)
		}},
		{"a list for the staff", func(ctx context.Context, s news.Store) (any, error) {
			return s.Stories(ctx, staff, news.StoryFilter{}, top2)
		}},
		{"related stories for the staff", func(ctx context.Context, s news.Store) (any, error) {
			return s.RelatedStories(ctx, staff, nil, 1)
		}},
		{"a window that can't be used", func(ctx context.Context, s news.Store) (any, error) {
			p, _ := s.Stories(ctx, public, news.StoryFilter{}, news.Window{})
			return p, nil
		}},
		{"nodes for a preview", func(ctx context.Context, s news.Store) (any, error) {
			return s.Nodes(ctx, preview, []news.EntityID{"story_1", "story_d"})
		}},
		{"stories for a preview", func(ctx context.Context, s news.Store) (any, error) {
			return s.StoriesByID(ctx, preview, []news.StoryID{"story_1"})
		}},
		{"slugs for a preview", func(ctx context.Context, s news.Store) (any, error) {
			return s.StoriesBySlug(ctx, preview, []string{"story-d"})
		}},
		{"a list for a preview", func(ctx context.Context, s news.Store) (any, error) {
			return s.Stories(ctx, preview, news.StoryFilter{}, top2)
		}},
		{"related stories for a preview", func(ctx context.Context, s news.Store) (any, error) {
			return s.RelatedStories(ctx, preview, []news.StoryID{"story_d"}, 1)
		}},
		{"the versions of something", func(ctx context.Context, s news.Store) (any, error) { return s.Versions(ctx, "story_1", 0, 1) }},
		{"what waits", func(ctx context.Context, s news.Store) (any, error) {
			return s.Listed(ctx, news.Waiting(time.Time{}), top2)
		}},
		{"the uses of a tag", func(ctx context.Context, s news.Store) (any, error) {
			return s.TagUses(ctx, []news.TagID{"tag_a"})
		}},
		{"the head of the log", func(ctx context.Context, s news.Store) (any, error) { return s.Head(ctx) }},
		{"lines of the log", func(ctx context.Context, s news.Store) (any, error) { return s.Lines(ctx, 0, 1) }},
		{"a version", func(ctx context.Context, s news.Store) (any, error) { return s.Version(ctx, "story_1", 1) }},
		{"all entities", func(ctx context.Context, s news.Store) (any, error) {
			return s.Entities(ctx, news.KindStory, "", 5)
		}},
	} {
		m := newMemory()
		commit(t, m, room()...)
		c := cache.New(cache.Options{})
		s := c.Over(m)
		q := named(question{readings: []reading{{read: tt.read}}}, "q")
		if got, outcome := ask(t.Context(), c, s, q); got == "" || outcome != cache.Miss {
			t.Errorf("%s: got %q, %v; want an answer, Miss", tt.name, got, outcome)
		}
		if a := c.Get(q.key()); a != nil {
			t.Errorf("%s: it was kept: %s", tt.name, a.Body)
		}
	}
}
