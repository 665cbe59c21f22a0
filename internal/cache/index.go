package cache

import "depeche/internal/news"

// An index finds the kept answers that a line concerns, without looking at the
// others. It is guarded by Cache.mu.
type index struct {
	entities shelf[news.EntityID]
	absent   shelf[slug]
	parts    shelf[*filed]
	lists    map[string]*filed
	drawers  map[drawer]map[*filed]struct{}
}

// filed is a list that kept answers depend on.
type filed struct {
	list
	name string
}

// A card stands for one thing that one answer depends on.
type card[K comparable] struct {
	of         *kept
	on         K
	part       *part // of a list
	next, back *card[K]
}

// A shelf has the cards of each thing, in a chain.
type shelf[K comparable] map[K]*card[K]

func (s shelf[K]) add(c *card[K]) {
	if first := s[c.on]; first != nil {
		c.next, first.back = first, c
	}
	s[c.on] = c
}

// remove tells whether c was the last card of what it stands for.
func (s shelf[K]) remove(c *card[K]) (last bool) {
	if c.next != nil {
		c.next.back = c.back
	}
	switch {
	case c.back != nil:
		c.back.next = c.next
	case c.next != nil:
		s[c.on] = c.next
	default:
		delete(s, c.on)
		return true
	}
	return false
}

func newIndex() index {
	return index{
		entities: make(shelf[news.EntityID]),
		absent:   make(shelf[slug]),
		parts:    make(shelf[*filed]),
		lists:    make(map[string]*filed),
		drawers:  make(map[drawer]map[*filed]struct{}),
	}
}

// add files k under what n says that it depends on.
func (x *index) add(k *kept, n *notes) {
	k.filed = true
	k.entities = make([]card[news.EntityID], 0, len(n.entities))
	for id := range n.entities {
		k.entities = append(k.entities, card[news.EntityID]{of: k, on: id})
	}
	k.absent = make([]card[slug], 0, len(n.absent))
	for s := range n.absent {
		k.absent = append(k.absent, card[slug]{of: k, on: s})
	}
	for name, l := range n.lists {
		f := x.file(name, l.list)
		for i := range l.parts {
			k.parts = append(k.parts, card[*filed]{of: k, on: f, part: &l.parts[i]})
		}
	}
	// The slices have their final places only now.
	addAll(x.entities, k.entities)
	addAll(x.absent, k.absent)
	addAll(x.parts, k.parts)
}

func addAll[K comparable](s shelf[K], cards []card[K]) {
	for i := range cards {
		s.add(&cards[i])
	}
}

func (x *index) file(name string, l list) *filed {
	if f := x.lists[name]; f != nil {
		return f
	}
	f := &filed{list: l, name: name}
	x.lists[name] = f
	for _, d := range l.drawers() {
		if x.drawers[d] == nil {
			x.drawers[d] = make(map[*filed]struct{})
		}
		x.drawers[d][f] = struct{}{}
	}
	return f
}

// remove takes k out of the index, if it is there.
func (x *index) remove(k *kept) {
	if !k.filed {
		return
	}
	k.filed = false
	for i := range k.entities {
		x.entities.remove(&k.entities[i])
	}
	for i := range k.absent {
		x.absent.remove(&k.absent[i])
	}
	for i := range k.parts {
		if f := k.parts[i].on; x.parts.remove(&k.parts[i]) {
			x.unfile(f)
		}
	}
	k.entities, k.absent, k.parts = nil, nil, nil
}

func (x *index) unfile(f *filed) {
	delete(x.lists, f.name)
	for _, d := range f.drawers() {
		if delete(x.drawers[d], f); len(x.drawers[d]) == 0 {
			delete(x.drawers, d)
		}
	}
}

// concerned appends the answers that e makes untrue to dropped. One may be there
// more than once.
func (x *index) concerned(e *effect, dropped []*kept) []*kept {
	if e.shows() {
		for c := x.entities[e.id]; c != nil; c = c.next {
			dropped = append(dropped, c.of)
		}
	}
	if e.turns() {
		for c := x.entities[turned]; c != nil; c = c.next {
			dropped = append(dropped, c.of)
		}
	}
	if e.public(&e.is) {
		for _, s := range e.slugs {
			for c := x.absent[slug{e.kind, s}]; c != nil; c = c.next {
				dropped = append(dropped, c.of)
			}
		}
	}
	dropped = x.listed(e, drawer{e.kind, ""}, dropped)
	for _, term := range e.terms() {
		dropped = x.listed(e, drawer{e.kind, term}, dropped)
	}
	return dropped
}

// listed does so with those that depend on the lists of a drawer.
func (x *index) listed(e *effect, d drawer, dropped []*kept) []*kept {
	for f := range x.drawers[d] {
		left, came, otherwise := f.change(e)
		if !left && !came && !otherwise {
			continue
		}
		for c := x.parts[f]; c != nil; c = c.next {
			if otherwise || c.part.concerned(f.Kind, left, came, e.was.at, e.is.at) {
				dropped = append(dropped, c.of)
			}
		}
	}
	return dropped
}
