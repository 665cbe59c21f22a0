package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

func TestRevisions(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	s := r.draft(t, contributor, "story_1", "First")
	r.advance(time.Minute)
	_, err := r.UpdateStory(ctx, contributor, s.ID, 1, func(e *desk.StoryEdit) { e.Title, e.Body = "Second", "A body" })
	must(t, err)
	r.advance(time.Minute)
	_, err = r.PublishStory(ctx, editor, s.ID, 2, desk.Publication{At: desk.Moment{Local: "2026-03-02T14:00", Zone: "Europe/Paris"}})
	must(t, err)
	r.advance(time.Hour)
	_, err = r.Due(ctx)
	must(t, err)
	_, err = r.CorrectStory(ctx, editor, s.ID, 4, "A note.", news.Correcting, func(e *desk.StoryEdit) { e.Breaking = true })
	must(t, err)

	want := []string{
		"5 CORRECTED by marie at 13:02: breaking corrections",
		"4 PUBLISHED by schedule at 13:02: status publishedAt scheduledFor schedule",
		"3 SCHEDULED by marie at 12:02: status scheduledFor schedule",
		"2 UPDATED by jo at 12:01: title body",
		"1 CREATED by jo at 12:00: ",
	}
	show := func(list []desk.Revision) []string {
		var shown []string
		for _, v := range list {
			shown = append(shown, fmt.Sprintf("%d %s by %s at %s: %s", v.Doc.Ref().Version, v.Op, v.By, v.At.Format("15:04"), strings.Join(v.Changed, " ")))
		}
		return shown
	}
	for _, c := range []struct {
		before, limit int
		want          []string
		more          bool
	}{
		{0, 10, want, false},
		{0, 5, want, false},
		{0, 4, want[:4], true},
		{0, 1, want[:1], true},
		{5, 2, want[1:3], true},
		{3, 2, want[3:], false},
		{2, 10, want[4:], false},
		{1, 10, nil, false},
		{99, 1, want[:1], true},
		{0, 0, want[:1], true},
		{0, 1 << 40, want, false},
	} {
		list, more, err := r.Revisions(ctx, editor, s.ID, c.before, c.limit)
		must(t, err)
		if got := show(list); !slices.Equal(got, c.want) || more != c.more {
			t.Errorf("%d below %d: got %q, more: %v", c.limit, c.before, got, more)
		}
	}
	r.tag(t, "topic", news.TagTopic)
	for _, id := range []news.StoryID{"nope", "topic", ""} {
		_, _, err := r.Revisions(ctx, editor, id, 0, 10)
		wantIs(t, err, news.ErrNotFound)
	}
	_, _, err = r.Revisions(ctx, contributor, s.ID, 0, 10)
	wantIs(t, err, news.ErrForbidden)
}

// fullStory has something in each field.
func fullStory(version int, n int) *news.Story {
	mark := strings.Repeat("x", n)
	return &news.Story{
		ID: "story_full", Version: version, Status: []news.StoryStatus{news.StoryScheduled, news.StoryDraft}[n%2],
		StoryContent: news.StoryContent{
			Slug: "slug-" + mark, Title: "Title " + mark, Summary: news.Text("Summary " + mark), Body: "Body " + mark,
			Language: "fr-" + mark, Breaking: n%2 == 0, Priority: []news.Priority{news.Flash, news.Urgent}[n%2],
			Tags: []news.TagID{"topic", news.TagID(fmt.Sprint("topic-", n%2))}, Authors: []news.TagID{news.TagID(fmt.Sprint("writer-", n%2))},
			Image:        &news.Image{URL: news.URL("https://example.org/" + mark), Alt: "alt", Caption: "caption", Credit: "credit", Width: 1, Height: 2, FocalPoint: &news.FocalPoint{X: 0.5}},
			CanonicalURL: news.URL("https://example.org/c" + mark), Source: &news.Source{Name: "source", URL: news.URL("https://example.org/s" + mark)},
		},
		Corrections: []news.Correction{{At: noon, Note: "Note " + mark, Kind: news.Correcting, FromVersion: 1, ToVersion: 2}},
		CreatedAt:   noon, UpdatedAt: noon, PublishedAt: noon.Add(time.Duration(n) * time.Millisecond),
		Schedule:       &news.Schedule{At: noon.Add(time.Duration(n) * time.Hour), Local: fmt.Sprintf("2026-03-02T1%d:00", 3+n), Zone: "Europe/Paris"},
		EmbargoedUntil: noon.Add(time.Duration(n) * time.Minute),
	}
}

// TestEachFieldThatDiffersReadsDifferently commits versions that differ in every
// field there is, and holds that each is told of with texts that differ.
func TestEachFieldThatDiffersReadsDifferently(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	for _, id := range []news.TagID{"topic", "topic-0", "topic-1"} {
		r.tag(t, id, news.TagTopic)
	}
	r.tag(t, "writer-0", news.TagContributor)
	r.tag(t, "writer-1", news.TagContributor)
	versions := []*news.Story{{ID: "story_full", Version: 1, StoryContent: news.StoryContent{Slug: "bare"}}, fullStory(2, 1), fullStory(3, 2)}
	for i, s := range versions {
		c := news.Change{Op: news.OpUpdated, At: noon, By: "marie", Doc: s}
		if i > 0 {
			before := versions[i-1].Listing()
			c.Before = &before
		}
		_, err := r.store.Commit(ctx, []news.Change{c})
		must(t, err)
	}
	for from := 1; from <= 3; from++ {
		for to := 1; to <= 3; to++ {
			diffs, err := r.DiffStory(ctx, editor, "story_full", from, to)
			must(t, err)
			var fields []string
			for _, d := range diffs {
				fields = append(fields, d.Field)
				before, after := join(d.Parts)
				if before == after || before != shown(d.Before) || after != shown(d.After) {
					t.Errorf("%s from %d to %d: %q and %q, in parts %q and %q", d.Field, from, to, shown(d.Before), shown(d.After), before, after)
				}
			}
			want := news.Differences(versions[from-1], versions[to-1])
			if !slices.Equal(fields, want) || from != to && len(want) < 17 {
				t.Errorf("from %d to %d: got %v, want %v", from, to, fields, want)
			}
		}
	}
}

func shown(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func TestADiffReadsAsEditorsDo(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	for id, name := range map[string]string{"t-1": "Sénat", "t-2": "Budget", "t-3": "Assemblée"} {
		_, err := r.CreateTag(ctx, editor, id, news.TagContent{Name: name, Kind: news.TagTopic})
		must(t, err)
	}
	s, err := r.CreateStory(ctx, editor, "story_1", func(e *desk.StoryEdit) {
		e.Title, e.Language, e.Body, e.TagRefs = "Le Sénat vote", "fr", "Un.\n\nDeux.", []string{"t-1", "t-2"}
	})
	must(t, err)
	s, err = r.UpdateStory(ctx, editor, s.ID, 1, func(e *desk.StoryEdit) {
		e.Title, e.Body, e.TagRefs = "Le Sénat rejette", "Un.\n\nEt demi.\n\nDeux.", []string{"t-1", "t-3"}
	})
	must(t, err)
	_, err = r.PublishStory(ctx, editor, s.ID, 2, desk.Publication{At: desk.Moment{Local: "2026-03-02T14:00", Zone: "Europe/Paris"}})
	must(t, err)
	// What tags were is still told when they are gone.
	_, err = r.DeleteTag(ctx, editor, "t-2", 1)
	must(t, err)
	_, err = r.MergeTags(ctx, news.Actor{Name: "root", Role: news.Admin}, "t-3", 1, "t-1", false)
	must(t, err)

	diffs, err := r.DiffStory(ctx, editor, s.ID, 1, 3)
	must(t, err)
	var got []string
	for _, d := range diffs {
		got = append(got, d.Field+": "+marked(d.Parts))
	}
	want := []string{
		"title: Le Sénat [-vote-]{+rejette+}",
		"body: Un.\n\n{+Et demi.\n\n+}Deux.",
		"status: [-DRAFT-]{+SCHEDULED+}",
		"tags: Sénat (senat)\n[-Budget (budget)-]{+Assemblée (assemblee)+}",
		"scheduledFor: {+2026-03-02T13:00:00Z+}",
		"schedule: {+2026-03-02T14:00 Europe/Paris+}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	for _, version := range []int{-1, 0, 6, 1 << 40} {
		_, err := r.DiffStory(ctx, editor, s.ID, version, 1)
		wantIs(t, err, news.ErrNotFound)
		_, err = r.DiffStory(ctx, editor, s.ID, 1, version)
		wantIs(t, err, news.ErrNotFound)
	}
	_, err = r.DiffStory(ctx, editor, "t-1", 1, 1)
	wantIs(t, err, news.ErrNotFound)
}
