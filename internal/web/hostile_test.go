package web_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// checkMarkup holds a page to what its Content-Security-Policy lets be, and to
// addresses that lead somewhere harmless.
func checkMarkup(t *testing.T, name string, d document) {
	t.Helper()
	for n := range d.root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch {
		case n.Data == "script" && attribute(n, "src") == "":
			if media := attribute(n, "type"); media != "application/json" && media != "application/ld+json" {
				t.Errorf("%s: a script stands in the page: %q", name, n.FirstChild.Data)
			} else if n.FirstChild == nil || !json.Valid([]byte(n.FirstChild.Data)) {
				t.Errorf("%s: a script of type %s has no JSON", name, media)
			}
		case n.Data == "script":
			if !strings.HasPrefix(attribute(n, "src"), "/assets/") {
				t.Errorf("%s: a script of %s", name, attribute(n, "src"))
			}
		case slices.Contains([]string{"style", "iframe", "object", "embed", "base", "form", "b-hostile"}, n.Data):
			t.Errorf("%s: there is a %s", name, n.Data)
		}
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
				t.Errorf("%s: %s has %s=%q", name, n.Data, a.Key, a.Val)
			}
			if a.Key != "href" && a.Key != "src" {
				continue
			}
			if u, err := url.Parse(a.Val); err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || u.Scheme == "" && u.Host != "" {
				t.Errorf("%s: %s has %s=%q", name, n.Data, a.Key, a.Val)
			}
		}
	}
}

// TestHostileNews puts the worst that somebody could write in the place of everything
// that is text in an answer.
func TestHostileNews(t *testing.T) {
	for i, hostile := range []string{
		`</script><script>alert(1)</script><b-hostile onclick=x>`, `"><b-hostile onload='x'>`, `' onmouseover='alert(1)`, `<!--<script>`, `]]>-->{{.}}`,
		"javascript:alert(1)", "data:text/html,<b-hostile>", "//evil.example/x", "\u2028\u2029\u202e\x00\ufffd", `\"\u003c/script>`, "`${alert(1)}`",
	} {
		name := fmt.Sprint(i)
		a := newsroom()
		for operation, answer := range a.answers {
			var given any
			if err := json.Unmarshal([]byte(answer), &given); err != nil {
				t.Fatalf("%s: %v", operation, err)
			}
			b, err := json.Marshal(spoiled(given, "", hostile))
			if err != nil {
				t.Fatal(err)
			}
			a.answers[operation] = string(b)
		}
		s := newSite(t, a)
		for _, path := range []string{"/fr", "/en?after=x", "/fr/ticker", "/fr/tag/monde", "/fr/story/crue", "/fr/live", "/fr/live/direct"} {
			got := read(s, path)
			if got.Code != 200 {
				t.Errorf("%s with %q: got %d", path, hostile, got.Code)
			}
			checkMarkup(t, path+" "+name, parse(t, got.Body.String()))
		}
		// It arrives as it is with those who read the JSON.
		d := parse(t, read(s, "/fr/story/crue").Body.String())
		if said := d.said()["NewsArticle"]; said["headline"] != hostile || in(any(said), "image") != nil && strings.HasPrefix(hostile, "javascript") {
			t.Errorf("%q: got %v", hostile, said)
		}
		if title := d.meta("og:title"); title != strings.ReplaceAll(hostile, "\x00", "\ufffd") {
			t.Errorf("%q: the title is %q", hostile, title)
		}
	}
}

// spoiled is an answer with something else for its texts. Its slugs, states and times
// keep their form, which the API warrants; so does HTML, which it has made harmless.
func spoiled(given any, key, hostile string) any {
	switch given := given.(type) {
	case map[string]any:
		for key, value := range given {
			given[key] = spoiled(value, key, hostile)
		}
	case []any:
		for i, value := range given {
			given[i] = spoiled(value, key, hostile)
		}
	case string:
		if key != "slug" && key != "status" && key != "html" && !strings.HasSuffix(key, "At") && key != "at" {
			return hostile
		}
	case nil:
		if key != "endsAt" && key != "image" && key != "story" && key != "coverage" && key != "source" {
			return hostile
		}
	}
	return given
}
