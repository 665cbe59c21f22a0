package listing

import (
	"math"
	"unicode/utf8"

	"depeche/internal/news"
)

// A Span is the places from Lo on and below Hi, of a list that is ordered by
// name or by time.
type Span struct {
	Lo, Hi Place
	Named  bool
	// Endless tells that no name is above the span: Hi says nothing then.
	Endless bool
}

// Whole is the span of the list of sel.
func Whole(sel news.Selection) Span {
	if ByName(sel.Kind) {
		end, bounded := aboveAll(sel.NamePrefix)
		return Span{Lo: Place{Name: sel.NamePrefix}, Hi: Place{Name: end}, Named: true, Endless: !bounded}
	}
	s := Span{Lo: Place{Ms: math.MinInt64}, Hi: Place{Ms: math.MaxInt64}}
	if !sel.From.IsZero() {
		s.Lo.Ms = ceilMilli(sel.From)
	}
	if !sel.To.IsZero() {
		s.Hi.Ms = ceilMilli(sel.To)
	}
	return s
}

// aboveAll is the first string above all that begin with prefix. There is none
// where prefix is empty or nothing but the last of all characters.
func aboveAll(prefix string) (string, bool) {
	for prefix != "" {
		r, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case r == utf8.MaxRune:
		case r == 0xD7FF: // what follows are halves of pairs, no characters
			return prefix + "\uE000", true
		default:
			return prefix + string(r+1), true
		}
	}
	return "", false
}

// Holds tells whether p lies in the span.
func (s Span) Holds(p Place) bool {
	return p.Compare(s.Lo) >= 0 && (s.Endless || p.Compare(s.Hi) < 0)
}

// From is the part of s from p on.
func (s Span) From(p Place) Span {
	if p.Compare(s.Lo) > 0 {
		s.Lo = p
	}
	return s
}

// Until is the part of s below p.
func (s Span) Until(p Place) Span {
	if s.Endless || p.Compare(s.Hi) < 0 {
		s.Hi, s.Endless = p, false
	}
	return s
}
