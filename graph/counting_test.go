package graph_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// counting counts what an operation asks of the store, by method.
type counting struct {
	news.Store
	committed func() // called after a commit

	mu    sync.Mutex
	calls map[string]int
	ids   []news.StoryID // that stories were asked for by, sorted for each call
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
	c.calls, c.ids = nil, nil
	return calls
}

func (c *counting) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	c.count("Commit")
	defer c.committed()
	return c.Store.Commit(ctx, changes)
}

func (c *counting) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	c.count("Nodes")
	return c.Store.Nodes(ctx, who, ids)
}

func (c *counting) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	c.count("StoriesByID")
	c.mu.Lock()
	c.ids = append(c.ids, slices.Sorted(slices.Values(ids))...)
	c.mu.Unlock()
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

func (c *counting) Listed(ctx context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	c.count("Listed")
	return c.Store.Listed(ctx, sel, w)
}

func (c *counting) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	c.count("Versions")
	return c.Store.Versions(ctx, id, before, limit)
}

func (c *counting) TagUses(ctx context.Context, tags []news.TagID) (map[news.TagID]news.TagUse, error) {
	c.count("TagUses")
	return c.Store.TagUses(ctx, tags)
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

// TestStoreCalls tells what operations take of the store. A level takes one call
// of each kind, however many items it has.
func TestStoreCalls(t *testing.T) {
	rows := []struct {
		name, query string
		want        string // the methods that are called, and how often if not once
		ids         string // that stories are asked for by
		as          string
	}{
		{"a list", `{ stories { nodes { id title summary } } }`, "Stories", "", ""},
		{"tags and authors of a list", `{ stories { nodes { tags { name } authors { name } } } }`, "Stories TagsByID", "", ""},
		{"counts of tags of a list", `{ stories { nodes { tags { storyCount } authors { storyCount } } } }`, "Stories StoryCounts TagsByID", "", ""},
		{"bodies of a list", `{ stories { nodes { body { html text } } } }`, "Stories StoriesByID",
			"story_1 story_2 story_3 story_4 story_5 story_old", ""},
		{"bodies of a page", `{ stories(first: 2) { nodes { body { html } } edges { node { body { text } } } } }`, "Stories StoriesByID", "story_4 story_5", ""},
		{"related of a list", `{ stories { nodes { related { title tags { name } } } } }`, "RelatedStories Stories TagsByID", "", ""},
		{"related of related", `{ stories { nodes { related(first: 2) { related(first: 3) { title } } } } }`, "RelatedStories×2 Stories", "", ""},
		{"bodies of related", `{ stories(first: 2) { nodes { title related(first: 1) { body { text } } } } }`, "RelatedStories Stories StoriesByID", "story_1 story_2", ""},
		{"a story", `{ story(slug: "le-senat-vote-le-budget") { title body { html } tags { name } authors { name } } }`, "StoriesBySlug TagsByID", "", ""},
		{"a story and others", `{ story(slug: "le-senat-vote-le-budget") { title body { html } related { title tags { name } } } }`,
			"RelatedStories StoriesBySlug TagsByID", "", ""},
		{"bodies of nodes", `{ nodes(ids: ["story_1", "story_2", "tag_paris"]) { ... on Story { body { text } } } }`, "Nodes", "", ""},
		{"a ticker", `{ ticker { nodes { headline tags { name } coverage { title } story { title body { text } } } } }`,
			"CoveragesByID StoriesByID TagsByID TickerEntries", "story_1 story_draft_zanzibar", ""},
		{"coverages", `{ coverages { nodes { title tags { name storyCount } } } }`, "Coverages StoryCounts TagsByID", "", ""},
		{"tags", `{ tags { nodes { name storyCount } } }`, "StoryCounts Tags", "", ""},
		{"trending tags", `{ trendingTags { storyCount tag { name storyCount } } }`, "StoryCounts TrendingTags", "", ""},
		{"locks of a list, of readers", `{ stories { nodes { lock { holder } } } }`, "Stories", "", ""},
		{"locks of a list", `{ stories(first: 50) { nodes { lock { holder } } edges { node { lock { since } } } } }`, "Listed Stories StoriesByID Versions", "story_1", "editor"},
		{"schedules of a list", `{ stories { nodes { scheduledFor schedule { at } embargoedUntil } } }`, "Stories", "", ""},
		{"webhooks", `{ webhooks { nodes { url delivered } edges { node { delivered } } } }`, "Delivered Listed", "", "admin"},
		// Each of these lists has a window of its own, and so a call of its own.
		{"lists of tags", `{ tags(first: 3) { nodes { stories { nodes { title } } } } }`, "Stories×3 Tags", "", ""},
		{"lists of coverages", `{ coverages { nodes { entries { nodes { headline } } } } }`, "Coverages TickerEntries×3", "", ""},
	}
	inEachStore(t, func(t *testing.T, in storeKind) {
		n := openIn(t, in)
		n.fill(t)
		n.equip(t)
		n.settle(t)
		for _, row := range rows {
			n.store.reset()
			response := string(n.run(t, operation{text: row.query, who: actors()[row.as]})[0])
			if strings.Contains(response, `"errors"`) {
				t.Errorf("%s: got %s", row.name, response)
			}
			n.store.mu.Lock()
			ids := n.store.ids
			n.store.mu.Unlock()
			if got := calls(n.store.reset()); got != row.want {
				t.Errorf("%s: the store is asked for %s, want %s", row.name, got, row.want)
			}
			if got := joined(ids); got != row.ids {
				t.Errorf("%s: the store is asked for the stories %s, want %s", row.name, got, row.ids)
			}
		}
	})
}

// merged is a store in which a tag has been merged into another one.
type merged struct {
	news.Store
	from, into news.TagID
}

func (m *merged) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	found, err := m.Store.TagsByID(ctx, append(slices.Clone(ids), m.into))
	if slices.Contains(ids, m.from) {
		found[m.from] = found[m.into]
	}
	return found, err
}

// What carries a merged tag beside the one that it was merged into, as it may until
// it has been moved, shows that one once.
func TestAMergedTagIsShownOnce(t *testing.T) {
	n := open(t)
	n.fill(t)
	n.resolver.Store = &merged{n.store, "tag_budget", "tag_senat"}
	for slug, want := range map[string]string{
		"le-senat-vote-le-budget":  `[{"slug":"politique"},{"slug":"senat"}]`,
		"senate-passes-the-budget": `[{"slug":"senat"}]`,
		"paris-prepare-ses-berges": `[{"slug":"paris"},{"slug":"climat"}]`,
	} {
		got := string(n.run(t, operation{text: `{ story(slug: "` + slug + `") { tags { slug } } }`})[0])
		if !strings.Contains(got, `"tags":`+want) {
			t.Errorf("%s is answered with %s, want %s", slug, got, want)
		}
	}
}

// calls writes counts as a line.
func calls(counts map[string]int) string {
	var list []string
	for _, method := range slices.Sorted(maps.Keys(counts)) {
		if n := counts[method]; n > 1 {
			method = fmt.Sprintf("%s×%d", method, n)
		}
		list = append(list, method)
	}
	return strings.Join(list, " ")
}

func joined(ids []news.StoryID) string {
	var list []string
	for _, id := range ids {
		list = append(list, string(id))
	}
	return strings.Join(list, " ")
}

// between calls something before a query's stories are read by id.
type between struct {
	news.Store
	call func() error
}

func (b *between) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	if err := b.call(); err != nil {
		return nil, err
	}
	return b.Store.StoriesByID(ctx, who, ids)
}

// TestBodiesOfAMoment has the newsroom work between the reading of a list and the
// reading of its bodies.
func TestBodiesOfAMoment(t *testing.T) {
	const query = `{ stories(first: 2) { nodes { id body { markdown html text wordCount } } } }`
	away := errors.New("away")
	for _, row := range []struct {
		name string
		do   func(context.Context, *newsroom) error
		want map[string]string // the texts by id; nil for an error
	}{
		{"nothing", func(context.Context, *newsroom) error { return nil },
			map[string]string{"story_5": "Paris", "story_4": "Le climat"}},
		{"a change", func(ctx context.Context, n *newsroom) error {
			_, err := n.desk.UpdateStory(ctx, editor, "story_5", 2, func(e *desk.StoryEdit) { e.Body = "Changed." })
			return err
		}, map[string]string{"story_5": "Changed.", "story_4": "Le climat"}},
		{"a withdrawal", func(ctx context.Context, n *newsroom) error {
			_, err := n.desk.UnpublishStory(ctx, editor, "story_5", 2)
			return err
		}, map[string]string{"story_5": "", "story_4": "Le climat"}},
		{"an outage", func(context.Context, *newsroom) error { return fmt.Errorf("%w: %w", news.ErrUnavailable, away) }, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			n := open(t)
			n.fill(t)
			n.resolver.Store = &between{n.store, func() error { return row.do(t.Context(), n) }}
			response := n.run(t, operation{text: query})[0]
			var answer struct {
				Data struct {
					Stories struct {
						Nodes []struct {
							ID   string
							Body struct{ Markdown, HTML, Text string }
						}
					}
				}
				Errors []struct {
					Path       []any
					Extensions struct{ Code string }
				}
			}
			must(t, json.Unmarshal(response, &answer))
			if row.want == nil {
				for _, e := range answer.Errors {
					if e.Extensions.Code != "UNAVAILABLE" || len(e.Path) != 4 || e.Path[3] != "body" {
						t.Errorf("got the error %+v, want UNAVAILABLE of a body", e)
					}
				}
				if len(answer.Errors) == 0 {
					t.Errorf("got %s, want an error", response)
				}
				return
			}
			got := map[string]string{}
			for _, s := range answer.Data.Stories.Nodes {
				begin := ""
				if strings.HasPrefix(s.Body.Text, row.want[s.ID]) {
					begin = row.want[s.ID]
				}
				got[s.ID] = begin
				if all := s.Body.Markdown + s.Body.HTML + s.Body.Text; row.want[s.ID] == "" && all != "" {
					t.Errorf("%s has the text %q, want none", s.ID, all)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" || len(answer.Errors) > 0 {
				t.Errorf("got %s (-want +got):\n%s", response, diff)
			}
		})
	}
}
