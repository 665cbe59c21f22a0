package transport_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/transport"
)

func TestStreamByGetAndPost(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{RetryLeast: 5 * time.Second, RetrySpread: time.Second}})
	r.lines(t, 1, 2)
	variables := `{"after":"` + r.place(0) + `"}`
	for _, row := range []struct {
		name, method, path, body string
		headers                  []string
	}{
		{"GET", "GET", asked(follow, variables), "", nil},
		{"GET, with others accepted", "GET", asked(follow, variables), "", []string{"Accept: text/event-stream, */*;q=0.1"}},
		{"GET with a token", "GET", asked(follow, variables), "", []string{"Authorization: Bearer " + r.token(t, news.Editor)}},
		{"POST", "POST", "/graphql", `{"query":"` + follow + `","variables":` + variables + `}`, []string{asJSON}},
		{"a page", "GET", asked(follow, variables), "", []string{"Origin: https://news.example"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := r.events(t, row.method, row.path, row.body, row.headers...)
			h := s.response.Header
			want := map[string]string{
				"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "private, no-store, no-transform",
				"X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff",
			}
			if row.name == "a page" {
				want["Access-Control-Allow-Origin"] = "https://news.example"
			}
			for name, value := range want {
				if got := h.Get(name); got != value {
					t.Errorf("%s: got %q, want %q", name, got, value)
				}
			}
			if h.Get("X-Request-Id") == "" || h.Get("Date") == "" || s.response.StatusCode != 200 {
				t.Errorf("got %s %v", s.response.Status, h)
			}
			first, err := s.next()
			must(t, err)
			if retry, err := strconv.Atoi(s.retry); err != nil || retry < 5000 || retry >= 6000 || first.hasData {
				t.Errorf("first came %+v, and retry is %q", first, s.retry)
			}
			for _, want := range []string{"1", "2"} {
				if got := s.line(); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			}
		})
	}
}

func TestRequestsForStreamsThatCantBe(t *testing.T) {
	r := open(t)
	mutation := `mutation{publishTickerEntry(input:{headline:"x"}){id}}`
	for _, row := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
	}{
		{"a foreign page", "GET", asked(follow, `{}`), "", []string{"Origin: https://evil.example"}, 403},
		{"mutation by GET", "GET", asked(mutation, `{}`), "", nil, 405},
		{"no query", "GET", "/graphql", "", nil, 400},
		{"bad variables", "GET", asked(follow, `[]`), "", nil, 400},
		{"a body that is not JSON", "POST", "/graphql", "x", []string{asJSON}, 400},
		{"another type", "POST", "/graphql", "x", nil, 415},
		{"PUT", "PUT", "/graphql", "{}", []string{asJSON}, 405},
		{"a bad token", "GET", asked(follow, `{}`), "", []string{"Authorization: Bearer x"}, 401},
	} {
		s := r.events(t, row.method, row.path, row.body, row.headers...)
		if s.response.StatusCode != row.status || !strings.HasPrefix(s.response.Header.Get("Content-Type"), "application/") {
			t.Errorf("%s: got %s %v, want %d", row.name, s.response.Status, s.response.Header, row.status)
		}
	}
}

func TestStreamsThatEndAtOnce(t *testing.T) {
	r := open(t)
	for _, row := range []struct {
		name, query, variables string
		headers                []string
		want                   string
	}{
		{"query", `{viewer{role}}`, `{}`, nil, `{"data":{"viewer":{"role":"READER"}}}`},
		{"query with a token", `{viewer{role}}`, `{}`, []string{"Authorization: Bearer " + r.token(t, news.Editor)}, `"EDITOR"`},
		{"syntax error", `{`, `{}`, nil, "INVALID_ARGUMENT"},
		{"unknown field", `subscription{nope}`, `{}`, nil, "INVALID_ARGUMENT"},
		{"bad cursor", follow, `{"after":"x"}`, nil, `"argument":"after"`},
		{"bad Last-Event-ID", follow, `{}`, []string{"Last-Event-ID: x"}, `"argument":"Last-Event-ID"`},
		{"no such story", `subscription{story(slug:"x"){kind}}`, `{}`, nil, "NOT_FOUND"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := r.events(t, "GET", asked(row.query, row.variables), "", row.headers...)
			if got := s.expect("next"); !strings.Contains(got, row.want) {
				t.Errorf("got %s, want %s", got, row.want)
			}
			if got := s.expect("complete"); got != "" {
				t.Errorf("complete with %s", got)
			}
			s.ends()
		})
	}
	s := r.events(t, "POST", "/graphql", `{"query":"mutation{publishTickerEntry(input:{headline:\"x\"}){version}}"}`,
		asJSON, "Authorization: Bearer "+r.token(t, news.Editor))
	if got := s.expect("next"); got != `{"data":{"publishTickerEntry":{"version":1}}}` {
		t.Errorf("a mutation by POST: got %s", got)
	}
	s.expect("complete")
	s.ends()
}

// TestLastEventIDCountsMoreThanAfter: a browser asks for the URL that it has been
// given, again and again.
func TestLastEventIDCountsMoreThanAfter(t *testing.T) {
	r := open(t)
	r.lines(t, 1, 4)
	for _, row := range []struct{ name, after, id, want string }{
		{"further on", r.place(1), r.place(3), "4"},
		{"further back", r.place(3), r.place(1), "2"},
		{"without after", "", r.place(2), "3"},
		{"beside rubbish", "x", r.place(2), "3"},
	} {
		after := "null"
		if row.after != "" {
			after = strconv.Quote(row.after)
		}
		s := r.stream(t, after, "Last-Event-ID: "+row.id)
		if got := s.line(); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// TestReturningEventSourcesMissNothing is TestReturningReadersMissNothing for
// those who give their place back in a header, at the same URL for ever.
func TestReturningEventSourcesMissNothing(t *testing.T) {
	r := open(t)
	const lines, readers = 500, 4
	want := make([]string, lines)
	for i := range want {
		want[i] = fmt.Sprint(i)
	}
	var work sync.WaitGroup
	for range readers {
		work.Go(func() {
			var got []string
			id := r.place(0)
			for len(got) < lines {
				s := r.stream(t, strconv.Quote(r.place(0)), "Last-Event-ID: "+id)
				for range min(1+rand.IntN(60), lines-len(got)) {
					got = append(got, s.line())
				}
				id = s.id
				s.leave()
			}
			if !slices.Equal(got, want) {
				t.Errorf("a reader got %q", got)
			}
		})
	}
	for _, line := range want {
		r.publish(t, line)
	}
	work.Wait()
}

// TestKeepAliveTellsThePlace: who follows what seldom happens would else fall
// behind for good.
func TestKeepAliveTellsThePlace(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{PingEvery: time.Millisecond}})
	s := r.events(t, "GET", asked(`subscription{stories{cursor}}`, `{}`), "")
	r.lines(t, 1, 3)
	for s.id != r.place(3) {
		e, err := s.next()
		must(t, err)
		if e.hasData {
			t.Fatalf("got %+v", e)
		}
		if s.id != "" && !e.comment {
			t.Errorf("an id comes without a comment: %+v", e)
		}
	}
}

func TestRefusedStreamsComeBack(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Connections: 1}})
	held := r.stream(t, "null")
	refused := func() {
		t.Helper()
		s := r.stream(t, "null")
		if e, err := s.next(); err != nil || e.hasData || s.retry == "" || s.response.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" {
			t.Errorf("got %+v, %v with retry %q", e, err, s.retry)
		}
		s.ends()
	}
	post := func(status int, kind string) {
		t.Helper()
		response, body := r.send(t, "POST", "/graphql", `{"query":"subscription{ticker{cursor}}"}`, asJSON, "Accept: text/event-stream")
		if response.StatusCode != status || code(t, body) != kind || response.Header.Get("Retry-After") == "" {
			t.Errorf("got %s %s, want %d %s", response.Status, body, status, kind)
		}
	}
	refused()
	post(http.StatusServiceUnavailable, "RATE_LIMITED")
	held.leave()
	r.await(t, streams, 0)
	must(t, r.handler.Drain(t.Context(), 0))
	refused()
	post(http.StatusServiceUnavailable, "UNAVAILABLE")
}

func TestDrainEndsStreams(t *testing.T) {
	r := open(t)
	var all []*eventSource
	for range 20 {
		all = append(all, r.stream(t, "null"))
	}
	r.await(t, following, 20)
	r.lines(t, 1, 1)
	for _, s := range all {
		s.line()
		s.retry = ""
	}
	drained := make(chan error, 1)
	go func() { drained <- r.handler.Drain(t.Context(), 0) }()
	for _, s := range all {
		s.ends()
		if s.retry == "" {
			t.Error("the stream does not say when to come back")
		}
	}
	must(t, <-drained)
	if n := r.metric(t, streams) + r.metric(t, following); n != 0 {
		t.Errorf("%d are left", n)
	}
}

func TestSlowEventSourceIsTold(t *testing.T) {
	r := openWith(t, options{narrow: true, limits: transport.Limits{LagMessages: 8, WriteWithin: patience}, follow: live.Options{Ring: 16}})
	s := eventsOf(t, shortSighted(), "GET", r.URL+asked(fat, `{}`), "")
	r.await(t, following, 1)
	last := r.overflow(t, "messages")
	var got []string
	for {
		e, err := s.event()
		must(t, err)
		if e.kind != "next" {
			if e.kind != "error" || !strings.Contains(e.data, "SLOW_CONSUMER") {
				t.Errorf("got %+v", e)
			}
			break
		}
		got = append(got, fatLine(t, e.data))
	}
	if s.retry == "" {
		t.Error("it is not told when to come back")
	}
	s.ends()
	// It goes on where it was.
	s = r.events(t, "GET", asked(fat, `{}`), "", "Last-Event-ID: "+s.id)
	for len(got) == 0 || got[len(got)-1] != last {
		got = append(got, fatLine(t, s.expect("next")))
	}
	gapless(t, got)
}
