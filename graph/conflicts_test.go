package graph_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// full are entities that have everything.
func full() map[string]news.Entity {
	at := time.Date(2026, 3, 2, 9, 0, 0, 123_000_000, time.UTC)
	corrections := []news.Correction{{At: at, Note: "Better.", Kind: news.Correcting, FromVersion: 2, ToVersion: 3}}
	from := &news.Source{Name: "Agence", URL: "https://example.org/"}
	return map[string]news.Entity{
		"Story": &news.Story{
			ID: "story_x", Version: 3, Status: news.StoryScheduled, CreatedAt: at, UpdatedAt: at, PublishedAt: at, Corrections: corrections,
			Schedule: &news.Schedule{At: at, Local: "2026-03-02T10:00", Zone: "Europe/Paris"}, EmbargoedUntil: at,
			StoryContent: news.StoryContent{
				Slug: "x", Title: "X", Summary: "In short.", Body: "**X**", Language: "fr", Breaking: true, Priority: news.Flash,
				Tags: []news.TagID{"tag_b", "tag_a"}, Authors: []news.TagID{"tag_c"}, CanonicalURL: "https://example.org/x", Source: from,
				Image: &news.Image{
					URL: "https://example.org/x.jpg", Alt: "An x", Caption: "X", Credit: "Us", Width: 16, Height: 9,
					FocalPoint: &news.FocalPoint{X: 0.25, Y: 0.5},
				},
			},
		},
		"Tag": &news.Tag{ID: "tag_x", Version: 3, TagContent: news.TagContent{
			Slug: "x", Name: "X", Kind: news.TagTopic, Description: "A letter.", Aliases: []string{"ex"}, Code: "medtop:1", URI: "https://example.org/1",
		}},
		"TickerEntry": &news.TickerEntry{
			ID: "tick_x", Version: 3, Status: news.TickerPublished, Pinned: true, PinnedUntil: at, Corrections: corrections, PublishedAt: at, UpdatedAt: at,
			TickerContent: news.TickerContent{
				Headline: "X", Body: "More.", Priority: news.Alert, OccurredAt: at, KeyEvent: true, Tags: []news.TagID{"tag_a"},
				Story: "story_x", Coverage: "cov_x", CoverageOnly: true, Source: from,
			},
		},
		"Coverage": &news.Coverage{ID: "cov_x", Version: 3, CoverageContent: news.CoverageContent{
			Slug: "x", Title: "X", Summary: "In short.", Status: news.CoverageEnded, StartsAt: at, EndsAt: at, Tags: []news.TagID{"tag_a"},
		}},
		"ServiceToken": &news.ServiceToken{
			ID: "token_x", Version: 3, Status: news.ServiceTokenRevoked, Name: "intake", Role: news.Editor, Hash: "HASH", CreatedBy: "root", CreatedAt: at, RevokedAt: at,
		},
		"Webhook": &news.Webhook{
			ID: "hook_x", Version: 3, Status: news.WebhookDead, Secret: []byte("SECRET"), Failure: "It is gone.", CreatedBy: "root", CreatedAt: at,
			WebhookContent: news.WebhookContent{URL: "https://example.org/", Description: "X", Kinds: []news.Kind{news.KindStory}},
		},
	}
}

// bare are the same with nothing that can be left out.
func bare() map[string]news.Entity {
	return map[string]news.Entity{
		"Story": &news.Story{ID: "story_x", Version: 2}, "Tag": &news.Tag{ID: "tag_x", Version: 2}, "TickerEntry": &news.TickerEntry{ID: "tick_x", Version: 2},
		"Coverage": &news.Coverage{ID: "cov_x", Version: 2}, "ServiceToken": &news.ServiceToken{ID: "token_x", Version: 2}, "Webhook": &news.Webhook{ID: "hook_x", Version: 2},
	}
}

// TestConflictsShowBothVersions looks at what a client is shown of a conflict about
// each kind: fields of the schema, with all that an input could set.
func TestConflictsShowBothVersions(t *testing.T) {
	n, store, _ := breakdown(t)
	all, known := schema(), bare()
	for name, current := range full() {
		store.nodes = func() error {
			return &news.ConflictError{ID: current.Ref().ID, Current: 3, Doc: current, Known: known[name], Fields: []string{"slug"}}
		}
		extensions := n.reply(t, `{ node(id: "x") { id } }`).Errors[0].Extensions
		if got := extensions["expectedVersion"]; got != 2.0 {
			t.Errorf("%s: the version that was expected is %v, want 2", name, got)
		}
		if got := extensions["fields"]; !cmp.Equal(got, []any{"slug"}) {
			t.Errorf("%s: the fields that differ are %v, want slug", name, got)
		}
		text, err := json.Marshal(extensions)
		must(t, err)
		for _, hidden := range []string{"HASH", "SECRET", "U0VDUkVU"} { // the last one is Base64
			if strings.Contains(string(text), hidden) {
				t.Errorf("%s: %s tells a secret", name, text)
			}
		}
		now, ok := extensions["current"].(map[string]any)
		before, okBefore := extensions["known"].(map[string]any)
		if !ok || !okBefore {
			t.Fatalf("%s: no documents in %s", name, text)
		}
		def := all.Types[name]
		for field, value := range now {
			if def.Fields.ForName(field) == nil {
				t.Errorf("%s has no field %s", name, field)
			}
			if value == nil {
				t.Errorf("%s.%s is null of something that has all", name, field)
			}
			if was, shown := before[field]; !shown {
				t.Errorf("%s.%s is not shown of something that has nothing", name, field)
			} else if was == nil && def.Fields.ForName(field).Type.NonNull && field != "url" && !strings.HasSuffix(field, "At") {
				t.Errorf("%s.%s is null, which it never is", name, field)
			}
		}
		for _, input := range []string{"Update" + name + "Input", "Correct" + name + "Input", "Create" + name + "Input"} {
			if all.Types[input] == nil {
				continue
			}
			for _, f := range all.Types[input].Fields {
				how := slices.Contains([]string{"expectedVersion", "note", "occurred"}, f.Name) || f.Name == "kind" && strings.HasPrefix(input, "Correct")
				if _, shown := now[f.Name]; !shown && !how {
					t.Errorf("%s.%s can be set and is not shown", input, f.Name)
				}
			}
		}
	}
}

func TestConflictOfAStory(t *testing.T) {
	n, store, _ := breakdown(t)
	store.nodes = func() error {
		return &news.ConflictError{ID: "story_x", Current: 3, Doc: full()["Story"]}
	}
	got, err := json.MarshalIndent(n.reply(t, `{ node(id: "x") { id } }`).Errors[0].Extensions, "", "\t")
	must(t, err)
	const want = `{
	"code": "CONFLICT",
	"current": {
		"authors": [
			"tag_c"
		],
		"body": "**X**",
		"breaking": true,
		"canonicalUrl": "https://example.org/x",
		"corrections": [
			{
				"at": "2026-03-02T09:00:00.123Z",
				"fromVersion": 2,
				"kind": "CORRECTION",
				"note": "Better.",
				"toVersion": 3
			}
		],
		"createdAt": "2026-03-02T09:00:00.123Z",
		"embargoedUntil": "2026-03-02T09:00:00.123Z",
		"id": "story_x",
		"image": {
			"alt": "An x",
			"caption": "X",
			"credit": "Us",
			"focalPoint": {
				"x": 0.25,
				"y": 0.5
			},
			"height": 9,
			"url": "https://example.org/x.jpg",
			"width": 16
		},
		"language": "fr",
		"priority": "FLASH",
		"publishedAt": "2026-03-02T09:00:00.123Z",
		"schedule": {
			"at": "2026-03-02T09:00:00.123Z",
			"local": "2026-03-02T10:00",
			"zone": "Europe/Paris"
		},
		"scheduledFor": "2026-03-02T09:00:00.123Z",
		"slug": "x",
		"source": {
			"name": "Agence",
			"url": "https://example.org/"
		},
		"status": "SCHEDULED",
		"summary": "In short.",
		"tags": [
			"tag_b",
			"tag_a"
		],
		"title": "X",
		"updatedAt": "2026-03-02T09:00:00.123Z",
		"version": 3
	},
	"currentVersion": 3
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
