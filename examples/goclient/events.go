package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// mostEvent bounds an event, and a line of an event stream, in bytes.
const mostEvent = 4 << 20

// ErrEventTooLong says that an event, or a line of the stream, has more than 4 MiB.
var ErrEventTooLong = errors.New("an event is longer than 4 MiB")

// An Event is a block of an event stream.
type Event struct {
	// ID is the last id up to and including this block. depeche's are cursors.
	ID string
	// Name is the kind of event: "message" where none is given.
	Name string
	// Data is nil for a block that is no event, and only moves the ID. Its lines are
	// joined by line feeds. It is good until the next call of Next.
	Data []byte
}

// An EventReader reads an event stream as HTML has it, section 9.2.6. It belongs to one
// goroutine.
type EventReader struct {
	r       *bufio.Reader
	id      string // that the blocks up to here have left
	line    []byte
	data    []byte
	begun   bool // the byte order mark may not come any more
	afterCR bool // a line feed belongs to the line before

	// Retry is after how long the server wants a stream that has ended to be opened
	// again; 0 while it has not said so.
	Retry time.Duration
}

// NewEventReader reads a stream from its beginning.
func NewEventReader(r io.Reader) *EventReader { return &EventReader{r: bufio.NewReader(r)} }

// Next waits for the next block that is an event or has an id. A block that the stream
// ends within is not one. Errors: io.EOF at the end, ErrEventTooLong, those of the
// reader below.
func (e *EventReader) Next() (Event, error) {
	next, id, hasID, hasData := Event{Name: "message"}, e.id, false, false
	e.data = e.data[:0]
	for {
		if err := e.readLine(); err != nil {
			return Event{}, err
		}
		if len(e.line) == 0 { // the end of the block
			e.id, next.ID = id, id
			if hasData {
				next.Data = e.data[: len(e.data)-1 : len(e.data)-1] // without the last line feed
				return next, nil
			}
			if hasID {
				return next, nil
			}
			next.Name = "message"
			continue
		}
		name, value, _ := bytes.Cut(e.line, []byte(":")) // a comment has no name
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			if next.Name = string(value); next.Name == "" {
				next.Name = "message"
			}
		case "data":
			if len(e.data)+len(value) > mostEvent {
				return Event{}, ErrEventTooLong
			}
			e.data, hasData = append(append(e.data, value...), '\n'), true
		case "id":
			if bytes.IndexByte(value, 0) < 0 {
				id, hasID = string(value), true
			}
		case "retry":
			e.retry(value)
		}
	}
}

// retry takes digits alone, of which there are not too many.
func (e *EventReader) retry(value []byte) {
	if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
		e.Retry = time.Duration(ms) * time.Millisecond
	}
}

// readLine reads up to the end of a line: CR LF, LF or CR. It does not wait for what
// may be behind a CR.
func (e *EventReader) readLine() error {
	for e.line = e.line[:0]; ; {
		b, err := e.r.ReadByte()
		switch {
		case err != nil:
			return fmt.Errorf("read an event: %w", err)
		case b == '\n' && e.afterCR && len(e.line) == 0:
			e.afterCR = false
			continue
		}
		e.afterCR = b == '\r'
		if b != '\n' && b != '\r' {
			if len(e.line) >= mostEvent {
				return ErrEventTooLong
			}
			e.line = append(e.line, b)
			continue
		}
		if !e.begun {
			e.begun, e.line = true, bytes.TrimPrefix(e.line, []byte("\ufeff"))
		}
		return nil
	}
}
