package web

import (
	"html/template"
	"time"
)

// A page is what the template layout.html shows; its Kind names the template of the
// part in the middle, which gets the page too.
type page struct {
	Kind       string   // front, ticker, tag, story, coverages, coverage or trouble
	Lang       string   // of the page itself: fr or en
	Site       string   // the name of the newspaper
	Assets     string   // the path under which the assets are, without a slash at its end
	Modules    []string // the paths of what main.js imports: links of rel=modulepreload save round trips
	Pictures   string   // what the addresses of the site's own pictures begin with, where that is another one; may be empty
	Title      string   // of the document, without Site
	Zone       string   // the newsroom's, an IANA name
	Path       string   // of this page, without a query
	Home       string   // the path of the front page
	TickerPath string   // the path of the ticker's page
	LivePath   string   // the path of the page of all coverages
	Other      link     // the same in the other language; Lang is always given. It is for the switch: Head.Alternates are for machines
	Sections   []link
	Head       head
	API        api

	Front     *frontView
	Wire      *wireView // of a ticker's page
	Tag       *tagView
	Story     *storyView
	Coverages *coveragesView
	Coverage  *coverageView
	Trouble   *troubleView

	// They stay empty: what scripts make new items of is a card and a line without an ID.
	BlankCard card
	BlankLine line
}

// A head is what the page says to those who do not look at it.
type head struct {
	Description string
	Canonical   string // absolute; empty where NoIndex is set
	Alternates  []link // absolute, with Lang: link rel=alternate hreflang; x-default is one of them. Empty for what exists in one language
	Type        string // og:type: website or article
	Locale      string // og:locale, of what is read: fr_FR; empty: not known
	Image       string // absolute; empty: there is none
	ImageAlt    string
	ImageWidth  int // og:image:width and height; 0: not known
	ImageHeight int
	Published   time.Time // article:published_time; zero: not an article
	Modified    time.Time // article:modified_time; may be zero
	Section     string    // article:section; may be empty
	Tags        []string  // article:tag, one each
	Authors     []string  // article:author, one each: absolute
	NoIndex     bool
	JSONLD      []any // each becomes a script of application/ld+json
}

// An api is what scripts need to ask for more: the addresses of the operations, to
// which they add variables.
type api struct {
	Operations map[string]string // by the name of the operation, without Reader: FollowTicker
}

type link struct {
	Href, Text string
	Lang       string // of what it leads to, where it differs from that of the page
	Current    bool
}

// A card is a story in a list.
type card struct {
	ID, Slug  string
	Version   int
	Href      string
	Title     string
	Summary   string
	Lang      string
	Breaking  bool
	Priority  string // FLASH, ALERT, URGENT or ROUTINE
	Published time.Time
	Section   link // the first tag of kind SECTION; may be zero
	Tags      []link
	Authors   []link
	Image     *picture
}

type picture struct {
	URL, Alt, Caption, Credit string
	Width, Height             int    // 0: not known, and 3:2 is made of it
	Position                  string // a CSS object-position: "50% 45%"
}

// A line is a ticker entry.
type line struct {
	ID          string
	Version     int
	Headline    string
	Body        string
	Priority    string
	Retracted   bool
	Pinned      bool
	Aside       bool // it stands in the list of lines too, which is where links to it lead
	KeyEvent    bool
	At          time.Time
	Story       string // the path of its story; may be empty
	Coverage    link   // may be zero
	Source      link   // Href may be empty
	Corrections []correction
}

type correction struct {
	At   time.Time
	Note string
	Kind string // CORRECTION, CLARIFICATION or RETRACTION
}

// A list is what can be gone on with: where it ends, and from where to follow it.
type list struct {
	More   string // the path of the next page, without scripts; empty: this is all
	After  string // the cursor of that; the variable after
	Cursor string // the line of the log that the list reflects; empty: a later page of stories, not to be followed
}

// A cardsView is a list of stories. Variables are those of ReaderStories and
// ReaderFollowStories, as JSON, without after.
type cardsView struct {
	list
	Cards     []card
	Variables string
}

// A wireView is a ticker that moves. Follow is the name of the operation that follows
// it, FollowTicker or FollowCoverage; Variables are its variables as JSON, without
// after; MoreVariables those of Ticker.
type wireView struct {
	list
	Lines                            []line
	Follow, Variables, MoreVariables string
	Later                            bool // this is not the newest page: it does not move
}

type frontView struct {
	Lead     *card // may be nil
	Stories  cardsView
	Wire     wireView
	Live     []coverageLink
	Trending []link
}

type coverageLink struct {
	Href, Title, Summary string
	Status               string // UPCOMING, LIVE or ENDED
	Starts               time.Time
	Ends                 time.Time // zero: open
}

type tagView struct {
	Name, Kind, Description string
	Count                   int
	Stories                 cardsView
	Wire                    wireView
}

type storyView struct {
	card
	Body            template.HTML // sanitised by the newsroom
	Words, Minutes  int
	Updated         time.Time // zero: not since it was published
	Source          link
	Corrections     []correction
	Related         []card
	Retracted       bool   // then there is no body, and Corrections say why
	Cursor          string // from which to follow it
	FollowVariables string
}

type coveragesView struct {
	list
	Coverages []coverageLink
}

type coverageView struct {
	coverageLink
	Tags      []link
	Pinned    []line
	KeyEvents []line
	Wire      wireView
}

// A troubleView is a page that could not be shown. Where there are no words of a
// status (trouble.429.title and so on), those of 503 are taken.
type troubleView struct {
	Status int // of HTTP: 404, 429, 500, 503
	Title  string
	Text   string
}
