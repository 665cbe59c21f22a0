package text

import (
	"unicode"
	"unicode/utf8"
)

// Words counts the words of a plain text as its reader would. A word is a run
// without white space that has a letter or a digit in it: "aujourd’hui",
// "l’été" and "porte-parole" are one each, a lone dash or « is none. An em dash
// divides words, a no-break space inside a number ("1 200") doesn't. Chinese
// and Japanese have no spaces: each of their characters is a word.
func Words(s string) int {
	n := 0
	inside := false // a word that has been counted goes on
	last := rune(0)
	for i, r := range s {
		switch {
		case ideograph(r):
			n++
			inside = false
		case r == '—', unicode.IsSpace(r) && !groups(last, r, s[i+utf8.RuneLen(r):]):
			inside = false
		case !inside && (unicode.IsLetter(r) || unicode.IsNumber(r)):
			n++
			inside = true
		}
		last = r
	}
	return n
}

// groups reports whether r is the no-break space between two digit groups.
func groups(before, r rune, rest string) bool {
	if r != '\u00A0' && r != '\u202F' {
		return false
	}
	after, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsDigit(before) && unicode.IsDigit(after)
}

// ideograph reports whether r is a character of a script written without spaces
// between words. U+30FC, the long vowel of katakana, has no script of its own.
func ideograph(r rune) bool {
	return r == 'ー' || unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana)
}
