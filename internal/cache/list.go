package cache

import (
	"strconv"
	"time"

	"depeche/internal/news"
)

// A list is what a selection holds.
type list struct {
	news.Selection
	// tags tells that it also matters which tags those who are in it carry.
	tags bool
}

// change tells what e does to the list: whether the entity leaves the place where
// it was and whether it comes to the place where it is. Where it does neither it
// may have changed in a way that matters.
func (l list) change(e *effect) (left, came, otherwise bool) {
	if e.kind != l.Kind {
		return false, false, false
	}
	was, is := e.was.exists && l.Holds(e.was.Listing), e.is.exists && l.Holds(e.is.Listing)
	if was && is && e.was.at == e.is.at {
		return false, false, l.tags && e.retags()
	}
	return was, is, false
}

// name is the same for lists that are the same.
func (l list) name() string {
	b := strconv.AppendQuote(nil, string(l.Kind))
	if l.tags {
		b = append(b, '#')
	}
	for _, shelf := range l.Shelves {
		b = append(b, '/')
		b = strconv.AppendQuote(b, shelf.Status)
		for _, term := range shelf.All {
			b = strconv.AppendQuote(b, term)
		}
	}
	b = append(b, '?')
	for _, term := range l.Any {
		b = strconv.AppendQuote(b, term)
	}
	for _, bound := range []time.Time{l.From, l.To} {
		b = append(b, ' ')
		b = strconv.AppendInt(b, bound.Unix(), 36)
		b = append(b, '.')
		b = strconv.AppendInt(b, int64(bound.Nanosecond()), 36)
	}
	return string(strconv.AppendQuote(b, l.NamePrefix))
}

// drawer is a term under which lists of a kind are filed, or none.
type drawer struct {
	kind news.Kind
	term string
}

// drawers are where the list is filed: whatever it holds carries one of the terms.
func (l list) drawers() []drawer {
	var under []drawer
	add := func(term string) {
		d := drawer{l.Kind, term}
		for _, known := range under {
			if known == d {
				return
			}
		}
		under = append(under, d)
	}
	for _, shelf := range l.Shelves {
		if len(shelf.All) == 0 {
			under = nil
			break
		}
		// Tags come first, and they are the rarest of all terms.
		add(shelf.All[0])
	}
	if len(under) > 0 || len(l.Shelves) == 0 {
		return under
	}
	for _, term := range l.Any {
		add(term)
	}
	if len(under) == 0 {
		add("")
	}
	return under
}

// A part is the stretch of a list that a page shows, and what it tells of the rest.
type part struct {
	from, to      bound
	before, after side
}

// A bound is where a part ends, where it does not end with the list. What stands
// right there is no part of it: an entity that is shown is noted by itself.
type bound struct {
	place
	some bool
}

// A side is what is known of a list beyond a part of it.
type side uint8

const (
	unseen side = iota // it was not looked at
	empty              // whatever comes there matters
	taken              // what leaves it may have been the last
)

func sideOf(has bool) side {
	if has {
		return taken
	}
	return empty
}

// partOf is the part of a list that p shows of w.
func partOf[E news.Entity](w news.Window, p news.Page[E]) part {
	part := part{before: sideOf(p.HasPrevious), after: sideOf(p.HasNext)}
	if w.After != nil {
		part.from = bound{place: cursorPlace(*w.After), some: true}
	}
	if w.Before != nil {
		part.to = bound{place: cursorPlace(*w.Before), some: true}
	}
	n := len(p.Items)
	switch {
	case n == 0 || n < max(w.First, w.Last): // it shows all between the bounds
	case w.First > 0:
		part.to = boundAt(p.Items[n-1])
	default:
		part.from = boundAt(p.Items[0])
	}
	return part
}

func boundAt(e news.Entity) bound {
	return bound{place: placeOf(e.Ref().ID, e.Listing()), some: true}
}

func cursorPlace(c news.PageCursor) place {
	return placeOf(c.ID, news.Listing{At: c.At, Name: c.Name})
}

// concerned tells whether the part of a list of kind is another one when something
// left it at a place, or came to one.
func (p *part) concerned(kind news.Kind, left, came bool, was, is place) bool {
	var leftBefore, leftAfter, cameBefore, cameAfter bool
	if left {
		leftBefore, leftAfter = p.position(kind, was)
		if !leftBefore && !leftAfter {
			return true
		}
	}
	if came {
		cameBefore, cameAfter = p.position(kind, is)
		if !cameBefore && !cameAfter {
			return true
		}
	}
	return p.before.concerned(leftBefore, cameBefore) || p.after.concerned(leftAfter, cameAfter)
}

// position tells on which side of the part q lies, if it does not lie in it. Where
// the bounds have crossed, it may lie on both.
func (p *part) position(kind news.Kind, q place) (before, after bool) {
	before = p.from.some && compare(kind, q, p.from.place) <= 0
	after = p.to.some && compare(kind, q, p.to.place) >= 0
	return before, after
}

func (s side) concerned(left, came bool) bool {
	switch s {
	case empty:
		return came
	case taken:
		return left && !came
	}
	return false
}
