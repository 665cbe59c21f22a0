package mongo

import (
	"math"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
	"depeche/internal/store/listing"
)

// key is the field that the lists of kind are ordered by.
func key(kind news.Kind) string {
	if listing.ByName(kind) {
		return "listing.name"
	}
	return "listing.at"
}

// filters are the filters whose results, which have nothing in common, make the
// list of sel within the span. Each asks for one or more values of the first
// fields of an index and for a range of the rest, so that the server walks the
// index in the order of the list and stops when it has enough.
func filters(sel news.Selection, span listing.Span) []bson.D {
	var all []bson.D
	for _, shelves := range alike(sel.Shelves) {
		f := bson.D{{Key: "listing.status", Value: oneOf(statuses(shelves))}}
		var conditions bson.A
		for _, term := range shelves[0].All {
			conditions = append(conditions, bson.D{{Key: "listing.terms", Value: term}})
		}
		if len(sel.Any) > 0 {
			conditions = append(conditions, bson.D{{Key: "listing.terms", Value: oneOf(slices.Compact(slices.Sorted(slices.Values(sel.Any))))}})
		}
		of, sides := bounds(key(sel.Kind), span)
		f = append(f, of...)
		if conditions = append(conditions, sides...); len(conditions) > 0 {
			f = append(f, bson.E{Key: "$and", Value: conditions})
		}
		all = append(all, f)
	}
	return all
}

// alike groups shelves that differ by nothing but the status.
func alike(shelves []news.Shelf) [][]news.Shelf {
	var groups [][]news.Shelf
	for _, shelf := range shelves {
		i := slices.IndexFunc(groups, func(g []news.Shelf) bool { return slices.Equal(g[0].All, shelf.All) })
		if i < 0 {
			groups = append(groups, []news.Shelf{shelf})
		} else {
			groups[i] = append(groups[i], shelf)
		}
	}
	return groups
}

// statuses are what listing.status has to be. It is not there where the status is
// empty, which null finds.
func statuses(shelves []news.Shelf) []any {
	var all []any
	for _, shelf := range shelves {
		if shelf.Status == "" {
			all = append(all, nil)
		} else {
			all = append(all, shelf.Status)
		}
	}
	return all
}

func oneOf[V any](values []V) any {
	if len(values) == 1 {
		return values[0]
	}
	return in(values)
}

// bounds holds key and _id to the span. The bounds of the key alone are what an
// index is entered by; who stands beside a bound is told by the id.
func bounds(key string, span listing.Span) (filter bson.D, sides bson.A) {
	var limits bson.D
	value := func(p listing.Place) any {
		if span.Named {
			return p.Name
		}
		return bson.DateTime(p.Ms)
	}
	if lo := span.Lo; span.Named || lo.Ms > math.MinInt64 {
		limits = append(limits, bson.E{Key: "$gte", Value: value(lo)})
		if lo.ID != "" {
			from := "$gte"
			if lo.After {
				from = "$gt"
			}
			sides = append(sides, either(key, "$gt", value(lo), from, lo.ID))
		}
	}
	if hi := span.Hi; !span.Endless && (span.Named || hi.Ms < math.MaxInt64) {
		if hi.ID == "" {
			limits = append(limits, bson.E{Key: "$lt", Value: value(hi)})
		} else {
			limits = append(limits, bson.E{Key: "$lte", Value: value(hi)})
			until := "$lt"
			if hi.After {
				until = "$lte"
			}
			sides = append(sides, either(key, "$lt", value(hi), until, hi.ID))
		}
	}
	if len(limits) > 0 {
		filter = bson.D{{Key: key, Value: limits}}
	}
	return filter, sides
}

// either is true beyond a key, or for ids beyond an id where the key is equal:
// the bounds of the key have been given.
func either(key, beyond string, value any, idBeyond, id string) bson.D {
	return bson.D{{Key: "$or", Value: bson.A{
		bson.D{{Key: key, Value: bson.D{{Key: beyond, Value: value}}}},
		bson.D{{Key: "_id", Value: bson.D{{Key: idBeyond, Value: id}}}},
	}}}
}
