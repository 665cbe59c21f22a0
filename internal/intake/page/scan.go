package page

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clock is a time of day in minutes.
type clock int

func (c clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// shape is what the beginning of a line looks like.
type shape struct {
	dash    bool   // it begins with a dash of any kind
	time    bool   // then comes a time, or what is meant as one
	problem string // why it is none; "" when clock and rest are good
	clock   clock
	rest    string // what follows the time
}

// scan reads the beginning of an entry: dashes, then "11:27", "9:46", "16 h 06"
// or "16h06", then the headline, with or without space. Minutes are always two
// digits, so "11:273 morts" is 11:27 and "3 morts". White space, invisible and
// broken characters around these parts are passed over; whether the line may
// have them is for the caller to check.
func scan(s string) shape {
	var out shape
	s = skip(s)
	for {
		r, size := utf8.DecodeRuneInString(s)
		if size == 0 || !isDash(r) {
			break
		}
		out.dash = true
		s = skip(s[size:])
	}
	hours := digits(s)
	if hours == 0 || hours > 3 { // a longer number is a year or a quantity
		return out
	}
	minutes, found := separator(s[hours:], out.dash)
	if !found {
		return out
	}
	out.time = true
	out.read(s, hours, len(s)-len(minutes))
	return out
}

// separator returns what follows the colon or the h of a time; found is false
// when s, the text after some digits, goes on like anything but a time.
func separator(s string, dash bool) (after string, found bool) {
	if after, ok := strings.CutPrefix(s, ":"); ok {
		return after, digits(after) > 0 || dash
	}
	spaced := skip(s)
	if after, ok := strings.CutPrefix(spaced, ":"); ok {
		return after, digits(skip(after)) == 2
	}
	if spaced == "" || spaced[0] != 'h' && spaced[0] != 'H' {
		return "", false
	}
	after = spaced[1:]
	if digits(skip(after)) > 0 {
		return skip(after), true
	}
	next, _ := utf8.DecodeRuneInString(after)
	return after, dash && !unicode.IsLetter(next) // "- 16h Départ", not "- 16 heures"
}

// read takes the time at the start of s, whose hour has so many digits and whose
// minutes, if any, begin at from.
func (out *shape) read(s string, hours, from int) {
	hour, minute := 0, 0
	for _, d := range []byte(s[:hours]) {
		hour = hour*10 + int(d-'0')
	}
	n := digits(s[from:])
	if n >= 2 {
		minute = int(s[from]-'0')*10 + int(s[from+1]-'0')
	}
	switch {
	case n == 0 && digits(skip(s[from:])) == 2:
		out.problem = fmt.Sprintf("has the time %s with a space in it", token(s, from+len(s[from:])-len(skip(s[from:]))))
	case n == 0:
		out.problem = fmt.Sprintf("has the time %s without minutes", token(s, from))
	case n == 1:
		out.problem = fmt.Sprintf("has the time %s, which needs exactly two minute digits", token(s, from))
	case s[hours] != ':' && strings.HasPrefix(skip(s[hours:]), ":"):
		out.problem = fmt.Sprintf("has the time %s with a space in it", token(s, from))
	case hours > 2 || hour > 23:
		out.problem = fmt.Sprintf("has the time %s, which does not exist: hours go from 0 to 23", token(s, from))
	case minute > 59:
		out.problem = fmt.Sprintf("has the time %s, which does not exist: minutes go from 00 to 59", token(s, from))
	case strings.HasPrefix(s[from+2:], ":") && digits(s[from+3:]) >= 2:
		out.problem = fmt.Sprintf("has the time %s with seconds; ticker lines have hours and minutes", quoted(s[:from+5]))
	default:
		out.clock = clock(hour*60 + minute)
		out.rest = unmark(skip(s[from+2:]))
	}
}

// unmark takes off the mark that some pages set between time and headline: one
// dash, colon or bar with a space or nothing after it. The dash of "-5 degrés"
// belongs to the headline.
func unmark(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 || !isDash(r) && r != ':' && r != '|' {
		return s
	}
	after := s[size:]
	if next := skip(after); next != after || next == "" {
		return next
	}
	return s
}

// token is the time at the start of s, quoted for a message: up to two
// characters after from, none of them white space.
func token(s string, from int) string {
	end := from
	for range 2 {
		r, size := utf8.DecodeRuneInString(s[end:])
		if size == 0 || isLayout(r) {
			break
		}
		end += size
	}
	return quoted(s[:end])
}

func quoted(s string) string { return `"` + shown(strings.Join(strings.Fields(s), " ")) + `"` }

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func skip(s string) string { return strings.TrimLeftFunc(s, isLayout) }

// isLayout reports whether r stands between the parts of a line without being
// one: white space, what is invisible, and what is broken (a bullet of another
// encoding is U+FFFD). Direction marks are not: they belong to the headline.
func isLayout(r rune) bool {
	switch r {
	case '\u200B', '\u2060', '\uFEFF', utf8.RuneError:
		return true
	}
	return unicode.IsSpace(r) || unicode.Is(unicode.Cc, r)
}

func isDash(r rune) bool {
	return unicode.Is(unicode.Pd, r) || strings.ContainsRune("−•·∙⋅‣⁃◦●○▪▫■□►▸▶*", r)
}
