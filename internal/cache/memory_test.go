package cache_test

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"depeche/internal/news"
)

// memory is a news.Store in the simplest way: everything is looked at, in the words
// of Selection.Holds. What has happened to it is never forgotten.
type memory struct {
	news.Store // what the tests don't ask

	mu    sync.RWMutex
	lines []news.Line
	state map[news.EntityID]news.Entity
	stand map[news.EntityID]standing
	owner map[slug]news.EntityID
	fault error // instead of any reading
}

type slug struct {
	kind news.Kind
	text string
}

// A standing is how an entity is listed, and where.
type standing struct {
	listing news.Listing
	cursor  news.PageCursor
}

func newMemory() *memory {
	return &memory{
		state: make(map[news.EntityID]news.Entity),
		stand: make(map[news.EntityID]standing),
		owner: make(map[slug]news.EntityID),
	}
}

func (m *memory) Commit(_ context.Context, changes []news.Change) ([]news.Line, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []news.Line
	for _, ch := range changes {
		ref, version := ch.Doc.Ref(), 0
		if e := m.state[ref.ID]; e != nil {
			version = e.Ref().Version
		}
		if ref.Version != version+1 {
			return lines, &news.ConflictError{ID: ref.ID, Current: version}
		}
		for _, s := range ch.Doc.Slugs() {
			if owner, taken := m.owner[slug{ref.Kind, s}]; taken && owner != ref.ID {
				return lines, &news.TakenError{Slug: s, Owner: owner}
			}
		}
		line := news.Line{Seq: news.Seq(len(m.lines) + 1), Change: ch}
		m.enter(line)
		lines = append(lines, line)
	}
	return lines, nil
}

func (m *memory) enter(line news.Line) {
	ref := line.Doc.Ref()
	m.lines = append(m.lines, line)
	m.state[ref.ID] = line.Doc
	m.stand[ref.ID] = standing{line.Doc.Listing(), news.CursorOf(line.Doc)}
	for _, s := range line.Doc.Slugs() {
		m.owner[slug{ref.Kind, s}] = ref.ID
	}
}

func (m *memory) head() news.Seq {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return news.Seq(len(m.lines))
}

func (m *memory) Head(context.Context) (news.Seq, error) { return m.head(), nil }

func (m *memory) Lines(_ context.Context, after news.Seq, limit int) ([]news.Line, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.lines[after:min(int(after)+limit, len(m.lines))]), nil
}

func (m *memory) Version(_ context.Context, id news.EntityID, version int) (news.Line, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	for _, line := range m.lines {
		if ref := line.Doc.Ref(); ref.ID == id && ref.Version == version {
			return line, nil
		}
	}
	return news.Line{}, news.ErrNotFound
}

func (m *memory) Versions(_ context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var found []news.Line
	for _, line := range slices.Backward(m.lines) {
		if ref := line.Doc.Ref(); ref.ID == id && (before == 0 || ref.Version < before) && len(found) < limit {
			found = append(found, line)
		}
	}
	return found, nil
}

func (m *memory) Close() error { return nil }

// look calls f with the state of one moment.
func (m *memory) look(f func()) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.fault != nil {
		return m.fault
	}
	f()
	return nil
}

func (m *memory) Nodes(_ context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	return memoryByID[news.EntityID, news.Entity](m, who, ids)
}

func (m *memory) StoriesByID(_ context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	return memoryByID[news.StoryID, *news.Story](m, who, ids)
}

func (m *memory) TagsByID(_ context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	return memoryByID[news.TagID, *news.Tag](m, news.Audience{}, ids)
}

func (m *memory) TickerEntriesByID(_ context.Context, ids []news.TickerEntryID) (map[news.TickerEntryID]*news.TickerEntry, error) {
	return memoryByID[news.TickerEntryID, *news.TickerEntry](m, news.Audience{}, ids)
}

func (m *memory) CoveragesByID(_ context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	return memoryByID[news.CoverageID, *news.Coverage](m, news.Audience{}, ids)
}

func (m *memory) StoriesBySlug(_ context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	return memoryBySlug[*news.Story](m, who, news.KindStory, slugs)
}

func (m *memory) TagsBySlug(_ context.Context, slugs []string) (map[string]*news.Tag, error) {
	return memoryBySlug[*news.Tag](m, news.Audience{}, news.KindTag, slugs)
}

func (m *memory) CoveragesBySlug(_ context.Context, slugs []string) (map[string]*news.Coverage, error) {
	return memoryBySlug[*news.Coverage](m, news.Audience{}, news.KindCoverage, slugs)
}

func (m *memory) Stories(_ context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	return memoryPage[*news.Story](m, f.Selection(who), w)
}

func (m *memory) Tags(_ context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	return memoryPage[*news.Tag](m, f.Selection(), w)
}

func (m *memory) TickerEntries(_ context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	return memoryPage[*news.TickerEntry](m, f.Selection(), w)
}

func (m *memory) Coverages(_ context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	return memoryPage[*news.Coverage](m, f.Selection(), w)
}

func (m *memory) StoryCounts(_ context.Context, tags []news.TagID) (map[news.TagID]int, error) {
	counts := make(map[news.TagID]int)
	return counts, m.look(func() {
		for _, tag := range tags {
			counts[tag] = len(m.carrying(tag))
		}
	})
}

func (m *memory) TrendingTags(_ context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	var ranking []news.TagCount
	return ranking, m.look(func() {
		stories := m.list(news.StoryFilter{PublishedAfter: since}.Selection(news.Audience{}))
		for _, e := range m.list(news.TagFilter{Kinds: kinds}.Selection()) {
			count := news.TagCount{Tag: e.(*news.Tag)}
			for _, story := range stories {
				if m.stand[story.Ref().ID].listing.Has(count.Tag.ID.Term()) {
					count.Stories++
				}
			}
			if count.Stories > 0 {
				ranking = append(ranking, count)
			}
		}
		slices.SortStableFunc(ranking, func(a, b news.TagCount) int { return cmp.Compare(b.Stories, a.Stories) })
		ranking = ranking[:min(limit, len(ranking))]
	})
}

func (m *memory) RelatedStories(_ context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	related := make(map[news.StoryID][]*news.Story)
	return related, m.look(func() {
		for _, id := range ids {
			story, ok := m.state[news.EntityID(id)].(*news.Story)
			if !ok || !story.VisibleTo(who) {
				continue
			}
			scores := make(map[*news.Story]float64)
			for i, tag := range story.Tags {
				if slices.Contains(story.Tags[:i], tag) {
					continue
				}
				carrying := m.carrying(tag)
				for _, e := range carrying[:min(100, len(carrying))] {
					if other := e.(*news.Story); other.ID != id {
						scores[other] += news.TagWeight(len(carrying))
					}
				}
			}
			found := slices.SortedFunc(maps.Keys(scores), func(a, b *news.Story) int {
				return cmp.Or(cmp.Compare(scores[b], scores[a]), orderOf(news.CursorOf(a), news.CursorOf(b)))
			})
			if len(found) > 0 {
				related[id] = found[:min(limit, len(found))]
			}
		}
	})
}

func (m *memory) Entities(_ context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	var list []news.Entity
	return list, m.look(func() {
		for _, id := range slices.Sorted(maps.Keys(m.state)) {
			if e := m.state[id]; e.Ref().Kind == kind && id > after && len(list) < limit {
				list = append(list, e)
			}
		}
	})
}

func (m *memory) Listed(_ context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	return memoryPage[news.Entity](m, sel, w)
}

func (m *memory) TagUses(_ context.Context, tags []news.TagID) (map[news.TagID]news.TagUse, error) {
	uses := make(map[news.TagID]news.TagUse)
	return uses, m.look(func() {
		for _, tag := range tags {
			uses[tag] = news.TagUse{Stories: len(m.list(news.Carrying(news.KindStory, tag)))}
		}
	})
}

func (m *memory) carrying(tag news.TagID) []news.Entity {
	return m.list(news.StoryFilter{Tags: []news.TagID{tag}}.Selection(news.Audience{}))
}

func (m *memory) list(sel news.Selection) []news.Entity {
	var places []news.PageCursor
	for _, s := range m.stand {
		if s.cursor.List == sel.Kind && sel.Holds(s.listing) {
			places = append(places, s.cursor)
		}
	}
	slices.SortFunc(places, orderOf)
	list := make([]news.Entity, len(places))
	for i, p := range places {
		list[i] = m.state[p.ID]
	}
	return list
}

// orderOf is the order of lists.
func orderOf(a, b news.PageCursor) int {
	if a.List == news.KindTag {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	}
	return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
}

func memoryPage[E news.Entity](m *memory, sel news.Selection, w news.Window) (news.Page[E], error) {
	var p news.Page[E]
	if err := w.Check(sel.Kind); err != nil {
		return p, err
	}
	err := m.look(func() {
		p.At = news.Seq(len(m.lines))
		var shown []E
		for _, e := range m.list(sel) {
			at := m.stand[e.Ref().ID].cursor
			above := w.After != nil && orderOf(at, *w.After) <= 0
			below := w.Before != nil && orderOf(at, *w.Before) >= 0
			p.HasPrevious, p.HasNext = p.HasPrevious || above, p.HasNext || below
			if !above && !below {
				shown = append(shown, e.(E))
			}
		}
		n := cmp.Or(max(w.First, 0), math.MaxInt)
		switch {
		case len(shown) > n:
			shown, p.HasNext = shown[:n], true
		case w.Last > 0 && len(shown) > w.Last:
			shown, p.HasPrevious = shown[len(shown)-w.Last:], true
		}
		p.Items = shown
	})
	return p, err
}

func memoryByID[ID ~string, E news.Entity](m *memory, who news.Audience, ids []ID) (map[ID]E, error) {
	found := make(map[ID]E)
	return found, m.look(func() {
		for _, id := range ids {
			if e, ok := m.shown(news.EntityID(id), who).(E); ok {
				found[id] = e
			}
		}
	})
}

func memoryBySlug[E news.Entity](m *memory, who news.Audience, kind news.Kind, slugs []string) (map[string]E, error) {
	found := make(map[string]E)
	return found, m.look(func() {
		for _, s := range slugs {
			if e, ok := m.shown(m.owner[slug{kind, s}], who).(E); ok {
				found[s] = e
			}
		}
	})
}

// shown is what who gets for an id; nil for nothing.
func (m *memory) shown(id news.EntityID, who news.Audience) news.Entity {
	switch e := m.state[id].(type) {
	case *news.Story:
		if e.VisibleTo(who) {
			return e
		}
	case *news.Tag:
		for range m.state { // no chain is longer
			if e == nil || e.Status != news.TagMerged {
				break
			}
			e, _ = m.state[news.EntityID(e.MergedInto)].(*news.Tag)
		}
		if e != nil && e.Status == news.TagInUse {
			return e
		}
	case *news.TickerEntry, *news.Coverage:
		return e
	}
	return nil
}

// fail has all readings fail with err, or none for nil.
func (m *memory) fail(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fault = err
}
