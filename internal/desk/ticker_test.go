package desk_test

import (
	"errors"
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

	e, err = r.PinTickerEntry(ctx, editor, e.ID, 3, false, desk.Moment{})
	must(t, err)
	e, err = r.PinTickerEntry(ctx, editor, e.ID, 4, true, desk.Moment{})
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
	_, err = r.PinTickerEntry(ctx, editor, e.ID, 6, false, desk.Moment{})
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

func TestALineOfItsCoverageAlone(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	_, err := r.CreateCoverage(ctx, editor, "cov_1", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt = "A coverage", news.CoverageLive, noon
	})
	must(t, err)
	ref := func(s string) *string { return &s }
	_, err = r.PublishTickerEntry(ctx, editor, "tick_1", false, func(e *desk.TickerEdit) { e.Headline, e.CoverageOnly = "A", true })
	wantInvalid(t, err, "coverageOnly")
	_, err = r.CheckTickerEntry(ctx, editor, func(e *desk.TickerEdit) { e.Headline, e.CoverageOnly = "A", true })
	wantInvalid(t, err, "coverageOnly")
	e, err := r.PublishTickerEntry(ctx, editor, "tick_1", false, func(e *desk.TickerEdit) {
		e.Headline, e.CoverageOnly, e.CoverageRef = "A", true, ref("a-coverage")
	})
	must(t, err)
	shown := func(f news.TickerFilter) int {
		page, err := r.store.TickerEntries(ctx, f, news.Window{First: 10})
		must(t, err)
		return len(page.Items)
	}
	if !e.CoverageOnly || shown(news.TickerFilter{}) != 0 || shown(news.TickerFilter{Coverage: "cov_1"}) != 1 {
		t.Errorf("got %+v, %d on the main ticker", e, shown(news.TickerFilter{}))
	}
	correct := func(version int, edit func(*desk.TickerEdit)) error {
		_, err := r.CorrectTickerEntry(ctx, editor, "tick_1", version, "A note.", news.Clarifying, edit)
		return err
	}
	wantInvalid(t, correct(1, func(e *desk.TickerEdit) { e.CoverageRef = ref("") }), "coverageOnly")
	must(t, correct(1, func(e *desk.TickerEdit) { e.CoverageOnly = false }))
	if shown(news.TickerFilter{}) != 1 {
		t.Error("it is not on the main ticker")
	}
	must(t, correct(2, func(e *desk.TickerEdit) { e.CoverageOnly = true }))
	must(t, correct(3, func(e *desk.TickerEdit) { e.CoverageOnly, e.CoverageRef = false, ref("") }))
}

func TestAPinEnds(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	for _, id := range []string{"hour", "day", "open"} {
		r.entry(t, id, id)
	}
	pin := func(id news.TickerEntryID, version int, until desk.Moment) *news.TickerEntry {
		t.Helper()
		e, err := r.PinTickerEntry(ctx, editor, id, version, true, until)
		must(t, err)
		if !e.Pinned {
			t.Errorf("%s is not pinned", id)
		}
		return e
	}
	pin("open", 1, desk.Moment{})
	if e := pin("hour", 1, desk.Moment{At: noon.Add(time.Hour)}); e.PinnedUntil != noon.Add(time.Hour) {
		t.Errorf("got %v", e.PinnedUntil)
	}
	if e := pin("hour", 2, desk.Moment{At: noon.Add(time.Hour)}); e.Version != 2 {
		t.Errorf("it is pinned so already: got version %d", e.Version)
	}
	if e := pin("day", 1, desk.Moment{Local: "2026-03-02T14:00", Zone: "Europe/Paris"}); e.PinnedUntil != noon.Add(time.Hour) {
		t.Errorf("got %v", e.PinnedUntil)
	}
	if e := pin("day", 2, desk.Moment{Local: "12:30", Zone: "Europe/Paris"}); e.PinnedUntil != noon.Add(23*time.Hour+30*time.Minute) || e.Version != 3 {
		t.Errorf("a time of tomorrow: got %v", e.PinnedUntil)
	}
	for _, c := range []struct {
		name   string
		pinned bool
		until  desk.Moment
		field  string
	}{
		{"now", true, desk.Moment{At: noon}, "until"},
		{"in the past", true, desk.Moment{Local: "2026-03-02T12:59", Zone: "Europe/Paris"}, "until"},
		{"more than a year ahead", true, desk.Moment{At: noon.AddDate(1, 0, 1)}, "until"},
		{"unpinned", false, desk.Moment{At: noon.Add(time.Hour)}, "until"},
		{"no zone", true, desk.Moment{Local: "14:32"}, "until.zone"},
		{"no time", true, desk.Moment{Local: "soon", Zone: "Europe/Paris"}, "until.local"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := r.PinTickerEntry(ctx, editor, "hour", 2, c.pinned, c.until)
			wantInvalid(t, err, c.field)
		})
	}

	next, err := desk.DuePins(r.Desk, ctx)
	must(t, err)
	if next != noon.Add(time.Hour) {
		t.Errorf("next: got %v", next)
	}
	r.advance(time.Hour)
	next, err = desk.DuePins(r.Desk, ctx)
	must(t, err)
	if next != noon.Add(23*time.Hour+30*time.Minute) {
		t.Errorf("next: got %v", next)
	}
	page, err := r.store.TickerEntries(ctx, news.TickerFilter{Pinned: true}, news.Window{First: 10})
	must(t, err)
	if len(page.Items) != 2 {
		t.Errorf("%d are pinned, want 2", len(page.Items))
	}
	if e := r.itself(t, "hour").(*news.TickerEntry); e.Pinned || !e.PinnedUntil.IsZero() {
		t.Errorf("its pin has ended: got %+v", e)
	}
	if got, want := r.ops(t, "hour"), []string{"PUBLISHED by marie", "PINNED by marie", "UNPINNED by schedule"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	e, err := r.RetractTickerEntry(ctx, editor, "day", 3, "Wrong.")
	must(t, err)
	if e.Pinned || !e.PinnedUntil.IsZero() {
		t.Errorf("retracted: got %+v", e)
	}
	e, err = r.PinTickerEntry(ctx, editor, "open", 2, false, desk.Moment{})
	must(t, err)
	r.advance(48 * time.Hour)
	head := r.lines(t)
	next, err = desk.DuePins(r.Desk, ctx)
	must(t, err)
	if !next.IsZero() || r.lines(t) != head || e.Pinned {
		t.Errorf("nothing ends any more: next %v, on %d lines", next, r.lines(t)-head)
	}
}

func TestTimesOfALineAsClocksShowThem(t *testing.T) {
	r := open(t) // it is 13:00 in Paris
	ctx := t.Context()
	day := func(hours, minutes int) time.Time {
		return time.Date(2026, 3, 2, hours-1, minutes, 0, 0, time.UTC)
	}
	for _, c := range []struct {
		name  string
		edit  func(*desk.TickerEdit)
		want  time.Time
		field string // of the error
	}{
		{"earlier today", func(e *desk.TickerEdit) { e.Occurred = desk.Moment{Local: "09:15", Zone: "Europe/Paris"} }, day(9, 15), ""},
		{"just now, by a clock that is ahead", func(e *desk.TickerEdit) { e.Occurred = desk.Moment{Local: "13:01", Zone: "Europe/Paris"} }, day(13, 1), ""},
		{"last night", func(e *desk.TickerEdit) { e.Occurred = desk.Moment{Local: "23:10", Zone: "Europe/Paris"} }, day(23, 10).AddDate(0, 0, -1), ""},
		{"with its day", func(e *desk.TickerEdit) {
			e.Occurred = desk.Moment{Local: "2026-02-27T08:00:30", Zone: "Europe/Paris"}
		}, day(8, 0).AddDate(0, 0, -3).Add(30 * time.Second), ""},
		{"an instant", func(e *desk.TickerEdit) { e.Occurred = desk.Moment{At: day(8, 0)} }, day(8, 0), ""},
		{"too far ahead", func(e *desk.TickerEdit) {
			e.Occurred = desk.Moment{Local: "2026-03-02T15:00", Zone: "Europe/Paris"}
		}, time.Time{}, "occurred"},
		{"twice", func(e *desk.TickerEdit) {
			e.OccurredAt, e.Occurred = day(8, 0), desk.Moment{Local: "09:15", Zone: "Europe/Paris"}
		}, time.Time{}, "occurred"},
		{"no zone", func(e *desk.TickerEdit) { e.Occurred = desk.Moment{Local: "09:15"} }, time.Time{}, "occurred.zone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			edit := func(e *desk.TickerEdit) { e.Headline = c.name; c.edit(e) }
			checked, checkErr := r.CheckTickerEntry(ctx, editor, edit)
			e, err := r.PublishTickerEntry(ctx, editor, "", false, edit)
			if c.field != "" {
				wantInvalid(t, err, c.field)
				wantInvalid(t, checkErr, c.field)
				return
			}
			must(t, err)
			must(t, checkErr)
			if e.OccurredAt != c.want || checked.OccurredAt != c.want {
				t.Errorf("got %v, and checked %v, want %v", e.OccurredAt, checked.OccurredAt, c.want)
			}
		})
	}
	// A correction stays on the day of its line, however late it comes.
	_, err := r.PublishTickerEntry(ctx, editor, "tick", false, func(e *desk.TickerEdit) { e.Headline, e.OccurredAt = "A", day(9, 15) })
	must(t, err)
	r.advance(36 * time.Hour)
	e, err := r.CorrectTickerEntry(ctx, editor, "tick", 1, "Earlier.", news.Correcting, func(e *desk.TickerEdit) {
		e.Occurred = desk.Moment{Local: "08:50", Zone: "Europe/Paris"}
	})
	must(t, err)
	if e.OccurredAt != day(8, 50) {
		t.Errorf("corrected: got %v, want %v", e.OccurredAt, day(8, 50))
	}
	_, err = r.CorrectTickerEntry(ctx, editor, "tick", 2, "Earlier.", news.Correcting, func(e *desk.TickerEdit) {
		e.Occurred, e.OccurredAt = desk.Moment{Local: "08:50", Zone: "Europe/Paris"}, day(8, 0)
	})
	wantInvalid(t, err, "occurred")
}

// TestTwoEditorsOnOneLine has the second of two learn what the first has made of it.
func TestTwoEditorsOnOneLine(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.entry(t, "tick", "As both of them read it")
	_, err := r.CorrectTickerEntry(ctx, editor, "tick", 1, "The first.", news.Correcting, func(e *desk.TickerEdit) { e.Headline = "By the first" })
	must(t, err)
	_, err = r.CorrectTickerEntry(ctx, second, "tick", 1, "The second.", news.Correcting, func(e *desk.TickerEdit) { e.Headline = "By the second" })
	var conflict *news.ConflictError
	if !errors.As(err, &conflict) {
		t.Fatalf("got %v, want a conflict", err)
	}
	current, _ := conflict.Doc.(*news.TickerEntry)
	known, _ := conflict.Known.(*news.TickerEntry)
	if conflict.Current != 2 || current == nil || current.Headline != "By the first" || known == nil || known.Headline != "As both of them read it" || !slices.Contains(conflict.Fields, "headline") {
		t.Errorf("got %+v with %+v and %+v", conflict, current, known)
	}
}
