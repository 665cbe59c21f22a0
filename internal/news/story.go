package news

import (
	"slices"
	"strings"
	"time"
)

// A Story is an article in one of its versions.
type Story struct {
	ID      StoryID     `bson:"_id"`
	Version int         `bson:"version"`
	Status  StoryStatus `bson:"status"`

	StoryContent `bson:",inline"`

	PreviousSlugs []string     `bson:"previousSlugs,omitempty"` // oldest first, without Slug
	Corrections   []Correction `bson:"corrections,omitempty"`   // newest first
	CreatedBy     string       `bson:"createdBy,omitempty"`
	CreatedAt     time.Time    `bson:"createdAt"`
	UpdatedAt     time.Time    `bson:"updatedAt"`
	PublishedAt   time.Time    `bson:"publishedAt,omitempty"` // the first time; zero before it
	// Schedule says when the story is to be published; nil but for a scheduled one.
	Schedule *Schedule `bson:"schedule,omitempty"`
	// EmbargoedUntil is when the embargo that is in force ends; zero where none is.
	// A published story under embargo is as hidden as a draft. No clock ends an
	// embargo by itself: a line of the log does, so that nobody can see the story
	// who has not been told of it.
	EmbargoedUntil time.Time `bson:"embargoedUntil,omitempty"`
	Retags         []Retag   `bson:"retags,omitempty"` // oldest first
	// WithdrawnIn is the newest version that took the story out of the public
	// view, 0 where none has: what was public before it is never shown again,
	// also when the story has become public anew.
	WithdrawnIn int `bson:"withdrawnIn,omitempty"`

	// Brief: the Body has been left out, as in lists. It says nothing of the
	// version, is never written to a store, and a brief story never goes back to
	// one.
	Brief bool `bson:"-"`
}

// StoryContent is what an editor writes of a Story.
type StoryContent struct {
	Slug         string   `bson:"slug"`
	Title        string   `bson:"title"`
	Summary      Text     `bson:"summary,omitempty"`
	Body         string   `bson:"body"`     // Markdown
	Language     string   `bson:"language"` // BCP 47, in its canonical form
	Breaking     bool     `bson:"breaking,omitempty"`
	Priority     Priority `bson:"priority"`
	Tags         []TagID  `bson:"tags,omitempty"`    // in editorial order
	Authors      []TagID  `bson:"authors,omitempty"` // tags of kind CONTRIBUTOR, in the order of the byline
	Image        *Image   `bson:"image,omitempty"`
	CanonicalURL URL      `bson:"canonicalUrl,omitempty"`
	Source       *Source  `bson:"source,omitempty"`
}

// A StoryStatus is where a story is in its life.
type StoryStatus string

// The states of a story. Only a published one that is under no embargo is public
// as a whole and stands in the lists. A retracted one has lost its text; what is
// left, its title, its slug and the note that says why, can be read by slug and by
// id, so that a link to it does not end in nothing.
const (
	StoryDraft       StoryStatus = "DRAFT"
	StoryScheduled   StoryStatus = "SCHEDULED"
	StoryPublished   StoryStatus = "PUBLISHED"
	StoryUnpublished StoryStatus = "UNPUBLISHED"
	StoryRetracted   StoryStatus = "RETRACTED"
)

// Embargoed is Listing.Status of a story that is published and under embargo.
const Embargoed = "EMBARGOED"

// StoryStatuses lists every state of a story.
func StoryStatuses() []StoryStatus {
	return []StoryStatus{StoryPublished, StoryScheduled, StoryDraft, StoryUnpublished, StoryRetracted}
}

// Ref implements Entity.
func (s *Story) Ref() Ref { return Ref{KindStory, EntityID(s.ID), s.Version} }

// Slugs implements Entity.
func (s *Story) Slugs() []string { return append([]string{s.Slug}, s.PreviousSlugs...) }

// Listing implements Entity. A story stands where it was first published, or,
// before that, where it was created; one that waits stands where its time comes.
func (s *Story) Listing() Listing {
	l := Listing{Status: s.shelf(), At: s.listedAt(), Terms: priorityTerms(s.Priority)}
	for language := strings.ToLower(s.Language); ; {
		l.Terms = append(l.Terms, languageTerm(language))
		end := strings.LastIndexByte(language, '-')
		if end < 0 {
			break
		}
		language = language[:end]
	}
	if s.Breaking {
		l.Terms = append(l.Terms, breakingTerm)
	} else {
		l.Terms = append(l.Terms, notBreakingTerm)
	}
	if s.CreatedBy != "" {
		l.Terms = append(l.Terms, creatorTerm(s.CreatedBy))
	}
	l.Terms = append(l.Terms, tagTerms(s.Tags, s.Authors)...)
	return l
}

// VisibleTo tells whether who may read the story.
func (s *Story) VisibleTo(who Audience) bool {
	return s.Public() || s.Status == StoryRetracted || who.Staff ||
		who.Author != "" && who.Author == s.CreatedBy || who.Preview != "" && who.Preview == s.ID
}

// Public tells whether everybody may read the story as a whole.
func (s *Story) Public() bool { return s.shelf() == string(StoryPublished) }

// shelf is Listing.Status.
func (s *Story) shelf() string {
	if s.Status == StoryPublished && !s.EmbargoedUntil.IsZero() {
		return Embargoed
	}
	return string(s.Status)
}

// listedAt is what lists are ordered by.
func (s *Story) listedAt() time.Time {
	switch {
	case s.Status == StoryScheduled && s.Schedule != nil:
		return s.Schedule.At
	case s.shelf() == Embargoed:
		return s.EmbargoedUntil
	case s.PublishedAt.IsZero():
		return s.CreatedAt
	}
	return s.PublishedAt
}

// InBrief is the story as lists show it: a copy without the Body, which shares the
// rest with the story.
func (s *Story) InBrief() *Story {
	c := *s
	c.Body, c.Brief = "", true
	return &c
}

// Tombstone is what a reader is shown of a story that is no longer public: that
// it was there, and nothing of its text. A retracted one is its own tombstone.
func (s *Story) Tombstone() *Story {
	if s.Status == StoryRetracted {
		return s
	}
	return &Story{
		ID: s.ID, Version: s.Version, Status: StoryUnpublished,
		StoryContent: StoryContent{Slug: s.Slug, Language: s.Language, Priority: s.Priority},
		CreatedAt:    s.CreatedAt, UpdatedAt: s.UpdatedAt, PublishedAt: s.PublishedAt,
	}
}

// Clone copies the story for editing.
func (s *Story) Clone() *Story {
	c := *s
	c.PreviousSlugs = slices.Clone(s.PreviousSlugs)
	c.Corrections = slices.Clone(s.Corrections)
	c.Tags = slices.Clone(s.Tags)
	c.Authors = slices.Clone(s.Authors)
	c.Retags = slices.Clone(s.Retags)
	return &c
}
