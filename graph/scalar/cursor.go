package scalar

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/news"
)

// A Cursor is a place in a list or in the log, as clients hold it: base64url
// without padding. Whether it is one at all is found out by PageCursor and
// LogCursor, which know the argument that it came in.
type Cursor string

// MarshalCursor writes a cursor: null where there is none.
func MarshalCursor(c Cursor) graphql.Marshaler { return MarshalText(news.Text(c)) }

// UnmarshalCursor reads a cursor.
func UnmarshalCursor(v any) (Cursor, error) {
	s, ok := v.(string)
	if !ok {
		return "", news.BadCursor("", "it is not a string")
	}
	return Cursor(s), nil
}

// The first letter of a cursor's text tells what it is a place in.
var listLetters = [...]struct {
	letter string
	list   news.Kind
}{
	{"s", news.KindStory}, {"g", news.KindTag}, {"t", news.KindTickerEntry}, {"c", news.KindCoverage},
	{"k", news.KindServiceToken}, {"w", news.KindWebhook},
}

const (
	logLetter      = "l"
	revisionLetter = "r"
)

// OfPage is the cursor of a place in a list.
func OfPage(p news.PageCursor) Cursor {
	for _, l := range listLetters {
		if l.list != p.List {
			continue
		}
		var room [128]byte
		text := append(append(room[:0], l.letter...), ' ')
		if !p.At.IsZero() {
			text = strconv.AppendInt(text, p.At.UnixMilli(), 36)
		}
		text = append(append(text, ' '), p.ID...)
		text = append(append(text, ' '), p.Name...)
		return encode(text)
	}
	panic(fmt.Sprintf("no list of kind %q", p.List))
}

// OfLog is the cursor of a place in the log.
func OfLog(l news.LogCursor) Cursor {
	text := append([]byte(logLetter+" "), l.Epoch...)
	return encode(strconv.AppendInt(append(text, ' '), int64(l.Seq), 36))
}

// PageCursor reads the cursor that came in the argument named field; nil where
// none came. Errors: news.ErrBadCursor.
func PageCursor(field string, c *Cursor) (*news.PageCursor, error) {
	if c == nil {
		return nil, nil
	}
	letter, rest, err := decode(field, *c)
	if err != nil {
		return nil, err
	}
	if letter == logLetter {
		return nil, news.BadCursor(field, "it is a place in the log, not in a list")
	}
	part := strings.SplitN(rest, " ", 3)
	for _, l := range listLetters {
		if l.letter != letter || len(part) != 3 {
			continue
		}
		p := news.PageCursor{List: l.list, ID: news.EntityID(part[1]), Name: part[2]}
		if part[0] != "" {
			ms, err := strconv.ParseInt(part[0], 36, 64)
			if err != nil {
				return nil, malformed(field)
			}
			p.At = time.UnixMilli(ms).UTC()
		}
		return &p, nil
	}
	return nil, malformed(field)
}

// LogCursor reads the cursor that came in the argument named field; nil where
// none came. Errors: news.ErrBadCursor.
func LogCursor(field string, c *Cursor) (*news.LogCursor, error) {
	if c == nil {
		return nil, nil
	}
	letter, rest, err := decode(field, *c)
	if err != nil {
		return nil, err
	}
	if letter != logLetter {
		return nil, news.BadCursor(field, "it is a place in a list, not in the log; take a liveCursor or the cursor of an event")
	}
	epoch, number, ok := strings.Cut(rest, " ")
	seq, err := strconv.ParseInt(number, 36, 64)
	if !ok || err != nil || seq < 0 {
		return nil, malformed(field)
	}
	return &news.LogCursor{Epoch: news.Epoch(epoch), Seq: news.Seq(seq)}, nil
}

// OfRevision is the cursor of a version in the list of a story's versions.
func OfRevision(story news.StoryID, version int) Cursor {
	text := strconv.AppendInt([]byte(revisionLetter+" "), int64(version), 36)
	return encode(append(append(text, ' '), story...))
}

// RevisionCursor reads the version of a story from the cursor that came in the
// argument named field; 0 where none came. Errors: news.ErrBadCursor.
func RevisionCursor(field string, story news.StoryID, c *Cursor) (int, error) {
	if c == nil {
		return 0, nil
	}
	letter, rest, err := decode(field, *c)
	if err != nil {
		return 0, err
	}
	number, of, ok := strings.Cut(rest, " ")
	if letter != revisionLetter || ok && of != string(story) {
		return 0, news.BadCursor(field, "it is from another list")
	}
	version, err := strconv.ParseInt(number, 36, 32)
	if !ok || err != nil || version < 1 {
		return 0, malformed(field)
	}
	return int(version), nil
}

func encode(text []byte) Cursor {
	var room [176]byte
	return Cursor(base64.RawURLEncoding.AppendEncode(room[:0], text))
}

func decode(field string, c Cursor) (letter, rest string, err error) {
	const longest = 1000 // a name of 120 characters and an id of 64 stay well below
	if len(c) > longest {
		return "", "", malformed(field)
	}
	text, err := base64.RawURLEncoding.Strict().DecodeString(string(c))
	if err != nil || !utf8.Valid(text) {
		return "", "", malformed(field)
	}
	letter, rest, ok := strings.Cut(string(text), " ")
	if !ok {
		return "", "", malformed(field)
	}
	return letter, rest, nil
}

func malformed(field string) error { return news.BadCursor(field, "it is malformed") }
