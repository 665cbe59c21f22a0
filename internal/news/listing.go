package news

import (
	"slices"
	"strings"
	"time"
)

// A Listing tells where an entity stands in the lists of its kind, and under
// which terms it is found there. A store keeps an index of listings; the live
// stream compares filters with them. So a filter means the same in both.
type Listing struct {
	// Status is what visibility goes by; empty where the kind has no status.
	Status string `bson:"status,omitempty"`
	// At or Name is what lists are ordered by; the other one is zero.
	At   time.Time `bson:"at,omitempty"`
	Name string    `bson:"name,omitempty"`
	// Terms are compared for equality, never looked into.
	Terms []string `bson:"terms,omitempty"`
}

// Has tells whether the listing carries term.
func (l Listing) Has(term string) bool { return slices.Contains(l.Terms, term) }

const (
	breakingTerm    = "breaking"
	notBreakingTerm = "not-breaking"
	pinnedTerm      = "pinned"
	keyEventTerm    = "key-event"
	pinEndsTerm     = "pin-ends"
	unsettledTerm   = "unsettled"
)

func languageTerm(folded string) string { return "language:" + folded }
func creatorTerm(name string) string    { return "by:" + name }
func coverageTerm(id CoverageID) string { return "coverage:" + string(id) }
func tagKindTerm(k TagKind) string      { return "kind:" + string(k) }
func tagCodeTerm(code Text) string      { return "code:" + string(code) }
func atLeastTerm(p Priority) string     { return "at-least:" + string(p) }

// Term is what stories and ticker entries that carry the tag are listed under.
func (id TagID) Term() string { return "tag:" + string(id) }

// priorityTerms are the minimum priorities that p satisfies. Routine is every
// entity's and so no term.
func priorityTerms(p Priority) []string {
	var terms []string
	for _, least := range []Priority{Flash, Alert, Urgent} {
		if p.AtLeast(least) {
			terms = append(terms, atLeastTerm(least))
		}
	}
	return terms
}

func tagTerms(lists ...[]TagID) []string {
	var terms []string
	for _, ids := range lists {
		for _, id := range ids {
			if term := id.Term(); !slices.Contains(terms, term) {
				terms = append(terms, term)
			}
		}
	}
	return terms
}

// A Selection is a filter in the words of listings: an entity is selected when
// it stands on one of the shelves, carries one of Any (where there are any) and
// lies in the range.
type Selection struct {
	Kind    Kind
	Shelves []Shelf
	Any     []string
	// From is inclusive, To exclusive; zero means open. They bound Listing.At,
	// or, where NamePrefix is used, nothing.
	From, To time.Time
	// NamePrefix bounds Listing.Name.
	NamePrefix string
}

// A Shelf holds the entities of one status that carry all of some terms.
type Shelf struct {
	Status string
	All    []string
}

// Holds tells whether an entity that is listed so is selected.
func (s Selection) Holds(l Listing) bool {
	if !s.From.IsZero() && l.At.Before(s.From) || !s.To.IsZero() && !l.At.Before(s.To) {
		return false
	}
	if !strings.HasPrefix(l.Name, s.NamePrefix) {
		return false
	}
	if len(s.Any) > 0 && !slices.ContainsFunc(s.Any, l.Has) {
		return false
	}
	return slices.ContainsFunc(s.Shelves, func(shelf Shelf) bool {
		if shelf.Status != l.Status {
			return false
		}
		for _, term := range shelf.All {
			if !l.Has(term) {
				return false
			}
		}
		return true
	})
}

// A StoryFilter selects stories. The zero filter selects all that may be seen.
type StoryFilter struct {
	Tags            []TagID
	AnyTag          bool     // one of Tags is enough; otherwise a story has all of them
	Within          TagID    // a further tag that a story has in any case; empty: none
	Language        string   // "fr" holds fr-CA too; case does not matter
	Breaking        *bool    // nil: either
	MinPriority     Priority // empty: any
	PublishedAfter  time.Time
	PublishedBefore time.Time
	Status          []StoryStatus // empty: all that may be seen
}

// Selection is the filter as who may apply it: what who may not see is on none
// of its shelves.
func (f StoryFilter) Selection(who Audience) Selection {
	sel := Selection{Kind: KindStory, From: f.PublishedAfter, To: f.PublishedBefore}
	var all []string
	if f.AnyTag {
		sel.Any = tagTerms(f.Tags)
	} else {
		all = tagTerms(f.Tags)
	}
	if f.Within != "" && !slices.Contains(all, f.Within.Term()) {
		all = append(all, f.Within.Term())
	}
	if f.Language != "" {
		all = append(all, languageTerm(strings.ToLower(f.Language)))
	}
	if f.Breaking != nil {
		if *f.Breaking {
			all = append(all, breakingTerm)
		} else {
			all = append(all, notBreakingTerm)
		}
	}
	all = append(all, leastTerms(f.MinPriority)...)
	for _, status := range StoryStatuses() {
		if len(f.Status) > 0 && !slices.Contains(f.Status, status) {
			continue
		}
		shelves := []string{string(status)}
		if status == StoryPublished {
			shelves = append(shelves, Embargoed)
		}
		for _, shelf := range shelves {
			switch {
			case shelf == string(StoryPublished) || who.Staff:
				sel.Shelves = append(sel.Shelves, Shelf{shelf, all})
			case who.Author != "":
				own := append(slices.Clone(all), creatorTerm(who.Author))
				sel.Shelves = append(sel.Shelves, Shelf{shelf, own})
			}
		}
	}
	return sel
}

func leastTerms(least Priority) []string {
	if least == "" || least == Routine {
		return nil
	}
	return []string{atLeastTerm(least)}
}

// A TickerFilter selects ticker entries. The zero filter selects all of the main
// ticker; one that names a coverage selects what stands in the coverage alone too.
type TickerFilter struct {
	MinPriority    Priority // empty: any
	Tags           []TagID  // an entry has all of them
	Coverage       CoverageID
	Pinned         bool // only pinned ones
	KeyEvents      bool // only key events
	OccurredAfter  time.Time
	OccurredBefore time.Time
}

// Selection is the filter in the words of listings.
func (f TickerFilter) Selection() Selection {
	all := append(tagTerms(f.Tags), leastTerms(f.MinPriority)...)
	if f.Coverage != "" {
		all = append(all, coverageTerm(f.Coverage))
	}
	if f.Pinned {
		all = append(all, pinnedTerm)
	}
	if f.KeyEvents {
		all = append(all, keyEventTerm)
	}
	sel := Selection{Kind: KindTickerEntry, From: f.OccurredAfter, To: f.OccurredBefore}
	for _, status := range []TickerStatus{TickerPublished, TickerRetracted} {
		sel.Shelves = append(sel.Shelves, Shelf{string(status), all})
		if f.Coverage != "" {
			sel.Shelves = append(sel.Shelves, Shelf{aside + string(status), all})
		}
	}
	return sel
}

// A TagFilter selects tags. The zero filter selects all.
type TagFilter struct {
	Kinds      []TagKind // empty: all
	NamePrefix string    // in the form of Tag.SortName
	Code       Text      // exactly; empty: any
}

// Selection is the filter in the words of listings.
func (f TagFilter) Selection() Selection {
	sel := Selection{Kind: KindTag, Shelves: []Shelf{{}}, NamePrefix: f.NamePrefix}
	if f.Code != "" {
		sel.Shelves[0].All = []string{tagCodeTerm(f.Code)}
	}
	for _, kind := range f.Kinds {
		sel.Any = append(sel.Any, tagKindTerm(kind))
	}
	return sel
}

// A CoverageFilter selects coverages. The zero filter selects all.
type CoverageFilter struct {
	Status []CoverageStatus // empty: all
}

// Selection is the filter in the words of listings.
func (f CoverageFilter) Selection() Selection {
	sel := Selection{Kind: KindCoverage}
	for _, status := range CoverageStatuses() {
		if len(f.Status) == 0 || slices.Contains(f.Status, status) {
			sel.Shelves = append(sel.Shelves, Shelf{Status: string(status)})
		}
	}
	return sel
}

// A Window is the part of a list that a page shows. Exactly one of First and
// Last is above zero.
type Window struct {
	First, Last   int
	After, Before *PageCursor // exclusive bounds, in the order of the list
}

// MaxPage is the largest First or Last that a Store answers.
const MaxPage = 100

// Check tells whether the window can be used on the list of kind. Errors:
// *InvalidError (first, last), ErrBadCursor.
func (w Window) Check(kind Kind) error {
	switch {
	case w.First > MaxPage:
		return Invalid("first", "may be at most %d", MaxPage)
	case w.Last > MaxPage:
		return Invalid("last", "may be at most %d", MaxPage)
	case w.First < 0:
		return Invalid("first", "may not be negative")
	case w.Last < 0:
		return Invalid("last", "may not be negative")
	case w.First > 0 && w.Last > 0:
		return Invalid("last", "may not be combined with first")
	case w.First == 0 && w.Last == 0:
		return Invalid("first", "must be at least 1")
	}
	if w.After != nil && w.After.List != kind {
		return BadCursor("after", "it is from another list")
	}
	if w.Before != nil && w.Before.List != kind {
		return BadCursor("before", "it is from another list")
	}
	return nil
}

// A PageCursor is a place in the list of one kind. It stays good when the
// entity that stood there moves, and under every filter.
type PageCursor struct {
	List Kind
	At   time.Time // as in Listing
	Name string    // as in Listing
	ID   EntityID  // breaks ties
}

// CursorOf is the place of e in the list of its kind.
func CursorOf(e Entity) PageCursor {
	if s, ok := e.(*Story); ok { // lists have many, and their terms cost more than the rest of the list
		return PageCursor{List: KindStory, At: s.listedAt(), ID: EntityID(s.ID)}
	}
	ref, l := e.Ref(), e.Listing()
	return PageCursor{List: ref.Kind, At: l.At, Name: l.Name, ID: ref.ID}
}

// A Page is a part of a list, in the order of the list: stories, ticker entries
// and coverages newest first, tags by name; equal ones by id in the same
// direction.
type Page[E Entity] struct {
	Items []E
	// HasPrevious and HasNext tell exactly whether the list goes on before the
	// first item and after the last one. Where there are no items, they tell
	// whether something lies on the far side of the window's After or Before.
	HasPrevious, HasNext bool
	// At is the line of the log that the page reflects: it shows the effect of
	// every line up to At and of none after it.
	At Seq
}
