package document

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"depeche/internal/news"
)

// What follows reads the documents that Encode makes, several times as fast as
// package bson, which finds out about the types each time. It is not all of BSON
// (bsonspec.org): where it meets anything else, a type or a name or a length
// that Encode does not write, it gives up and package bson decides.

// A value is what a field of a document holds. It shares the bytes of the
// document.
type value struct {
	kind byte // a type of the specification
	data []byte
}

// The types that Encode writes.
const (
	typeDouble   = 0x01
	typeString   = 0x02
	typeDocument = 0x03
	typeArray    = 0x04
	typeBool     = 0x08
	typeDateTime = 0x09
	typeInt32    = 0x10
	typeInt64    = 0x12
)

// fields calls set for every field of doc, which is a document or an array. It
// returns false where doc is not understood, or set does.
func fields(doc []byte, set func(name []byte, v value) bool) bool {
	end := len(doc) - 1
	if end < 4 || int64(binary.LittleEndian.Uint32(doc)) != int64(len(doc)) || doc[end] != 0 {
		return false
	}
	for rest := doc[4:end]; len(rest) > 0; {
		kind := rest[0]
		name, after, ok := bytes.Cut(rest[1:], []byte{0})
		if !ok {
			return false
		}
		skip, size, ok := extent(kind, after)
		if !ok || size > len(after) || !set(name, value{kind, after[skip:size]}) {
			return false
		}
		if kind == typeString {
			size++ // the zero behind it
		}
		rest = after[size:]
	}
	return true
}

// extent tells where in data a value of a kind begins and ends.
func extent(kind byte, data []byte) (begin, end int, ok bool) {
	switch kind {
	case typeBool:
		return 0, 1, true
	case typeInt32:
		return 0, 4, true
	case typeDouble, typeDateTime, typeInt64:
		return 0, 8, true
	}
	if len(data) < 4 {
		return 0, 0, false
	}
	size := int64(binary.LittleEndian.Uint32(data))
	switch {
	case size > int64(len(data)):
		return 0, 0, false
	case kind == typeDocument, kind == typeArray:
		return 0, int(size), true
	case kind == typeString && size > 0 && 4+size <= int64(len(data)) && data[3+size] == 0:
		return 4, 3 + int(size), true
	}
	return 0, 0, false
}

func text[S ~string](v value, to *S) bool {
	*to = S(v.data)
	return v.kind == typeString
}

func number[N ~int](v value, to *N) bool {
	var n int64
	switch v.kind {
	case typeInt32:
		n = int64(int32(binary.LittleEndian.Uint32(v.data)))
	case typeInt64:
		n = int64(binary.LittleEndian.Uint64(v.data))
	default:
		return false
	}
	*to = N(n)
	return int64(*to) == n
}

func float(v value, to *float64) bool {
	if v.kind != typeDouble {
		return false
	}
	*to = math.Float64frombits(binary.LittleEndian.Uint64(v.data))
	return true
}

func flag(v value, to *bool) bool {
	if v.kind != typeBool || v.data[0] > 1 {
		return false
	}
	*to = v.data[0] == 1
	return true
}

func instant(v value, to *time.Time) bool {
	if v.kind != typeDateTime {
		return false
	}
	*to = time.UnixMilli(int64(binary.LittleEndian.Uint64(v.data))).UTC()
	return true
}

// list reads an array, each item by set.
func list[T any](v value, to *[]T, set func(v value, item *T) bool) bool {
	if v.kind != typeArray || *to != nil {
		return false
	}
	*to = []T{}
	return fields(v.data, func(_ []byte, v value) bool {
		var item T
		ok := set(v, &item)
		*to = append(*to, item)
		return ok
	})
}

func texts[S ~string](v value, to *[]S) bool { return list(v, to, text[S]) }

// part reads a document within the document, each field by set.
func part[T any](v value, to **T, set func(name []byte, v value, to *T) bool) bool {
	if v.kind != typeDocument || *to != nil {
		return false
	}
	*to = new(T)
	return fields(v.data, func(name []byte, v value) bool { return set(name, v, *to) })
}

// story reads a story: in brief where body is not nil, which gets the length of
// the body then.
func story(doc []byte, body *int) (*news.Story, bool) {
	s := &news.Story{Brief: body != nil}
	return s, fields(doc, func(name []byte, v value) bool {
		switch string(name) {
		case "_id":
			return text(v, &s.ID)
		case "version":
			return number(v, &s.Version)
		case "status":
			return text(v, &s.Status)
		case "slug":
			return text(v, &s.Slug)
		case "title":
			return text(v, &s.Title)
		case "summary":
			return text(v, &s.Summary)
		case "body":
			if body != nil {
				*body = len(v.data)
				return v.kind == typeString
			}
			return text(v, &s.Body)
		case "language":
			return text(v, &s.Language)
		case "breaking":
			return flag(v, &s.Breaking)
		case "priority":
			return text(v, &s.Priority)
		case "tags":
			return texts(v, &s.Tags)
		case "authors":
			return texts(v, &s.Authors)
		case "image":
			return part(v, &s.Image, image)
		case "canonicalUrl":
			return text(v, &s.CanonicalURL)
		case "source":
			return part(v, &s.Source, source)
		case "previousSlugs":
			return texts(v, &s.PreviousSlugs)
		case "corrections":
			return list(v, &s.Corrections, correction)
		case "createdBy":
			return text(v, &s.CreatedBy)
		case "createdAt":
			return instant(v, &s.CreatedAt)
		case "updatedAt":
			return instant(v, &s.UpdatedAt)
		case "publishedAt":
			return instant(v, &s.PublishedAt)
		case "schedule":
			return part(v, &s.Schedule, schedule)
		case "embargoedUntil":
			return instant(v, &s.EmbargoedUntil)
		case "retags":
			return list(v, &s.Retags, retag)
		case "withdrawnIn":
			return number(v, &s.WithdrawnIn)
		}
		return false
	})
}

func tag(doc []byte) (*news.Tag, bool) {
	t := new(news.Tag)
	return t, fields(doc, func(name []byte, v value) bool {
		switch string(name) {
		case "_id":
			return text(v, &t.ID)
		case "version":
			return number(v, &t.Version)
		case "slug":
			return text(v, &t.Slug)
		case "name":
			return text(v, &t.Name)
		case "kind":
			return text(v, &t.Kind)
		case "description":
			return text(v, &t.Description)
		case "aliases":
			return texts(v, &t.Aliases)
		case "code":
			return text(v, &t.Code)
		case "uri":
			return text(v, &t.URI)
		case "sortName":
			return text(v, &t.SortName)
		case "previousSlugs":
			return texts(v, &t.PreviousSlugs)
		case "status":
			return text(v, &t.Status)
		case "mergedInto":
			return text(v, &t.MergedInto)
		case "mergedAt":
			return instant(v, &t.MergedAt)
		case "settled":
			return flag(v, &t.Settled)
		}
		return false
	})
}

func tickerEntry(doc []byte) (*news.TickerEntry, bool) {
	e := new(news.TickerEntry)
	return e, fields(doc, func(name []byte, v value) bool {
		switch string(name) {
		case "_id":
			return text(v, &e.ID)
		case "version":
			return number(v, &e.Version)
		case "status":
			return text(v, &e.Status)
		case "headline":
			return text(v, &e.Headline)
		case "body":
			return text(v, &e.Body)
		case "priority":
			return text(v, &e.Priority)
		case "occurredAt":
			return instant(v, &e.OccurredAt)
		case "keyEvent":
			return flag(v, &e.KeyEvent)
		case "tags":
			return texts(v, &e.Tags)
		case "story":
			return text(v, &e.Story)
		case "coverage":
			return text(v, &e.Coverage)
		case "coverageOnly":
			return flag(v, &e.CoverageOnly)
		case "source":
			return part(v, &e.Source, source)
		case "pinned":
			return flag(v, &e.Pinned)
		case "pinnedUntil":
			return instant(v, &e.PinnedUntil)
		case "corrections":
			return list(v, &e.Corrections, correction)
		case "publishedAt":
			return instant(v, &e.PublishedAt)
		case "updatedAt":
			return instant(v, &e.UpdatedAt)
		case "retags":
			return list(v, &e.Retags, retag)
		}
		return false
	})
}

func coverage(doc []byte) (*news.Coverage, bool) {
	c := new(news.Coverage)
	return c, fields(doc, func(name []byte, v value) bool {
		switch string(name) {
		case "_id":
			return text(v, &c.ID)
		case "version":
			return number(v, &c.Version)
		case "slug":
			return text(v, &c.Slug)
		case "title":
			return text(v, &c.Title)
		case "summary":
			return text(v, &c.Summary)
		case "status":
			return text(v, &c.Status)
		case "startsAt":
			return instant(v, &c.StartsAt)
		case "endsAt":
			return instant(v, &c.EndsAt)
		case "tags":
			return texts(v, &c.Tags)
		case "previousSlugs":
			return texts(v, &c.PreviousSlugs)
		case "retags":
			return list(v, &c.Retags, retag)
		}
		return false
	})
}

func listing(doc []byte) (*news.Listing, bool) {
	l := new(news.Listing)
	return l, fields(doc, func(name []byte, v value) bool {
		switch string(name) {
		case "status":
			return text(v, &l.Status)
		case "at":
			return instant(v, &l.At)
		case "name":
			return text(v, &l.Name)
		case "terms":
			return texts(v, &l.Terms)
		}
		return false
	})
}

func image(name []byte, v value, i *news.Image) bool {
	switch string(name) {
	case "url":
		return text(v, &i.URL)
	case "alt":
		return text(v, &i.Alt)
	case "caption":
		return text(v, &i.Caption)
	case "credit":
		return text(v, &i.Credit)
	case "width":
		return number(v, &i.Width)
	case "height":
		return number(v, &i.Height)
	case "focalPoint":
		return part(v, &i.FocalPoint, focalPoint)
	}
	return false
}

func focalPoint(name []byte, v value, p *news.FocalPoint) bool {
	switch string(name) {
	case "x":
		return float(v, &p.X)
	case "y":
		return float(v, &p.Y)
	}
	return false
}

func source(name []byte, v value, s *news.Source) bool {
	switch string(name) {
	case "name":
		return text(v, &s.Name)
	case "url":
		return text(v, &s.URL)
	}
	return false
}

func correction(v value, c *news.Correction) bool {
	return v.kind == typeDocument && fields(v.data, func(name []byte, v value) bool {
		switch string(name) {
		case "at":
			return instant(v, &c.At)
		case "note":
			return text(v, &c.Note)
		case "kind":
			return text(v, &c.Kind)
		case "fromVersion":
			return number(v, &c.FromVersion)
		case "toVersion":
			return number(v, &c.ToVersion)
		}
		return false
	})
}

func schedule(name []byte, v value, s *news.Schedule) bool {
	switch string(name) {
	case "at":
		return instant(v, &s.At)
	case "local":
		return text(v, &s.Local)
	case "zone":
		return text(v, &s.Zone)
	}
	return false
}

func retag(v value, r *news.Retag) bool {
	return v.kind == typeDocument && fields(v.data, func(name []byte, v value) bool {
		switch string(name) {
		case "from":
			return text(v, &r.From)
		case "to":
			return text(v, &r.To)
		case "beside":
			return flag(v, &r.Beside)
		}
		return false
	})
}
