package sqlite

import (
	"cmp"
	"math"
	"time"

	"depeche/internal/news"
)

// A place is a position in the postings of a term: in time, for the kinds that
// are listed by time, or among names; the other one is zero.
type place struct {
	ms   int64
	name string
	id   string
}

func placeOf(c news.PageCursor) place {
	if byName(c.List) {
		return place{name: c.Name, id: string(c.ID)}
	}
	return place{ms: c.At.UnixMilli(), id: string(c.ID)}
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.ms, q.ms), cmp.Compare(p.name, q.name), cmp.Compare(p.id, q.id))
}

// successor is the lowest place above p.
func (p place) successor() place {
	p.id += "\x00"
	return p
}

// key is the place as the table of postings orders it.
func (p place) key(named bool) any {
	if named {
		return p.name
	}
	return p.ms
}

// A span is the places from lo on and below hi.
type span struct {
	lo, hi place
	named  bool
}

// aboveNames is above every name and, put behind one, above all names that
// begin so: the byte occurs in no UTF-8.
const aboveNames = "\xff"

// wholeOf is the span of the list of sel.
func wholeOf(sel news.Selection) span {
	if byName(sel.Kind) {
		return span{lo: place{name: sel.NamePrefix}, hi: place{name: sel.NamePrefix + aboveNames}, named: true}
	}
	s := span{lo: place{ms: math.MinInt64}, hi: place{ms: math.MaxInt64}}
	if !sel.From.IsZero() {
		s.lo.ms = ceilMilli(sel.From)
	}
	if !sel.To.IsZero() {
		s.hi.ms = ceilMilli(sel.To)
	}
	return s
}

// ceilMilli is the first whole millisecond that is not before t.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}

// from is the part of s from p on, until the part below p.
func (s span) from(p place) span {
	if p.compare(s.lo) > 0 {
		s.lo = p
	}
	return s
}

func (s span) until(p place) span {
	if p.compare(s.hi) < 0 {
		s.hi = p
	}
	return s
}
