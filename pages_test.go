package main

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// page reads one by its path, without going where it may lead.
func (r *running) page(path string, head ...string) (response *http.Response, text string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, strings.TrimSuffix(r.api, "/graphql")+path, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(head); i += 2 {
		request.Header.Set(head[i], head[i+1])
	}
	response, err = http.DefaultTransport.RoundTrip(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response, string(body)
}

func TestTheNewspaperIsThereAtOnce(t *testing.T) {
	r := start(t, "--demo", "--site-name", "Le Courrier de l’essai")
	for _, row := range []struct {
		path, language string
		status         int
		says           string
	}{
		{"/", "fr-CA, en;q=0.5", 200, `<html lang="fr"`},
		{"/", "en", 200, `<html lang="en"`},
		{"/", "pl", 200, "Le Courrier de l’essai"},
		{"/fr", "", 200, "Le Courrier de l’essai"},
		{"/en/ticker", "", 200, "data-wire"},
		{"/playground", "", 200, "GraphiQL"},
		{"/healthz", "", 200, "ok"},
		{"/nothing", "", 404, ""},
		{"/fr/story/nothing", "", 404, "Le Courrier de l’essai"},
	} {
		response, text := r.page(row.path, "Accept-Language", row.language)
		if response.StatusCode != row.status || !strings.Contains(html.UnescapeString(text), row.says) {
			t.Errorf("%s in %q: got %d and not %q:\n%.300s", row.path, row.language, response.StatusCode, row.says, text)
		}
		if strings.Contains(text, "demo.invalid") || row.path != "/playground" && strings.Contains(text, `src="http`) {
			t.Errorf("%s loads something from elsewhere", row.path)
		}
	}
	first, text := r.page("/fr")
	if picture := regexp.MustCompile(`src="(/pictures/[^"]+)"`).FindStringSubmatch(text); picture == nil {
		t.Error("/fr shows no picture")
	} else if response, text := r.page(picture[1]); response.StatusCode != 200 || !strings.HasPrefix(text, "<svg") {
		t.Errorf("%s: got %d", picture[1], response.StatusCode)
	}
	if again, _ := r.page("/fr", "If-None-Match", first.Header.Get("ETag")); first.Header.Get("ETag") == "" || again.StatusCode != http.StatusNotModified && again.Header.Get("ETag") == first.Header.Get("ETag") {
		t.Errorf("asked again with its ETag %q: got %d", first.Header.Get("ETag"), again.StatusCode)
	}
	if !strings.Contains(r.greeting, "newspaper:  "+strings.TrimSuffix(r.api, "graphql")) {
		t.Errorf("the greeting does not tell where it is:\n%s", r.greeting)
	}
}

func TestWithoutTheReaderPage(t *testing.T) {
	r := start(t, "--demo", "--reader=false")
	if response, _ := r.page("/"); response.StatusCode != http.StatusFound || response.Header.Get("Location") != "/playground" {
		t.Errorf("/: got %d to %q, want the playground", response.StatusCode, response.Header.Get("Location"))
	}
	if response, _ := r.page("/fr"); response.StatusCode != http.StatusNotFound {
		t.Errorf("/fr: got %d, want %d", response.StatusCode, http.StatusNotFound)
	}
	if strings.Contains(r.greeting, "newspaper") {
		t.Errorf("the greeting tells of it:\n%s", r.greeting)
	}
}

// TestPagesShowNothingHidden follows every link of the newspaper, and tries the
// addresses that hidden things would have.
func TestPagesShowNothingHidden(t *testing.T) {
	const secret = "zorglub"
	r := start(t, "--demo")
	var tags struct {
		Tags struct{ Nodes []struct{ Slug string } }
	}
	r.ask(`{ tags(first: 3, filter: {kind: SECTION}) { nodes { slug } } }`, nil, &tags)
	d := &newsdesk{t: t}
	slugs := []string{}
	hidden := func(slug string) document {
		slugs = append(slugs, slug)
		return d.do(r, `mutation { done: createStory(input: {slug: %q, title: "Hidden %s", summary: "%s", body: "%s", language: "en", breaking: true, priority: FLASH, tags: [%q, %q]}) { id version } }`,
			slug, secret, secret, secret, tags.Tags.Nodes[0].Slug, tags.Tags.Nodes[1].Slug)
	}
	hidden(secret + "-draft")
	s := hidden(secret + "-scheduled")
	d.do(r, `mutation { done: publishStory(input: {id: %q, expectedVersion: %d, at: {at: "2030-01-01T00:00:00Z"}}) { id version } }`, s.ID, s.Version)
	s = hidden(secret + "-embargoed")
	d.do(r, `mutation { done: publishStory(input: {id: %q, expectedVersion: %d, embargoedUntil: {at: "2030-01-01T00:00:00Z"}}) { id version } }`, s.ID, s.Version)
	s = hidden(secret + "-taken-down")
	s = d.do(r, `mutation { done: publishStory(input: {id: %q, expectedVersion: %d}) { id version } }`, s.ID, s.Version)
	d.do(r, `mutation { done: unpublishStory(input: {id: %q, expectedVersion: %d}) { id version } }`, s.ID, s.Version)
	// A line that leads to a hidden story, and a retracted one, whose text is gone.
	d.do(r, `mutation { done: publishTickerEntry(input: {headline: "A line that leads nowhere", story: %q}) { id version } }`, secret+"-draft")
	e := d.do(r, `mutation { done: publishTickerEntry(input: {headline: "A line that was withdrawn", body: %q}) { id version } }`, secret)
	d.do(r, `mutation { done: retractTickerEntry(input: {id: %q, expectedVersion: %d, note: "It was wrong."}) { id version } }`, e.ID, e.Version)

	due := []string{"/", "/fr", "/en"}
	for _, slug := range slugs {
		due = append(due, "/fr/story/"+slug, "/en/story/"+slug, "/story/"+slug)
	}
	link := regexp.MustCompile(`(?:href|src)="(/[^"]*)"`)
	seen, stories := map[string]bool{}, 0
	for len(due) > 0 && len(seen) < 600 {
		path := due[0]
		due = due[1:]
		if seen[path] {
			continue
		}
		seen[path] = true
		response, text := r.page(path)
		shown := text
		if strings.Contains(path, secret) { // what was asked for may be said again
			shown = strings.ReplaceAll(text, path, "")
			if response.StatusCode != http.StatusNotFound && response.StatusCode/100 != 3 {
				t.Errorf("%s: got %d, want that it is not found", path, response.StatusCode)
			}
		}
		if at := strings.Index(shown, secret); at >= 0 && response.StatusCode != http.StatusMovedPermanently {
			t.Errorf("%s shows what is hidden: %q", path, shown[max(0, at-100):min(len(shown), at+100)])
		}
		if strings.Contains(path, "/story/") && response.StatusCode == http.StatusOK {
			stories++
		}
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			next, err := url.Parse(html.UnescapeString(found[1]))
			if err != nil {
				t.Errorf("%s leads to %q", path, found[1])
				continue
			}
			next.Fragment = ""
			if !slices.ContainsFunc([]string{"/assets/", "/pictures/", "/graphql", "/playground"}, func(p string) bool { return strings.HasPrefix(next.Path, p) }) {
				due = append(due, next.String())
			}
		}
	}
	if stories < 60 {
		t.Errorf("%d pages of stories were found, want them all", stories)
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// TestThePlaygroundsExamplesRun runs them in the order in which they are listed.
func TestThePlaygroundsExamplesRun(t *testing.T) {
	r := start(t, "--demo")
	_, text := r.page("/playground/examples.json")
	var examples []struct {
		Group, Name, Role, Error, Query string
		Variables                       map[string]any
	}
	if err := json.Unmarshal([]byte(text), &examples); err != nil {
		t.Fatal(err)
	}
	token, ran := r.token, 0
	for _, e := range examples {
		if strings.HasPrefix(e.Query, "subscription") {
			continue // they are valid, and others than these are followed elsewhere
		}
		if r.token = token; e.Role == "" {
			r.token = ""
		}
		var data map[string]any
		if code := r.ask(e.Query, e.Variables, &data); code != e.Error {
			t.Errorf("%s, %s: got the error %q, want %q", e.Group, e.Name, code, e.Error)
		}
		for field, value := range data {
			if list, ok := value.(map[string]any); e.Error == "" && (value == nil || ok && list["nodes"] != nil && len(list["nodes"].([]any)) == 0) {
				t.Errorf("%s, %s: %s is empty", e.Group, e.Name, field)
			}
		}
		ran++
	}
	if ran < 40 {
		t.Errorf("%d examples were run", ran)
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
