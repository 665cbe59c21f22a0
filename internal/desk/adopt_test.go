package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
)

func archive() []news.Entity {
	return []news.Entity{
		&news.Tag{ID: "tag_1", TagContent: news.TagContent{Slug: "senat", Name: "Sénat", Kind: news.TagOrganisation}},
		&news.Coverage{ID: "cov_1", CoverageContent: news.CoverageContent{Slug: "live", Title: "Live", Status: news.CoverageLive, StartsAt: noon, Tags: []news.TagID{"tag_1"}}},
		&news.Story{
			ID: "story_1", Version: 7, Status: news.StoryPublished, PublishedAt: noon.Add(-time.Hour), CreatedBy: "jo",
			StoryContent:  news.StoryContent{Slug: "old", Title: " Old ", Language: "FR", Tags: []news.TagID{"tag_1"}},
			PreviousSlugs: []string{"older"},
			Corrections:   []news.Correction{{At: noon, Note: "A note.", Kind: news.Correcting, FromVersion: 5, ToVersion: 6}},
		},
		&news.Story{ID: "story_2", Status: news.StoryDraft, StoryContent: news.StoryContent{Slug: "draft", Title: "Draft", Language: "fr"}},
		&news.Story{ID: "story_3", Status: news.StoryUnpublished, PublishedAt: noon.Add(-time.Hour), StoryContent: news.StoryContent{Slug: "gone", Title: "Gone", Language: "fr"}},
		&news.TickerEntry{ID: "tick_1", Status: news.TickerPublished, Pinned: true, TickerContent: news.TickerContent{Headline: "A line", OccurredAt: noon, Story: "story_1", Coverage: "cov_1"}},
		&news.TickerEntry{ID: "tick_2", Status: news.TickerRetracted, Pinned: true, TickerContent: news.TickerContent{Headline: "Withdrawn", Body: "Its body", OccurredAt: noon}},
	}
}

func TestAnArchiveIsAdoptedOnce(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	got, err := r.Adopt(ctx, editor, archive())
	must(t, err)
	for i, a := range got {
		want := archive()[i].Ref()
		if a.Err != nil || a.Known || a.Entity == nil || a.Entity.Ref() != (news.Ref{Kind: want.Kind, ID: want.ID, Version: 1}) {
			t.Errorf("%s: got %+v", want.ID, a)
		}
	}
	if r.lines(t) != news.Seq(len(archive())) {
		t.Errorf("%d lines were written", r.lines(t))
	}
	s := got[2].Entity.(*news.Story)
	if s.Title != "Old" || s.Language != "fr" || s.PublishedAt != noon.Add(-time.Hour) || s.CreatedAt != s.PublishedAt || s.UpdatedAt != s.PublishedAt ||
		s.CreatedBy != "jo" || s.PreviousSlugs[0] != "older" || s.Corrections[0].FromVersion != 1 || s.Corrections[0].ToVersion != 1 {
		t.Errorf("got %+v", s)
	}
	if e := got[6].Entity.(*news.TickerEntry); e.Body != "" || e.Pinned {
		t.Errorf("a retracted line has kept %+v", e)
	}
	for id, op := range map[news.EntityID]string{
		"tag_1": "CREATED", "story_1": "PUBLISHED", "story_2": "CREATED", "story_3": "CREATED", "tick_1": "PUBLISHED", "tick_2": "CREATED",
	} {
		if ops := r.ops(t, id); len(ops) != 1 || ops[0] != op+" by marie" {
			t.Errorf("%s: got %v, want %s", id, ops, op)
		}
	}

	_, err = r.UpdateTag(ctx, editor, "tag_1", 1, func(c *news.TagContent) { c.Name = "Le Sénat" })
	must(t, err)
	head := r.lines(t)
	got, err = r.Adopt(ctx, editor, archive())
	must(t, err)
	for i, a := range got {
		if a.Err != nil || !a.Known || a.Entity == nil {
			t.Errorf("%s again: got %+v", archive()[i].Ref().ID, a)
		}
	}
	if tag := got[0].Entity.(*news.Tag); tag.Name != "Le Sénat" || r.lines(t) != head {
		t.Errorf("what was there was touched: %+v, %d new lines", tag, r.lines(t)-head)
	}
}

func TestWhatIsRefusedDoesNotStopTheOthers(t *testing.T) {
	r := open(t)
	r.tag(t, "taken", news.TagTopic)
	story := func(id news.StoryID, change func(*news.Story)) *news.Story {
		s := &news.Story{ID: id, Status: news.StoryPublished, PublishedAt: noon, StoryContent: news.StoryContent{Slug: strings.ReplaceAll(string(id), "_", "-"), Title: "A", Language: "fr"}}
		change(s)
		return s
	}
	entities := []news.Entity{
		story("good_1", func(*news.Story) {}),
		story("bad id", func(s *news.Story) { s.Slug = "a" }),
		story("b1", func(s *news.Story) { s.Title = "" }),
		story("b2", func(s *news.Story) { s.Slug = "" }),
		story("b3", func(s *news.Story) { s.Slug = "good-1" }),
		story("b4", func(s *news.Story) { s.Status = "KILLED" }),
		story("s1", func(s *news.Story) { s.Status = news.StoryScheduled }),
		story("s2", func(s *news.Story) { s.Schedule = &news.Schedule{At: noon} }),
		story("s3", func(s *news.Story) { s.Status, s.Schedule = news.StoryScheduled, &news.Schedule{} }),
		story("s4", func(s *news.Story) {
			s.Status, s.Schedule = news.StoryScheduled, &news.Schedule{At: noon, Local: "13:00", Zone: "Europe/Paris"}
		}),
		story("s5", func(s *news.Story) {
			s.Status, s.Schedule = news.StoryScheduled, &news.Schedule{At: noon, Local: "2026-03-02T13:00", Zone: "Local"}
		}),
		story("s6", func(s *news.Story) { s.EmbargoedUntil = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }),
		story("s7", func(s *news.Story) { s.Status, s.PublishedAt = news.StoryRetracted, time.Time{} }),
		&news.Tag{ID: "m1", Status: news.TagDeleted, TagContent: news.TagContent{Slug: "m1", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m2", Status: news.TagMerged, TagContent: news.TagContent{Slug: "m2", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m3", Status: news.TagMerged, MergedInto: "nope", TagContent: news.TagContent{Slug: "m3", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m4", Status: news.TagMerged, MergedInto: "taken", TagContent: news.TagContent{Slug: "m4", Name: "A", Kind: news.TagPlace}},
		&news.Tag{ID: "m5", Status: news.TagMerged, MergedInto: "m6", TagContent: news.TagContent{Slug: "m5", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m6", Status: news.TagMerged, MergedInto: "m5", TagContent: news.TagContent{Slug: "m6", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m7", Status: news.TagMerged, MergedInto: "m1", TagContent: news.TagContent{Slug: "m7", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m8", MergedInto: "taken", TagContent: news.TagContent{Slug: "m8", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "m9", Status: "GONE", TagContent: news.TagContent{Slug: "m9", Name: "A", Kind: news.TagTopic}},
		&news.TickerEntry{ID: "p1", Status: news.TickerPublished, PinnedUntil: noon, TickerContent: news.TickerContent{Headline: "A", OccurredAt: noon}},
		&news.TickerEntry{ID: "p2", Status: news.TickerPublished, TickerContent: news.TickerContent{Headline: "A", OccurredAt: noon, CoverageOnly: true}},
		story("b5", func(s *news.Story) { s.PublishedAt = time.Time{} }),
		story("b6", func(s *news.Story) { s.PublishedAt = noon.Add(2 * time.Hour) }),
		story("b7", func(s *news.Story) { s.Corrections = []news.Correction{{At: noon, Note: "", Kind: news.Correcting}} }),
		story("b8", func(s *news.Story) { s.Corrections = []news.Correction{{At: noon, Note: "a", Kind: "NOTE"}} }),
		story("b9", func(s *news.Story) { s.Body = "a\x00" }),
		story("taken", func(s *news.Story) { s.Slug = "free" }),
		&news.Tag{ID: "t1", TagContent: news.TagContent{Slug: "taken", Name: "A", Kind: news.TagTopic}},
		&news.Tag{ID: "t2", TagContent: news.TagContent{Slug: "t2", Name: "A", Kind: "THING"}},
		&news.TickerEntry{ID: "e1", Status: "GONE", TickerContent: news.TickerContent{Headline: "A", OccurredAt: noon}},
		&news.TickerEntry{ID: "e2", Status: news.TickerPublished, TickerContent: news.TickerContent{Headline: "A"}},
		&news.Coverage{ID: "c1", CoverageContent: news.CoverageContent{Slug: "c1", Title: "A", Status: news.CoverageLive}},
		story("good_1", func(s *news.Story) { s.Title = "Again" }),
		story("good_2", func(*news.Story) {}),
		story("", func(s *news.Story) { s.Slug = "no-id" }),
	}
	fields := []string{
		"", "id", "title", "slug", "slug", "status",
		"scheduledFor", "scheduledFor", "scheduledFor", "schedule.local", "schedule.zone", "embargoedUntil", "publishedAt",
		"status", "mergedInto", "mergedInto", "mergedInto", "mergedInto", "mergedInto", "mergedInto", "mergedInto", "status",
		"pinnedUntil", "coverageOnly", "publishedAt", "publishedAt", "corrections[0].note", "corrections[0].kind", "body", "id",
		"slug", "kind", "status", "occurredAt", "startsAt", "", "", "",
	}
	got, err := r.Adopt(t.Context(), editor, entities)
	must(t, err)
	for i, a := range got {
		if fields[i] == "" {
			if a.Err != nil || a.Entity == nil {
				t.Errorf("%d: got %+v", i, a)
			}
			continue
		}
		if a.Entity != nil || a.Known {
			t.Errorf("%d was refused and is there: %+v", i, a)
		}
		wantInvalid(t, a.Err, fields[i])
	}
	again, last := len(got)-3, len(got)-1
	if !got[again].Known || got[again].Entity.(*news.Story).Title != "A" {
		t.Errorf("the second of one id: got %+v", got[again])
	}
	if id := got[last].Entity.Ref().ID; !strings.HasPrefix(string(id), "story_") {
		t.Errorf("an id was made: %s", id)
	}
	if r.lines(t) != 1+3 {
		t.Errorf("%d lines were written, want the tag and 3 stories", r.lines(t))
	}
}

// TestAnArchiveOfADesk adopts what has states that only a desk gives.
func TestAnArchiveOfADesk(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	content := func(slug string) news.StoryContent {
		return news.StoryContent{Slug: slug, Title: slug, Language: "fr", Summary: "Summary", Body: "Body", Image: &news.Image{URL: "https://example.org/a.jpg", Alt: "a", Credit: "c"}}
	}
	retag := []news.Retag{{From: "gone", To: "stays"}}
	gone, stays := news.TagContent{Slug: "gone", Name: "Gone", Kind: news.TagTopic}, news.TagContent{Slug: "stays", Name: "Stays", Kind: news.TagTopic}
	got, err := r.Adopt(ctx, editor, []news.Entity{
		&news.Tag{ID: "gone", Status: news.TagMerged, MergedInto: "stays", MergedAt: noon.Add(-time.Hour), Settled: true, TagContent: gone},
		&news.Tag{ID: "stays", TagContent: stays, MergedAt: noon, Settled: true},
		&news.Coverage{ID: "cov_1", Retags: retag, CoverageContent: news.CoverageContent{Slug: "live", Title: "Live", Status: news.CoverageLive, StartsAt: noon}},
		&news.Story{ID: "scheduled", Status: news.StoryScheduled, Schedule: &news.Schedule{At: noon.Add(time.Hour), Local: "2026-03-02T14:00", Zone: "Europe/Paris"}, StoryContent: content("scheduled"), Retags: retag},
		&news.Story{ID: "late", Status: news.StoryScheduled, Schedule: &news.Schedule{At: noon.Add(-time.Hour)}, StoryContent: content("late")},
		&news.Story{ID: "embargoed", Status: news.StoryPublished, EmbargoedUntil: noon.Add(time.Hour), StoryContent: content("embargoed")},
		&news.Story{ID: "retracted", Status: news.StoryRetracted, PublishedAt: noon.Add(-time.Hour), EmbargoedUntil: noon.Add(time.Hour), StoryContent: content("retracted")},
		&news.TickerEntry{ID: "tick_1", Status: news.TickerPublished, Pinned: true, PinnedUntil: noon.Add(time.Hour), Retags: retag, TickerContent: news.TickerContent{Headline: "A", OccurredAt: noon, Coverage: "cov_1", CoverageOnly: true}},
		&news.TickerEntry{ID: "tick_2", Status: news.TickerRetracted, Pinned: true, PinnedUntil: noon.Add(time.Hour), TickerContent: news.TickerContent{Headline: "A", OccurredAt: noon}},
	})
	must(t, err)
	for i, a := range got {
		if a.Err != nil || a.Entity == nil {
			t.Fatalf("%d: got %+v", i, a)
		}
	}
	if told := r.told(t, 0); !slices.Equal(told, []string{"PUBLISHED stays", "PUBLISHED cov_1", "PUBLISHED tick_1"}) {
		t.Errorf("the public was told %v", told)
	}
	if tag := got[0].Entity.(*news.Tag); tag.Status != news.TagMerged || !tag.Settled || tag.MergedAt != noon.Add(-time.Hour) {
		t.Errorf("a merged tag: got %+v", tag)
	}
	if tag := got[1].Entity.(*news.Tag); tag.Settled || !tag.MergedAt.IsZero() {
		t.Errorf("a tag in use: got %+v", tag)
	}
	found, err := r.store.TagsBySlug(ctx, []string{"gone"})
	if must(t, err); found["gone"] == nil || found["gone"].ID != "stays" {
		t.Errorf("the slug of a merged tag answers with %+v", found["gone"])
	}
	if s := got[3].Entity.(*news.Story); s.Schedule.Local != "2026-03-02T14:00" || s.Listing().At != noon.Add(time.Hour) || s.Retags != nil {
		t.Errorf("a scheduled story: got %+v", s)
	}
	if s := got[5].Entity.(*news.Story); s.Public() || !s.PublishedAt.IsZero() || s.Body != "Body" {
		t.Errorf("an embargoed story: got %+v", s)
	}
	if s := got[6].Entity.(*news.Story); s.Body != "" || s.Summary != "" || s.Image != nil || !s.EmbargoedUntil.IsZero() || s.Title != "retracted" {
		t.Errorf("a retracted story: got %+v", s)
	}
	if e := got[7].Entity.(*news.TickerEntry); e.PinnedUntil != noon.Add(time.Hour) || !e.CoverageOnly || e.Retags != nil {
		t.Errorf("a pinned line: got %+v", e)
	}
	if e := got[8].Entity.(*news.TickerEntry); e.Pinned || !e.PinnedUntil.IsZero() {
		t.Errorf("a retracted line: got %+v", e)
	}

	head := r.lines(t)
	for _, after := range []time.Duration{0, time.Hour} {
		r.advance(after)
		_, err = r.Due(ctx)
		must(t, err)
	}
	told := r.told(t, head)
	slices.Sort(told)
	if !slices.Equal(told, []string{"PUBLISHED embargoed", "PUBLISHED late", "PUBLISHED scheduled", "UPDATED tick_1"}) {
		t.Errorf("then the public was told %v", told)
	}
	move, err := r.UnmergeTag(ctx, news.Actor{Name: "root", Role: news.Admin}, "gone", 1)
	if must(t, err); move.Other.Status != news.TagInUse {
		t.Errorf("a merge that was brought in was undone to %+v", move.Other)
	}
}

func TestAStrangerIsNotAdopted(t *testing.T) {
	r := open(t)
	got, err := r.Adopt(t.Context(), editor, []news.Entity{stranger{}})
	must(t, err)
	if !errors.Is(got[0].Err, news.ErrInvalid) {
		t.Errorf("got %+v", got[0])
	}
}

type stranger struct{ news.Entity }

func (stranger) Ref() news.Ref { return news.Ref{Kind: "STRANGER", ID: "x"} }
