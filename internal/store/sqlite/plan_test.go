package sqlite_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/storetest"
)

// TestPlans looks at the plan of every statement that a store prepares when all
// its methods are used: none goes through a whole table or sorts.
func TestPlans(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "news.db"))
	defer s.Close()
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}

	tags := []news.TagID{"tag_a", "tag_b"}
	one := storetest.Story("story_a", func(s *news.Story) { s.Tags = tags })
	two := storetest.Next(one, func(s *news.Story) { s.Tags, s.Slug, s.PreviousSlugs = tags[:1], "b", []string{one.Slug} })
	commit(t, s, storetest.Tag("tag_a"))
	commit(t, s, storetest.Tag("tag_b"))
	commit(t, s, storetest.Tag("tag_merged", func(t *news.Tag) { t.Status, t.MergedInto = news.TagMerged, "tag_b" }))
	commit(t, s, storetest.Lock("story_a"))
	commit(t, s, storetest.Story("story_waiting", func(s *news.Story) { s.Tags, s.EmbargoedUntil = tags, storetest.Noon() }))
	commit(t, s, one)
	must(s.Commit(ctx, []news.Change{storetest.Change(two, one)}))
	commit(t, s, storetest.Story("story_b", func(s *news.Story) { s.Tags = tags }))

	var public news.Audience
	place := news.CursorOf(two)
	for _, w := range []news.Window{
		{First: 1}, {Last: 1}, {First: 1, After: &place}, {Last: 1, Before: &place, After: &place},
	} {
		for _, f := range []news.StoryFilter{
			{}, {Tags: tags}, {Tags: tags, AnyTag: true}, {Tags: tags, Language: "fr", MinPriority: news.Routine},
			{PublishedAfter: storetest.Noon(), PublishedBefore: storetest.Noon().Add(time.Hour)},
		} {
			must(s.Stories(ctx, public, f, w))
			must(s.Stories(ctx, news.Audience{Author: "marie"}, f, w))
		}
	}
	for _, w := range []news.Window{{First: 1}, {Last: 1}} {
		must(s.Tags(ctx, news.TagFilter{NamePrefix: "t", Kinds: news.TagKinds()}, w))
		must(s.TickerEntries(ctx, news.TickerFilter{}, w))
		must(s.Coverages(ctx, news.CoverageFilter{}, w))
	}
	must(s.Head(ctx))
	must(s.Lines(ctx, 0, 10))
	must(s.Version(ctx, "story_a", 1))
	must(s.Versions(ctx, "story_a", 0, 10))
	must(s.Nodes(ctx, public, []news.EntityID{"story_a", "tag_a"}))
	must(s.StoriesBySlug(ctx, public, []string{"story-a"}))
	must(s.TagsByID(ctx, []news.TagID{"tag_merged"}))
	must(s.TagsBySlug(ctx, []string{"tag-merged"}))
	must(s.Entities(ctx, news.KindStory, "", 10))
	for _, w := range []news.Window{{First: 1}, {Last: 1}} {
		for _, sel := range []news.Selection{
			news.Waiting(storetest.Noon()), news.EndingPins(), news.Unsettled(), news.HeldLocks(), news.ServiceTokens(),
			news.Webhooks(news.WebhookActive, news.WebhookDead), news.Carrying(news.KindStory, "tag_a"),
		} {
			must(s.Listed(ctx, sel, w))
		}
	}
	must(s.TagUses(ctx, tags))
	must(s.StoryCounts(ctx, tags))
	must(s.TrendingTags(ctx, time.Time{}, nil, 10))
	must(s.RelatedStories(ctx, public, []news.StoryID{"story_a"}, 5))
	must(nil, s.LeavePlaces(ctx, storetest.Noon(), []news.Place{{Key: "anna", Seq: 1, Until: storetest.Noon()}}))
	must(s.TakePlaces(ctx, storetest.Noon(), []string{"anna"}))
	must(s.TakeLease(ctx, storetest.Noon(), news.Lease{Key: "hook", Holder: "anna", Until: storetest.Noon()}))
	must(s.Leases(ctx, []string{"hook"}))
	must(nil, s.DropLease(ctx, "hook", "anna"))

	plans, err := s.Plans(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(plans) < 20 {
		t.Errorf("there are %d statements: some are missing", len(plans))
	}
	for text, plan := range plans {
		for _, step := range plan {
			// The list that a statement was given is gone through.
			if strings.HasPrefix(step, "SCAN j VIRTUAL TABLE") || strings.HasPrefix(step, "SCAN json_each VIRTUAL TABLE") {
				continue
			}
			if strings.Contains(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") || strings.Contains(step, "AUTOMATIC") {
				t.Errorf("%s\nis done by %q of\n\t%s", text, step, strings.Join(plan, "\n\t"))
			}
		}
	}
	if t.Failed() || !testing.Verbose() {
		return
	}
	for text, plan := range plans {
		t.Logf("%s\n\t%s", text, strings.Join(plan, "\n\t"))
	}
}
