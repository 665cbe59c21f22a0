package storetest

import (
	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// head is the number of the newest line.
func (l *lab) head() news.Seq {
	l.t.Helper()
	head, err := l.store.Head(l.t.Context())
	if err != nil {
		l.t.Fatalf("head: %v", err)
	}
	return head
}

// log reads the whole log.
func (l *lab) log() []news.Line {
	l.t.Helper()
	var all []news.Line
	for {
		lines, err := l.store.Lines(l.t.Context(), news.Seq(len(all)), 100)
		if err != nil {
			l.t.Fatalf("lines after %d: %v", len(all), err)
		}
		if len(lines) == 0 {
			return all
		}
		all = append(all, lines...)
	}
}

// checkAll compares everything that the store holds with the model: the log,
// the entities, the lists of each kind and the counts of each tag.
func (l *lab) checkAll() {
	l.t.Helper()
	if diff := cmp.Diff(l.model.lines, l.log()); diff != "" {
		l.t.Fatalf("log (-want +got):\n%s", diff)
	}
	if head := l.head(); head != l.model.head() {
		l.t.Fatalf("head: got %d, want %d", head, l.model.head())
	}
	for _, kind := range append(news.Kinds(), news.PrivateKinds()...) {
		got, err := l.store.Entities(l.t.Context(), kind, "", 1000)
		if err != nil {
			l.t.Fatalf("entities of %s: %v", kind, err)
		}
		if diff := cmp.Diff(l.model.all(kind), got); diff != "" {
			l.t.Fatalf("entities of %s (-want +got):\n%s", kind, diff)
		}
	}
	for _, q := range append(wholeLists(), storyQuery(news.Audience{Staff: true}, news.StoryFilter{})) {
		got := l.checkPage(q, news.Window{First: news.MaxPage})
		want := l.model.page(q, news.Window{First: news.MaxPage})
		if diff := cmp.Diff(want, got); diff != "" {
			l.t.Fatalf("%s (-want +got):\n%s", q.name, diff)
		}
	}
	l.checkCounts()
	l.checkTags()
}

// checkCounts compares the counts of all tags, their uses and their lists with the
// model.
func (l *lab) checkCounts() {
	l.t.Helper()
	var tags []news.TagID
	want := make(map[news.TagID]int)
	for _, e := range l.model.all(news.KindTag) {
		tag := news.TagID(e.Ref().ID)
		tags = append(tags, tag)
		f := news.StoryFilter{Tags: []news.TagID{tag}}
		want[tag] = len(l.model.list(f.Selection(news.Audience{})))
		l.checkPage(storyQuery(news.Audience{}, f), news.Window{First: news.MaxPage})
	}
	got, err := l.store.StoryCounts(l.t.Context(), tags)
	if err != nil {
		l.t.Fatalf("story counts: %v", err)
	}
	for _, tag := range tags {
		if got[tag] != want[tag] {
			l.t.Errorf("stories of %s: got %d, want %d", tag, got[tag], want[tag])
		}
	}
	l.checkUses(tags...)
}

// checkUses compares what carries tags with the model.
func (l *lab) checkUses(tags ...news.TagID) {
	l.t.Helper()
	got, err := l.store.TagUses(l.t.Context(), tags)
	if err != nil {
		l.t.Fatalf("tag uses: %v", err)
	}
	for _, tag := range tags {
		if want := l.model.uses(tag); got[tag] != want {
			l.t.Errorf("uses of %s: got %+v, want %+v", tag, got[tag], want)
		}
	}
}

// checkTags asks for all tags by their ids and their slugs, and compares what
// answers with the model.
func (l *lab) checkTags() {
	l.t.Helper()
	ctx := l.t.Context()
	byID, bySlug, nodes := map[news.TagID]*news.Tag{}, map[string]*news.Tag{}, map[news.EntityID]news.Entity{}
	var ids []news.TagID
	var slugs []string
	var entities []news.EntityID
	for _, e := range l.model.all(news.KindTag) {
		id := e.Ref().ID
		ids, entities = append(ids, news.TagID(id)), append(entities, id)
		if t := l.model.survivor(e.(*news.Tag)); t != nil {
			byID[news.TagID(id)], nodes[id] = t, t
		}
	}
	for slug, id := range l.model.owners(news.KindTag) {
		slugs = append(slugs, slug)
		if t := byID[news.TagID(id)]; t != nil {
			bySlug[slug] = t
		}
	}
	gotByID, err := l.store.TagsByID(ctx, ids)
	if diff := cmp.Diff(byID, gotByID); diff != "" || err != nil {
		l.t.Errorf("tags by id: %v (-want +got):\n%s", err, diff)
	}
	gotBySlug, err := l.store.TagsBySlug(ctx, slugs)
	if diff := cmp.Diff(bySlug, gotBySlug); diff != "" || err != nil {
		l.t.Errorf("tags by slug: %v (-want +got):\n%s", err, diff)
	}
	gotNodes, err := l.store.Nodes(ctx, news.Audience{}, entities)
	if diff := cmp.Diff(nodes, gotNodes); diff != "" || err != nil {
		l.t.Errorf("tags as nodes: %v (-want +got):\n%s", err, diff)
	}
}
