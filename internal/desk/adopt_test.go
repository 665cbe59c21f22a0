package desk_test

import (
	"errors"
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
		"", "id", "title", "slug", "slug", "status", "publishedAt", "publishedAt", "corrections[0].note", "corrections[0].kind", "body", "id",
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
	if !got[17].Known || got[17].Entity.(*news.Story).Title != "A" {
		t.Errorf("the second of one id: got %+v", got[17])
	}
	if id := got[19].Entity.Ref().ID; !strings.HasPrefix(string(id), "story_") {
		t.Errorf("an id was made: %s", id)
	}
	if r.lines(t) != 1+3 {
		t.Errorf("%d lines were written, want the tag and 3 stories", r.lines(t))
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
