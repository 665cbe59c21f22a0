package news

import (
	"slices"
	"time"
)

// A Coverage is a live blog: an event followed by ticker entries of its own.
type Coverage struct {
	ID      CoverageID `bson:"_id"`
	Version int        `bson:"version"`

	CoverageContent `bson:",inline"`

	PreviousSlugs []string `bson:"previousSlugs,omitempty"` // oldest first, without Slug
	Retags        []Retag  `bson:"retags,omitempty"`        // oldest first
}

// CoverageContent is what an editor writes of a Coverage.
type CoverageContent struct {
	Slug     string         `bson:"slug"`
	Title    string         `bson:"title"`
	Summary  Text           `bson:"summary,omitempty"`
	Status   CoverageStatus `bson:"status"`
	StartsAt time.Time      `bson:"startsAt"`
	EndsAt   time.Time      `bson:"endsAt,omitempty"` // zero while open
	Tags     []TagID        `bson:"tags,omitempty"`   // in editorial order
}

// A CoverageStatus is where a coverage is in its life.
type CoverageStatus string

// The states of a coverage. All are public.
const (
	CoverageUpcoming CoverageStatus = "UPCOMING"
	CoverageLive     CoverageStatus = "LIVE"
	CoverageEnded    CoverageStatus = "ENDED"
)

// CoverageStatuses lists every state of a coverage.
func CoverageStatuses() []CoverageStatus {
	return []CoverageStatus{CoverageUpcoming, CoverageLive, CoverageEnded}
}

// Ref implements Entity.
func (c *Coverage) Ref() Ref { return Ref{KindCoverage, EntityID(c.ID), c.Version} }

// Slugs implements Entity.
func (c *Coverage) Slugs() []string { return append([]string{c.Slug}, c.PreviousSlugs...) }

// Listing implements Entity. A coverage stands where it starts.
func (c *Coverage) Listing() Listing {
	return Listing{Status: string(c.Status), At: c.StartsAt, Terms: tagTerms(c.Tags)}
}

// Clone copies the coverage for editing.
func (c *Coverage) Clone() *Coverage {
	d := *c
	d.Tags = slices.Clone(c.Tags)
	d.PreviousSlugs = slices.Clone(c.PreviousSlugs)
	d.Retags = slices.Clone(c.Retags)
	return &d
}
