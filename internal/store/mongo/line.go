package mongo

import (
	"fmt"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"depeche/internal/news"
	"depeche/internal/store/document"
	"depeche/internal/store/listing"
)

// A lineDocument is a document of the log.
type lineDocument struct {
	Seq     int64         `bson:"_id"`
	Entity  string        `bson:"entity"`
	Version int           `bson:"version"`
	Kind    news.Kind     `bson:"kind"`
	Op      news.Op       `bson:"op"`
	At      time.Time     `bson:"at"`
	By      string        `bson:"by"`
	Before  *news.Listing `bson:"before,omitempty"`
	Slugs   []string      `bson:"slugs,omitempty"`
	Write   string        `bson:"write"`
	Doc     bson.Raw      `bson:"doc"`
}

// An entry is a line as this package works with it.
type entry struct {
	news.Line
	ref     news.Ref
	listing news.Listing // of Doc
	// slugs are all that belong to the entity, the ones that it had once and
	// does not name any more too.
	slugs []string
	write string // a random name of the attempt that wrote the line
	doc   bson.Raw
}

// maxDocument is the size of an entity: MongoDB takes documents of 16 MiB, of
// which the line has more than the entity.
const maxDocument = 15 << 20

// newEntry makes ready what will be a line of the log, but for its number and
// its slugs. What it shows is what will be read: it is encoded and decoded.
func newEntry(ch news.Change) (*entry, error) {
	if ch.Doc == nil {
		return nil, fmt.Errorf("a change without an entity")
	}
	e := &entry{Line: news.Line{Change: ch}, ref: ch.Doc.Ref()}
	e.At = news.Instant(ch.At)
	var err error
	if e.doc, err = document.Encode(ch.Doc); err != nil {
		return nil, err
	}
	if len(e.doc) > maxDocument {
		return nil, fmt.Errorf("%s has %d bytes, and MongoDB takes %d at most", e.ref.ID, len(e.doc), maxDocument)
	}
	if e.Doc, err = document.Decode(e.ref.Kind, e.doc); err != nil {
		return nil, err
	}
	before, err := document.EncodeListing(ch.Before)
	if err != nil {
		return nil, err
	}
	if e.Before, err = document.DecodeListing(before); err != nil {
		return nil, err
	}
	e.listing = e.Doc.Listing()
	return e, nil
}

// document is the entry as the log keeps it.
func (e *entry) document() lineDocument {
	return lineDocument{
		Seq: int64(e.Seq), Entity: string(e.ref.ID), Version: e.ref.Version, Kind: e.ref.Kind,
		Op: e.Op, At: e.At, By: e.By, Before: e.Before, Slugs: e.slugs, Write: e.write, Doc: e.doc,
	}
}

// entryOf is the entry that a document of the log stands for.
func entryOf(raw bson.Raw) (*entry, error) {
	var d lineDocument
	if err := bson.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("%w: line %v of the log: %w", errDamaged, raw.Lookup("_id"), err)
	}
	doc, err := document.Decode(d.Kind, d.Doc)
	if err != nil {
		return nil, fmt.Errorf("%w: line %d of the log: %w", errDamaged, d.Seq, err)
	}
	e := &entry{
		Line: news.Line{Seq: news.Seq(d.Seq), Change: news.Change{
			Op: d.Op, At: d.At.UTC(), By: d.By, Doc: doc, Before: d.Before,
		}},
		ref: doc.Ref(), listing: doc.Listing(), slugs: d.Slugs, write: d.Write, doc: d.Doc,
	}
	if string(e.ref.ID) != d.Entity || e.ref.Version != d.Version {
		return nil, fmt.Errorf("%w: line %d of the log is about version %d of %s and holds version %d of %s",
			errDamaged, d.Seq, d.Version, d.Entity, e.ref.Version, e.ref.ID)
	}
	if e.Before != nil {
		e.Before.At = news.Instant(e.Before.At)
	}
	return e, nil
}

// projection is the entity as its own collection keeps it: its fields, and what
// it is found by.
func (e *entry) projection() (bson.D, error) {
	elements, err := e.doc.Elements()
	if err != nil {
		return nil, err
	}
	d := make(bson.D, 0, len(elements)+3)
	for _, element := range elements {
		d = append(d, bson.E{Key: element.Key(), Value: element.Value()})
	}
	d = append(d, bson.E{Key: "listing", Value: e.listed()})
	if len(e.slugs) > 0 {
		d = append(d, bson.E{Key: "slugs", Value: e.slugs})
	}
	return append(d, bson.E{Key: "line", Value: int64(e.Seq)}), nil
}

// listed is the listing as queries look for it: what the list is ordered by is
// there even when it is empty.
func (e *entry) listed() bson.D {
	var d bson.D
	if e.listing.Status != "" {
		d = append(d, bson.E{Key: "status", Value: e.listing.Status})
	}
	if listing.ByName(e.ref.Kind) {
		d = append(d, bson.E{Key: "name", Value: e.listing.Name})
	} else {
		d = append(d, bson.E{Key: "at", Value: bson.NewDateTimeFromTime(e.listing.At)})
	}
	if len(e.listing.Terms) > 0 {
		d = append(d, bson.E{Key: "terms", Value: e.listing.Terms})
	}
	return d
}

// grown are the slugs of an entity that had those and is now committed with
// more.
func grown(had, more []string) []string {
	all := slices.Clone(had)
	for _, slug := range more {
		if !slices.Contains(all, slug) {
			all = append(all, slug)
		}
	}
	return all
}
