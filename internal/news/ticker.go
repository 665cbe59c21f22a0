package news

import (
	"slices"
	"time"
)

// A TickerEntry is one line of the live ticker.
type TickerEntry struct {
	ID      TickerEntryID `bson:"_id"`
	Version int           `bson:"version"`
	Status  TickerStatus  `bson:"status"`

	TickerContent `bson:",inline"`

	Pinned      bool         `bson:"pinned,omitempty"`
	PinnedUntil time.Time    `bson:"pinnedUntil,omitempty"` // when the pin ends; zero: when somebody unpins it
	Corrections []Correction `bson:"corrections,omitempty"` // newest first
	PublishedAt time.Time    `bson:"publishedAt"`
	UpdatedAt   time.Time    `bson:"updatedAt"`
	Retags      []Retag      `bson:"retags,omitempty"` // oldest first
}

// TickerContent is what an editor writes of a TickerEntry.
type TickerContent struct {
	Headline   string     `bson:"headline"`
	Body       Text       `bson:"body,omitempty"` // plain text
	Priority   Priority   `bson:"priority"`
	OccurredAt time.Time  `bson:"occurredAt"` // the time that the ticker shows
	KeyEvent   bool       `bson:"keyEvent,omitempty"`
	Tags       []TagID    `bson:"tags,omitempty"` // in editorial order
	Story      StoryID    `bson:"story,omitempty"`
	Coverage   CoverageID `bson:"coverage,omitempty"`
	// CoverageOnly keeps the entry off the main ticker: it is read in its coverage
	// alone.
	CoverageOnly bool    `bson:"coverageOnly,omitempty"`
	Source       *Source `bson:"source,omitempty"`
}

// A TickerStatus is where a ticker entry is in its life.
type TickerStatus string

// The states of a ticker entry. Both are public: a reader who saw a line must
// be able to learn that it was withdrawn. A retracted entry keeps its headline
// and has lost its body; it can't be changed any more.
const (
	TickerPublished TickerStatus = "PUBLISHED"
	TickerRetracted TickerStatus = "RETRACTED"
)

// aside begins Listing.Status of the entries that stand in their coverage alone.
const aside = "ASIDE_"

// Ref implements Entity.
func (e *TickerEntry) Ref() Ref { return Ref{KindTickerEntry, EntityID(e.ID), e.Version} }

// Slugs implements Entity: a ticker entry has none.
func (e *TickerEntry) Slugs() []string { return nil }

// Listing implements Entity. An entry stands where it occurred.
func (e *TickerEntry) Listing() Listing {
	l := Listing{Status: string(e.Status), At: e.OccurredAt, Terms: priorityTerms(e.Priority)}
	if e.CoverageOnly {
		l.Status = aside + l.Status
	}
	if e.Coverage != "" {
		l.Terms = append(l.Terms, coverageTerm(e.Coverage))
	}
	if e.Pinned {
		l.Terms = append(l.Terms, pinnedTerm)
		if !e.PinnedUntil.IsZero() {
			l.Terms = append(l.Terms, pinEndsTerm)
		}
	}
	if e.KeyEvent {
		l.Terms = append(l.Terms, keyEventTerm)
	}
	l.Terms = append(l.Terms, tagTerms(e.Tags)...)
	return l
}

// Clone copies the entry for editing.
func (e *TickerEntry) Clone() *TickerEntry {
	c := *e
	c.Corrections = slices.Clone(e.Corrections)
	c.Tags = slices.Clone(e.Tags)
	c.Retags = slices.Clone(e.Retags)
	return &c
}
