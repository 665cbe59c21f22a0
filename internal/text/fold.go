package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold returns the key by which names and headlines are compared and sorted:
// compatibility forms taken apart (NFKD), marks dropped, lower case, ligatures
// and barred letters in plain ones (œ is oe, ø is o), typographic apostrophes
// and dashes in ASCII, every run of white space and quotation marks one space,
// none at the ends. Invisible format characters are dropped, invalid UTF-8 is
// U+FFFD.
//
// Fold is idempotent. Punctuation and symbols stay, so "C++" and "C#" differ;
// elisions stay too ("l'ete"). A key can be "": it should match nothing.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFKD.String(acutes(strings.ToValidUTF8(s, "\uFFFD"))) {
		plain := foldRune(unicode.ToLower(r))
		if plain == " " {
			space = b.Len() > 0
			continue
		}
		if space && plain != "" {
			b.WriteByte(' ')
			space = false
		}
		b.WriteString(plain)
	}
	return b.String()
}

// acutes turns the free-standing acute accent into an apostrophe, which it is
// typed for; NFKD would make it a space.
func acutes(s string) string {
	return strings.ReplaceAll(s, "\u00B4", "'")
}

// foldRune returns the plain form of r, a lower-case character of an NFKD text:
// " " for all that separates, "" for what the key leaves out.
func foldRune(r rune) string {
	if r < unicode.MaxASCII {
		switch r {
		case '"', ' ', '\t', '\n', '\v', '\f', '\r':
			return " "
		case '`':
			return "'"
		}
		return string(r)
	}
	switch r {
	case 'œ':
		return "oe"
	case 'æ':
		return "ae"
	case 'ß':
		return "ss"
	case 'ø':
		return "o"
	case 'đ':
		return "d"
	case 'ł':
		return "l"
	case 'ı':
		return "i"
	case 'ς':
		return "σ"
	case '’', '‘', '‛', 'ʼ', 'ʹ', 'ʻ', '′', '‵':
		return "'"
	case '“', '”', '„', '‟', '«', '»', '‹', '›', '‚':
		return " "
	case '−', '⁃':
		return "-"
	}
	switch {
	case unicode.Is(unicode.Pd, r):
		return "-"
	case unicode.IsSpace(r):
		return " "
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return ""
	}
	return string(r)
}
