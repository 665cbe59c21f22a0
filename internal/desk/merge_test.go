package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

var admin = news.Actor{Name: "root", Role: news.Admin}

// A watched store tells of each commit before it is made, and may fail
// instead.
type watched struct {
	news.Store
	before  func(changes []news.Change) error // nil: nothing
	between func()                            // called once behind the first change of several; nil: nothing
	lease   func()                            // called once before a lease is taken; nil: nothing
}

func (w *watched) TakeLease(ctx context.Context, now time.Time, l news.Lease) (news.Lease, error) {
	if f := w.lease; f != nil {
		w.lease = nil
		f()
	}
	return w.Store.TakeLease(ctx, now, l)
}

func (w *watched) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if w.before != nil && len(changes) > 0 {
		if err := w.before(changes); err != nil {
			return nil, err
		}
	}
	if w.between == nil || len(changes) < 2 {
		return w.Store.Commit(ctx, changes)
	}
	first, err := w.Store.Commit(ctx, changes[:1])
	if err != nil {
		return first, err
	}
	w.between()
	w.between = nil
	rest, err := w.Store.Commit(ctx, changes[1:])
	return append(first, rest...), err
}

// watch puts a store between the room and its own.
func (r *room) watch() *watched {
	w := &watched{Store: r.store}
	r.Desk = desk.New(w, r.clock)
	return w
}

// topics makes tags of kind TOPIC.
func (r *room) topics(t testing.TB, ids ...news.TagID) {
	t.Helper()
	for _, id := range ids {
		r.tag(t, id, news.TagTopic)
	}
}

// tagged makes a draft that carries tags.
func (r *room) tagged(t testing.TB, id string, tags ...string) *news.Story {
	t.Helper()
	s, err := r.CreateStory(t.Context(), editor, id, func(e *desk.StoryEdit) { e.Title, e.Language, e.TagRefs = id, "fr", tags })
	must(t, err)
	return s
}

// itself reads an entity as the log has it.
func (r *room) itself(t testing.TB, id news.EntityID) news.Entity {
	t.Helper()
	lines, err := r.store.Versions(t.Context(), id, 0, 1)
	must(t, err)
	if len(lines) == 0 {
		t.Fatalf("there is no %s", id)
	}
	return lines[0].Doc
}

func (r *room) tagItself(t testing.TB, id news.TagID) *news.Tag {
	t.Helper()
	return r.itself(t, news.EntityID(id)).(*news.Tag)
}

func (r *room) tagsOf(t testing.TB, story news.EntityID) string {
	t.Helper()
	s := r.itself(t, story).(*news.Story)
	return strings.TrimSpace(fmt.Sprintln(s.Tags, s.Authors))
}

func (r *room) merge(t testing.TB, from, into news.TagID) desk.TagMove {
	t.Helper()
	m, err := r.MergeTags(t.Context(), admin, from, r.tagItself(t, from).Version, into, false)
	must(t, err)
	return m
}

func (r *room) unmerge(t testing.TB, id news.TagID) desk.TagMove {
	t.Helper()
	m, err := r.UnmergeTag(t.Context(), admin, id, r.tagItself(t, id).Version)
	must(t, err)
	return m
}

// uses counts what carries a tag by looking at everything.
func (r *room) uses(t testing.TB, tag news.TagID) (use news.TagUse) {
	t.Helper()
	for kind, n := range map[news.Kind]*int{news.KindStory: &use.Stories, news.KindTickerEntry: &use.TickerEntries, news.KindCoverage: &use.Coverages} {
		for after := news.EntityID(""); ; {
			list, err := r.store.Entities(t.Context(), kind, after, 1000)
			must(t, err)
			for _, e := range list {
				if e.Listing().Has(tag.Term()) {
					*n++
				}
				after = e.Ref().ID
			}
			if len(list) < 1000 {
				break
			}
		}
	}
	return use
}

func TestAMergeMovesWhatCarriesTheTag(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "a", "b", "from", "into")
	_, err := r.UpdateTag(ctx, editor, "from", 1, func(c *news.TagContent) {
		c.Name, c.Slug, c.Aliases = "From, now", "since", []string{"Elsewhere", "INTÔ"}
	})
	must(t, err)
	_, err = r.UpdateTag(ctx, editor, "into", 1, func(c *news.TagContent) { c.Aliases = []string{"here"} })
	must(t, err)
	r.tagged(t, "first", "from", "a")
	r.tagged(t, "middle", "a", "from", "b")
	r.tagged(t, "ahead", "a", "from", "b", "into")
	r.tagged(t, "behind", "into", "a", "from")
	r.tagged(t, "other", "a", "into")
	_, err = r.PublishStory(ctx, editor, "middle", 1, desk.Publication{})
	must(t, err)
	_, err = r.PublishTickerEntry(ctx, editor, "tick", true, func(e *desk.TickerEdit) { e.Headline, e.TagRefs = "A", []string{"from"} })
	must(t, err)
	_, err = r.RetractTickerEntry(ctx, editor, "tick", 1, "Wrong.")
	must(t, err)
	_, err = r.CreateCoverage(ctx, editor, "cov", func(e *desk.CoverageEdit) {
		e.Title, e.Status, e.StartsAt, e.TagRefs = "A", news.CoverageLive, noon, []string{"b", "from"}
	})
	must(t, err)
	r.advance(time.Hour)

	want := news.TagUse{Stories: 4, TickerEntries: 1, Coverages: 1}
	head := r.lines(t)
	dry, err := r.MergeTags(ctx, admin, "from", 2, "into", true)
	must(t, err)
	if dry.Moved != want || dry.Tag.ID != "into" || dry.Other.ID != "from" || r.lines(t) != head {
		t.Errorf("a dry run: got %+v, want %+v, on %d lines", dry, want, r.lines(t)-head)
	}

	m, err := r.MergeTags(ctx, admin, "from", 2, "into", false)
	must(t, err)
	if m.Moved != want || r.uses(t, "from").Total() != 0 || r.uses(t, "into") != (news.TagUse{Stories: 5, TickerEntries: 1, Coverages: 1}) {
		t.Errorf("moved %+v, want %+v; %+v carry what is merged, %+v the other", m.Moved, want, r.uses(t, "from"), r.uses(t, "into"))
	}
	if aliases := []string{"here", "From, now", "Elsewhere"}; m.Tag.ID != "into" || !slices.Equal(m.Tag.Aliases, aliases) {
		t.Errorf("the one that stays: got %+v, want the aliases %q", m.Tag, aliases)
	}
	if o := m.Other; o.ID != "from" || o.Status != news.TagMerged || o.MergedInto != "into" || o.MergedAt != r.clock() || o.Settled {
		t.Errorf("the one that is merged: got %+v", o)
	}
	for id, tags := range map[news.EntityID]string{
		"first": "[into a] []", "middle": "[a into b] []", "ahead": "[a into b] []", "behind": "[into a] []", "other": "[a into] []",
	} {
		if got := r.tagsOf(t, id); got != tags {
			t.Errorf("%s: got %s, want %s", id, got, tags)
		}
	}
	for id, beside := range map[news.EntityID]bool{"middle": false, "ahead": true, "behind": true} {
		s := r.itself(t, id).(*news.Story)
		if retags := []news.Retag{{From: "from", To: "into", Beside: beside}}; !slices.Equal(s.Retags, retags) || s.UpdatedAt != noon {
			t.Errorf("%s: got %+v, updated %v", id, s.Retags, s.UpdatedAt)
		}
	}
	if ops := r.ops(t, "middle"); !slices.Equal(ops, []string{"CREATED by marie", "PUBLISHED by marie", "RETAGGED by root"}) {
		t.Errorf("got %v", ops)
	}

	for _, slug := range []string{"from", "since", "into"} {
		found, err := r.store.TagsBySlug(ctx, []string{slug})
		must(t, err)
		if found[slug] == nil || found[slug].ID != "into" {
			t.Errorf("%s answers with %+v", slug, found[slug])
		}
		if slug != "into" {
			_, err = r.CreateTag(ctx, editor, "", news.TagContent{Name: "New", Slug: slug, Kind: news.TagTopic})
			wantInvalid(t, err, "slug")
		}
	}
	// A story that is filed under the tag by its old name gets the one that stays.
	if s := r.tagged(t, "new", "since", "from", "a"); fmt.Sprint(s.Tags) != "[into a]" {
		t.Errorf("got %v", s.Tags)
	}
	_, err = r.UpdateTag(ctx, editor, "from", 3, func(c *news.TagContent) { c.Name = "B" })
	wantInvalid(t, err, "id")
	if err == nil || !strings.Contains(err.Error(), `"into" (into)`) {
		t.Errorf("got %v, want it to name the tag that stays", err)
	}
	_, err = r.DeleteTag(ctx, editor, "from", 3)
	wantInvalid(t, err, "id")
}

func TestAContributorIsMergedInBylines(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	for _, id := range []news.TagID{"jo", "joe", "kim"} {
		r.tag(t, id, news.TagContributor)
	}
	_, err := r.CreateStory(ctx, editor, "story", func(e *desk.StoryEdit) {
		e.Title, e.Language, e.AuthorRefs, e.TagRefs = "A", "fr", []string{"joe", "kim", "jo"}, []string{"joe", "kim"}
	})
	must(t, err)
	r.merge(t, "joe", "jo")
	if got := r.tagsOf(t, "story"); got != "[jo kim] [jo kim]" {
		t.Errorf("got %s", got)
	}
	r.unmerge(t, "joe")
	if got := r.tagsOf(t, "story"); got != "[joe kim] [joe kim jo]" {
		t.Errorf("undone: got %s", got)
	}
}

func TestWhatCannotBeMerged(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "a", "b", "merged", "stays", "deleted")
	r.tag(t, "place", news.TagPlace)
	r.tag(t, "writer", news.TagContributor)
	r.draft(t, editor, "story", "A story")
	r.merge(t, "merged", "stays")
	_, err := r.DeleteTag(ctx, editor, "deleted", 1)
	must(t, err)
	many := func(name string) (list []string) {
		for i := range 30 {
			list = append(list, fmt.Sprint(name, i))
		}
		return list
	}
	for _, id := range []news.TagID{"full", "fuller"} {
		_, err := r.CreateTag(ctx, editor, string(id), news.TagContent{Name: string(id), Kind: news.TagTopic, Aliases: many(string(id))})
		must(t, err)
	}
	head := r.lines(t)
	for _, c := range []struct {
		name       string
		from, into news.TagID
		expected   int
		field      string // empty: is is what the error is
		is         error
		says       string
	}{
		{"into itself", "a", "a", 1, "into", nil, ""},
		{"what is not there", "nope", "a", 1, "", news.ErrNotFound, ""},
		{"a story", "story", "a", 1, "", news.ErrNotFound, ""},
		{"into what is not there", "a", "nope", 1, "into", nil, ""},
		{"into a story", "a", "story", 1, "into", nil, ""},
		{"another version", "a", "b", 2, "", news.ErrConflict, ""},
		{"a merged one", "merged", "a", 2, "from", nil, `"stays" (stays)`},
		{"into a merged one", "a", "merged", 1, "into", nil, `"stays" (stays)`},
		{"a deleted one", "deleted", "a", 2, "from", nil, "deleted"},
		{"into a deleted one", "a", "deleted", 1, "into", nil, "deleted"},
		{"into one of another kind", "a", "place", 1, "into", nil, "PLACE"},
		{"a contributor into a topic", "writer", "a", 1, "into", nil, "CONTRIBUTOR"},
		{"a topic into a contributor", "a", "writer", 1, "into", nil, "CONTRIBUTOR"},
		{"too many aliases", "full", "fuller", 1, "into", nil, "61 aliases"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, dry := range []bool{true, false} {
				_, err := r.MergeTags(ctx, admin, c.from, c.expected, c.into, dry)
				if c.field != "" {
					wantInvalid(t, err, c.field)
				} else {
					wantIs(t, err, c.is)
				}
				if err != nil && !strings.Contains(err.Error(), c.says) {
					t.Errorf("got %q, want it to speak of %q", err, c.says)
				}
			}
		})
	}
	_, err = r.UnmergeTag(ctx, admin, "a", 1)
	wantInvalid(t, err, "id")
	_, err = r.UnmergeTag(ctx, admin, "stays", 2)
	wantInvalid(t, err, "id")
	_, err = r.UnmergeTag(ctx, admin, "merged", 1)
	wantConflict(t, err, 2)
	_, err = r.UnmergeTag(ctx, admin, "nope", 1)
	wantIs(t, err, news.ErrNotFound)
	if r.lines(t) != head {
		t.Errorf("%d lines were written", r.lines(t)-head)
	}
}

var errCut = errors.New("the plug was pulled")

// cutAfter makes the store fail from the n-th commit on.
func cutAfter(w *watched, n int) {
	w.before = func([]news.Change) error {
		if n--; n < 0 {
			return errCut
		}
		return nil
	}
}

func TestAMergeThatWasCutOffGoesOn(t *testing.T) {
	for _, how := range []string{"asked for again", "by the clock"} {
		t.Run(how, func(t *testing.T) {
			r := open(t)
			ctx := t.Context()
			r.topics(t, "a", "from", "into")
			for i := range 120 {
				r.tagged(t, fmt.Sprintf("s%03d", i), "a", "from")
			}
			w := r.watch()
			cutAfter(w, 2)
			_, err := r.MergeTags(ctx, admin, "from", 1, "into", false)
			wantIs(t, err, errCut)
			if n := r.uses(t, "from").Stories; n == 0 || n == 120 {
				t.Fatalf("%d stories carry the tag: nothing was cut off", n)
			}
			w.before = nil
			if how == "asked for again" {
				m, err := r.MergeTags(ctx, admin, "from", 1, "into", false)
				must(t, err)
				if m.Other.Version != 2 || m.Tag.Version != 2 || m.Moved.Stories != 70 {
					t.Errorf("got %+v", m)
				}
			} else {
				next, err := desk.SettleMerges(r.Desk, ctx)
				must(t, err)
				if next != noon.Add(time.Minute) || r.uses(t, "from").Stories == 0 {
					t.Errorf("the clock did not leave it to who asked: next %v", next)
				}
				r.advance(time.Minute)
				next, err = desk.SettleMerges(r.Desk, ctx)
				must(t, err)
				if !next.IsZero() {
					t.Errorf("next: got %v, want nothing", next)
				}
				if tag := r.tagItself(t, "from"); !tag.Settled || tag.Status != news.TagMerged {
					t.Errorf("got %+v", tag)
				}
			}
			if got := r.uses(t, "into"); r.uses(t, "from").Total() != 0 || got.Stories != 120 {
				t.Errorf("%+v carry the one that stays", got)
			}
			if s := r.itself(t, "s000").(*news.Story); s.Version != 2 || len(s.Retags) != 1 {
				t.Errorf("a story was moved twice: %+v", s)
			}
		})
	}
}

func TestWhatWasWrittenInBetweenIsMoved(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "from", "into", "onto")
	r.merge(t, "from", "into")
	late := func(id news.StoryID, tag news.TagID) {
		_, err := r.store.Commit(ctx, []news.Change{{Op: news.OpCreated, At: r.clock(), Doc: &news.Story{
			ID: id, Version: 1, Status: news.StoryDraft, CreatedAt: r.clock(), UpdatedAt: r.clock(),
			StoryContent: news.StoryContent{Slug: strings.ReplaceAll(string(id), "_", "-"), Title: "A", Language: "fr", Priority: news.Routine, Tags: []news.TagID{tag}},
		}}})
		must(t, err)
	}
	late("late_1", "from")
	r.advance(30 * time.Second)
	r.merge(t, "into", "onto") // from is merged into what is merged itself
	late("late_2", "from")
	late("late_3", "into")
	for range 2 {
		r.advance(time.Minute)
		_, err := desk.SettleMerges(r.Desk, ctx)
		must(t, err)
	}
	for _, id := range []news.EntityID{"late_1", "late_2", "late_3"} {
		if got := r.tagsOf(t, id); got != "[onto] []" {
			t.Errorf("%s: got %s", id, got)
		}
	}
	head := r.lines(t)
	next, err := desk.SettleMerges(r.Desk, ctx)
	must(t, err)
	if !next.IsZero() || r.lines(t) != head {
		t.Errorf("next %v, and %d more lines, want nothing", next, r.lines(t)-head)
	}
	if ops := r.ops(t, "from"); !slices.Equal(ops, []string{"CREATED by marie", "MERGED by root", "UPDATED by schedule"}) {
		t.Errorf("got %v", ops)
	}
	// What was merged can be taken out again from the last merge to the first.
	_, err = r.UnmergeTag(ctx, admin, "from", 3)
	wantInvalid(t, err, "id")
	r.unmerge(t, "into")
	r.unmerge(t, "from")
	for id, want := range map[news.EntityID]string{"late_1": "[from] []", "late_2": "[from] []", "late_3": "[into] []"} {
		if got := r.tagsOf(t, id); got != want {
			t.Errorf("%s: got %s, want %s", id, got, want)
		}
	}
}

// TestWhatComesToASettledTagMovesOn has a merge go on by the clock after the tag that
// it was into has been merged and settled.
func TestWhatComesToASettledTagMovesOn(t *testing.T) {
	r := open(t)
	r.topics(t, "a", "onto", "z")
	r.tagged(t, "story", "z")
	w := r.watch()
	cutAfter(w, 1)
	_, err := r.MergeTags(t.Context(), admin, "z", 1, "a", false)
	wantIs(t, err, errCut)
	w.before = nil
	r.merge(t, "a", "onto")
	r.advance(time.Minute)
	_, err = desk.SettleMerges(r.Desk, t.Context()) // a comes before z
	must(t, err)
	if got := r.tagsOf(t, "story"); got != "[onto] []" || !r.tagItself(t, "a").Settled || !r.tagItself(t, "z").Settled {
		t.Errorf("got %s", got)
	}
}

// TestTwoWhoSettle has what a node finds to settle be settled by another one while
// it is at it.
func TestTwoWhoSettle(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "from", "into")
	for i := range 80 {
		r.tagged(t, fmt.Sprintf("s%03d", i), "from")
	}
	w := r.watch()
	cutAfter(w, 1)
	_, err := r.MergeTags(ctx, admin, "from", 1, "into", false)
	wantIs(t, err, errCut)
	r.advance(time.Hour)
	other := desk.New(r.store, r.clock)
	w.before = func([]news.Change) error {
		w.before = nil
		_, err := desk.SettleMerges(other, ctx)
		return err
	}
	_, err = desk.SettleMerges(r.Desk, ctx)
	must(t, err)
	if s := r.itself(t, "s000").(*news.Story); s.Version != 2 || r.uses(t, "from").Total() != 0 {
		t.Errorf("got %+v", s)
	}
	if tag := r.tagItself(t, "from"); tag.Version != 3 || !tag.Settled {
		t.Errorf("got %+v", tag)
	}
}

// TestAChangeDuringAMerge has an editor be faster with a story that is being moved.
func TestAChangeDuringAMerge(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "from", "into")
	for i := range 10 {
		r.tagged(t, fmt.Sprintf("s%d", i), "from")
	}
	other := desk.New(r.store, r.clock)
	w := r.watch()
	w.before = func(changes []news.Change) error {
		if changes[0].Op == news.OpRetagged {
			w.before = nil
			_, err := other.UpdateStory(ctx, editor, "s5", 1, func(e *desk.StoryEdit) { e.Title = "Changed meanwhile" })
			must(t, err)
			_, err = other.UpdateTag(ctx, editor, "into", 2, func(c *news.TagContent) { c.Name = "Into, changed" })
			must(t, err)
		}
		return nil
	}
	m := r.merge(t, "from", "into")
	if s := r.itself(t, "s5").(*news.Story); s.Title != "Changed meanwhile" || s.Version != 3 || fmt.Sprint(s.Tags) != "[into]" {
		t.Errorf("got %+v", s)
	}
	if m.Moved.Stories != 10 || r.uses(t, "from").Total() != 0 {
		t.Errorf("got %+v", m.Moved)
	}
}

// TestATagThatChangesDuringAMerge has an editor be faster with one of the two tags.
func TestATagThatChangesDuringAMerge(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "from", "into", "other")
	other := desk.New(r.store, r.clock)
	w := r.watch()
	meanwhile := func(f func()) {
		w.before = func([]news.Change) error {
			w.before = nil
			f()
			return nil
		}
	}
	meanwhile(func() {
		_, err := other.UpdateTag(ctx, editor, "from", 1, func(c *news.TagContent) { c.Description = "Changed" })
		must(t, err)
	})
	_, err := r.MergeTags(ctx, admin, "from", 1, "into", false)
	wantConflict(t, err, 2)
	if tag := r.tagItself(t, "into"); len(tag.Aliases) != 0 || r.tagItself(t, "from").Status != news.TagInUse {
		t.Errorf("a merge that failed has left %+v", tag)
	}

	meanwhile(func() {
		_, err := other.UpdateTag(ctx, editor, "into", r.tagItself(t, "into").Version, func(c *news.TagContent) { c.Description = "Changed" })
		must(t, err)
	})
	m := r.merge(t, "from", "into")
	if m.Tag.Description != "Changed" || !slices.Equal(m.Tag.Aliases, []string{"from"}) {
		t.Errorf("got %+v", m.Tag)
	}
	r.unmerge(t, "from")

	// Two tags that are merged into each other at the same time.
	meanwhile(func() {
		_, err := other.MergeTags(ctx, admin, "into", r.tagItself(t, "into").Version, "from", false)
		must(t, err)
	})
	_, err = r.MergeTags(ctx, admin, "from", r.tagItself(t, "from").Version, "into", false)
	wantIs(t, err, news.ErrConflict)
	found, err := r.store.TagsByID(ctx, []news.TagID{"from", "into"})
	must(t, err)
	if found["from"] == nil || found["into"] == nil || found["into"].ID != "from" {
		t.Errorf("got %+v", found)
	}
}

// TestAMergeThatIsUndoneMeanwhile has somebody undo a merge while what it moves is
// on the way.
func TestAMergeThatIsUndoneMeanwhile(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "from", "into")
	for i := range 120 {
		r.tagged(t, fmt.Sprintf("s%03d", i), "from")
	}
	other := desk.New(r.store, r.clock)
	w := r.watch()
	batches := 0
	w.before = func(changes []news.Change) error {
		if changes[0].Op == news.OpRetagged {
			if batches++; batches == 2 {
				_, err := other.UnmergeTag(ctx, admin, "from", 2)
				must(t, err)
			}
		}
		return nil
	}
	_, err := r.MergeTags(ctx, admin, "from", 1, "into", false)
	wantConflict(t, err, 3)
	if got := r.uses(t, "from"); got.Stories != 120 || r.uses(t, "into").Total() != 0 {
		t.Errorf("%+v carry the tag that was taken out again", got)
	}
}

func TestAnUndoingThatWasCutOffGoesOn(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "from", "into")
	for i := range 120 {
		r.tagged(t, fmt.Sprintf("s%03d", i), "from")
	}
	r.merge(t, "from", "into")
	w := r.watch()
	for n := range 3 {
		cutAfter(w, n)
		_, err := r.UnmergeTag(ctx, admin, "from", 2)
		wantIs(t, err, errCut)
	}
	w.before = nil
	m, err := r.UnmergeTag(ctx, admin, "from", 2)
	must(t, err)
	if got := r.uses(t, "from"); got.Stories != 120 || m.Tag.ID != "into" || len(m.Tag.Aliases) != 0 || m.Other.ID != "from" || m.Other.Status != news.TagInUse || m.Other.MergedInto != "" || !m.Other.MergedAt.IsZero() {
		t.Errorf("%+v carry it, got %+v", got, m)
	}
	if ops := r.ops(t, "from"); len(ops) != 3 {
		t.Errorf("got %v", ops)
	}
}

func TestTheNamesOfAMergedTagAreGivenBack(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	for _, c := range []news.TagContent{
		{Name: "Stays", Kind: news.TagTopic, Aliases: []string{"one", "two"}},
		{Name: "Other", Kind: news.TagTopic, Aliases: []string{"Two", "three"}},
		{Name: "Third", Kind: news.TagTopic, Aliases: []string{"three", "four"}},
	} {
		_, err := r.CreateTag(ctx, editor, strings.ToLower(c.Name), c)
		must(t, err)
	}
	r.Desk = desk.New(r.store, func() time.Time { r.advance(time.Millisecond); return r.clock() }) // no two readings are the same
	names := func() string { return strings.Join(r.tagItself(t, "stays").Aliases, " ") }
	r.merge(t, "other", "stays")
	r.merge(t, "third", "stays")
	if got, want := names(), "one two Other three Third four"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	_, err := r.UpdateTag(ctx, editor, "stays", 3, func(c *news.TagContent) { c.Aliases = append(c.Aliases, "five") })
	must(t, err)
	r.unmerge(t, "third")
	if got, want := names(), "one two Other three five"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	r.unmerge(t, "other")
	if got, want := names(), "one two five"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestTwoMergesIntoOneTag has the lines of two merges come into the log by turns, as
// they may where nodes write to it.
func TestTwoMergesIntoOneTag(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "stays", "one", "two")
	other := desk.New(r.store, func() time.Time { return noon.Add(time.Second) })
	w := r.watch()
	w.between = func() {
		_, err := other.MergeTags(ctx, admin, "two", 1, "stays", false)
		must(t, err)
	}
	r.merge(t, "one", "stays")
	if got := r.tagItself(t, "stays").Aliases; !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("got %v", got)
	}
	r.unmerge(t, "one")
	if got := r.tagItself(t, "stays").Aliases; !slices.Equal(got, []string{"two"}) {
		t.Errorf("one was taken out: got %v", got)
	}
	r.unmerge(t, "two")
	if got := r.tagItself(t, "stays").Aliases; len(got) != 0 {
		t.Errorf("two was taken out: got %v", got)
	}

	// The one that stays is merged itself between the two lines.
	r.topics(t, "end")
	w.between = func() {
		_, err := other.MergeTags(ctx, admin, "stays", r.tagItself(t, "stays").Version, "end", false)
		must(t, err)
	}
	r.tagged(t, "story", "one")
	r.merge(t, "one", "stays")
	found, err := r.store.TagsByID(ctx, []news.TagID{"one"})
	must(t, err)
	if found["one"] == nil || found["one"].ID != "end" || r.tagsOf(t, "story") != "[end] []" {
		t.Errorf("got %+v, and the story has %s", found["one"], r.tagsOf(t, "story"))
	}
}

// TestAnEarlierMergeIsOver undoes a merge for whom it has moved, and not for whom an
// earlier one of the same tags had.
func TestAnEarlierMergeIsOver(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "a", "from", "into")
	s := r.tagged(t, "story", "from")
	file := func(tags ...string) {
		t.Helper()
		_, err := r.UpdateStory(ctx, editor, s.ID, r.itself(t, "story").Ref().Version, func(e *desk.StoryEdit) { e.TagRefs = tags })
		must(t, err)
	}
	r.merge(t, "from", "into")
	file("a")
	r.unmerge(t, "from")
	file("into")
	r.merge(t, "from", "into")
	r.unmerge(t, "from")
	if got := r.tagsOf(t, "story"); got != "[into] []" {
		t.Errorf("got %s", got)
	}

	// What is given the merged tag once more is moved once more.
	file("from", "a")
	r.merge(t, "from", "into")
	late := r.itself(t, "story").(*news.Story).Clone()
	late.Version++
	late.Tags = []news.TagID{"a", "into", "from"}
	_, err := r.store.Commit(ctx, []news.Change{{Op: news.OpUpdated, At: r.clock(), Doc: late}})
	must(t, err)
	r.advance(time.Minute)
	_, err = desk.SettleMerges(r.Desk, ctx)
	must(t, err)
	if now := r.itself(t, "story").(*news.Story); len(now.Retags) != 1 || r.tagsOf(t, "story") != "[a into] []" {
		t.Errorf("got %s with %+v", r.tagsOf(t, "story"), now.Retags)
	}
	r.unmerge(t, "from")
	if got := r.tagsOf(t, "story"); got != "[a into from] []" {
		t.Errorf("got %s", got)
	}
}

// TestATagComesBackToItsPlace undoes merges of what has been filed anew meanwhile.
func TestATagComesBackToItsPlace(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "a", "b", "from", "into")
	rows := []struct{ was, filed, want string }{
		{"a from", "b a into", "[b a from]"},
		{"a from into", "b a into", "[b a from into]"},
		{"into a from", "b into a", "[b into from a]"},
		{"from a", "into", "[from]"},
		{"from a into", "a", "[a]"},
		{"a", "a into", "[a into]"},
	}
	for i, c := range rows {
		r.tagged(t, fmt.Sprint("story", i), strings.Fields(c.was)...)
	}
	r.merge(t, "from", "into")
	for i, c := range rows {
		id := news.StoryID(fmt.Sprint("story", i))
		_, err := r.UpdateStory(ctx, editor, id, r.itself(t, news.EntityID(id)).Ref().Version, func(e *desk.StoryEdit) { e.TagRefs = strings.Fields(c.filed) })
		must(t, err)
	}
	r.unmerge(t, "from")
	for i, c := range rows {
		if got := r.tagsOf(t, news.EntityID(fmt.Sprint("story", i))); got != c.want+" []" {
			t.Errorf("it had %s and was filed under %s: got %s, want %s", c.was, c.filed, got, c.want)
		}
	}
}

func TestATagIsDeletedWhenNothingCarriesIt(t *testing.T) {
	r := open(t)
	ctx := t.Context()
	r.topics(t, "used", "free", "merged")
	r.tagged(t, "s1", "used")
	s := r.tagged(t, "s2", "used")
	_, err := r.PublishTickerEntry(ctx, editor, "tick", false, func(e *desk.TickerEdit) { e.Headline, e.TagRefs = "A", []string{"used"} })
	must(t, err)
	head := r.lines(t)
	_, err = r.DeleteTag(ctx, editor, "used", 1)
	wantInvalid(t, err, "id")
	if err == nil || !strings.Contains(err.Error(), "2 stories and 1 ticker entry") {
		t.Errorf("got %v, want the count", err)
	}
	_, err = r.DeleteTag(ctx, editor, "free", 2)
	wantConflict(t, err, 1)
	_, err = r.RestoreTag(ctx, editor, "free", 1)
	wantInvalid(t, err, "id")
	if r.lines(t) != head {
		t.Errorf("%d lines were written", r.lines(t)-head)
	}

	tag, err := r.DeleteTag(ctx, editor, "free", 1)
	must(t, err)
	if tag.Status != news.TagDeleted || tag.Version != 2 {
		t.Errorf("got %+v", tag)
	}
	_, err = r.UpdateTag(ctx, editor, "free", 2, func(*news.TagContent) {})
	wantIs(t, err, news.ErrNotFound)
	_, err = r.DeleteTag(ctx, editor, "free", 2)
	wantIs(t, err, news.ErrNotFound)
	_, err = r.UpdateStory(ctx, editor, s.ID, 1, func(e *desk.StoryEdit) { e.TagRefs = []string{"free"} })
	wantInvalid(t, err, "tags[0]")
	_, err = r.CreateTag(ctx, editor, "free", news.TagContent{Name: "free", Kind: news.TagTopic})
	wantInvalid(t, err, "id")
	_, err = r.CreateTag(ctx, editor, "", news.TagContent{Name: "free", Kind: news.TagTopic})
	wantInvalid(t, err, "slug")

	_, err = r.RestoreTag(ctx, editor, "free", 1)
	wantConflict(t, err, 2)
	tag, err = r.RestoreTag(ctx, editor, "free", 2)
	must(t, err)
	if tag.Status != news.TagInUse || tag.Version != 3 {
		t.Errorf("got %+v", tag)
	}
	_, err = r.UpdateStory(ctx, editor, s.ID, 1, func(e *desk.StoryEdit) { e.TagRefs = []string{"free"} })
	must(t, err)

	// What is on the way to a tag holds it too.
	r.merge(t, "merged", "used")
	_, err = r.DeleteTag(ctx, editor, "merged", 2)
	wantInvalid(t, err, "id")
	r.topics(t, "target", "gone")
	r.merge(t, "gone", "target")
	_, err = r.DeleteTag(ctx, editor, "target", 2)
	wantInvalid(t, err, "id")
	r.advance(time.Minute)
	_, err = desk.SettleMerges(r.Desk, ctx)
	must(t, err)
	_, err = r.DeleteTag(ctx, editor, "target", 2)
	must(t, err)
	_, err = r.UnmergeTag(ctx, admin, "gone", 3)
	wantInvalid(t, err, "id")
	found, err := r.store.TagsByID(ctx, []news.TagID{"gone", "target"})
	must(t, err)
	if len(found) != 0 {
		t.Errorf("got %v of what is deleted", found)
	}
}

func TestCodesOfTags(t *testing.T) {
	r := open(t)
	for _, c := range []struct {
		name, code, uri, field string
	}{
		{"none", "", "", ""},
		{"a media topic", "medtop:20000763", "http://cv.iptc.org/newscodes/mediatopic/20000763", ""},
		{"the longest", strings.Repeat("a", 60), "", ""},
		{"too long", strings.Repeat("a", 61), "", "code"},
		{"much too long", strings.Repeat("a", 5<<20), "", "code"},
		{"a space", "medtop 1", "", "code"},
		{"a tab", "a\tb", "", "code"},
		{"an accent", "é", "", "code"},
		{"a control", "a\x7f", "", "code"},
		{"no address", "a", "medtop:1", "uri"},
	} {
		tag, err := r.CreateTag(t.Context(), editor, "", news.TagContent{Name: c.name, Kind: news.TagTopic, Code: news.Text(c.code), URI: news.URL(c.uri)})
		if c.field != "" {
			wantInvalid(t, err, c.field)
			continue
		}
		must(t, err)
		if string(tag.Code) != c.code || string(tag.URI) != c.uri {
			t.Errorf("%s: got %q and %q", c.name, tag.Code, tag.URI)
		}
	}
}
