package live_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"depeche/internal/live"
	"depeche/internal/news"
)

var _ live.TagStore = (*memoryLog)(nil)

// Versions implements live.TagStore.
func (l *memoryLog) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	if err := l.slowly(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []news.Line
	for _, line := range slices.Backward(l.lines) {
		if ref := line.Doc.Ref(); ref.ID == id && (before == 0 || ref.Version < before) && len(found) < limit {
			found = append(found, line)
		}
	}
	return found, l.outage
}

// TagsBySlug implements live.TagStore.
func (l *memoryLog) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	if err := l.slowly(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string]*news.Tag{}
	for _, e := range l.current {
		tag, ok := e.(*news.Tag)
		if !ok {
			continue
		}
		survivor := l.current[news.EntityID(l.stands(tag.ID))].(*news.Tag)
		for _, slug := range tag.Slugs() {
			if slices.Contains(slugs, slug) && survivor.Status == news.TagInUse {
				found[slug] = survivor
			}
		}
	}
	return found, l.outage
}

// Listed implements live.TagStore: a list of tags.
func (l *memoryLog) Listed(ctx context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	if err := l.slowly(ctx); err != nil {
		return news.Page[news.Entity]{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var p news.Page[news.Entity]
	for _, id := range slices.Sorted(maps.Keys(l.current)) {
		e := l.current[id]
		if e.Ref().Kind != sel.Kind || !sel.Holds(e.Listing()) || w.After != nil && id <= w.After.ID {
			continue
		}
		if p.HasNext = len(p.Items) == w.First; p.HasNext {
			break
		}
		p.Items = append(p.Items, e)
	}
	return p, l.outage
}

// follow notes what tags are merged into; the caller holds l.mu.
func (l *memoryLog) follow(doc news.Entity) {
	merged := map[news.TagID]news.TagID{}
	if n := len(l.merged); n > 0 {
		merged = l.merged[n-1]
	}
	if tag, ok := doc.(*news.Tag); ok && tag.MergedInto != merged[tag.ID] {
		merged = maps.Clone(merged)
		merged[tag.ID] = tag.MergedInto
	}
	l.merged = append(l.merged, merged)
}

// stands is what stands for a tag by now; the caller holds l.mu.
func (l *memoryLog) stands(tag news.TagID) news.TagID {
	return standsIn(tag, l.merged[len(l.merged)-1])
}

func standsIn(tag news.TagID, merged map[news.TagID]news.TagID) news.TagID {
	for range merged { // no chain is longer
		if merged[tag] == "" {
			break
		}
		tag = merged[tag]
	}
	return tag
}

// concerns tells whether a line carries, or carried before, what stood for a tag
// before the line was written; the caller holds l.mu.
func (l *memoryLog) concerns(line news.Line, tag news.TagID) bool {
	if line.Seq > 1 {
		tag = standsIn(tag, l.merged[line.Seq-2])
	}
	return carries(line, tag)
}

func carries(line news.Line, tag news.TagID) bool {
	return line.Doc.Listing().Has(tag.Term()) || line.Before != nil && line.Before.Has(tag.Term())
}

func carrying(tags []news.TagID) func(news.Line) bool {
	return func(line news.Line) bool {
		return slices.ContainsFunc(tags, func(tag news.TagID) bool { return carries(line, tag) })
	}
}

// tag is the first version of a tag whose id is tag_ and whose slugs are a name and
// what it was called before.
func tag(name string, before ...string) *news.Tag {
	return &news.Tag{
		ID: news.TagID("tag_" + name), Version: 1, TagContent: news.TagContent{Slug: name, Name: strings.ToUpper(name), Kind: news.TagTopic},
		PreviousSlugs: before,
	}
}

// changedTag is the next version of a tag.
func (l *memoryLog) changedTag(id news.TagID, edit func(*news.Tag)) *news.Tag {
	l.mu.Lock()
	defer l.mu.Unlock()
	next := l.current[news.EntityID(id)].(*news.Tag).Clone()
	next.Version++
	edit(next)
	return next
}

// merge commits the two lines of a merge.
func (l *memoryLog) merge(from, into news.TagID) {
	l.commit(news.OpMerged, l.changedTag(into, func(t *news.Tag) { t.Aliases = append(t.Aliases, fmt.Sprint("alias of ", from)) }))
	l.commit(news.OpMerged, l.changedTag(from, func(t *news.Tag) { t.Status, t.MergedInto = news.TagMerged, into }))
}

func (l *memoryLog) unmerge(id news.TagID) {
	l.commit(news.OpUnmerged, l.changedTag(id, func(t *news.Tag) { t.Status, t.MergedInto = news.TagInUse, "" }))
}

func (l *memoryLog) delete(id news.TagID) {
	l.commit(news.OpDeleted, l.changedTag(id, func(t *news.Tag) { t.Status = news.TagDeleted }))
}

// following is the operation that follows tags by their names.
func following(ctx context.Context, store live.TagStore, o *operation, names ...string) (live.Operation, error) {
	trace, err := live.TraceTags(ctx, store, names)
	if err != nil {
		return nil, err
	}
	o.ctx, o.wants, o.reopens = ctx, trace.Wants(carrying), trace.Reopens
	return o, nil
}
