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
			storetest.Change(storetest.Coverage(news.CoverageID(fmt.Sprintf("cov_%d", n)), func(c *news.Coverage) { c.Tags = tags }), nil),
			storetest.Change(storetest.Lock(news.StoryID(fmt.Sprintf("story_%d", n))), nil),
			storetest.Change(storetest.ServiceToken(news.ServiceTokenID(fmt.Sprintf("token_%d", n))), nil),
			storetest.Change(storetest.Webhook(news.WebhookID(fmt.Sprintf("hook_%d", n))), nil))
	}
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	for name, sel := range lists() {
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

// TestFiltersMeetIndexes holds the filters of the list queries against the indexes
// that a store makes: whatever plan a server chooses, there is one that walks an
// index in the order of the list.
func TestFiltersMeetIndexes(t *testing.T) {
	for name, sel := range lists() {
		all := filters(sel, listing.Whole(sel))
		if len(all) == 0 {
			t.Errorf("%s asks for nothing", name)
		}
		for _, filter := range all {
			equal := equalities(t, filter)
			fits := func(i index) bool { return inOrder(i, sel.Kind, equal) }
			if !slices.ContainsFunc(indexes(collectionOf(sel.Kind)), fits) {
				t.Errorf("%s: no index is good for %v", name, filter)
			}
		}
	}
}

// equalities are the fields of a filter that have to be one of some values.
func equalities(t *testing.T, filter bson.D) map[string]bool {
	t.Helper()
	fields := make(map[string]bool)
	note := func(d bson.D) {
		for _, e := range d {
			operators, ok := e.Value.(bson.D)
			if e.Key != "$and" && (!ok || operators[0].Key == "$in") {
				fields[e.Key] = true
			}
		}
	}
	note(filter)
	for _, e := range filter {
		if e.Key == "$and" {
			for _, condition := range e.Value.(bson.A) {
				note(condition.(bson.D))
			}
		}
	}
	if !fields["listing.status"] {
		t.Errorf("%v asks for entities of every status", filter)
	}
	return fields
}

// inOrder tells whether an index has what a filter wants of kind in the order of
// the list: first fields whose values are given, the terms among them where any are
// given, then the place. The status of tags is in no index: few are not in use.
func inOrder(i index, kind news.Kind, equal map[string]bool) bool {
	place := len(i.keys) - 2
	if place < 0 || i.keys[place].Key != key(kind) || i.keys[place+1].Key != "_id" || i.keys[place].Value != i.keys[place+1].Value {
		return false
	}
	first := make(map[string]bool)
	for _, k := range i.keys[:place] {
		if !equal[k.Key] {
			return false
		}
		first[k.Key] = true
	}
	return first["listing.terms"] == equal["listing.terms"] && (first["listing.status"] || kind == news.KindTag)
}

// lists are what readers and the newsroom ask for.
func lists() map[string]news.Selection {
	all := publicLists()
	for name, sel := range map[string]news.Selection{
		"waiting":         news.Waiting(time.Time{}),
		"due":             news.Waiting(storetest.Noon()),
		"ending pins":     news.EndingPins(),
		"unsettled":       news.Unsettled(),
		"held locks":      news.HeldLocks(),
		"service tokens":  news.ServiceTokens(),
		"webhooks":        news.Webhooks(news.WebhookActive),
		"webhooks at all": news.Webhooks(news.WebhookActive, news.WebhookPaused, news.WebhookDead),
		"stories with":    news.Carrying(news.KindStory, "tag_1"),
		"entries with":    news.Carrying(news.KindTickerEntry, "tag_1"),
		"coverages with":  news.Carrying(news.KindCoverage, "tag_1"),
	} {
		all[name] = sel
	}
	return all
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
		"tags of a code":               news.TagFilter{Code: "medtop:20000763"}.Selection(),
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
