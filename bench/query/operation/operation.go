// Package operation is what front ends ask of a newsroom: the same GraphQL to all
// servers under test, and the means to tell whether they answer the same.
package operation

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"depeche/bench/query/newsroom"
)

// The fields that lists and the story page ask for.
const (
	card = `id slug title summary publishedAt priority tags { slug name kind } image { url alt credit }`
	page = `nodes { ` + card + ` } pageInfo { hasNextPage endCursor }`

	front = `query FrontPage { stories(first: 20) { ` + page + `%s } }`
	deep  = `query DeepPage($after: %s) { stories(first: 20, after: $after) { ` + page + `%s } }`
	tag   = `query TagPage($slug: String!) { tag(slug: $slug) { slug name kind stories(first: 20) { ` + page + `%s } } }`
	story = `query StoryPage($slug: String!) { story(slug: $slug) { ` + card + ` body { html } related(first: 5) { id slug title publishedAt } } }`
)

// How many different requests of each operation there are.
const (
	tagPages   = 32
	storyPages = 64
	deepPages  = 32
)

// A Dialect is what servers differ in.
type Dialect struct {
	Live   bool                                       // whether pages have a liveCursor
	Cursor string                                     // the type of a cursor
	Place  func(story int) (cursor string, err error) // the cursor of a story in the list of all
}

// An Operation is something that front ends ask for. Its bodies are different
// requests for it, each the JSON of a POST.
type Operation struct {
	Name   string
	Bodies [][]byte
}

// Names are the names of all operations.
func Names() []string { return []string{"front page", "tag page", "story page", "deep page"} }

// All makes the operations on a newsroom of n stories.
func All(n int, d Dialect) ([]Operation, error) {
	live := ""
	if d.Live {
		live = " liveCursor"
	}
	ops := []Operation{{Name: "front page", Bodies: [][]byte{body(fmt.Sprintf(front, live), nil)}}, {Name: "tag page"}, {Name: "story page"}, {Name: "deep page"}}
	for i := range tagPages {
		ops[1].Bodies = append(ops[1].Bodies, body(fmt.Sprintf(tag, live), map[string]any{"slug": newsroom.TagSlug(i)}))
	}
	for i := range min(storyPages, n/2) {
		ops[2].Bodies = append(ops[2].Bodies, StoryPage(published(i*7919%n, n)))
	}
	for i := range deepPages {
		after, err := d.Place(published(n/2+i, n))
		if err != nil {
			return nil, err
		}
		ops[3].Bodies = append(ops[3].Bodies, body(fmt.Sprintf(deep, d.Cursor, live), map[string]any{"after": after}))
	}
	return ops, nil
}

// StoryPage asks for the page of the story i.
func StoryPage(i int) []byte { return body(story, map[string]any{"slug": newsroom.Slug(i)}) }

// published is the story i, or the next one that is published.
func published(i, n int) int {
	for newsroom.Draft(i % n) {
		i++
	}
	return i % n
}

func body(query string, variables map[string]any) []byte {
	text, err := json.Marshal(struct {
		Query     string         `json:"query"`
		Variables map[string]any `json:"variables,omitempty"`
	}{query, variables})
	if err != nil {
		panic(err) // strings, and maps of them
	}
	return text
}

// Post is the HTTP request that posts a body to path.
func Post(host, path string, body []byte) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/graphql-response+json, application/json\r\nContent-Length: %d\r\n\r\n%s", path, host, len(body), body)
}

// Get is the HTTP request that asks path for the same by GET.
func Get(host, path string, body []byte) []byte {
	var b struct {
		Query     string
		Variables json.RawMessage
	}
	if err := json.Unmarshal(body, &b); err != nil {
		panic(err) // it is one of this package
	}
	asked := "query=" + url.QueryEscape(b.Query)
	if len(b.Variables) > 0 {
		asked += "&variables=" + url.QueryEscape(string(b.Variables))
	}
	return fmt.Appendf(nil, "GET %s?%s HTTP/1.1\r\nHost: %s\r\nAccept: application/graphql-response+json, application/json\r\n\r\n", path, asked, host)
}

// Essence is an answer less what may differ from server to server: cursors, and
// which stories are related. An answer with errors, or without what was asked for,
// is an error.
func Essence(answer []byte) (string, error) {
	var a struct {
		Data   map[string]any
		Errors json.RawMessage
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", fmt.Errorf("read an answer: %w: %.300s", err, answer)
	}
	if a.Errors != nil || len(a.Data) != 1 {
		return "", fmt.Errorf("the answer is %.300s", answer)
	}
	for _, value := range a.Data {
		if value == nil {
			return "", fmt.Errorf("the answer is %s", answer)
		}
	}
	strip(a.Data)
	text, err := json.Marshal(a.Data)
	if err != nil {
		return "", fmt.Errorf("write an essence: %w", err)
	}
	return string(text), nil
}

func strip(value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, inside := range v {
			if strings.HasSuffix(name, "Cursor") {
				delete(v, name)
				continue
			}
			if list, ok := inside.([]any); ok && name == "related" {
				v[name] = len(list)
				continue
			}
			strip(inside)
		}
	case []any:
		for _, inside := range v {
			strip(inside)
		}
	}
}
