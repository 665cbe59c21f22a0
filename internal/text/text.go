// Package text is the newsroom's door for words: it checks and normalises text
// from outside, makes slugs and comparison keys from it, and renders Markdown.
// It promises NFC, no invisible controls, sanitised HTML and French typography
// left as it was typed. It refuses to repair: text that is broken is reported
// with the place where it breaks, never mended in silence. It knows nothing of
// news, stores or HTTP, and everything in it is safe for concurrent use.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Line checks one line of outside text (a headline, a name) and returns it in
// NFC without white space at its ends.
//
// White space at the ends, line breaks and tabs included, is trimmed before
// anything is checked. Inside, Line refuses what a single line can't hold or a
// reader can't see: line breaks, tabs and other control characters, invalid
// UTF-8, U+FFFD (a broken encoding), U+FEFF, the bidi overrides and isolates,
// and noncharacters. The error is a sentence without a subject, such as
// "contains a NUL character at position 12"; positions count characters of s
// from 1.
//
// Text without any visible character comes back as "", with no error: whether
// an empty line will do is for the caller to say.
func Line(s string) (string, error) {
	return check(s, false)
}

// Block is Line for text of several lines. Tabs and line breaks are allowed;
// CRLF, CR, U+2028 and U+2029 become LF. White space at the end of a single
// line stays (Markdown reads it), white space around the whole is trimmed.
func Block(s string) (string, error) {
	return check(s, true)
}

func check(s string, block bool) (string, error) {
	inner := strings.TrimLeftFunc(s, trimmable)
	pos := utf8.RuneCountInString(s[:len(s)-len(inner)])
	inner = strings.TrimRightFunc(inner, trimmable)
	visible := false
	for i, r := range inner {
		pos++
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(inner[i:]); size == 1 {
				return "", fmt.Errorf("is not valid UTF-8 at position %d", pos)
			}
		}
		if what := forbidden(r, block); what != "" {
			return "", fmt.Errorf("contains %s at position %d", what, pos)
		}
		visible = visible || !Invisible(r)
	}
	if !visible {
		return "", nil
	}
	if block {
		inner = lineBreaks(inner)
	}
	return strings.TrimFunc(norm.NFC.String(inner), trimmable), nil
}

// forbidden names what is wrong with r, or returns "".
func forbidden(r rune, block bool) string {
	switch {
	case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
		if block {
			return ""
		}
		return "a line break"
	case r == '\t':
		if block {
			return ""
		}
		return "a tab"
	case r == 0:
		return "a NUL character"
	case unicode.Is(unicode.Cc, r):
		return fmt.Sprintf("the control character U+%04X", r)
	case r == utf8.RuneError:
		return "the replacement character U+FFFD (a broken encoding)"
	case r == '\uFEFF':
		return "a byte order mark (U+FEFF)"
	case r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069':
		return fmt.Sprintf("the text direction control U+%04X", r)
	case unicode.Is(unicode.Noncharacter_Code_Point, r):
		return fmt.Sprintf("the noncharacter U+%04X", r)
	}
	return ""
}

// trimmable is the white space that Line and Block take off the ends. U+0085
// counts as white space in Unicode but isn't taken: in practice it is the
// ellipsis of a misread Windows-1252 text, and trimming would lose it.
func trimmable(r rune) bool {
	switch r {
	case '\t', '\n', '\r', '\u2028', '\u2029':
		return true
	}
	return unicode.Is(unicode.Zs, r)
}

// Invisible reports whether r leaves no mark of its own on a page: white space,
// controls, joiners, soft hyphens, variation selectors, fillers.
func Invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf,
		unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

func lineBreaks(s string) string {
	if !strings.ContainsAny(s, "\r\u2028\u2029") {
		return s
	}
	return strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(s)
}
