package main_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	goclient "depeche/examples/goclient"
)

// blocks reads a stream to its end. Each block is written as ID|NAME|DATA; the last one
// is the rest that the server asks for, and why there is nothing more.
func blocks(r io.Reader) (all []string) {
	events := goclient.NewEventReader(r)
	for {
		event, err := events.Next()
		if err != nil {
			return append(all, fmt.Sprint(events.Retry, " ", errors.Unwrap(err)))
		}
		data := "-"
		if event.Data != nil {
			data = strconv.Quote(string(event.Data))
		}
		all = append(all, event.ID+"|"+event.Name+"|"+data)
	}
}

func TestEventStreams(t *testing.T) {
	const end = "0s EOF"
	for _, row := range []struct {
		name, stream string
		want         []string
	}{
		{"as depeche sends it", "retry: 1500\n\nid: 1\nevent: next\ndata: {}\n\nevent: complete\ndata: \n\n", []string{`1|next|"{}"`, `1|complete|""`, "1.5s EOF"}},
		{"nothing", "", []string{end}},
		{"a comment", ":\n\n: a\n\n", []string{end}},
		{"an id without data", ":\nid: 7\n\ndata\n\n", []string{`7|message|-`, `7|message|""`, end}},
		{"an id stays", "id: 1\ndata: a\n\ndata: b\n\n", []string{`1|message|"a"`, `1|message|"b"`, end}},
		{"an id with NUL is none", "id: 1\x00\ndata: a\n\n", []string{`|message|"a"`, end}},
		{"several lines", "data: a\ndata\ndata:  b\n\n", []string{`|message|"a\n\n b"`, end}},
		{"CR LF", "event: next\r\ndata: a\r\ndata: b\r\n\r\ndata: c\r\n\r\n", []string{`|next|"a\nb"`, `|message|"c"`, end}},
		{"CR", "data: a\rdata: b\r\rdata: c\r\r", []string{`|message|"a\nb"`, `|message|"c"`, end}},
		{"a name without data", "event: next\n\ndata: a\n\n", []string{`|message|"a"`, end}},
		{"an empty name", "event:\ndata: a\n\n", []string{`|message|"a"`, end}},
		{"other fields", "datax: a\n data: b\ndata : c\n\n", []string{end}},
		{"a byte order mark", "\ufeffdata: a\n\n\ufeffdata: b\n\n", []string{`|message|"a"`, end}},
		{"what is cut off is not there", "id: 1\ndata: a\n\nid: 2\ndata: b\n", []string{`1|message|"a"`, end}},
		{"a rest that is none", "retry: 1500\nretry: -1\nretry: 1e3\nretry: 99999999999999\nretry:\n\n", []string{"1.5s EOF"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := blocks(strings.NewReader(row.stream)); !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if got := blocks(iotest.OneByteReader(strings.NewReader(row.stream))); !slices.Equal(got, row.want) {
				t.Errorf("byte by byte: got %q, want %q", got, row.want)
			}
		})
	}
}

// An event is handed out when its last line ends, and not when something follows.
func TestAnEventDoesNotWait(t *testing.T) {
	for _, end := range []string{"\n\n", "\r\r", "\r\n\r"} {
		r, w := io.Pipe()
		written := make(chan error, 1)
		go func() { _, err := io.WriteString(w, "data: a"+end); written <- err }()
		event, err := goclient.NewEventReader(r).Next()
		if err != nil || string(event.Data) != "a" {
			t.Errorf("behind %q: got %+v, %v", end, event, err)
		}
		if err := <-written; err != nil {
			t.Error(err)
		}
	}
}

func TestEventsThatAreTooLong(t *testing.T) {
	for name, r := range map[string]io.Reader{
		"a line":     repeat(strings.Repeat("x", 1000)),
		"many lines": repeat("data: " + strings.Repeat("x", 1000) + "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := goclient.NewEventReader(r).Next(); !errors.Is(err, goclient.ErrEventTooLong) {
				t.Errorf("got %v, want %v", err, goclient.ErrEventTooLong)
			}
		})
	}
}

// repeat is a text without an end.
func repeat(text string) io.Reader { return &endless{text: text} }

type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], e.text[e.at:])
		n, e.at = n+copied, (e.at+copied)%len(e.text)
	}
	return n, nil
}

// FuzzEventStreams compares the reader with one that has the whole text before it.
func FuzzEventStreams(f *testing.F) {
	for _, seed := range []string{
		"retry: 1500\n\nid: 1\nevent: next\ndata: {}\n\n", "data: a\r\ndata: b\r\r\n\n", "\ufeff:\nid: 2\n\n", "id\x00:\nid: \x00\n\n",
		"data", "data\n\n", "event\ndata:\n\n", "retry: 7\nretry: +7\n\n", "\r\n\n\r", ":: :\n: data\n\n", "data: é\xff\n\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, stream string) {
		want := plainly(stream)
		for name, r := range map[string]io.Reader{
			"at once":      strings.NewReader(stream),
			"byte by byte": iotest.OneByteReader(strings.NewReader(stream)),
		} {
			if got := blocks(r); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
		}
	})
}

// plainly reads a stream as the words of HTML, section 9.2.6, have it.
func plainly(stream string) (all []string) {
	stream = strings.TrimPrefix(stream, "\ufeff")
	stream = strings.ReplaceAll(strings.ReplaceAll(stream, "\r\n", "\n"), "\r", "\n")
	lines := strings.Split(stream, "\n")
	var id, name, retry string
	var data []string
	moved := false
	for _, line := range lines[:len(lines)-1] { // the last one has no end
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "":
			if name == "" {
				name = "message"
			}
			switch {
			case data != nil:
				all = append(all, id+"|"+name+"|"+strconv.Quote(strings.Join(data, "\n")))
			case moved:
				all = append(all, id+"|"+name+"|-")
			}
			name, data, moved = "", nil, false
		case field == "event":
			name = value
		case field == "data":
			data = append(data, value)
		case field == "id" && !strings.Contains(value, "\x00"):
			id, moved = value, true
		case field == "retry" && len(value) > 0 && len(value) < 10 && strings.Trim(value, "0123456789") == "":
			retry = value
		}
	}
	ms, _ := strconv.Atoi(retry)
	return append(all, fmt.Sprint(time.Duration(ms)*time.Millisecond, " EOF"))
}
