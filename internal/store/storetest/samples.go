package storetest

import (
	"fmt"
	"strings"
	"time"

	"depeche/internal/news"
)

// Noon is when the samples were created, published and so on.
func Noon() time.Time { return time.Date(2026, time.March, 14, 12, 0, 0, 0, time.UTC) }

// Story is version 1 of a published story with every field that has to be
// there, after edits.
func Story(id news.StoryID, edits ...func(*news.Story)) *news.Story {
	s := &news.Story{
		ID: id, Version: 1, Status: news.StoryPublished,
		StoryContent: news.StoryContent{
			Slug: slugOf(string(id)), Title: "Le « titre » de " + string(id),
			Body: "L’été dernier, à Besançon…", Language: "fr", Priority: news.Routine,
		},
		CreatedBy: "marie", CreatedAt: Noon(), UpdatedAt: Noon(), PublishedAt: Noon(),
	}
	return edit(s, edits)
}

// Tag is version 1 of a topic, after edits.
func Tag(id news.TagID, edits ...func(*news.Tag)) *news.Tag {
	t := &news.Tag{
		ID: id, Version: 1, SortName: slugOf(string(id)),
		TagContent: news.TagContent{Slug: slugOf(string(id)), Name: string(id), Kind: news.TagTopic},
	}
	return edit(t, edits)
}

// TickerEntry is version 1 of a ticker entry in force, after edits.
func TickerEntry(id news.TickerEntryID, edits ...func(*news.TickerEntry)) *news.TickerEntry {
	e := &news.TickerEntry{
		ID: id, Version: 1, Status: news.TickerPublished,
		TickerContent: news.TickerContent{
			Headline: "La dépêche " + string(id), Priority: news.Routine, OccurredAt: Noon(),
		},
		PublishedAt: Noon(), UpdatedAt: Noon(),
	}
	return edit(e, edits)
}

// Coverage is version 1 of a live coverage, after edits.
func Coverage(id news.CoverageID, edits ...func(*news.Coverage)) *news.Coverage {
	c := &news.Coverage{
		ID: id, Version: 1,
		CoverageContent: news.CoverageContent{
			Slug: slugOf(string(id)), Title: "En direct : " + string(id),
			Status: news.CoverageLive, StartsAt: Noon(),
		},
	}
	return edit(c, edits)
}

// Lock is version 1 of the lock of a story, held, after edits.
func Lock(story news.StoryID, edits ...func(*news.Lock)) *news.Lock {
	l := &news.Lock{ID: news.LockOf(story), Version: 1, Status: news.LockHeld, Story: story, Holder: "marie", Since: Noon()}
	return edit(l, edits)
}

// ServiceToken is version 1 of a valid service token, after edits.
func ServiceToken(id news.ServiceTokenID, edits ...func(*news.ServiceToken)) *news.ServiceToken {
	t := &news.ServiceToken{
		ID: id, Version: 1, Status: news.ServiceTokenValid, Name: "Dépêches " + string(id), Role: news.Editor,
		Hash: strings.Repeat("0123456789abcdef", 4), CreatedBy: "admin", CreatedAt: Noon(),
	}
	return edit(t, edits)
}

// Webhook is version 1 of an active webhook, after edits.
func Webhook(id news.WebhookID, edits ...func(*news.Webhook)) *news.Webhook {
	w := &news.Webhook{
		ID: id, Version: 1, Status: news.WebhookActive,
		WebhookContent: news.WebhookContent{URL: news.URL("https://example.org/" + string(id))},
		Secret:         []byte("0123456789abcdef\x00\xff"), Begun: 1, CreatedBy: "admin", CreatedAt: Noon(),
	}
	return edit(w, edits)
}

// Next is the version after e's: a copy, one version up, after edits.
func Next[E news.Entity](e E, edits ...func(E)) E {
	var next news.Entity
	switch e := news.Entity(e).(type) {
	case *news.Story:
		c := e.Clone()
		c.Version++
		next = c
	case *news.Tag:
		c := e.Clone()
		c.Version++
		next = c
	case *news.TickerEntry:
		c := e.Clone()
		c.Version++
		next = c
	case *news.Coverage:
		c := e.Clone()
		c.Version++
		next = c
	case *news.Lock:
		c := e.Clone()
		c.Version++
		next = c
	case *news.ServiceToken:
		c := e.Clone()
		c.Version++
		next = c
	case *news.Webhook:
		c := e.Clone()
		c.Version++
		next = c
	default:
		panic(fmt.Sprintf("storetest: no entity: %T", e))
	}
	return edit(next.(E), edits)
}

// Change is the change that makes e what it is out of before, which is nil for
// version 1.
func Change(e, before news.Entity) news.Change {
	ch := news.Change{Op: news.OpCreated, At: Noon(), By: "marie", Doc: e}
	if before != nil {
		l := before.Listing()
		ch.Op, ch.Before = news.OpUpdated, &l
	}
	return ch
}

func edit[E any](e E, edits []func(E)) E {
	for _, edit := range edits {
		edit(e)
	}
	return e
}

func slugOf(id string) string { return strings.ReplaceAll(strings.ToLower(id), "_", "-") }
