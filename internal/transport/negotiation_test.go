package transport_test

import (
	"strings"
	"testing"
)

// TestUpgradesToSomethingElse: clients that would like HTTP/2 say so in each request,
// as those of Java and curl do; a server that does not want to passes over it (RFC
// 9110, section 7.8).
func TestUpgradesToSomethingElse(t *testing.T) {
	r := open(t)
	for _, method := range []string{"GET", "POST"} {
		path, body := "/graphql", `{"query":"{viewer{role}}"}`
		if method == "GET" {
			path, body = asked(`{viewer{role}}`, `{}`), ""
		}
		response, text := r.send(t, method, path, body, asJSON, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
		if response.StatusCode != 200 {
			t.Errorf("%s: got %s %s", method, response.Status, text)
		}
	}
}

// TestHeadOfAStream: there is nothing to stream to who wants the headers alone.
func TestHeadOfAStream(t *testing.T) {
	r := open(t)
	response, _ := r.send(t, "HEAD", asked(follow, `{}`), "", "Accept: text/event-stream")
	if response.StatusCode != 400 {
		t.Errorf("got %s, want 400, as of any subscription that is not followed", response.Status)
	}
}

// TestEventsAmongOtherTypes: urql names every type that it can read with each
// query; the stream comes last.
func TestEventsAmongOtherTypes(t *testing.T) {
	r := open(t)
	response, body := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON,
		"Accept: application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed")
	if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/graphql-response+json") {
		t.Errorf("got %s %s", got, body)
	}
	s := r.events(t, "GET", asked(follow, `{}`), "", "Accept: text/event-stream, multipart/mixed")
	if got := s.response.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/event-stream") {
		t.Errorf("got %s", got)
	}
}
