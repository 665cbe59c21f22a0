package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

func TestLifeOfALine(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.tag(t, "topic", news.TagTopic)
	e, err := r.PublishTickerEntry(ctx, editor, "tick_1", true, func(e *desk.TickerEdit) {
		e.Headline, e.Body, e.TagRefs = "A line", "More.", []string{"topic"}
	})
	must(t, err)
	if !e.Pinned || e.Status != news.TickerPublished || e.PublishedAt != noon || e.OccurredAt != noon {
		t.Errorf("published: got %+v", e)
	}

	r.advance(time.Minute)
	e, err = r.CorrectTickerEntry(ctx, editor, e.ID, 1, " It was\u0020wrong. ", news.Correcting, func(e *desk.TickerEdit) { e.Headline = "A better line" })
	must(t, err)
	want := news.Correction{At: noon.Add(time.Minute), Note: "It was wrong.", Kind: news.Correcting, FromVersion: 1, ToVersion: 2}
	if e.Headline != "A better line" || e.Body != "More." || len(e.Tags) != 1 || !e.Pinned || !slices.Equal(e.Corrections, []news.Correction{want}) {
		t.Errorf("corrected: got %+v", e)
	}

	e, err = r.ReviseTickerEntry(ctx, editor, e.ID, 2, "A line of its source")
	must(t, err)
	if e.Headline != "A line of its source" || len(e.Corrections) != 1 {
		t.Errorf("revised: got %+v", e)
	}
	_, err = r.ReviseTickerEntry(ctx, editor, e.ID, 3, "two\nlines")
	wantInvalid(t, err, "headline")

	e, err = r.PinTickerEntry(ctx, editor, e.ID, 3, false)
	must(t, err)
	e, err = r.PinTickerEntry(ctx, editor, e.ID, 4, true)
	must(t, err)

	r.advance(time.Minute)
	e, err = r.RetractTickerEntry(ctx, editor, e.ID, 5, "Nothing of it is true.")
	must(t, err)
	if e.Status != news.TickerRetracted || e.Body != "" || e.Pinned || e.Headline != "A line of its source" {
		t.Errorf("retracted: got %+v", e)
	}
	if len(e.Corrections) != 2 || e.Corrections[0].Kind != news.Retracting || e.Corrections[0].FromVersion != 5 || e.Corrections[0].ToVersion != 6 {
		t.Errorf("retracted: got the corrections %+v", e.Corrections)
	}
	ops := []string{"PUBLISHED by marie", "CORRECTED by marie", "UPDATED by marie", "UNPINNED by marie", "PINNED by marie", "RETRACTED by marie"}
	if got := r.ops(t, "tick_1"); !slices.Equal(got, ops) {
		t.Errorf("got %v, want %v", got, ops)
	}

	head := r.lines(t)
	_, err = r.CorrectTickerEntry(ctx, editor, e.ID, 6, "a", news.Correcting, func(*desk.TickerEdit) {})
	wantInvalid(t, err, "id")
	_, err = r.ReviseTickerEntry(ctx, editor, e.ID, 6, "a")
	wantInvalid(t, err, "id")
	_, err = r.RetractTickerEntry(ctx, editor, e.ID, 6, "a")
	wantInvalid(t, err, "id")
	_, err = r.PinTickerEntry(ctx, editor, e.ID, 6, false)
	wantInvalid(t, err, "id")
	if r.lines(t) != head {
		t.Errorf("%d lines were written on what is retracted", r.lines(t)-head)
	}
}

func TestKindsOfCorrections(t *testing.T) {
	r := open(t)
	r.entry(t, "tick_1", "A")
	for _, kind := range []news.CorrectionKind{news.Retracting, "", "NOTE"} {
		_, err := r.CorrectTickerEntry(t.Context(), editor, "tick_1", 1, "a", kind, func(*desk.TickerEdit) {})
		wantInvalid(t, err, "kind")
	}
	_, err := r.CorrectTickerEntry(t.Context(), editor, "tick_1", 1, "a", news.Clarifying, func(*desk.TickerEdit) {})
	must(t, err)
}

func TestTheNewestCorrectionsAreCarriedAlong(t *testing.T) {
	r := open(t)
	r.entry(t, "tick_1", "A")
	var e *news.TickerEntry
	for i := 1; i <= 102; i++ {
		var err error
		e, err = r.CorrectTickerEntry(t.Context(), editor, "tick_1", i, fmt.Sprintf("Note %d", i), news.Correcting, func(*desk.TickerEdit) {})
		must(t, err)
	}
	if n := len(e.Corrections); n != 100 || e.Corrections[0].Note != "Note 102" || e.Corrections[99].Note != "Note 3" {
		t.Errorf("got %d corrections, from %q to %q", n, e.Corrections[0].Note, e.Corrections[n-1].Note)
	}
}

func TestWhatALineNames(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.draft(t, editor, "story_1", "A story")
	_, err := r.CreateCoverage(ctx, editor, "cov_1", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt = "A coverage", news.CoverageLive, noon
	})
	must(t, err)
	ref := func(s string) *string { return &s }
	for _, c := range []struct {
		name            string
		story, coverage *string
		field           string
		wantStory       news.StoryID
		wantCoverage    news.CoverageID
	}{
		{"by slug", ref("a-story"), ref("a-coverage"), "", "story_1", "cov_1"},
		{"by id", ref("story_1"), ref("cov_1"), "", "story_1", "cov_1"},
		{"nothing", nil, nil, "", "", ""},
		{"nothing, said so", ref(""), ref(""), "", "", ""},
		{"an unknown story", ref("nope"), nil, "story", "", ""},
		{"a coverage for a story", ref("cov_1"), nil, "story", "", ""},
		{"an unknown coverage", nil, ref("nope"), "coverage", "", ""},
		{"a story for a coverage", nil, ref("story_1"), "coverage", "", ""},
	} {
		edit := func(e *desk.TickerEdit) { e.Headline, e.StoryRef, e.CoverageRef = c.name, c.story, c.coverage }
		checked, err := r.CheckTickerEntry(ctx, editor, edit)
		if c.field != "" {
			wantInvalid(t, err, c.field)
			_, err = r.PublishTickerEntry(ctx, editor, "", false, edit)
			wantInvalid(t, err, c.field)
			continue
		}
		must(t, err)
		e, err := r.PublishTickerEntry(ctx, editor, "", false, edit)
		must(t, err)
		if e.Story != c.wantStory || e.Coverage != c.wantCoverage || checked.Story != e.Story || checked.Coverage != e.Coverage {
			t.Errorf("%s: got %q and %q", c.name, e.Story, e.Coverage)
		}
	}
}

func TestCheckingWritesNothing(t *testing.T) {
	r := open(t)
	head := r.lines(t)
	got, err := r.CheckTickerEntry(t.Context(), editor, func(e *desk.TickerEdit) { e.Headline = " A line " })
	must(t, err)
	if got.Headline != "A line" || got.OccurredAt != noon || got.Priority != news.Routine || r.lines(t) != head {
		t.Errorf("got %+v on %d new lines", got, r.lines(t)-head)
	}
}
