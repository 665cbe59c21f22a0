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
	for _, kind := range news.Kinds() {
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
		want := l.model.page(q.sel, news.Window{First: news.MaxPage})
		if diff := cmp.Diff(want, got); diff != "" {
			l.t.Fatalf("%s (-want +got):\n%s", q.name, diff)
		}
	}
	l.checkCounts()
}

// checkCounts compares the counts of all tags, and their lists, with the model.
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
}
