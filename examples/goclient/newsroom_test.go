package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/Khan/genqlient/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	goclient "depeche/examples/goclient"
)

const notFound = `{"errors":[{"message":"PersistedQueryNotFound","extensions":{"code":"PERSISTED_QUERY_NOT_FOUND"}}]}`

// A query is sent by GET without its text, which follows where it is not known. A mutation
// has it from the start.
func TestDocumentsByHash(t *testing.T) {
	var mu sync.Mutex
	known := map[string]bool{}
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var q struct {
			Query      string
			Extensions json.RawMessage
		}
		if r.Method == http.MethodPost {
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
				t.Error(err)
			}
			known[string(q.Extensions)] = true
		} else {
			q.Extensions = json.RawMessage(r.FormValue("extensions"))
		}
		kind, _, _ := strings.Cut(strings.TrimSpace(q.Query), " ")
		sent = append(sent, strings.TrimSpace(r.Method+" "+kind+" "+r.FormValue("variables")))
		if !known[string(q.Extensions)] {
			io.WriteString(w, notFound) //nolint:errcheck // the client notices
			return
		}
		io.WriteString(w, `{"data":{"stories":{"nodes":[{"title":"Trois ponts","publishedAt":"2026-03-02T09:00:38.000Z"}]}}}`) //nolint:errcheck // the client notices
	}))
	defer server.Close()
	n := &goclient.Newsroom{API: server.URL, HTTP: server.Client()}
	for range 2 {
		page, err := goclient.StoriesPage(t.Context(), n, "fr", 3, "")
		if err != nil || len(page.Stories.Nodes) != 1 || page.Stories.Nodes[0].PublishedAt.Second() != 38 {
			t.Errorf("got %+v, %v", page.Stories, err)
		}
	}
	if _, err := goclient.PublishLine(t.Context(), n, "line_1", "Three bridges closed"); err != nil {
		t.Error(err)
	}
	const variables = ` {"language":"fr","first":3}`
	want := []string{"GET " + variables, "POST query", "GET " + variables, "POST mutation"}
	if !slices.Equal(sent, want) {
		t.Errorf("sent %q, want %q", sent, want)
	}
}

func TestCodes(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		code   goclient.Code
		says   string
	}{
		{"the answer is an error", 200, `{"errors":[{"message":"first must be 1 to 100","extensions":{"code":"INVALID_ARGUMENT"}}],"data":null}`, "INVALID_ARGUMENT", "1 to 100"},
		{"with a status of its own", 401, coded("UNAUTHENTICATED"), "UNAUTHENTICATED", "no"},
		{"an error without a code", 200, `{"errors":[{"message":"no"}]}`, "", "no"},
		{"a proxy's page", 502, "<html>", "", "502"},
		{"nothing", 200, "", "", "200"},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(answers(row.status, row.body))
			defer server.Close()
			for name, client := range map[string]graphql.Client{
				"Newsroom":  &goclient.Newsroom{API: server.URL, HTTP: server.Client()},
				"genqlient": graphql.NewClient(server.URL, server.Client()),
			} {
				_, err := goclient.StoriesPage(t.Context(), client, "", 3, "")
				if goclient.CodeOf(err) != row.code || err == nil {
					t.Errorf("%s: got %q of %v, want %q", name, goclient.CodeOf(err), err, row.code)
				}
				if name == "Newsroom" && err != nil && !strings.Contains(err.Error(), row.says) {
					t.Errorf("got %v, want something with %q", err, row.says)
				}
			}
		})
	}
	for _, err := range []error{nil, errors.New("no"), gqlerror.List{}} {
		if code := goclient.CodeOf(err); code != "" {
			t.Errorf("%v has the code %q, want none", err, code)
		}
	}
}

// pages is a server with numbered stories: five, two on each page.
func pages(t *testing.T) (n *goclient.Newsroom, asked *[]string) {
	asked = new([]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var variables struct{ After string }
		if err := json.Unmarshal([]byte(r.FormValue("variables")), &variables); err != nil {
			t.Error(err)
		}
		*asked = append(*asked, variables.After)
		page := map[string]string{
			"":  `{"nodes":[{"title":"1"},{"title":"2"}],"pageInfo":{"hasNextPage":true,"endCursor":"b"}}`,
			"b": `{"nodes":[{"title":"3"},{"title":"4"}],"pageInfo":{"hasNextPage":true,"endCursor":"d"}}`,
			"d": `{"nodes":[{"title":"5"}],"pageInfo":{"hasNextPage":false,"endCursor":"e"}}`,
		}[variables.After]
		io.WriteString(w, `{"data":{"stories":`+page+`}}`) //nolint:errcheck // the client notices
	}))
	t.Cleanup(server.Close)
	return &goclient.Newsroom{API: server.URL, HTTP: server.Client()}, asked
}

func TestStories(t *testing.T) {
	for _, row := range []struct {
		name       string
		enough     string
		want, asks string
	}{
		{"all", "", "1 2 3 4 5", " b d"},
		{"some", "2", "1 2", ""},
		{"a few more", "3", "1 2 3", " b"},
	} {
		t.Run(row.name, func(t *testing.T) {
			n, asked := pages(t)
			var titles []string
			for story, err := range goclient.Stories(t.Context(), n, "") {
				if err != nil {
					t.Fatal(err)
				}
				titles = append(titles, story.Title)
				if story.Title == row.enough {
					break
				}
			}
			if got := strings.Join(titles, " "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
			if got := strings.Join(*asked, " "); got != row.asks {
				t.Errorf("asked after %q, want %q", got, row.asks)
			}
		})
	}
}

func TestStoriesThatCannotBeRead(t *testing.T) {
	server := httptest.NewServer(answers(503, coded("UNAVAILABLE")))
	defer server.Close()
	pairs := 0
	for _, err := range goclient.Stories(t.Context(), &goclient.Newsroom{API: server.URL}, "") {
		if pairs++; goclient.CodeOf(err) != goclient.CodeUnavailable {
			t.Errorf("got %v, want %s", err, goclient.CodeUnavailable)
		}
	}
	if pairs != 1 {
		t.Errorf("got %d pairs, want 1", pairs)
	}
}
