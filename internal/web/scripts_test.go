package web_test

import (
	"encoding/json"
	"testing"

	"golang.org/x/net/html"

	"depeche/internal/web"
)

// TestWhatScriptsNeed looks for what scripts go by in a page.
func TestWhatScriptsNeed(t *testing.T) {
	s := newSite(t, newsroom())
	d := parse(t, read(s, "/fr").Body.String())
	data := func(id string) map[string]string {
		t.Helper()
		n := d.with("script", "id", id)
		if n == nil || attribute(n, "type") != "application/json" {
			t.Fatalf("there is no %s", id)
		}
		var m map[string]string
		if err := json.Unmarshal([]byte(n.FirstChild.Data), &m); err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		return m
	}
	addresses, err := web.ReadOperations(web.Operations())
	if err != nil {
		t.Fatal(err)
	}
	operations := data("operations")
	for _, name := range []string{"FollowTicker", "FollowStories", "FollowStory", "FollowCoverage", "Ticker", "Stories"} {
		if operations[name] == "" || operations[name] != addresses[name] {
			t.Errorf("%s is at %q, want %q", name, operations[name], addresses[name])
		}
	}
	if words := data("words"); words["offline"] == "" || words["js.offline"] != "" || words["skip"] != "" {
		t.Errorf("the words are %v", words)
	}
	for _, row := range []struct {
		path, part string
		has        map[string]string
	}{
		{"/fr", "data-wire", map[string]string{"data-follow": "FollowTicker", "data-variables": "{}", "data-more-variables": "{}", "data-cursor": "L1", "data-after": "t&2"}},
		{"/fr", "data-cards", map[string]string{"data-variables": `{"language":"fr"}`, "data-cursor": "L2", "data-after": "s+2"}},
		{"/fr?after=x", "data-cards", map[string]string{"data-cursor": ""}},
		{"/fr/ticker", "data-wire", map[string]string{"data-follow": "FollowTicker", "data-cursor": "L1"}},
		{"/fr/ticker?after=x", "data-wire", map[string]string{"data-follow": ""}},
		{"/fr/ticker?tag=monde", "data-wire", map[string]string{"data-variables": `{"tags":["monde"]}`, "data-more-variables": `{"tags":["monde"]}`}},
		{"/fr/tag/monde", "data-wire", map[string]string{"data-variables": `{"tags":["monde"]}`, "data-more-variables": `{"tags":["monde"]}`}},
		{"/fr/tag/monde", "data-cards", map[string]string{"data-variables": `{"tags":["monde"]}`}},
		{"/fr/live/direct", "data-wire", map[string]string{"data-follow": "FollowCoverage", "data-variables": `{"slug":"direct"}`, "data-more-variables": `{"coverage":"direct"}`}},
		{"/fr/story/crue", "data-story", map[string]string{"data-story": "crue", "data-cursor": "L3", "data-version": "3", "data-variables": `{"slug":"crue"}`}},
	} {
		part := having(parse(t, read(s, row.path).Body.String()), row.part)
		if part == nil {
			t.Errorf("%s has no %s", row.path, row.part)
			continue
		}
		for key, want := range row.has {
			if got := attribute(part, key); got != want {
				t.Errorf("%s, %s, %s: got %q, want %q", row.path, row.part, key, got, want)
			}
		}
	}
}

func having(d document, key string) *html.Node {
	for n := range d.root.Descendants() {
		for _, a := range n.Attr {
			if a.Key == key {
				return n
			}
		}
	}
	return nil
}
