package mongo

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
	"depeche/internal/store/listing"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// TestPlans asks a real server how it answers the list queries: from an index,
// without sorting what it has found.
func TestPlans(t *testing.T) {
	if !mongotest.Real() {
		t.Skip("MONGODB_URI names no server to explain its plans")
	}
	s, err := Open(t.Context(), Options{URI: mongotest.Database(t, mongotest.URI(t))})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var changes []news.Change
	for n := range 50 {
		at := storetest.Noon().Add(time.Duration(n) * time.Minute)
		tags := []news.TagID{"tag_1", news.TagID(fmt.Sprintf("tag_%d", n%5))}
		changes = append(changes,
			storetest.Change(storetest.Story(news.StoryID(fmt.Sprintf("story_%d", n)), func(s *news.Story) {
				s.PublishedAt, s.Tags, s.CreatedBy = at, tags, "marie"
			}), nil),
			storetest.Change(storetest.TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d", n)), func(e *news.TickerEntry) {
				e.OccurredAt, e.Tags = at, tags
			}), nil),
			storetest.Change(storetest.Tag(news.TagID(fmt.Sprintf("tag_%d", n))), nil),
			storetest.Change(storetest.Coverage(news.CoverageID(fmt.Sprintf("cov_%d", n))), nil))
	}
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	for name, sel := range publicLists() {
		at := listing.Place{Ms: storetest.Noon().Add(20 * time.Minute).UnixMilli(), ID: "x"}
		if listing.ByName(sel.Kind) {
			at = listing.Place{Name: "m", ID: "x"}
		}
		whole := listing.Whole(sel)
		for where, span := range map[string]listing.Span{"whole": whole, "from": whole.From(at), "until": whole.Until(at)} {
			for _, down := range []int{1, -1} {
				for _, filter := range filters(sel, span) {
					stages := explain(t, s, sel.Kind, filter, down)
					if slices.Contains(stages, "SORT") || slices.Contains(stages, "COLLSCAN") || !slices.Contains(stages, "IXSCAN") {
						t.Errorf("%s, %s, in direction %d: %v", name, where, down, stages)
					}
				}
			}
		}
	}
}

// publicLists are what readers ask for.
func publicLists() map[string]news.Selection {
	yes := true
	var public news.Audience
	return map[string]news.Selection{
		"stories":                      news.StoryFilter{}.Selection(public),
		"stories of a tag":             news.StoryFilter{Tags: []news.TagID{"tag_1"}}.Selection(public),
		"stories of two tags":          news.StoryFilter{Tags: []news.TagID{"tag_1", "tag_2"}}.Selection(public),
		"stories of any tag":           news.StoryFilter{Tags: []news.TagID{"tag_1", "tag_2"}, AnyTag: true}.Selection(public),
		"stories of any tag, breaking": news.StoryFilter{Tags: []news.TagID{"tag_1", "tag_2"}, AnyTag: true, Breaking: &yes, Language: "fr"}.Selection(public),
		"stories since":                news.StoryFilter{PublishedAfter: storetest.Noon()}.Selection(public),
		"stories for the staff":        news.StoryFilter{Tags: []news.TagID{"tag_1", "tag_2"}, AnyTag: true}.Selection(news.Audience{Staff: true}),
		"stories for an author":        news.StoryFilter{}.Selection(news.Audience{Author: "marie"}),
		"ticker":                       news.TickerFilter{}.Selection(),
		"ticker of a coverage":         news.TickerFilter{Coverage: "cov_1", MinPriority: news.Urgent}.Selection(),
		"tags":                         news.TagFilter{}.Selection(),
		"tags of kinds":                news.TagFilter{Kinds: news.TagKinds()[:2], NamePrefix: "a"}.Selection(),
		"coverages":                    news.CoverageFilter{}.Selection(),
	}
}

// explain are the stages of the plan that the server has chosen.
func explain(t *testing.T, s *Store, kind news.Kind, filter bson.D, direction int) []string {
	t.Helper()
	var answer struct {
		Planner struct {
			Plan bson.Raw `bson:"winningPlan"`
		} `bson:"queryPlanner"`
	}
	err := s.db.RunCommand(t.Context(), bson.D{
		{Key: "explain", Value: bson.D{
			{Key: "find", Value: collectionOf(kind)}, {Key: "filter", Value: filter},
			{Key: "sort", Value: bson.D{{Key: key(kind), Value: direction}, {Key: "_id", Value: direction}}},
			{Key: "limit", Value: 21},
		}},
		{Key: "verbosity", Value: "queryPlanner"},
	}).Decode(&answer)
	if err != nil {
		t.Fatal(err)
	}
	return stages(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: answer.Planner.Plan})
}

// stages are those of a plan and of the plans within it.
func stages(plan bson.RawValue) []string {
	var all []string
	if list, ok := plan.ArrayOK(); ok {
		values, _ := list.Values()
		for _, v := range values {
			all = append(all, stages(v)...)
		}
	}
	if d, ok := plan.DocumentOK(); ok {
		elements, _ := d.Elements()
		for _, e := range elements {
			if name, ok := e.Value().StringValueOK(); ok && e.Key() == "stage" {
				all = append(all, name)
			}
			all = append(all, stages(e.Value())...)
		}
	}
	return all
}
