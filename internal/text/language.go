package text

import "golang.org/x/text/language"

// maxLanguage is the longest language tag in characters that one has to take
// (RFC 5646, section 4.4.1).
const maxLanguage = 35

// Language returns the canonical form of a BCP 47 language tag: en-GB for en_gb.
// ok is false for what names no language.
func Language(s string) (tag string, ok bool) {
	if len(s) > maxLanguage {
		return "", false
	}
	parsed, err := language.Parse(s)
	if base, _, _ := parsed.Raw(); err != nil || base.String() == "und" {
		return "", false
	}
	return parsed.String(), true
}
