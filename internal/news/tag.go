package news

import (
	"slices"
	"time"
)

// A Tag is anything that stories and ticker entries are filed under: a section,
// a subject, a person, a place, a contributor.
type Tag struct {
	ID      TagID `bson:"_id"`
	Version int   `bson:"version"`

	TagContent `bson:",inline"`

	// SortName is the name as lists order it and prefixes are compared with:
	// folded to lower-case letters without marks.
	SortName      string   `bson:"sortName"`
	PreviousSlugs []string `bson:"previousSlugs,omitempty"` // oldest first, without Slug

	Status     TagStatus `bson:"status,omitempty"`
	MergedInto TagID     `bson:"mergedInto,omitempty"` // of a merged tag: the one that stands for it
	MergedAt   time.Time `bson:"mergedAt,omitempty"`   // of a merged tag
	// Settled: whatever carried the merged tag carries MergedInto instead.
	Settled bool `bson:"settled,omitempty"`
}

// A TagStatus is where a tag is in its life.
type TagStatus string

// The states of a tag. One in use is public. A merged one stands in no list, and
// its ids and slugs answer with the tag that it was merged into. A deleted one
// does not exist for anybody but the log.
const (
	TagInUse   TagStatus = ""
	TagMerged  TagStatus = "MERGED"
	TagDeleted TagStatus = "DELETED"
)

// A Retag is kept with what carried a tag when that was merged, so that the merge
// can be undone: From became To. Beside tells that To had been there as well.
type Retag struct {
	From   TagID `bson:"from"`
	To     TagID `bson:"to"`
	Beside bool  `bson:"beside,omitempty"`
}

// TagUse is how much carries a tag, whatever its state: also drafts.
type TagUse struct {
	Stories, TickerEntries, Coverages int
}

// Total is how many entities carry the tag.
func (u TagUse) Total() int { return u.Stories + u.TickerEntries + u.Coverages }

// TagContent is what an editor writes of a Tag.
type TagContent struct {
	Slug        string   `bson:"slug"`
	Name        string   `bson:"name"`
	Kind        TagKind  `bson:"kind"`
	Description Text     `bson:"description,omitempty"`
	Aliases     []string `bson:"aliases,omitempty"`
	// Code names the subject in a vocabulary such as the IPTC Media Topics:
	// medtop:20000763. URI is its address there.
	Code Text `bson:"code,omitempty"`
	URI  URL  `bson:"uri,omitempty"`
}

// A TagKind says what a tag stands for.
type TagKind string

// The kinds of tags.
const (
	TagSection      TagKind = "SECTION"
	TagTopic        TagKind = "TOPIC"
	TagPerson       TagKind = "PERSON"
	TagOrganisation TagKind = "ORGANISATION"
	TagPlace        TagKind = "PLACE"
	TagEvent        TagKind = "EVENT"
	TagSeries       TagKind = "SERIES"
	TagContributor  TagKind = "CONTRIBUTOR"
)

// TagKinds lists every kind of tag.
func TagKinds() []TagKind {
	return []TagKind{TagSection, TagTopic, TagPerson, TagOrganisation, TagPlace, TagEvent, TagSeries, TagContributor}
}

// Ref implements Entity.
func (t *Tag) Ref() Ref { return Ref{KindTag, EntityID(t.ID), t.Version} }

// Slugs implements Entity.
func (t *Tag) Slugs() []string { return append([]string{t.Slug}, t.PreviousSlugs...) }

// Listing implements Entity. Tags are listed by name.
func (t *Tag) Listing() Listing {
	l := Listing{Status: string(t.Status), Name: t.SortName, Terms: []string{tagKindTerm(t.Kind)}}
	if t.Code != "" {
		l.Terms = append(l.Terms, tagCodeTerm(t.Code))
	}
	if t.Status == TagMerged && !t.Settled {
		l.Terms = append(l.Terms, unsettledTerm)
	}
	return l
}

// Clone copies the tag for editing.
func (t *Tag) Clone() *Tag {
	c := *t
	c.Aliases = slices.Clone(t.Aliases)
	c.PreviousSlugs = slices.Clone(t.PreviousSlugs)
	return &c
}
