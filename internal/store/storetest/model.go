package storetest

import (
	"cmp"
	"slices"

	"depeche/internal/news"
)

// A model is what a store should hold, found in the simplest way: everything is
// looked at, in the words of Selection.Holds.
type model struct {
	lines    []news.Line
	entities map[news.EntityID]news.Entity
}

func newModel() *model {
	return &model{entities: make(map[news.EntityID]news.Entity)}
}

// enter adds lines of the log.
func (m *model) enter(lines ...news.Line) {
	for _, line := range lines {
		m.lines = append(m.lines, line)
		m.entities[line.Doc.Ref().ID] = line.Doc
	}
}

// until is the model as it was at line seq.
func (m *model) until(seq news.Seq) *model {
	past := newModel()
	past.enter(m.lines[:seq]...)
	return past
}

// head is the number of the newest line.
func (m *model) head() news.Seq { return news.Seq(len(m.lines)) }

// changes are the changes that commit entities one after the other.
func (m *model) changes(entities ...news.Entity) []news.Change {
	var changes []news.Change
	before := make(map[news.EntityID]news.Entity)
	for _, e := range entities {
		id := e.Ref().ID
		if before[id] == nil {
			before[id] = m.entities[id]
		}
		changes = append(changes, Change(e, before[id]))
		before[id] = e
	}
	return changes
}

// all are the entities of kind by ascending id.
func (m *model) all(kind news.Kind) []news.Entity {
	return m.sorted(kind, func(news.Entity) bool { return true }, func(a, b news.Entity) int {
		return cmp.Compare(a.Ref().ID, b.Ref().ID)
	})
}

// list is the whole list of sel, in its order.
func (m *model) list(sel news.Selection) []news.Entity {
	return m.sorted(sel.Kind,
		func(e news.Entity) bool { return sel.Holds(e.Listing()) },
		func(a, b news.Entity) int { return comparePlaces(news.CursorOf(a), news.CursorOf(b)) })
}

func (m *model) sorted(kind news.Kind, holds func(news.Entity) bool, compare func(a, b news.Entity) int) []news.Entity {
	var list []news.Entity
	for _, e := range m.entities {
		if e.Ref().Kind == kind && holds(e) {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, compare)
	return list
}

// comparePlaces is negative when a comes before b in the list of their kind.
func comparePlaces(a, b news.PageCursor) int {
	c := cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	if a.List != news.KindTag {
		return -c
	}
	return c
}

// inBrief are entities as lists show them.
func inBrief[E news.Entity](list []E) []news.Entity {
	var brief []news.Entity
	for _, e := range list {
		if story, ok := news.Entity(e).(*news.Story); ok {
			brief = append(brief, story.InBrief())
			continue
		}
		brief = append(brief, e)
	}
	return brief
}

// page is what w shows of the list of q.
func (m *model) page(q query, w news.Window) news.Page[news.Entity] {
	p := news.Page[news.Entity]{At: m.head()}
	var before, after []news.Entity // beyond the bounds of w, these included
	for _, e := range m.list(q.sel) {
		switch place := news.CursorOf(e); {
		case w.After != nil && comparePlaces(place, *w.After) <= 0:
			before = append(before, e)
			if w.Before != nil && comparePlaces(place, *w.Before) >= 0 {
				after = append(after, e)
			}
		case w.Before != nil && comparePlaces(place, *w.Before) >= 0:
			after = append(after, e)
		default:
			p.Items = append(p.Items, e)
		}
	}
	p.HasPrevious, p.HasNext = len(before) > 0, len(after) > 0
	if n := w.First; n > 0 && len(p.Items) > n {
		p.Items, p.HasNext = p.Items[:n], true
	}
	if n := w.Last; n > 0 && len(p.Items) > n {
		p.Items, p.HasPrevious = p.Items[len(p.Items)-n:], true
	}
	if !q.whole {
		p.Items = inBrief(p.Items)
	}
	return p
}

// story is a story of the model.
func (m *model) story(id news.StoryID) *news.Story {
	s, _ := m.entities[news.EntityID(id)].(*news.Story)
	return s
}

// published are the published stories, newest first.
func (m *model) published() []*news.Story {
	var stories []*news.Story
	for _, e := range m.list(news.StoryFilter{}.Selection(news.Audience{})) {
		stories = append(stories, e.(*news.Story))
	}
	return stories
}

// survivor is the tag that answers for t; nil where there is none.
func (m *model) survivor(t *news.Tag) *news.Tag {
	for range m.entities { // no chain is longer
		if t == nil || t.Status != news.TagMerged {
			break
		}
		t, _ = m.entities[news.EntityID(t.MergedInto)].(*news.Tag)
	}
	if t == nil || t.Status != news.TagInUse {
		return nil
	}
	return t
}

// nodes are what who is shown of all entities, by their ids.
func (m *model) nodes(who news.Audience) map[news.EntityID]news.Entity {
	nodes := make(map[news.EntityID]news.Entity)
	for id, e := range m.entities {
		switch e := e.(type) {
		case *news.Story:
			if e.VisibleTo(who) {
				nodes[id] = e
			}
		case *news.Tag:
			if t := m.survivor(e); t != nil {
				nodes[id] = t
			}
		case *news.TickerEntry, *news.Coverage:
			nodes[id] = e
		}
	}
	return nodes
}

// owners are whom the slugs of a kind belong to.
func (m *model) owners(kind news.Kind) map[string]news.EntityID {
	owners := make(map[string]news.EntityID)
	for _, line := range m.lines {
		if ref := line.Doc.Ref(); ref.Kind == kind {
			for _, slug := range line.Doc.Slugs() {
				if owners[slug] == "" {
					owners[slug] = ref.ID
				}
			}
		}
	}
	return owners
}

// uses tells how much carries a tag.
func (m *model) uses(tag news.TagID) news.TagUse {
	var use news.TagUse
	for _, e := range m.entities {
		if !e.Listing().Has(tag.Term()) {
			continue
		}
		switch e.(type) {
		case *news.Story:
			use.Stories++
		case *news.TickerEntry:
			use.TickerEntries++
		case *news.Coverage:
			use.Coverages++
		}
	}
	return use
}
