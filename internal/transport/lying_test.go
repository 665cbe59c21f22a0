package transport_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/transport"
)

// TestAnswersOverHTTPThatNobodyTakes: what lies in memory for those who do not read is
// bounded; others are told to come again, and small answers go through.
func TestAnswersOverHTTPThatNobodyTakes(t *testing.T) {
	r := openWith(t, options{narrow: true, limits: transport.Limits{AllAnswerBytes: 6 << 20}})
	story, err := r.desk.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) {
		e.Title, e.Language, e.Slug, e.Body = "A", "fr", "a", strings.Repeat("Beaucoup. ", 45_000)
	})
	must(t, err)
	_, err = r.desk.PublishStory(t.Context(), editor, story.ID, story.Version, desk.Publication{})
	must(t, err)
	ask := func(i int) string { // 4.5 MB, and never the same question
		var query strings.Builder
		for n := range 10 {
			fmt.Fprintf(&query, ` a%d_%d: story(slug: \"a\") { body { markdown } }`, i, n)
		}
		return `{"query":"{` + query.String() + `}"}`
	}
	await := func(from, want int) {
		t.Helper()
		for begun := time.Now(); ; from++ {
			response, body := r.send(t, "POST", "/graphql", ask(from), asJSON)
			if response.StatusCode == want {
				if want == 503 && (response.Header.Get("Retry-After") == "" || !strings.Contains(body, `"UNAVAILABLE"`)) {
					t.Errorf("got %v %.200s", response.Header, body)
				}
				return
			}
			if time.Since(begun) > patience {
				t.Fatalf("got %d, want %d", response.StatusCode, want)
			}
		}
	}
	idle, err := net.Dial("tcp", r.Listener.Addr().String())
	must(t, err)
	must(t, idle.(*net.TCPConn).SetReadBuffer(4<<10))
	body := ask(0)
	_, err = fmt.Fprintf(idle, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	must(t, err)
	begins := make([]byte, len("HTTP/1.1 200"))
	if _, err := io.ReadFull(idle, begins); err != nil || string(begins) != "HTTP/1.1 200" {
		t.Fatalf("got %q, %v", begins, err)
	}
	await(1, 503)
	if response, _ := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON); response.StatusCode != 200 {
		t.Errorf("a small answer: got %d", response.StatusCode)
	}
	must(t, idle.Close())
	await(1_000_000, 200)
}
