package graph

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

const (
	// maxText bounds the text of a document, in bytes: a mutation may carry a story
	// in it.
	maxText = 1 << 20
	// maxTokens bounds a document: the playground's introspection has about 400.
	maxTokens = 2_500
)

// scan looks over the text of a document before it is parsed, in one pass: how much
// of it there is, and whether each half of a surrogate pair in a string has its other
// half (GraphQL, section 2.9.4), which the parser would quietly replace. Whatever
// else is wrong is for the parser to say.
func scan(text string) (tokens int, refused *gqlerror.Error) {
	if len(text) > maxText {
		return 0, tooComplex("the document has %d bytes; at most %d are allowed: give long text in a variable", len(text), maxText)
	}
	s := scanner{text: text, half: -1}
	for s.next() {
		tokens++
	}
	if tokens > maxTokens {
		return tokens, tooComplex("the document has %d tokens; at most %d are allowed", tokens, maxTokens)
	}
	if s.half >= 0 {
		err := invalidDocument("half of a surrogate pair: %s", text[s.half:s.half+len(`\uD83D`)])
		err.Locations = []gqlerror.Location{location(text, s.half)}
		return tokens, err
	}
	return tokens, nil
}

// invalidDocument is an error of a document.
func invalidDocument(reason string, args ...any) *gqlerror.Error {
	return &gqlerror.Error{Message: fmt.Sprintf(reason, args...), Extensions: map[string]any{"code": codeInvalid}}
}

// location is where the byte at an offset stands. Lines and columns count from 1, and
// columns in code points.
func location(text string, offset int) gqlerror.Location {
	ahead := strings.ReplaceAll(text[:offset], "\r\n", "\n")
	begin := strings.LastIndexAny(ahead, "\r\n") + 1
	return gqlerror.Location{
		Line:   1 + strings.Count(ahead, "\n") + strings.Count(ahead, "\r"),
		Column: 1 + utf8.RuneCountInString(ahead[begin:]),
	}
}

// A scanner tells tokens apart as far as it takes to count them, comments among them.
type scanner struct {
	text string
	at   int
	half int // where the first half of a surrogate pair stands alone; -1 for nowhere
}

// next goes behind the next token; there is none at the end.
func (s *scanner) next() bool {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ', c == '\t', c == ',', c == '\n', c == '\r':
			s.at++
			continue
		case strings.HasPrefix(s.text[s.at:], "\uFEFF"):
			s.at += len("\uFEFF")
			continue
		case c == '#':
			for s.at < len(s.text) && s.text[s.at] != '\n' && s.text[s.at] != '\r' {
				s.at++
			}
		case strings.HasPrefix(s.text[s.at:], `"""`):
			s.blockString()
		case c == '"':
			s.string()
		case strings.HasPrefix(s.text[s.at:], "..."):
			s.at += len("...")
		case c == '-' || isWord(c):
			s.word()
		default:
			s.at++
		}
		return true
	}
	return false
}

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}

// word goes behind a name or a number. Of what is neither it makes fewer tokens than
// the parser, which has the same limit.
func (s *scanner) word() {
	name := isWord(s.text[s.at]) && s.text[s.at] > '9'
	for s.at++; s.at < len(s.text); s.at++ {
		c := s.text[s.at]
		if !isWord(c) && (name || c != '.' && c != '+' && c != '-') {
			return
		}
	}
}

// blockString goes behind a string between three quotes; of more than three at its
// end the last three are the end.
func (s *scanner) blockString() {
	s.at += len(`"""`)
	for s.at < len(s.text) {
		next := strings.IndexAny(s.text[s.at:], `"\`)
		if next < 0 {
			s.at = len(s.text)
			return
		}
		s.at += next
		switch rest := s.text[s.at:]; {
		case strings.HasPrefix(rest, `\"""`):
			s.at += len(`\"""`)
		case rest[0] == '\\':
			s.at++
		default:
			quotes := len(rest) - len(strings.TrimLeft(rest, `"`))
			s.at += quotes
			if quotes >= len(`"""`) {
				return
			}
		}
	}
}

// string goes behind a string, which ends with its line at the latest.
func (s *scanner) string() {
	for s.at++; s.at < len(s.text); {
		switch s.text[s.at] {
		case '"':
			s.at++
			return
		case '\n', '\r':
			return
		case '\\':
			s.escape()
		default:
			s.at++
		}
	}
}

const (
	firstLeading, firstTrailing, lastTrailing = 0xD800, 0xDC00, 0xDFFF

	escapeLen = len(`\uD83D`)
)

// escape goes behind an escape, or behind two that are one character.
func (s *scanner) escape() {
	unit, ok := codeUnit(s.text[s.at:])
	switch {
	case !ok:
		s.at = min(s.at+2, len(s.text)) // \n, \u{1F600}, or nothing that the parser takes
	case unit < firstLeading || unit > lastTrailing:
		s.at += escapeLen
	default:
		second, ok := codeUnit(s.text[s.at+escapeLen:])
		if unit < firstTrailing && ok && second >= firstTrailing && second <= lastTrailing {
			s.at += 2 * escapeLen
			return
		}
		if s.half < 0 {
			s.half = s.at
		}
		s.at += escapeLen
	}
}

// codeUnit reads an escape of four digits at the start of a text.
func codeUnit(text string) (int, bool) {
	if len(text) < escapeLen || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(text[2:escapeLen], 16, 16)
	return int(n), err == nil
}
