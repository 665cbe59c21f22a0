package load

import (
	"bytes"
	"fmt"
	"strconv"
)

// A headline of the generator is
//
//	wire 00000042 1790000000000000000 The chamber adopts …
//
// number and time of publication in fixed places, so that a reader finds them
// without decoding JSON.
const (
	mark       = `"wire `
	numberSize = 8
	timeSize   = 19
	stampSize  = len(mark) + numberSize + 1 + timeSize

	// filler makes headlines as long as those of a wire are.
	filler = " The chamber adopts the budget after a third night of debate"
)

// Headline makes the headline of the event with the number, published at now, in
// nanoseconds of whatever clock its readers compare with.
func Headline(number uint64, now int64) string {
	return fmt.Sprintf("%s%0*d %0*d%s", mark[1:], numberSize, number, timeSize, now, filler)
}

// A finder takes number, time and cursor out of the events of one connection. All
// events of a connection are alike, so it looks first where it found them last.
type finder struct {
	headline, cursor int // where they were in the last event
}

var cursorKey = []byte(`"cursor":"`)

// find reads an event. The cursor is a part of it.
func (f *finder) find(event []byte) (number uint64, at int64, cursor []byte, ok bool) {
	h := place(event, f.headline, []byte(mark))
	if h < 0 || len(event) < h+stampSize {
		return 0, 0, nil, false
	}
	f.headline = h
	h += len(mark)
	number, ok = digits(event[h : h+numberSize])
	if !ok {
		return 0, 0, nil, false
	}
	stamp, ok := digits(event[h+numberSize+1 : h+numberSize+1+timeSize])
	if !ok {
		return 0, 0, nil, false
	}
	if c := place(event, f.cursor, cursorKey); c >= 0 {
		f.cursor = c
		cursor = event[c+len(cursorKey):]
		cursor = cursor[:max(0, bytes.IndexByte(cursor, '"'))]
	}
	return number, int64(stamp), cursor, true
}

// place finds what in text, trying first where it was last; it is -1 for nowhere.
func place(text []byte, last int, what []byte) int {
	if last+len(what) <= len(text) && bytes.Equal(text[last:last+len(what)], what) {
		return last
	}
	return bytes.Index(text, what)
}

func digits(text []byte) (n uint64, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, true
}

// Body makes a text of so many bytes.
func Body(size int) string {
	text := make([]byte, 0, size+16)
	for i := 0; len(text) < size; i++ {
		text = append(text, "paragraph "...)
		text = strconv.AppendInt(text, int64(i), 10)
		text = append(text, ' ')
	}
	return string(text[:size])
}
