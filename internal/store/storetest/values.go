package storetest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// Full are entities with a value in every field.
func Full() []news.Entity {
	correction := []news.Correction{
		{At: Noon().Add(time.Hour), Note: "Le nom a été corrigé.", Kind: news.Correcting, FromVersion: 2, ToVersion: 3},
		{At: Noon(), Note: "Précision.", Kind: news.Clarifying, FromVersion: 1, ToVersion: 2},
	}
	retags := []news.Retag{{From: "tag_old", To: "tag_a"}, {From: "tag_older", To: "tag_b", Beside: true}}
	source := &news.Source{Name: "AFP", URL: "https://www.afp.com/fr"}
	return []news.Entity{
		Tag("tag_full", func(t *news.Tag) {
			t.Name, t.Kind, t.Description, t.SortName = "Île-de-France", news.TagPlace, "La région", "ile-de-france"
			t.Aliases, t.PreviousSlugs = []string{"IDF", "Région parisienne"}, []string{"region-parisienne", "rp"}
			t.Code, t.URI = "medtop:20000763", "https://cv.iptc.org/newscodes/mediatopic/20000763"
		}),
		Tag("tag_full_merged", mergedInto("tag_full"), func(t *news.Tag) { t.Settled = true }),
		Coverage("cov_full", func(c *news.Coverage) {
			c.Summary, c.Status, c.EndsAt = "En bref", news.CoverageEnded, Noon().Add(3*time.Hour)
			c.Tags, c.PreviousSlugs = []news.TagID{"tag_b", "tag_a"}, []string{"avant"}
			c.Retags = retags
		}),
		Story("story_full", func(s *news.Story) {
			s.Summary, s.Language, s.Breaking, s.Priority = "Résumé", "fr-CA", true, news.Flash
			s.Tags, s.Authors = []news.TagID{"tag_b", "tag_a"}, []news.TagID{"tag_marie", "tag_paul"}
			s.Image = &news.Image{
				URL: "https://example.org/a.jpg", Alt: "Une foule", Caption: "La foule", Credit: "AFP",
				Width: 1600, Height: 900, FocalPoint: &news.FocalPoint{X: 0.25, Y: 0.75},
			}
			s.CanonicalURL, s.Source = "https://example.org/a", source
			s.PreviousSlugs, s.Corrections = []string{"un", "deux"}, correction
			s.UpdatedAt, s.PublishedAt = Noon().Add(time.Hour), Noon().Add(time.Minute)
			s.Retags, s.WithdrawnIn = retags, 2
		}),
		// Some fields have a value in some states only.
		Story("story_full_scheduled", scheduled(Noon().Add(24*time.Hour)), embargoed(Noon().Add(48*time.Hour))),
		Story("story_full_embargoed", embargoed(Noon().Add(time.Hour))),
		TickerEntry("tick_full", func(e *news.TickerEntry) {
			e.Status, e.Body, e.Priority, e.KeyEvent, e.Pinned = news.TickerRetracted, "Texte", news.Alert, true, true
			e.Tags, e.Story, e.Coverage, e.Source = []news.TagID{"tag_a"}, "story_full", "cov_full", source
			e.Corrections, e.PinnedUntil, e.CoverageOnly, e.Retags = correction, Noon().Add(2*time.Hour), true, retags
		}),
		Lock("story_full", func(l *news.Lock) { l.From = "paul" }),
		ServiceToken("token_full", func(t *news.ServiceToken) {
			t.Status, t.RevokedAt = news.ServiceTokenRevoked, Noon().Add(time.Hour)
		}),
		Webhook("hook_full", func(w *news.Webhook) {
			w.Status, w.Failure = news.WebhookDead, "410 Gone"
			w.Description, w.Kinds, w.From = "Le site", []news.Kind{news.KindStory, news.KindTickerEntry}, 7
		}),
	}
}

// Bare are entities with no value that may be missing.
func Bare() []news.Entity {
	return []news.Entity{
		Tag("tag_bare"), Coverage("cov_bare"),
		Story("story_bare", func(s *news.Story) {
			s.Status, s.CreatedBy, s.PublishedAt, s.Image = news.StoryDraft, "", time.Time{}, &news.Image{}
		}),
		TickerEntry("tick_bare"),
		Lock("story_bare"), ServiceToken("token_bare"), Webhook("hook_bare", func(w *news.Webhook) { w.Secret = nil }),
	}
}

func testValues(t *testing.T, l *lab) {
	l.put(append(Full(), Bare()...)...)
	l.checkAll()
	var ids []news.EntityID
	for id := range l.model.entities {
		ids = append(ids, id)
	}
	got, err := l.store.Nodes(t.Context(), news.Audience{Staff: true}, ids)
	if err != nil {
		t.Fatalf("nodes: %v", err)
	}
	if diff := cmp.Diff(l.model.nodes(news.Audience{Staff: true}), got); diff != "" {
		t.Errorf("nodes (-want +got):\n%s", diff)
	}

	// An empty list is as good as none.
	l.put(Story("story_empty", func(s *news.Story) { s.Tags, s.PreviousSlugs = []news.TagID{}, []string{} }))
	lines := l.log()
	if s := lines[len(lines)-1].Doc.(*news.Story); s.Tags != nil || s.PreviousSlugs != nil {
		t.Errorf("empty lists: got %#v and %#v, want nil", s.Tags, s.PreviousSlugs)
	}
}

func testInstants(t *testing.T, l *lab) {
	paris := time.FixedZone("Paris", 2*60*60)
	fine := time.Date(2026, time.July, 14, 10, 30, 0, 123_999_999, paris)
	want := time.Date(2026, time.July, 14, 8, 30, 0, 123_000_000, time.UTC)
	one := TickerEntry("tick_a", func(e *news.TickerEntry) {
		e.OccurredAt, e.PublishedAt, e.UpdatedAt = fine, fine, time.Date(1969, 7, 20, 20, 17, 40, 1_999_999, time.UTC)
	})
	two := Next(one)
	before := one.Listing()
	committed, err := l.store.Commit(t.Context(), []news.Change{
		{Op: news.OpCreated, At: fine, Doc: one}, {Op: news.OpUpdated, At: fine, Doc: two, Before: &before},
	})
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	for name, lines := range map[string][]news.Line{"committed": committed, "read": l.log()} {
		e := lines[1].Doc.(*news.TickerEntry)
		for field, got := range map[string]time.Time{
			"Line.At": lines[1].At, "OccurredAt": e.OccurredAt, "PublishedAt": e.PublishedAt, "Before.At": lines[1].Before.At,
		} {
			if !got.Equal(want) || got.Location() != time.UTC {
				t.Errorf("%s: %s: got %v, want %v", name, field, got, want)
			}
		}
		if old := time.Date(1969, 7, 20, 20, 17, 40, 1_000_000, time.UTC); e.UpdatedAt != old {
			t.Errorf("%s: UpdatedAt: got %v, want %v", name, e.UpdatedAt, old)
		}
	}

	// A bound between two milliseconds is between the entries of both.
	l.model.enter(l.log()...)
	for _, bound := range []time.Time{want, fine, want.Add(time.Millisecond), want.Add(-time.Nanosecond), want.Add(time.Nanosecond)} {
		l.checkPage(tickerQuery(news.TickerFilter{OccurredAfter: bound}), news.Window{First: 5})
		l.checkPage(tickerQuery(news.TickerFilter{OccurredBefore: bound}), news.Window{First: 5})
	}
}

func testText(t *testing.T, l *lab) {
	for i, text := range []string{
		"«\u00a0L’été\u202f», 20\u00a0h\u00a030, « œuvre » – cœur…\u202f;",
		"👩‍👩‍👧‍👦 🇫🇷 ❤️", "速報：東京で地震", "Ελλάδα, Москва, القدس, 한국", "e\u0301 et é",
		"' \" \\ ; -- % _ ? $1 \t\r\n </script> {\"$ne\": 1}", "𝄞\U0010FFFF", "",
	} {
		id := news.StoryID("story_" + string(rune('a'+i)))
		l.put(Story(id, func(s *news.Story) {
			s.Title, s.Body, s.Summary = text, strings.Repeat(text, 3), news.Text(text)
			s.Slug, s.CreatedBy = string(id)+text, text
		}))
		l.put(Tag(news.TagID("tag_"+string(id)), func(t *news.Tag) { t.SortName = text }))
	}
	l.checkAll()
	for _, e := range l.model.all(news.KindStory) {
		story := e.(*news.Story)
		found, err := l.store.StoriesBySlug(t.Context(), news.Audience{}, []string{story.Slug})
		if err != nil || found[story.Slug] == nil || found[story.Slug].ID != story.ID {
			t.Errorf("by slug %q: got %v, %v", story.Slug, found, err)
		}
		l.checkPage(storyQuery(news.Audience{Author: story.CreatedBy}, news.StoryFilter{}), news.Window{First: 50})
	}
	for _, e := range l.model.all(news.KindTag) {
		tag := e.(*news.Tag)
		l.checkPage(tagQuery(news.TagFilter{NamePrefix: tag.SortName}), news.Window{First: 50})
		place := news.CursorOf(tag)
		l.checkPage(tagQuery(news.TagFilter{}), news.Window{First: 50, After: &place})
	}
}

func testHugeDocuments(t *testing.T, l *lab) {
	for _, id := range []news.StoryID{"story_a", "story_b"} {
		l.put(Story(id, func(s *news.Story) { s.Body = strings.Repeat("L’été à Besançon. ", 500_000/20) }))
	}
	l.checkAll()
}
