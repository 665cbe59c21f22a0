// Package page reads a news page pasted as text: a block of ticker lines without
// dates, newest first, and the article below it. It promises that no line is
// lost (each is an entry, part of the article, page furniture or a refusal with
// its reason), that the days it infers are marked as inferred, and that no
// instant is after the anchor. It refuses to guess: a time that doesn't exist, a
// block of unclear order, a broken character are reported, not repaired. It is
// pure: no clock, no store, no configuration but Options.
package page

import (
	"errors"
	"slices"
	"strings"
	"time"
)

var (
	// ErrEmpty: the text has nothing but white space.
	ErrEmpty = errors.New("the page is empty")
	// ErrNoAnchor: there are ticker lines to date and Options.Anchor is zero.
	ErrNoAnchor = errors.New("the page has ticker lines, and without the instant it was captured they can't be dated")
	// ErrNoZone: there are ticker lines to date and Options.Zone is nil.
	ErrNoZone = errors.New("the page has ticker lines, and without a time zone they can't be dated")
)

// Options say what a page can't say of itself.
type Options struct {
	// Anchor is the instant the page was captured; no entry is later. It is
	// required when there are entries, and never taken from a clock.
	Anchor time.Time
	// Zone is where the clock times of the page are read. Required likewise.
	Zone *time.Location
	// Chrome are lines of page furniture beside the known ones, such as
	// "Suivez-nous sur Facebook". Lines are compared by text.Fold without the
	// punctuation around them.
	Chrome []string
	// Order is the order of the ticker lines, if known.
	Order Order
}

// Order is the order of ticker lines going down the page.
type Order int

const (
	// Unstated reads newest first, and refuses a block that plainly is the other
	// way round.
	Unstated Order = iota
	// NewestFirst reads newest first in any case. A block with rising times is
	// then one entry a day.
	NewestFirst
	// OldestFirst reads from the last line upwards.
	OldestFirst
)

// Confidence says how an entry came by its date.
type Confidence string

const (
	// Stated: the date was given. This package never says so; ticker lines have
	// none.
	Stated Confidence = "STATED"
	// Inferred: the day follows from the anchor and the lines above. A silence of
	// 24 hours or more can't be seen, so it can be too late by whole days.
	Inferred Confidence = "INFERRED"
	// Ambiguous: on the inferred day the clock showed this time twice, and
	// nothing certain on the page excludes either. The later one that keeps the
	// order of the page was taken.
	Ambiguous Confidence = "AMBIGUOUS"
)

// Page is what was read. Every line that isn't white space is in exactly one
// place: Entries, Article (Line or Lines), Chrome or Refused. Line numbers count
// from 1.
type Page struct {
	// Entries are the ticker lines as they stand on the page. Going down, their
	// instants never rise (with OldestFirst: never fall).
	Entries []Entry
	// Article is nil when nothing is left for one.
	Article *Article
	// Refused are the lines that could not be used, in the order of the page.
	Refused []Refusal
	// Chrome are the numbers of the lines left out as page furniture: the known
	// ones, those of Options, rules such as "---" and lines without any visible
	// character.
	Chrome []int
}

// Entry is one ticker line.
type Entry struct {
	Line       int
	OccurredAt time.Time // UTC, whole minutes of the zone's clock
	Headline   string    // as text.Line returns it, at most 300 characters
	Clock      string    // the time as the page has it, in the form "09:46"
	Confidence Confidence
}

// Article is the text below the ticker. It has no date, and none is guessed.
type Article struct {
	// Title is "" when the line in its place, Line, was refused.
	Title string
	Line  int
	// Paragraphs are the lines after the title; Lines are their numbers.
	Paragraphs []string
	Lines      []int
}

// Refusal is a line that could not be used.
type Refusal struct {
	Line int
	// Text is the line, safe to show: cut after 200 characters, with U+FFFD for
	// invalid UTF-8, controls and characters that turn the text direction.
	Text string
	// Reason is a sentence without a subject or a clause about the line.
	Reason string
}

// Parse reads a whole page.
//
// The ticker block begins at the first line, furniture aside, and ends at the
// first line that is neither an entry nor meant as one. A line is meant as one
// when it begins like a time ("24:00", "11:7x") or, inside the block, with a dash
// alone; such lines are refused and the block goes on, as it does past a rule.
// Other furniture ends it. The next line is the title, the rest are paragraphs;
// but a line in the form of the block's entries that comes between furniture and
// title is refused, for it may be either. A page without a block is all article.
//
// Errors: ErrEmpty, ErrNoAnchor, ErrNoZone.
func Parse(text string, o Options) (Page, error) {
	return parse(text, o, (*reader).page)
}

// ParseTicker reads a ticker block alone: every line that is neither white space
// nor furniture is an entry or refused.
//
// Errors: as Parse.
func ParseTicker(text string, o Options) (Page, error) {
	return parse(text, o, (*reader).ticker)
}

func parse(text string, o Options, read func(*reader, []line)) (Page, error) {
	lines := split(text)
	if len(lines) == 0 {
		return Page{}, ErrEmpty
	}
	r := &reader{chrome: chromeKeys(o.Chrome)}
	read(r, lines)
	if err := r.date(o); err != nil {
		return Page{}, err
	}
	slices.SortFunc(r.out.Refused, func(a, b Refusal) int { return a.Line - b.Line })
	return r.out, nil
}

// line is a line of the page that isn't white space.
type line struct {
	number int
	raw    string
}

// split cuts at LF, CRLF and CR. A byte order mark at the very start is none of
// the page's.
func split(s string) []line {
	s = strings.TrimPrefix(s, "\uFEFF")
	var lines []line
	for number := 1; s != ""; number++ {
		raw, rest := s, ""
		if end := strings.IndexAny(s, "\r\n"); end >= 0 {
			raw, rest = s[:end], s[end+1:]
			if s[end] == '\r' {
				rest = strings.TrimPrefix(rest, "\n")
			}
		}
		if strings.TrimSpace(raw) != "" {
			lines = append(lines, line{number, raw})
		}
		s = rest
	}
	return lines
}
