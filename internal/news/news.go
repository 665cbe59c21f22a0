// Package news is the domain of a newsroom: stories, tags, ticker entries and
// coverages, the log of everything that happens to them, and the Store that
// keeps both.
//
// It imports nothing but the standard library. Every other room of depeche may
// import it; it knows none of them. Entities are values that are never changed
// once they have been handed to or received from a Store: copy before editing.
package news

import (
	"slices"
	"time"
)

// A Kind says what an entity is. It is also the name of the list it stands in.
type Kind string

// The kinds of entities.
const (
	KindStory       Kind = "STORY"
	KindTag         Kind = "TAG"
	KindTickerEntry Kind = "TICKER_ENTRY"
	KindCoverage    Kind = "COVERAGE"

	// What follows is the newsroom's own; see Private.
	KindLock         Kind = "LOCK"
	KindServiceToken Kind = "SERVICE_TOKEN"
	KindWebhook      Kind = "WEBHOOK"
)

// Kinds lists the kinds of what is written for readers, in the order in which an
// archive is written: what is referred to comes before what refers to it.
func Kinds() []Kind {
	return []Kind{KindTag, KindCoverage, KindStory, KindTickerEntry}
}

// PrivateKinds lists the kinds of what the newsroom keeps for itself.
func PrivateKinds() []Kind {
	return []Kind{KindLock, KindServiceToken, KindWebhook}
}

// Private tells whether entities of the kind are the newsroom's own: no event
// tells of them, and a Store gives them by Version, Versions, Lines, Listed and
// Entities alone.
func (k Kind) Private() bool { return slices.Contains(PrivateKinds(), k) }

// IDPrefix is what the ids that depeche makes for entities of the kind begin
// with. An id that a caller brought may begin with anything.
func (k Kind) IDPrefix() string {
	switch k {
	case KindStory:
		return "story_"
	case KindTag:
		return "tag_"
	case KindTickerEntry:
		return "tick_"
	case KindCoverage:
		return "cov_"
	case KindLock:
		return "lock_"
	case KindServiceToken:
		return "token_"
	case KindWebhook:
		return "hook_"
	}
	return ""
}

// An EntityID names one entity of any kind, uniquely in a store: 1 to 64
// characters of A-Z a-z 0-9 _ -.
type EntityID string

// The typed ids of the entities. Made by depeche they are time-ordered and
// carry their kind (story_…, tag_…, tick_…, cov_…); a caller may bring its own.
type (
	StoryID       EntityID
	TagID         EntityID
	TickerEntryID EntityID
	CoverageID    EntityID

	LockID         EntityID
	ServiceTokenID EntityID
	WebhookID      EntityID
)

// ValidID tells whether id keeps to the alphabet and the length of an EntityID.
func ValidID(id string) bool {
	if len(id) == 0 || len(id) > 64 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// Text is a piece of text that may be missing: empty means that there is none.
type Text string

// URL is an absolute http or https URL, or empty where there is none.
type URL string

// Pixels is a length in pixels; 0 means that it is not known.
type Pixels int

// An Entity is a *Story, *Tag, *TickerEntry or *Coverage, or, the newsroom's own,
// a *Lock, *ServiceToken or *Webhook.
type Entity interface {
	// Ref names the entity and its version.
	Ref() Ref
	// Listing tells where the entity stands in the lists of its kind.
	Listing() Listing
	// Slugs lists the slugs that belong to the entity, the one in force first.
	// A slug belongs to the first entity of its kind that was committed with
	// it, for ever. A TickerEntry has none.
	Slugs() []string
}

// A Ref names one version of one entity.
type Ref struct {
	Kind    Kind
	ID      EntityID
	Version int // from 1, without holes
}

// Instant rounds t to what depeche keeps of it: UTC, whole milliseconds. The
// zero time stays zero.
func Instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// A Priority is the level of a wire dispatch.
type Priority string

// The priorities, highest first.
const (
	Flash   Priority = "FLASH"
	Alert   Priority = "ALERT"
	Urgent  Priority = "URGENT"
	Routine Priority = "ROUTINE"
)

// Urgency is the IPTC urgency of p: 1 the highest, 5 the normal one. It is 0
// for a value that is no priority.
func (p Priority) Urgency() int {
	switch p {
	case Flash:
		return 1
	case Alert:
		return 2
	case Urgent:
		return 3
	case Routine:
		return 5
	}
	return 0
}

// AtLeast tells whether p is as high as least or higher.
func (p Priority) AtLeast(least Priority) bool { return p.Urgency() <= least.Urgency() }

// A Correction is the public note that explains a change.
type Correction struct {
	At          time.Time      `bson:"at"`
	Note        string         `bson:"note"`
	Kind        CorrectionKind `bson:"kind"`
	FromVersion int            `bson:"fromVersion"` // the version that was wrong
	ToVersion   int            `bson:"toVersion"`   // the version that mended it
}

// A CorrectionKind says what a Correction does to what was read before.
type CorrectionKind string

// The kinds of corrections.
const (
	Correcting CorrectionKind = "CORRECTION"    // something was wrong
	Clarifying CorrectionKind = "CLARIFICATION" // something was unclear
	Retracting CorrectionKind = "RETRACTION"    // it is withdrawn
)

// A Source is where a piece of news comes from.
type Source struct {
	Name string `bson:"name"`
	URL  URL    `bson:"url,omitempty"`
}

// An Image is a picture by reference; depeche keeps no picture itself.
type Image struct {
	URL        URL         `bson:"url"`
	Alt        string      `bson:"alt"`
	Caption    Text        `bson:"caption,omitempty"`
	Credit     string      `bson:"credit"`
	Width      Pixels      `bson:"width,omitempty"`
	Height     Pixels      `bson:"height,omitempty"`
	FocalPoint *FocalPoint `bson:"focalPoint,omitempty"`
}

// A FocalPoint is the place of a picture that a crop has to keep, as fractions
// 0..1 from the top left.
type FocalPoint struct {
	X float64 `bson:"x"`
	Y float64 `bson:"y"`
}
