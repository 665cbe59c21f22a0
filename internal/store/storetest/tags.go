package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// tag is the tag of the model as it is.
func (m *model) tag(id news.TagID) *news.Tag { return m.entities[news.EntityID(id)].(*news.Tag) }

// testMergedTags merges tags and takes them apart again. After each step, what ids,
// slugs and nodes answer is compared with the model, and with what is said here.
func testMergedTags(t *testing.T, l *lab) {
	edit := func(id news.TagID, edits ...func(*news.Tag)) {
		t.Helper()
		l.put(Next(l.model.tag(id), edits...))
	}
	step := func(name string, answers map[news.TagID]news.TagID, list ...news.EntityID) {
		t.Helper()
		l.checkAll()
		ids := []news.TagID{"tag_a", "tag_b", "tag_c", "tag_d", "tag_a", "tag_x"}
		found, err := l.store.TagsByID(t.Context(), ids)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := make(map[news.TagID]news.TagID)
		for id, tag := range found {
			got[id] = tag.ID
		}
		if diff := cmp.Diff(answers, got); diff != "" {
			t.Errorf("%s: what answers (-want +got):\n%s", name, diff)
		}
		// Alone, without the one that stands for it.
		for id, answer := range answers {
			found, err := l.store.TagsByID(t.Context(), []news.TagID{id})
			if err != nil || len(found) != 1 || found[id].ID != answer {
				t.Errorf("%s: %s alone: got %v, %v, want %s", name, id, found, err, answer)
			}
		}
		p := l.checkPage(tagQuery(news.TagFilter{}), news.Window{First: 10})
		var listed []news.EntityID
		for _, e := range p.Items {
			listed = append(listed, e.Ref().ID)
		}
		if diff := cmp.Diff(list, listed); diff != "" {
			t.Errorf("%s: the list of tags (-want +got):\n%s", name, diff)
		}
	}
	l.put(
		Tag("tag_a", func(t *news.Tag) { t.PreviousSlugs = []string{"former-a"} }),
		Tag("tag_b"), Tag("tag_c"), Tag("tag_d"),
		// They carry what they carry, whatever becomes of the tags.
		Story("story_a", func(s *news.Story) { s.Tags = []news.TagID{"tag_a", "tag_d"} }),
		TickerEntry("tick_a", func(e *news.TickerEntry) { e.Tags = []news.TagID{"tag_a", "tag_b"} }),
	)
	step("at first", map[news.TagID]news.TagID{"tag_a": "tag_a", "tag_b": "tag_b", "tag_c": "tag_c", "tag_d": "tag_d"},
		"tag_a", "tag_b", "tag_c", "tag_d")
	edit("tag_a", mergedInto("tag_b"))
	step("a into b", map[news.TagID]news.TagID{"tag_a": "tag_b", "tag_b": "tag_b", "tag_c": "tag_c", "tag_d": "tag_d"},
		"tag_b", "tag_c", "tag_d")
	edit("tag_a", func(t *news.Tag) { t.Settled = true })
	step("settled", map[news.TagID]news.TagID{"tag_a": "tag_b", "tag_b": "tag_b", "tag_c": "tag_c", "tag_d": "tag_d"},
		"tag_b", "tag_c", "tag_d")
	edit("tag_b", func(t *news.Tag) { t.Slug, t.PreviousSlugs, t.Name = "b-new", []string{t.Slug}, "Un autre nom" })
	step("b renamed", map[news.TagID]news.TagID{"tag_a": "tag_b", "tag_b": "tag_b", "tag_c": "tag_c", "tag_d": "tag_d"},
		"tag_b", "tag_c", "tag_d")
	for _, slug := range []string{"tag-a", "former-a", "tag-b", "b-new"} {
		found, err := l.store.TagsBySlug(t.Context(), []string{slug})
		if err != nil || len(found) != 1 || found[slug].Name != "Un autre nom" {
			t.Errorf("%s: got %v, %v, want tag_b as it is", slug, found, err)
		}
	}
	edit("tag_b", mergedInto("tag_c"))
	step("b into c", map[news.TagID]news.TagID{"tag_a": "tag_c", "tag_b": "tag_c", "tag_c": "tag_c", "tag_d": "tag_d"},
		"tag_c", "tag_d")
	edit("tag_c", mergedInto("tag_d"))
	l.reopen()
	step("c into d", map[news.TagID]news.TagID{"tag_a": "tag_d", "tag_b": "tag_d", "tag_c": "tag_d", "tag_d": "tag_d"}, "tag_d")
	edit("tag_b", inUse)
	step("b in use again", map[news.TagID]news.TagID{"tag_a": "tag_b", "tag_b": "tag_b", "tag_c": "tag_d", "tag_d": "tag_d"},
		"tag_b", "tag_d")
	edit("tag_d", deleted)
	step("d deleted", map[news.TagID]news.TagID{"tag_a": "tag_b", "tag_b": "tag_b"}, "tag_b")
	edit("tag_d", inUse)
	step("d restored", map[news.TagID]news.TagID{"tag_a": "tag_b", "tag_b": "tag_b", "tag_c": "tag_d", "tag_d": "tag_d"},
		"tag_b", "tag_d")
	// What the desk refuses: a store ends all the same.
	edit("tag_b", mergedInto("tag_a"))
	step("a and b into each other", map[news.TagID]news.TagID{"tag_c": "tag_d", "tag_d": "tag_d"}, "tag_d")
	edit("tag_d", mergedInto("tag_d"))
	step("d into itself", map[news.TagID]news.TagID{})
	edit("tag_a", mergedInto("story_a"))
	edit("tag_d", mergedInto("tag_x"))
	step("into no tag", map[news.TagID]news.TagID{})
	edit("tag_a", inUse)
	step("a in use again", map[news.TagID]news.TagID{"tag_a": "tag_a", "tag_b": "tag_a"}, "tag_a")

	// A slug belongs to its tag, whatever became of that.
	edit("tag_a", deleted)
	for slug, owner := range map[string]news.EntityID{"former-a": "tag_a", "b-new": "tag_b"} {
		rival := Tag("tag_rival", func(t *news.Tag) { t.Slug = slug })
		_, err := l.store.Commit(t.Context(), []news.Change{Change(rival, nil)})
		wantTaken(t, err, slug, owner)
	}
	// For the newsroom, all of them are there.
	for _, e := range l.model.all(news.KindTag) {
		ref := e.Ref()
		line, err := l.store.Version(t.Context(), ref.ID, ref.Version)
		if diff := cmp.Diff(e, line.Doc); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", ref.ID, err, diff)
		}
	}
}

// testRankingsOfMergedTags holds that a tag that is not in use comes out of no
// ranking, and that rankings go by what stories carry: what carries a merged tag
// counts for the one that stands for it when it has been moved there, not before.
func testRankingsOfMergedTags(t *testing.T, l *lab) {
	tagged := func(tags ...news.TagID) func(*news.Story) {
		return func(s *news.Story) { s.Tags = tags }
	}
	one, two, three := Story("story_1", tagged("tag_a", "tag_b")), Story("story_2", tagged("tag_a")), Story("story_3", tagged("tag_b"))
	l.put(Tag("tag_a"), Tag("tag_b"), Tag("tag_c"), one, two, three, Story("story_4", tagged("tag_c")))
	trend := func(name string, want ...string) {
		t.Helper()
		found, err := l.store.TrendingTags(t.Context(), time.Time{}, nil, 10)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []string
		for _, n := range found {
			got = append(got, fmt.Sprintf("%s×%d", n.Tag.ID, n.Stories))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: trending (-want +got):\n%s", name, diff)
		}
		l.checkRelated([]news.StoryID{"story_1", "story_2", "story_3", "story_4"}, 10)
		l.checkAll()
	}
	trend("at first", "tag_a×2", "tag_b×2", "tag_c×1")
	l.put(Next(l.model.tag("tag_a"), mergedInto("tag_b")))
	trend("merged", "tag_b×2", "tag_c×1")
	one = Next(one, tagged("tag_b"))
	l.put(one)
	trend("in the middle", "tag_b×2", "tag_c×1")
	l.put(Next(two, tagged("tag_b")))
	trend("moved", "tag_b×3", "tag_c×1")
	l.put(Next(l.model.tag("tag_a"), func(t *news.Tag) { t.Settled = true }))
	trend("settled", "tag_b×3", "tag_c×1")
	l.put(Next(l.model.tag("tag_c"), deleted))
	trend("deleted", "tag_b×3")
	l.put(Next(l.model.tag("tag_a"), inUse), Next(one, tagged("tag_a", "tag_b")))
	trend("taken apart", "tag_b×3", "tag_a×1")
	l.put(Next(l.model.tag("tag_c"), inUse))
	trend("restored", "tag_b×3", "tag_a×1", "tag_c×1")
}

// testUnsettled has the merged tags that something may still carry.
func testUnsettled(t *testing.T, l *lab) {
	l.put(Tag("tag_a", mergedInto("tag_c")), Tag("tag_b", mergedInto("tag_c")), Tag("tag_c"), Tag("tag_d", deleted))
	q := listedQuery("unsettled", news.Unsettled())
	for _, want := range []int{2, 1, 0} {
		p := l.checkPage(q, news.Window{First: 10})
		if len(p.Items) != want {
			t.Errorf("got %v, want %d", refs(p.Items), want)
		}
		if want > 0 {
			l.put(Next(p.Items[0].(*news.Tag), func(t *news.Tag) { t.Settled = true }))
		}
	}
}

func testTagUses(t *testing.T, l *lab) {
	a := []news.TagID{"tag_a"}
	carries := func(s *news.Story) { s.Tags = a }
	l.put(
		Tag("tag_a"), Tag("tag_b", mergedInto("tag_a")), Tag("tag_c", deleted), Tag("tag_none"),
		Story("story_public", carries), Story("story_draft", carries, draft), Story("story_scheduled", carries, scheduled(Noon())),
		Story("story_embargoed", carries, embargoed(Noon())), Story("story_gone", carries, unpublished),
		Story("story_retracted", carries, retracted),
		Story("story_twice", func(s *news.Story) { s.Tags, s.Authors = []news.TagID{"tag_a", "tag_b", "tag_a"}, a }),
		Story("story_none"),
		TickerEntry("tick_public", func(e *news.TickerEntry) { e.Tags = a }),
		TickerEntry("tick_retracted", func(e *news.TickerEntry) { e.Tags, e.Status = a, news.TickerRetracted }),
		TickerEntry("tick_aside", aside("cov_a"), func(e *news.TickerEntry) { e.Tags = a }),
		TickerEntry("tick_aside_retracted", aside("cov_a"), func(e *news.TickerEntry) {
			e.Tags, e.Status = []news.TagID{"tag_c", "tag_a"}, news.TickerRetracted
		}),
	)
	for _, status := range news.CoverageStatuses() {
		l.put(Coverage(news.CoverageID("cov_"+string(status)), func(c *news.Coverage) { c.Status, c.Tags = status, a }))
	}
	check := func(name string, want map[news.TagID]news.TagUse) {
		t.Helper()
		asked := []news.TagID{"tag_a", "tag_b", "tag_a", "tag_none", "tag_x", "tag_c"}
		got, err := l.store.TagUses(t.Context(), asked)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, tag := range asked {
			if got[tag] != want[tag] {
				t.Errorf("%s: uses of %s: got %+v, want %+v", name, tag, got[tag], want[tag])
			}
		}
		// It is how long the lists are of what carries it.
		for tag, use := range want {
			for kind, n := range map[news.Kind]int{news.KindStory: use.Stories, news.KindTickerEntry: use.TickerEntries, news.KindCoverage: use.Coverages} {
				p := l.checkPage(listedQuery(fmt.Sprintf("%s of %s", kind, tag), news.Carrying(kind, tag)), news.Window{First: 50})
				if len(p.Items) != n {
					t.Errorf("%s: %d of %s carry %s, want %d", name, len(p.Items), kind, tag, n)
				}
			}
		}
		l.checkAll()
	}
	check("at first", map[news.TagID]news.TagUse{
		"tag_a": {Stories: 7, TickerEntries: 4, Coverages: 3}, "tag_b": {Stories: 1}, "tag_c": {TickerEntries: 1},
	})
	l.put(
		Next(l.model.story("story_twice"), func(s *news.Story) { s.Tags = []news.TagID{"tag_b"} }), // still an author
		Next(l.model.story("story_draft"), func(s *news.Story) { s.Tags = []news.TagID{"tag_b", "tag_c"} }),
		Next(l.model.story("story_scheduled"), released),
		Next(l.model.story("story_none"), carries),
		Next(l.model.entities["tick_aside"].(*news.TickerEntry), func(e *news.TickerEntry) { e.CoverageOnly = false }),
	)
	check("moved", map[news.TagID]news.TagUse{
		"tag_a": {Stories: 7, TickerEntries: 4, Coverages: 3}, "tag_b": {Stories: 2}, "tag_c": {Stories: 1, TickerEntries: 1},
	})
	if got, err := l.store.TagUses(t.Context(), nil); err != nil || len(got) != 0 {
		t.Errorf("of no tags: got %v, %v", got, err)
	}
}

// testTagCodes finds tags by what a vocabulary calls them. A code is no name: case
// counts, and more than one tag may have it.
func testTagCodes(t *testing.T, l *lab) {
	code := func(code news.Text) func(*news.Tag) { return func(t *news.Tag) { t.Code = code } }
	l.put(
		Tag("tag_a", code("medtop:1")), Tag("tag_b", code("medtop:1"), func(t *news.Tag) { t.Kind = news.TagSection }),
		Tag("tag_c", code("medtop:10")), Tag("tag_d", code("MEDTOP:1")), Tag("tag_e"),
		Tag("tag_f", code("medtop:1"), mergedInto("tag_a")), Tag("tag_g", code("medtop:1"), deleted),
		Tag("tag_h", code("kind:TOPIC")),
	)
	for _, tt := range []struct {
		f    news.TagFilter
		want []news.EntityID
	}{
		{news.TagFilter{Code: "medtop:1"}, []news.EntityID{"tag_a", "tag_b"}},
		{news.TagFilter{Code: "medtop:10"}, []news.EntityID{"tag_c"}},
		{news.TagFilter{Code: "MEDTOP:1"}, []news.EntityID{"tag_d"}},
		{news.TagFilter{Code: "medtop:"}, nil},
		{news.TagFilter{Code: "kind:TOPIC"}, []news.EntityID{"tag_h"}},
		{news.TagFilter{Code: "medtop:1", Kinds: []news.TagKind{news.TagSection}}, []news.EntityID{"tag_b"}},
		{news.TagFilter{Code: "medtop:1", NamePrefix: "tag-a"}, []news.EntityID{"tag_a"}},
	} {
		p := l.checkPage(tagQuery(tt.f), news.Window{First: 10})
		var got []news.EntityID
		for _, e := range p.Items {
			got = append(got, e.Ref().ID)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt.f, diff)
		}
	}
	l.put(Next(l.model.tag("tag_a"), code("")), Next(l.model.tag("tag_f"), inUse))
	if p := l.checkPage(tagQuery(news.TagFilter{Code: "medtop:1"}), news.Window{First: 1}); !p.HasNext || p.Items[0].Ref().ID != "tag_b" {
		t.Errorf("after a change: got %v", refs(p.Items))
	}
	l.checkAll()
}

// testOneMerge has many merge the same tag at once, into different ones: one does.
func testOneMerge(t *testing.T, l *lab) {
	was := Tag("tag_a")
	list := []news.Entity{was}
	for n := range writers {
		list = append(list, Tag(news.TagID(fmt.Sprintf("tag_into_%d", n))))
	}
	l.put(list...)
	inParallel(func(writer int) {
		next := Next(was, mergedInto(news.TagID(fmt.Sprintf("tag_into_%d", writer))))
		_, err := l.store.Commit(t.Context(), []news.Change{Change(next, was)})
		if err != nil && !errors.Is(err, news.ErrConflict) {
			t.Errorf("writer %d: %v", writer, err)
		}
	})
	l.learn()
	if got := len(l.model.lines); got != 1+writers+1 {
		t.Errorf("the log has %d lines, want %d", got, 1+writers+1)
	}
	l.checkAll()
}
