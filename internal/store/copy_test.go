package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store"
	"depeche/internal/store/storetest"
)

// round is the lines that fill adds.
const round = 9

// emptyFor is a new store for a copy of another one.
func emptyFor(t *testing.T, from news.Store) news.Store {
	t.Helper()
	return open(t, store.Options{At: file(t), Epoch: from.Epoch()})
}

func quiet(_, _ news.Seq) {}

// compared compares what a copy to head has made, and returns the census.
func compared(t *testing.T, from, to news.Store, head news.Seq) store.Census {
	t.Helper()
	census, err := store.Compare(t.Context(), from, to, head, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return census
}

func TestCopyIsTheSame(t *testing.T) {
	from := filled(t, file(t), 70)
	to := emptyFor(t, from)
	var seen []news.Seq
	head, err := store.Copy(t.Context(), from, to, func(done, of news.Seq) {
		if of != 70*round {
			t.Errorf("got %d of %d, want of %d", done, of, 70*round)
		}
		seen = append(seen, done)
	})
	if err != nil || head != 70*round || to.Epoch() != from.Epoch() {
		t.Fatalf("got %d, %v, epochs %s and %s", head, err, from.Epoch(), to.Epoch())
	}
	if len(seen) != 2 || seen[0] != 500 || seen[1] != head {
		t.Errorf("got the batches %v, want 500 and the rest", seen)
	}
	census := compared(t, from, to, head)
	for kind, want := range map[news.Kind]int{news.KindTag: 2, news.KindCoverage: 2, news.KindStory: 3, news.KindTickerEntry: 2} {
		if census.Entities[kind] != 70 || census.Versions[kind] != 70*want {
			t.Errorf("%s: got %d entities, %d versions", kind, census.Entities[kind], census.Versions[kind])
		}
	}
	if census.Lines != head || census.SourceHead != head || len(census.Checksum) != 64 {
		t.Errorf("got %+v", census)
	}
	// What follows from the lines is there, and works.
	for _, slug := range []string{"tag-69", "tag-69-new"} {
		if tags, err := to.TagsBySlug(t.Context(), []string{slug}); err != nil || tags[slug].ID != "tag_69" {
			t.Errorf("%s: got %v, %v", slug, tags, err)
		}
	}
	page, err := to.Stories(t.Context(), news.Audience{}, news.StoryFilter{Tags: []news.TagID{"tag_3"}}, news.Window{First: 10})
	if err != nil || len(page.Items) != 1 {
		t.Errorf("got %v, %v", page, err)
	}
	fill(t, to, 70)
	if now, err := to.Head(t.Context()); err != nil || now != 71*round {
		t.Errorf("got the head %d, %v", now, err)
	}
}

func TestCopyOfNothing(t *testing.T) {
	from := filled(t, file(t), 0)
	to := emptyFor(t, from)
	if head, err := store.Copy(t.Context(), from, to, quiet); err != nil || head != 0 {
		t.Fatalf("got %d, %v", head, err)
	}
	if census := compared(t, from, to, 0); census.Lines != 0 || !strings.HasPrefix(census.Checksum, "e3b0c442") {
		t.Errorf("got %+v", census)
	}
}

// The checksum is that of the canonical form for ever: one that somebody has
// noted is still the one of the same log.
func TestChecksumIsStable(t *testing.T) {
	from := filled(t, file(t), 3)
	const want = "2d40834bd75c9813aa12b0cf41ea4366345d2988c3d24080d821daac66a88128"
	if got := compared(t, from, from, 3*round).Checksum; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A copy that was interrupted goes on behind the last batch that is in.
func TestCopyGoesOn(t *testing.T) {
	from := filled(t, file(t), 130)
	to := emptyFor(t, from)
	ctx, cancel := context.WithCancel(t.Context())
	head, err := store.Copy(ctx, from, to, func(done, _ news.Seq) { cancel() })
	if !errors.Is(err, context.Canceled) || head != 500 {
		t.Fatalf("got %d, %v, want the end of the context after 500 lines", head, err)
	}
	if _, err := store.Compare(t.Context(), from, to, 130*round, quiet); err == nil || err.Error() != "the target lacks line 501" {
		t.Errorf("got %v for half a copy", err)
	}
	fill(t, from, 130) // the source goes on
	var seen []news.Seq
	head, err = store.Copy(t.Context(), from, to, func(done, _ news.Seq) { seen = append(seen, done) })
	if err != nil || head != 131*round || seen[0] <= 500 {
		t.Fatalf("got %d, %v, by %v", head, err, seen)
	}
	compared(t, from, to, head)
	// Again, there is nothing to do.
	if head, err := store.Copy(t.Context(), from, to, func(done, _ news.Seq) { t.Errorf("copied up to %d", done) }); err != nil || head != 131*round {
		t.Errorf("got %d, %v", head, err)
	}
}

func TestCopyRefuses(t *testing.T) {
	from := filled(t, file(t), 2)
	for _, row := range []struct {
		name string
		to   func() news.Store
		says string
	}{
		{"another epoch", func() news.Store { return filled(t, file(t), 0) }, "its epoch is"},
		{"another line", func() news.Store {
			to := emptyFor(t, from)
			if _, err := to.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_other"), nil)}); err != nil {
				t.Fatal(err)
			}
			return to
		}, "its line 1 is not that of the source"},
		{"more lines", func() news.Store {
			to := emptyFor(t, from)
			for i := range 3 {
				fill(t, to, i)
			}
			return to
		}, "it has a line 27, and the source has not"},
	} {
		to := row.to()
		before, err := to.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, err = store.Copy(t.Context(), from, to, quiet)
		if !errors.Is(err, store.ErrAnother) || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want an error that says %q", row.name, err, row.says)
		}
		if after, err := to.Head(t.Context()); err != nil || after != before {
			t.Errorf("%s: the target went from line %d to %d, %v", row.name, before, after, err)
		}
	}
}

// An altered is a store seen through something that alters it.
type altered struct {
	news.Store
	line   func(*news.Line)
	entity func(news.Entity) news.Entity
	lines  func()
	commit func([]news.Change) ([]news.Line, error)
}

func (s altered) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	if s.lines != nil {
		s.lines()
	}
	lines, err := s.Store.Lines(ctx, after, limit)
	for i := range lines {
		if s.line != nil {
			s.line(&lines[i])
		}
	}
	return lines, err
}

func (s altered) Entities(ctx context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	entities, err := s.Store.Entities(ctx, kind, after, limit)
	var kept []news.Entity
	for _, e := range entities {
		if s.entity != nil {
			e = s.entity(e)
		}
		if e != nil {
			kept = append(kept, e)
		}
	}
	return kept, err
}

func (s altered) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if s.commit != nil {
		return s.commit(changes)
	}
	return s.Store.Commit(ctx, changes)
}

// A Commit that fails has committed a beginning: the error names the line after
// it, and the next Copy goes on there.
func TestCopyFailsInTheMiddle(t *testing.T) {
	from := filled(t, file(t), 5)
	inner := emptyFor(t, from)
	to := altered{Store: inner, commit: func(changes []news.Change) ([]news.Line, error) {
		lines, err := inner.Commit(t.Context(), changes[:13])
		return lines, errors.Join(news.ErrUnavailable, err)
	}}
	_, err := store.Copy(t.Context(), from, to, quiet)
	if !errors.Is(err, news.ErrUnavailable) || !strings.Contains(err.Error(), "copy line 14 (story_1, version 2): ") {
		t.Errorf("got %v", err)
	}
	head, err := store.Copy(t.Context(), from, inner, quiet)
	if err != nil {
		t.Fatal(err)
	}
	compared(t, from, inner, head)
}

func TestCopyMeetsSomebodyElse(t *testing.T) {
	from := filled(t, file(t), 5)
	inner := emptyFor(t, from)
	to := altered{Store: inner, commit: func(changes []news.Change) ([]news.Line, error) {
		if _, err := inner.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_other"), nil)}); err != nil {
			t.Error(err)
		}
		return inner.Commit(t.Context(), changes)
	}}
	if _, err := store.Copy(t.Context(), from, to, quiet); err == nil || !strings.Contains(err.Error(), "the target has a line 1 by somebody else") {
		t.Errorf("got %v", err)
	}
}

// Batches of large documents are small.
func TestCopyBoundsWhatItHolds(t *testing.T) {
	from := filled(t, file(t), 0)
	var last *news.Story
	for i := range 60 {
		s := storetest.Story(news.StoryID(fmt.Sprintf("story_%d", i)), func(s *news.Story) { s.Body = strings.Repeat("é", 500_000) })
		if _, err := from.Commit(t.Context(), []news.Change{storetest.Change(s, nil)}); err != nil {
			t.Fatal(err)
		}
		last = s
	}
	inner := emptyFor(t, from)
	most := 0
	to := altered{Store: inner, commit: func(changes []news.Change) ([]news.Line, error) {
		most = max(most, len(changes))
		return inner.Commit(t.Context(), changes)
	}}
	if _, err := store.Copy(t.Context(), from, to, quiet); err != nil {
		t.Fatal(err)
	}
	if most > 25 {
		t.Errorf("%d stories of %d bytes were held at once", most, len(last.Body))
	}
}

func TestCompareFindsTheDifference(t *testing.T) {
	from := filled(t, file(t), 10)
	full := emptyFor(t, from)
	head, err := store.Copy(t.Context(), from, full, quiet)
	if err != nil {
		t.Fatal(err)
	}
	line := func(seq news.Seq, alter func(*news.Line)) altered {
		return altered{Store: full, line: func(l *news.Line) {
			if l.Seq == seq {
				alter(l)
			}
		}}
	}
	entity := func(id news.EntityID, alter func(news.Entity) news.Entity) altered {
		return altered{Store: full, entity: func(e news.Entity) news.Entity {
			if e.Ref().ID == id {
				return alter(e)
			}
			return e
		}}
	}
	headline := func(e news.Entity) news.Entity {
		c := e.(*news.TickerEntry).Clone()
		c.Headline += "."
		return c
	}
	for _, row := range []struct {
		name string
		to   news.Store
		want string
	}{
		{"a document in the log", line(43, func(l *news.Line) { l.Doc = headline(l.Doc) }), "line 43 (tick_4, version 1) is another in the target"},
		{"who did it", line(2, func(l *news.Line) { l.By = "jo" }), "line 2 (tag_0, version 2) is another in the target"},
		{"when", line(90, func(l *news.Line) { l.At = l.At.Add(1e6) }), "line 90 (cov_9, version 2) is another in the target"},
		{"what was done", line(1, func(l *news.Line) { l.Op = news.OpPinned }), "line 1 (tag_0, version 1) is another in the target"},
		{"how it was listed", line(8, func(l *news.Line) { l.Before = nil }), "line 8 (tick_0, version 2) is another in the target"},
		{"an entity", entity("tick_4", headline), "tick_4 is another in the target"},
		{"an entity is missing", entity("cov_0", func(news.Entity) news.Entity { return nil }), "the target lacks cov_0"},
		{"the last entity is missing", entity("tag_9", func(news.Entity) news.Entity { return nil }), "the target lacks tag_9"},
		{"an entity in an old version", entity("tick_4", func(e news.Entity) news.Entity {
			c := e.(*news.TickerEntry).Clone()
			c.Version--
			return c
		}), "tick_4 has version 1 in the target, not 2"},
		{"an entity in a version that there is not", entity("tick_4", func(e news.Entity) news.Entity {
			c := e.(*news.TickerEntry).Clone()
			c.Version++
			return c
		}), "tick_4 has version 3 in the target, not 2"},
		{"an entity too many", entity("tick_4", func(e news.Entity) news.Entity {
			c := e.(*news.TickerEntry).Clone()
			c.ID = "tick_40"
			return c
		}), "the target has tick_40, and the source has not"},
	} {
		_, err := store.Compare(t.Context(), from, row.to, head, quiet)
		if err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
	compared(t, from, full, head)

	// The source shows what its log does not have.
	ahead := altered{Store: from, entity: func(e news.Entity) news.Entity {
		if e.Ref().ID == "tag_3" {
			return storetest.Next(e)
		}
		return e
	}}
	if _, err := store.Compare(t.Context(), ahead, full, head, quiet); err == nil || err.Error() != "tag_3 has version 2 in the target, not 3" {
		t.Errorf("got %v", err)
	}
	if _, err := store.Compare(t.Context(), from, full, head-1, quiet); err == nil || !strings.Contains(err.Error(), "the target has a line 90 by somebody else") {
		t.Errorf("got %v", err)
	}
}

// The source may be written to while it is compared: that is no difference, but
// it hides none.
func TestCompareWhileTheSourceGoesOn(t *testing.T) {
	inner := filled(t, file(t), 10)
	to := emptyFor(t, inner)
	head, err := store.Copy(t.Context(), inner, to, quiet)
	if err != nil {
		t.Fatal(err)
	}
	begun := false
	from := altered{Store: inner, lines: func() {
		if begun {
			return
		}
		begun = true
		fill(t, inner, 10)
		found, err := inner.TickerEntriesByID(t.Context(), []news.TickerEntryID{"tick_4"})
		if err != nil {
			t.Fatal(err)
		}
		e := found["tick_4"]
		if _, err := inner.Commit(t.Context(), []news.Change{storetest.Change(storetest.Next(e), e)}); err != nil {
			t.Fatal(err)
		}
	}}
	census := compared(t, from, to, head)
	if census.Lines != head || census.SourceHead != head+round+1 || census.Entities[news.KindTickerEntry] != 10 {
		t.Errorf("got %+v", census)
	}
	behind := altered{Store: to, entity: func(e news.Entity) news.Entity {
		if e.Ref().ID == "story_7" {
			return nil
		}
		return e
	}}
	if _, err := store.Compare(t.Context(), from, behind, head, quiet); err == nil {
		t.Error("a difference is hidden by what the source did meanwhile")
	}
}
