package desk

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// paragraphs cuts a text into its paragraphs, each with the empty lines behind it.
func paragraphs(s string) []string {
	var last rune
	return cut(s, func(r rune, _ string) bool {
		begins := last == '\n' && r != '\n'
		last = r
		return begins
	})
}

// lines cuts a text into its lines and the ends between them.
func lines(s string) []string {
	var last rune
	return cut(s, func(r rune, _ string) bool {
		begins := last == '\n' || r == '\n'
		last = r
		return begins
	})
}

// sentences cuts a text into its sentences, as far as their ends can be told, each
// with the white space behind it.
func sentences(s string) []string {
	ended, spaced := false, false
	return cut(s, func(r rune, _ string) bool {
		begins := ended && spaced && !unicode.IsSpace(r) && !closing(r)
		switch {
		case strings.ContainsRune("。！？", r): // no space follows these
			ended, spaced = true, true
		case strings.ContainsRune(".!?…", r):
			ended, spaced = true, false
		case unicode.IsSpace(r):
			spaced = ended
		case !closing(r):
			ended = false
		}
		return begins
	})
}

func closing(r rune) bool { return r == '"' || unicode.In(r, unicode.Pe, unicode.Pf) }

// words cuts a text into words, white space, and single marks of punctuation. Where
// words are written without spaces between them, each character stands for one.
// Nothing is cut that is shown as one character.
func words(s string) []string {
	var last tokenClass
	digit := false
	return cut(s, func(r rune, rest string) bool {
		class := classOf(r)
		if class == clings {
			return false
		}
		if class == punctuation && digit { // 3.5 and 1,200 are one each
			if next, _ := utf8.DecodeRuneInString(rest); unicode.IsDigit(next) {
				class = letters
			}
		}
		begins := class != last || class == punctuation || class == unspaced
		last, digit = class, unicode.IsDigit(r)
		return begins
	})
}

// A tokenClass says what a character is to words.
type tokenClass int

const (
	clings tokenClass = iota // to what comes before it
	letters
	unspaced // a letter of a script that has no spaces between words
	whiteSpace
	punctuation
)

func classOf(r rune) tokenClass {
	switch {
	case unicode.IsSpace(r):
		return whiteSpace
	case unicode.IsPunct(r):
		return punctuation
	case unicode.In(r, unicode.M, unicode.Cf):
		return clings
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		return unspaced
	}
	return letters
}

// cut cuts a text before each character that begins a token; rest is what follows
// it.
func cut(s string, begins func(r rune, rest string) bool) []string {
	var list []string
	start := 0
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		if begins(r, s[i+size:]) && i > 0 {
			list = append(list, s[start:i])
			start = i
		}
	}
	if start < len(s) {
		list = append(list, s[start:])
	}
	return list
}
