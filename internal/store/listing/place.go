// Package listing is the arithmetic of lists that all stores share: where an
// entity stands in the list of its kind, what part of a list a window shows, and
// how related stories are ranked. How a list is kept and read is the store's.
package listing

import (
	"cmp"
	"time"

	"depeche/internal/news"
)

// A Place is a position in the list of one kind. Places ascend by time, for the
// kinds that are listed by time, or by name; the other one is zero. Equal ones
// ascend by id. What is After an id is right behind it.
type Place struct {
	Ms    int64 // since 1970
	Name  string
	ID    string
	After bool
}

// ByName tells whether the lists of kind are ordered by name, ascending; the
// others are ordered by time, descending.
func ByName(kind news.Kind) bool { return kind == news.KindTag }

// PlaceOf is where an entity that is listed so stands.
func PlaceOf(kind news.Kind, id news.EntityID, l news.Listing) Place {
	if ByName(kind) {
		return Place{Name: l.Name, ID: string(id)}
	}
	return Place{Ms: l.At.UnixMilli(), ID: string(id)}
}

func placeOf(c news.PageCursor) Place {
	return PlaceOf(c.List, c.ID, news.Listing{At: c.At, Name: c.Name})
}

// Compare orders places.
func (p Place) Compare(q Place) int {
	return cmp.Or(
		cmp.Compare(p.Ms, q.Ms), cmp.Compare(p.Name, q.Name), cmp.Compare(p.ID, q.ID),
		compareBools(p.After, q.After),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// behind is the place right behind p.
func (p Place) behind() Place {
	p.After = true
	return p
}

// ceilMilli is the first whole millisecond that is not before t.
func ceilMilli(t time.Time) int64 {
	ms := t.UnixMilli()
	if time.UnixMilli(ms).Before(t) {
		ms++
	}
	return ms
}
