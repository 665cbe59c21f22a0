package storetest

import (
	"context"
	"fmt"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// A query is one of the list queries of a store.
type query struct {
	name string
	sel  news.Selection
	page func(context.Context, news.Store, news.Window) (news.Page[news.Entity], error)
	// whole tells that stories come whole.
	whole bool
}

func storyQuery(who news.Audience, f news.StoryFilter) query {
	return query{name: fmt.Sprintf("stories %+v for %+v", f, who), sel: f.Selection(who),
		page: func(ctx context.Context, s news.Store, w news.Window) (news.Page[news.Entity], error) {
			return entities(s.Stories(ctx, who, f, w))
		}}
}

func tagQuery(f news.TagFilter) query {
	return query{name: fmt.Sprintf("tags %+v", f), sel: f.Selection(),
		page: func(ctx context.Context, s news.Store, w news.Window) (news.Page[news.Entity], error) {
			return entities(s.Tags(ctx, f, w))
		}}
}

func tickerQuery(f news.TickerFilter) query {
	return query{name: fmt.Sprintf("ticker entries %+v", f), sel: f.Selection(),
		page: func(ctx context.Context, s news.Store, w news.Window) (news.Page[news.Entity], error) {
			return entities(s.TickerEntries(ctx, f, w))
		}}
}

func coverageQuery(f news.CoverageFilter) query {
	return query{name: fmt.Sprintf("coverages %+v", f), sel: f.Selection(),
		page: func(ctx context.Context, s news.Store, w news.Window) (news.Page[news.Entity], error) {
			return entities(s.Coverages(ctx, f, w))
		}}
}

func listedQuery(name string, sel news.Selection) query {
	return query{name: "listed " + name, sel: sel, whole: true,
		page: func(ctx context.Context, s news.Store, w news.Window) (news.Page[news.Entity], error) {
			return s.Listed(ctx, sel, w)
		}}
}

// wholeLists are the unfiltered lists of every kind that readers ask for.
func wholeLists() []query {
	return []query{
		storyQuery(news.Audience{}, news.StoryFilter{}),
		tagQuery(news.TagFilter{}),
		tickerQuery(news.TickerFilter{}),
		coverageQuery(news.CoverageFilter{}),
	}
}

// entities forgets the type of a page.
func entities[E news.Entity](p news.Page[E], err error) (news.Page[news.Entity], error) {
	q := news.Page[news.Entity]{HasPrevious: p.HasPrevious, HasNext: p.HasNext, At: p.At}
	for _, e := range p.Items {
		q.Items = append(q.Items, e)
	}
	return q, err
}

// checkPage compares what the store shows in w with what the model shows.
func (l *lab) checkPage(q query, w news.Window) news.Page[news.Entity] {
	l.t.Helper()
	got, err := q.page(l.t.Context(), l.store, w)
	if err != nil {
		l.t.Fatalf("%s in %s: %v", q.name, windowName(w), err)
	}
	want := l.model.page(q, w)
	if diff := cmp.Diff(outline(want), outline(got)); diff != "" {
		l.t.Fatalf("%s in %s (-want +got):\n%s", q.name, windowName(w), diff)
	}
	return got
}

// outline names the versions that a page shows instead of showing them, and those
// that it shows with a body.
func outline(p news.Page[news.Entity]) any {
	return struct {
		Items, Whole         []news.Ref
		HasPrevious, HasNext bool
		At                   news.Seq
	}{refs(p.Items), refs(wholeOf(p.Items)), p.HasPrevious, p.HasNext, p.At}
}

// wholeOf are the stories among entities that are not in brief.
func wholeOf[E news.Entity](entities []E) []news.Entity {
	var whole []news.Entity
	for _, e := range entities {
		if story, ok := news.Entity(e).(*news.Story); ok && (!story.Brief || story.Body != "") {
			whole = append(whole, e)
		}
	}
	return whole
}

func refs[E news.Entity](entities []E) []news.Ref {
	var refs []news.Ref
	for _, e := range entities {
		refs = append(refs, e.Ref())
	}
	return refs
}

func windowName(w news.Window) string {
	name := fmt.Sprintf("first %d last %d", w.First, w.Last)
	if w.After != nil {
		name += fmt.Sprintf(" after %v", *w.After)
	}
	if w.Before != nil {
		name += fmt.Sprintf(" before %v", *w.Before)
	}
	return name
}
