package text

import (
	"strings"
	"unicode"

	"github.com/mozillazg/go-unidecode"
	"golang.org/x/text/unicode/norm"
)

const (
	// maxSlug is the length Slug cuts at; slugs given from outside may be longer.
	maxSlug = 80
	// maxValidSlug is the length ValidSlug allows: room for a made slug and a
	// suffix that tells two of them apart.
	maxValidSlug = 120
)

// Slug makes an ASCII slug from text of any script: lower-case letters and
// digits, everything between them (apostrophes too: "L’été" is "l-ete") one
// hyphen. Letters of other scripts are transliterated sign by sign, so "北京"
// is "bei-jing". Slugs have at most 80 characters: a longer one is cut at a
// hyphen of its second half, inside a word only when there is none. Slug is ""
// when nothing is left; every other result satisfies ValidSlug.
func Slug(s string) string {
	var b strings.Builder
	gap := false
	for _, r := range norm.NFC.String(s) {
		switch {
		case unicode.Is(unicode.Cf, r):
			// Soft hyphens and joiners stand inside words.
		case unicode.In(r, unicode.L, unicode.N, unicode.M):
			gap = writeLatin(&b, r, gap)
		default:
			gap = true
		}
		if b.Len() > maxSlug {
			break
		}
	}
	return cutSlug(b.String())
}

// writeLatin appends r in lower-case ASCII, after a hyphen if gap says that one
// is due, and reports whether one is due before the next character.
func writeLatin(b *strings.Builder, r rune, gap bool) bool {
	latin := unidecode.Unidecode(string(r))
	if latin == "" {
		latin = unidecode.Unidecode(norm.NFKD.String(string(r)))
	}
	for i := range len(latin) {
		c := latin[i]
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '\'' || c == '`' || c == '"':
			// The transliteration's sign for ь or ʿ, not an apostrophe of the text.
			continue
		default:
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		b.WriteByte(c)
	}
	return gap
}

func cutSlug(s string) string {
	if len(s) <= maxSlug {
		return s
	}
	if s[maxSlug] != '-' {
		if i := strings.LastIndexByte(s[:maxSlug], '-'); i >= maxSlug/2 {
			return s[:i]
		}
	}
	return strings.TrimSuffix(s[:maxSlug], "-")
}

// ValidSlug reports whether s can be a slug: 1 to 120 characters of a-z, 0-9
// and single hyphens that stand between them.
func ValidSlug(s string) bool {
	if s == "" || len(s) > maxValidSlug {
		return false
	}
	hyphen := true // a hyphen may neither begin a slug nor follow another
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			hyphen = false
		case c == '-' && !hyphen:
			hyphen = true
		default:
			return false
		}
	}
	return !hyphen
}
