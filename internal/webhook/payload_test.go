package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/webhook"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// sent is the body of what is sent of an event, by a newsroom that has other things
// as well.
func sent(t *testing.T, e live.Event, prepare func(*scene)) (body string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{}
		s.tags = map[news.TagID]*news.Tag{}
		prepare(s)
		s.hook("hook")
		e.Seq = 1
		if e.At.IsZero() {
			e.At = noon
		}
		if e.Doc == nil {
			e.Doc = e.Public
		}
		s.lines = []live.Event{e}
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		synctest.Wait()
		if all := r.all(); len(all) == 1 {
			body = string(all[0].body)
		} else {
			t.Errorf("it was sent %d times", len(all))
		}
	})
	return body
}

func TestPayloads(t *testing.T) {
	newsroom := func(s *scene) {
		s.tags = map[news.TagID]*news.Tag{
			"tag_a":      {ID: "tag_a", TagContent: news.TagContent{Slug: "a", Name: "A"}},
			"tag_merged": {ID: "tag_b", TagContent: news.TagContent{Slug: "b", Name: "B"}},
			"tag_b":      {ID: "tag_b", TagContent: news.TagContent{Slug: "b", Name: "B"}},
		}
		s.stories = map[news.StoryID]*news.Story{
			"story_public": {ID: "story_public", Status: news.StoryPublished, StoryContent: news.StoryContent{Slug: "public", Title: "Public"}},
			"story_draft":  {ID: "story_draft", Status: news.StoryDraft, StoryContent: news.StoryContent{Slug: "draft", Title: "Draft"}},
			"story_embargo": {
				ID: "story_embargo", Status: news.StoryPublished, EmbargoedUntil: noon,
				StoryContent: news.StoryContent{Slug: "embargo", Title: "Embargo"},
			},
		}
		s.coverages = map[news.CoverageID]*news.Coverage{"cov_1": {ID: "cov_1", CoverageContent: news.CoverageContent{Slug: "vote", Title: "Vote"}}}
	}
	story := &news.Story{
		ID: "story_1", Version: 4, Status: news.StoryPublished, PreviousSlugs: []string{"earlier"}, CreatedBy: "marie",
		StoryContent: news.StoryContent{
			Slug: "s", Title: "« S » <b>&</b>", Summary: "sum", Body: "the text", Language: "fr", Breaking: true, Priority: news.Flash,
			Tags: []news.TagID{"tag_merged", "tag_gone", "tag_b", "tag_a"}, Authors: []news.TagID{"tag_a"},
			Image:        &news.Image{URL: "https://i.example/1", Alt: "alt", Credit: "c", Width: 3, FocalPoint: &news.FocalPoint{X: 0.5, Y: 0}},
			CanonicalURL: "https://c.example/", Source: &news.Source{Name: "AFP", URL: "https://afp.example/"},
		},
		Corrections: []news.Correction{{At: noon, Note: "n", Kind: news.Correcting, FromVersion: 3, ToVersion: 4}},
		CreatedAt:   noon, UpdatedAt: noon, PublishedAt: noon, Retags: []news.Retag{{From: "tag_x", To: "tag_b"}},
	}
	entry := func(story news.StoryID) *news.TickerEntry {
		return &news.TickerEntry{
			ID: "tick_1", Version: 2, Status: news.TickerPublished, Pinned: true, PinnedUntil: noon, PublishedAt: noon, UpdatedAt: noon,
			TickerContent: news.TickerContent{
				Headline: "H", Body: "B", Priority: news.Routine, OccurredAt: noon, KeyEvent: true, Story: story,
				Coverage: "cov_1", CoverageOnly: true, Source: &news.Source{Name: "AFP"},
			},
		}
	}
	const entryForm = `{"id":"tick_1","headline":"H","body":"B","priority":"ROUTINE","status":"PUBLISHED",` +
		`"occurredAt":"2026-03-02T12:00:00.000Z","publishedAt":"2026-03-02T12:00:00.000Z","updatedAt":"2026-03-02T12:00:00.000Z",` +
		`"pinned":true,"pinnedUntil":"2026-03-02T12:00:00.000Z","keyEvent":true,"tags":[],"story":%s,` +
		`"coverage":{"id":"cov_1","slug":"vote","title":"Vote"},"coverageOnly":true,"source":{"name":"AFP","url":null},"corrections":[],"version":2}`
	tag := &news.Tag{
		ID: "tag_1", Version: 2, Status: news.TagInUse,
		TagContent: news.TagContent{Slug: "t", Name: "T", Kind: news.TagTopic, Description: "d", Aliases: []string{"U"}, Code: "medtop:1", URI: "https://iptc.example/1"},
	}
	merged := &news.Tag{ID: "tag_merged", Version: 2, TagContent: news.TagContent{Slug: "t", Kind: news.TagTopic}}
	deleted := &news.Tag{ID: "tag_1", Version: 2, TagContent: news.TagContent{Slug: "t", Kind: news.TagTopic}}
	tests := []struct {
		name string
		kind news.EventKind
		of   news.Entity
		typ  string
		want string
	}{
		{"story", news.EventCorrected, story, "story.corrected", `{"id":"story_1","slug":"s","title":"« S » <b>&</b>","summary":"sum","status":"PUBLISHED","language":"fr",` +
			`"breaking":true,"priority":"FLASH","tags":[{"id":"tag_b","slug":"b","name":"B"},{"id":"tag_a","slug":"a","name":"A"}],` +
			`"authors":[{"id":"tag_a","slug":"a","name":"A"}],"image":{"url":"https://i.example/1","alt":"alt","caption":null,"credit":"c","width":3,"height":null,"focalPoint":{"x":0.5,"y":0}},` +
			`"corrections":[{"at":"2026-03-02T12:00:00.000Z","note":"n","kind":"CORRECTION","fromVersion":3,"toVersion":4}],` +
			`"canonicalUrl":"https://c.example/","source":{"name":"AFP","url":"https://afp.example/"},"publishedAt":"2026-03-02T12:00:00.000Z",` +
			`"updatedAt":"2026-03-02T12:00:00.000Z","createdAt":"2026-03-02T12:00:00.000Z","version":4}`},
		{"story that was taken down", news.EventRemoved, story.Tombstone(), "story.removed", `{"id":"story_1","slug":"s","title":"","summary":null,"status":"UNPUBLISHED","language":"fr",` +
			`"breaking":false,"priority":"FLASH","tags":[],"authors":[],"image":null,"corrections":[],"canonicalUrl":null,"source":null,` +
			`"publishedAt":"2026-03-02T12:00:00.000Z","updatedAt":"2026-03-02T12:00:00.000Z","createdAt":"2026-03-02T12:00:00.000Z","version":4}`},
		{"entry with a story", news.EventPublished, entry("story_public"), "ticker_entry.published", fmt.Sprintf(entryForm, `{"id":"story_public","slug":"public","title":"Public"}`)},
		{"entry with a draft", news.EventPublished, entry("story_draft"), "ticker_entry.published", fmt.Sprintf(entryForm, "null")},
		{"entry with a story under embargo", news.EventPublished, entry("story_embargo"), "ticker_entry.published", fmt.Sprintf(entryForm, "null")},
		{"coverage", news.EventStarted, &news.Coverage{ID: "cov_1", Version: 1, CoverageContent: news.CoverageContent{
			Slug: "vote", Title: "Vote", Status: news.CoverageLive, StartsAt: noon, Tags: []news.TagID{"tag_a"},
		}}, "coverage.started", `{"id":"cov_1","slug":"vote","title":"Vote","summary":null,"status":"LIVE","startsAt":"2026-03-02T12:00:00.000Z","endsAt":null,` +
			`"tags":[{"id":"tag_a","slug":"a","name":"A"}],"version":1}`},
		{"tag", news.EventUpdated, tag, "tag.updated", `{"id":"tag_1","slug":"t","name":"T","kind":"TOPIC","description":"d","aliases":["U"],"code":"medtop:1","uri":"https://iptc.example/1","mergedInto":null,"version":2}`},
		{"tag that was merged", news.EventRemoved, merged, "tag.removed", `{"id":"tag_merged","slug":"t","name":"","kind":"TOPIC","description":null,"aliases":[],"code":null,"uri":null,"mergedInto":{"id":"tag_b","slug":"b","name":"B"},"version":2}`},
		{"tag that was deleted and is back", news.EventRemoved, &news.Tag{ID: "tag_a", Version: 2, TagContent: news.TagContent{Slug: "a", Kind: news.TagTopic}}, "tag.removed",
			`{"id":"tag_a","slug":"a","name":"","kind":"TOPIC","description":null,"aliases":[],"code":null,"uri":null,"mergedInto":null,"version":2}`},
		{"tag that was deleted", news.EventRemoved, deleted, "tag.removed", `{"id":"tag_1","slug":"t","name":"","kind":"TOPIC","description":null,"aliases":[],"code":null,"uri":null,"mergedInto":null,"version":2}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := sent(t, live.Event{Kind: test.kind, Public: test.of}, newsroom)
			want := fmt.Sprintf(`{"type":%q,"cursor":"epoch-1","at":"2026-03-02T12:00:00.000Z","data":%s}`, test.typ, test.want)
			if got != want {
				t.Errorf("it was sent as\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestExampleOfThePayload holds docs/webhooks.md to what is sent.
func TestExampleOfThePayload(t *testing.T) {
	story := &news.Story{
		ID: "story_01KJQ6V8Q0", Version: 3, Status: news.StoryPublished, CreatedAt: noon.Add(-150 * time.Minute), UpdatedAt: noon, PublishedAt: noon,
		StoryContent: news.StoryContent{
			Slug: "senat-vote-budget", Title: "Le Sénat vote le budget", Summary: "Après douze heures de débat.", Body: "The text.",
			Language: "fr", Priority: news.Urgent, Tags: []news.TagID{"tag_01KJQ6V8Q1"},
		},
	}
	got := sent(t, live.Event{Kind: news.EventPublished, Public: story}, func(s *scene) {
		s.tags["tag_01KJQ6V8Q1"] = &news.Tag{ID: "tag_01KJQ6V8Q1", TagContent: news.TagContent{Slug: "politique", Name: "Politique"}}
	})
	var want bytes.Buffer
	if err := json.Compact(&want, []byte(block(t, "json"))); err != nil {
		t.Fatal(err)
	}
	if got = strings.Replace(got, "epoch-1", "epoch-4711", 1); got != want.String() {
		t.Errorf("the example is\n%s\nbut it is sent as\n%s", want.String(), got)
	}
}

// block is the first example of a language in docs/webhooks.md.
func block(t *testing.T, language string) string {
	t.Helper()
	doc, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(doc), "```"+language+"\n")
	text, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatalf("there is no example in %s", language)
	}
	return text
}

func TestLongestPayload(t *testing.T) {
	wide := func(n int) string { return strings.Repeat("\u2028", n) } // which JSON writes with six bytes
	address := news.URL("https://x.example/" + strings.Repeat("x", 1980))
	story := &news.Story{
		ID: "story_1", Version: 1, Status: news.StoryPublished,
		StoryContent: news.StoryContent{
			Slug: wide(120), Title: wide(300), Summary: news.Text(wide(1000)), Body: wide(500_000), CanonicalURL: address,
			Image:  &news.Image{URL: address, Alt: wide(500), Caption: news.Text(wide(1000)), Credit: wide(200)},
			Source: &news.Source{Name: wide(200), URL: address},
		},
	}
	for range 100 {
		story.Corrections = append(story.Corrections, news.Correction{Note: wide(1000)})
	}
	tags := map[news.TagID]*news.Tag{}
	for i := range 30 {
		id := news.TagID(fmt.Sprintf("tag_%060d", i))
		story.Tags = append(story.Tags, id)
		tags[id] = &news.Tag{ID: id, TagContent: news.TagContent{Slug: wide(120), Name: wide(120)}}
	}
	story.Authors = story.Tags[:20]
	got := sent(t, live.Event{Kind: news.EventPublished, Public: story}, func(s *scene) { s.tags = tags })
	if len(got) > 1<<20 {
		t.Errorf("it has %d bytes, and docs/webhooks.md promises 1 MB at most", len(got))
	}
	if got := strings.Count(got, `"note"`); got != 20 {
		t.Errorf("it has %d corrections, want the newest 20", got)
	}
}

// An unknown is an entity that there is no form for.
type unknown struct{ news.Entity }

func TestEventWithoutAFormIsNotSkipped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, r := newScene(), &receiver{answer: always(http.StatusOK)}
		s.hook("hook")
		s.add(unknown{&news.Tag{ID: "tag"}})
		s.publish("one")
		n := start(t, s, s, r, webhook.Options{})
		defer n.stop()
		after(time.Minute)
		wantTold(t, r)
	})
}
