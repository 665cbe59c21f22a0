package desk_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// covered makes a coverage.
func (r *room) covered(t testing.TB, id string, status news.CoverageStatus, starts, ends time.Time) *news.Coverage {
	t.Helper()
	c, err := r.CreateCoverage(t.Context(), editor, id, func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt, e.EndsAt = id, status, starts, ends
	})
	must(t, err)
	return c
}

func TestLifeOfACoverage(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.covered(t, "cov", news.CoverageUpcoming, noon.Add(time.Hour), time.Time{})
	_, err := r.EndCoverage(ctx, editor, "cov", 1)
	wantInvalid(t, err, "id")

	r.advance(30 * time.Minute)
	c, err := r.StartCoverage(ctx, editor, "cov", 1)
	must(t, err)
	if c.Status != news.CoverageLive || c.StartsAt != r.clock() || !c.EndsAt.IsZero() || c.Version != 2 {
		t.Errorf("started early: got %+v", c)
	}
	_, err = r.StartCoverage(ctx, editor, "cov", 2)
	wantInvalid(t, err, "id")
	_, err = r.EndCoverage(ctx, editor, "cov", 1)
	wantConflict(t, err, 2)

	r.advance(time.Hour)
	c, err = r.EndCoverage(ctx, editor, "cov", 2)
	must(t, err)
	if c.Status != news.CoverageEnded || c.EndsAt != r.clock() || c.StartsAt != noon.Add(30*time.Minute) {
		t.Errorf("ended: got %+v", c)
	}
	_, err = r.EndCoverage(ctx, editor, "cov", 3)
	wantInvalid(t, err, "id")

	r.advance(time.Hour)
	c, err = r.StartCoverage(ctx, editor, "cov", 3)
	must(t, err)
	if c.Status != news.CoverageLive || !c.EndsAt.IsZero() || c.StartsAt != noon.Add(30*time.Minute) {
		t.Errorf("it goes on: got %+v", c)
	}
	_, err = r.EndCoverage(ctx, editor, "nope", 1)
	wantIs(t, err, news.ErrNotFound)

	want := []string{"CREATED by marie", "STARTED by marie", "ENDED by marie", "STARTED by marie"}
	if got := r.ops(t, "cov"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	var events []string
	for version := 1; version <= 4; version++ {
		line, err := r.store.Version(ctx, "cov", version)
		must(t, err)
		kind, _ := line.Event()
		events = append(events, string(kind))
	}
	if want := []string{"PUBLISHED", "STARTED", "ENDED", "STARTED"}; !slices.Equal(events, want) {
		t.Errorf("got the events %v, want %v", events, want)
	}
}

func TestTimesWhenACoverageTurns(t *testing.T) {
	const (
		upcoming = news.CoverageUpcoming
		live     = news.CoverageLive
		ended    = news.CoverageEnded
	)
	never := time.Time{}
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	status := func(s news.CoverageStatus) func(*desk.CoverageEdit) {
		return func(e *desk.CoverageEdit) { e.Status = s }
	}
	r := open(t)
	for i, c := range []struct {
		name         string
		was          news.CoverageStatus
		starts, ends time.Time // as they were
		edit         func(*desk.CoverageEdit)
		op           news.Op
		wantStarts   time.Time
		wantEnds     time.Time
		field        string
	}{
		{"begun on time", upcoming, at(0), never, status(live), news.OpStarted, at(0), never, ""},
		{"begun late", upcoming, at(-2), at(2), status(live), news.OpStarted, at(-2), at(2), ""},
		{"begun early", upcoming, at(1), at(2), status(live), news.OpStarted, at(0), at(2), ""},
		{"begun after its end", upcoming, at(-2), at(-1), status(live), news.OpStarted, at(-2), never, ""},
		{"begun, with another start", upcoming, at(1), never, func(e *desk.CoverageEdit) { e.Status, e.StartsAt = live, at(-1) }, news.OpStarted, at(-1), never, ""},
		{"begun, with a start ahead", upcoming, at(1), never, func(e *desk.CoverageEdit) { e.Status, e.StartsAt = live, at(3) }, news.OpStarted, at(3), never, ""},
		{"ended", live, at(-1), never, status(ended), news.OpEnded, at(-1), at(0), ""},
		{"ended before its end", live, at(-1), at(2), status(ended), news.OpEnded, at(-1), at(0), ""},
		{"ended after its end", live, at(-3), at(-2), status(ended), news.OpEnded, at(-3), at(0), ""},
		{"ended, with an end", live, at(-3), never, func(e *desk.CoverageEdit) { e.Status, e.EndsAt = ended, at(-1) }, news.OpEnded, at(-3), at(-1), ""},
		{"goes on", ended, at(-3), at(-1), status(live), news.OpStarted, at(-3), never, ""},
		{"goes on, until an end", ended, at(-3), at(-1), func(e *desk.CoverageEdit) { e.Status, e.EndsAt = live, at(3) }, news.OpStarted, at(-3), at(3), ""},
		{"stays as it is", live, at(-1), never, func(e *desk.CoverageEdit) { e.Status, e.Title = live, "New" }, news.OpUpdated, at(-1), never, ""},
		{"ended and never live", upcoming, at(-1), never, status(ended), "", never, never, "status"},
		{"upcoming again", live, at(-1), never, status(upcoming), "", never, never, "status"},
		{"upcoming once more", ended, at(-2), at(-1), status(upcoming), "", never, never, "status"},
		{"no status", live, at(-1), never, status(""), "", never, never, "status"},
		{"an unknown status", live, at(-1), never, status("PAUSED"), "", never, never, "status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := fmt.Sprintf("cov-%d", i)
			r.covered(t, id, c.was, c.starts, c.ends)
			got, err := r.UpdateCoverage(t.Context(), editor, news.CoverageID(id), 1, c.edit)
			if c.field != "" {
				wantInvalid(t, err, c.field)
				return
			}
			must(t, err)
			if got.StartsAt != c.wantStarts || got.EndsAt != c.wantEnds {
				t.Errorf("got %v to %v, want %v to %v", got.StartsAt, got.EndsAt, c.wantStarts, c.wantEnds)
			}
			if ops := r.ops(t, news.EntityID(id)); ops[1] != string(c.op)+" by marie" {
				t.Errorf("got %v, want %s", ops, c.op)
			}
		})
	}
}

func TestOneOfSeveralEndsACoverage(t *testing.T) {
	r := open(t)
	r.covered(t, "cov", news.CoverageLive, noon, time.Time{})
	errs := make([]error, 8)
	together(len(errs), func(i int) { _, errs[i] = r.EndCoverage(t.Context(), editor, "cov", 1) })
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantConflict(t, err, 2)
	}
	if ops := r.ops(t, "cov"); won != 1 || len(ops) != 2 {
		t.Errorf("%d ended it: %v", won, ops)
	}
}
