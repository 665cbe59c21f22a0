package news

import "slices"

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
}

// TagContent is what an editor writes of a Tag.
type TagContent struct {
	Slug        string   `bson:"slug"`
	Name        string   `bson:"name"`
	Kind        TagKind  `bson:"kind"`
	Description Text     `bson:"description,omitempty"`
	Aliases     []string `bson:"aliases,omitempty"`
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

// Listing implements Entity. Tags are listed by name; every tag is public.
func (t *Tag) Listing() Listing {
	return Listing{Name: t.SortName, Terms: []string{tagKindTerm(t.Kind)}}
}

// Clone copies the tag for editing.
func (t *Tag) Clone() *Tag {
	c := *t
	c.Aliases = slices.Clone(t.Aliases)
	c.PreviousSlugs = slices.Clone(t.PreviousSlugs)
	return &c
}
