package transport_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"depeche/internal/transport"
)

// An eventSource reads an event stream as HTML, section 9.2.6, has it.
type eventSource struct {
	t        testing.TB
	response *http.Response
	lines    *bufio.Reader
	id       string // of the last event
	retry    string
	leave    context.CancelFunc
}

// An event is what comes between two empty lines. hasData tells an event without
// data, which a browser keeps to itself, from one with empty data.
type event struct {
	kind, data string
	hasData    bool
	comment    bool
}

// events opens an event stream.
func (r *room) events(t testing.TB, method, path, body string, headers ...string) *eventSource {
	t.Helper()
	return eventsOf(t, http.DefaultTransport, method, r.URL+path, body, headers...)
}

func eventsOf(t testing.TB, by http.RoundTripper, method, address, body string, headers ...string) *eventSource {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	must(t, err)
	request.Header.Set("Accept", "text/event-stream")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	response, err := by.RoundTrip(request)
	must(t, err)
	t.Cleanup(func() { response.Body.Close() })
	return &eventSource{t: t, response: response, lines: bufio.NewReader(response.Body), leave: cancel}
}

// follow opens a stream of the ticker.
func (r *room) stream(t testing.TB, after string, headers ...string) *eventSource {
	t.Helper()
	s := r.events(t, "GET", asked(follow, `{"after":`+after+`}`), "", headers...)
	if s.response.StatusCode != 200 {
		t.Fatalf("got %s", s.response.Status)
	}
	return s
}

// asked is the path of an operation in a URL.
func asked(query, variables string) string {
	return transport.PathGraphQL + "?" + url.Values{"query": {query}, "variables": {variables}}.Encode()
}

// next returns the next event, also one that a browser keeps to itself; io.EOF at
// the end of the stream.
func (s *eventSource) next() (e event, err error) {
	for {
		line, err := s.lines.ReadString('\n')
		if err != nil {
			if err == io.EOF && line != "" {
				s.t.Errorf("the stream ends within a line: %q", line)
			}
			return event{}, err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "\n":
			return e, nil
		case name == "":
			e.comment = true
		case name == "event":
			e.kind = value
		case name == "data":
			e.data += value
			e.hasData = true
		case name == "id":
			s.id = value
		case name == "retry":
			s.retry = value
		default:
			s.t.Errorf("got the line %q", line)
		}
	}
}

// event returns the next event that a browser tells of.
func (s *eventSource) event() (event, error) {
	for {
		e, err := s.next()
		if err != nil || e.hasData {
			return e, err
		}
	}
}

func (s *eventSource) expect(kind string) string {
	s.t.Helper()
	e, err := s.event()
	must(s.t, err)
	if e.kind != kind {
		s.t.Fatalf("got %+v, want %s", e, kind)
	}
	return e.data
}

// line reads an event of the ticker, whose cursor is its id.
func (s *eventSource) line() string {
	s.t.Helper()
	got, cursor := headline(s.t, frame{Type: "next", Payload: []byte(s.expect("next"))})
	if cursor != s.id {
		s.t.Errorf("the event's id is %q, its cursor %q", s.id, cursor)
	}
	return got
}

// ends expects the end of the stream.
func (s *eventSource) ends() {
	s.t.Helper()
	if e, err := s.event(); err != io.EOF {
		s.t.Errorf("got %+v, %v, want the end", e, err)
	}
}
