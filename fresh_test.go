package main

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
	"time"

	"depeche/internal/store/mongo/mongotest"
)

// questions are what readers ask while the newsroom works: each kind of reading,
// also of what is not there yet.
func questions() []string {
	list := []string{
		`{ stories(first: 3) { nodes { title tags { name } } pageInfo { hasNextPage } } }`,
		`{ stories(first: 50) { edges { node { slug title priority } } pageInfo { hasNextPage hasPreviousPage } } }`,
		`{ stories(last: 3) { nodes { title } pageInfo { hasNextPage hasPreviousPage } } }`,
		`{ stories(first: 5, filter: {breaking: true}) { nodes { title body { text } } } }`,
		`{ ticker(first: 4) { nodes { headline tags { name } } } }`,
		`{ ticker(first: 4, filter: {minPriority: URGENT}) { nodes { headline priority } } }`,
		`{ tags(first: 50) { nodes { name slug storyCount } } }`,
		`{ trendingTags(first: 5) { tag { name } stories } }`,
	}
	for n := range 4 {
		list = append(list,
			fmt.Sprintf(`{ tag(slug: "tag-%d") { name storyCount stories(first: 2) { nodes { title } pageInfo { hasNextPage } } } }`, n),
			fmt.Sprintf(`{ stories(first: 2, filter: {tags: ["tag-%d"]}) { nodes { title } pageInfo { hasNextPage } } }`, n),
			fmt.Sprintf(`{ story(slug: "story-%d") { title body { html } tags { name } related(first: 3) { title } } }`, n),
			fmt.Sprintf(`{ story(slug: "renamed-%d") { title slug } }`, n),
		)
	}
	return list
}

// read asks as somebody out in the world, by GET; from tells whether the answer
// was there already.
func (r *running) read(query string) (answer, from string) {
	r.t.Helper()
	response, err := r.client.Get(r.api + "?query=" + url.QueryEscape(query))
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: %d %s %v", query, response.StatusCode, body, err)
	}
	return string(body), response.Header.Get("X-Cache")
}

// A newsdesk writes at random, on any node.
type newsdesk struct {
	t      *testing.T
	random *rand.Rand
	texts  int
	tags   [4]document
	story  [8]document
}

type document struct {
	ID      string
	Version int
	Status  string
}

func (d *newsdesk) text() string {
	d.texts++
	return fmt.Sprintf("Text %d", d.texts)
}

// do runs a mutation whose field is called done.
func (d *newsdesk) do(r *running, mutation string, args ...any) document {
	d.t.Helper()
	var data struct{ Done document }
	if code := r.ask(fmt.Sprintf(mutation, args...), nil, &data); code != "" {
		d.t.Fatalf("%s: %s", fmt.Sprintf(mutation, args...), code)
	}
	return data.Done
}

func (d *newsdesk) prepare(r *running) {
	for n := range d.tags {
		d.tags[n] = d.do(r, `mutation { done: createTag(input: {slug: "tag-%d", name: "Tag %d", kind: TOPIC}) { id version } }`, n, n)
	}
}

// write changes something on r.
func (d *newsdesk) write(r *running) {
	n := d.random.IntN(len(d.story))
	s := &d.story[n]
	tag := d.random.IntN(len(d.tags))
	switch what := d.random.IntN(12); {
	case what == 0:
		t := &d.tags[tag]
		*t = d.do(r, `mutation { done: updateTag(input: {id: %q, expectedVersion: %d, name: %q}) { id version } }`, t.ID, t.Version, d.text())
	case what <= 2:
		priority := []string{"ROUTINE", "URGENT", "FLASH"}[d.random.IntN(3)]
		d.do(r, `mutation { done: publishTickerEntry(input: {headline: %q, priority: %s, tags: ["tag-%d"]}) { id version } }`, d.text(), priority, tag)
	case s.ID == "":
		*s = d.do(r, `mutation { done: createStory(input: {slug: "story-%d", title: %q, language: "en", body: %q, tags: ["tag-%d"], breaking: %t}) { id version status } }`,
			n, d.text(), d.text(), tag, d.random.IntN(2) == 0)
	case s.Status == "PUBLISHED" && what <= 4:
		*s = d.do(r, `mutation { done: unpublishStory(input: {id: %q, expectedVersion: %d}) { id version status } }`, s.ID, s.Version)
	case s.Status != "PUBLISHED" && what <= 8:
		*s = d.do(r, `mutation { done: publishStory(input: {id: %q, expectedVersion: %d}) { id version status } }`, s.ID, s.Version)
	default:
		slug := []string{"story", "renamed"}[d.random.IntN(2)]
		*s = d.do(r, `mutation { done: updateStory(input: {id: %q, expectedVersion: %d, slug: "%s-%d", title: %q, tags: ["tag-%d"]}) { id version status } }`,
			s.ID, s.Version, slug, n, d.text(), tag)
	}
}

// TestNoAnswerIsOld: whoever asks a node after a change has been acknowledged there,
// or after an event has come from there, is answered what is true since, also where
// the same has been asked before; and what has not changed is answered from memory.
func TestNoAnswerIsOld(t *testing.T) {
	for name, row := range map[string]struct {
		writes int
		nodes  func(t *testing.T) []*running
	}{
		"a file": {150, func(t *testing.T) []*running {
			folder := t.TempDir()
			token := editor(t, folder)
			r := start(t, "--data", folder)
			r.token = token
			t.Cleanup(func() {
				if err := r.stop(); err != nil {
					t.Errorf("the server ended with %v", err)
				}
			})
			return []*running{r}
		}},
		"two nodes": {30, func(t *testing.T) []*running {
			uri, c := mongotest.Database(t, mongotest.URI(t)), newCluster(t)
			return []*running{c.node(t, uri), c.node(t, uri)}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			seed := uint64(time.Now().UnixNano())
			random := rand.New(rand.NewPCG(seed, 1))
			nodes := row.nodes(t)
			d := &newsdesk{t: t, random: random}
			d.prepare(nodes[0])
			hear := make([]func() string, len(nodes))
			for i, r := range nodes {
				hear[i] = r.hear(cursor(r))
			}
			asked := questions()
			hits, fresh := 0, 0
			// look asks one node a few things, each a second time in other words, which nobody
			// has asked before.
			look := func(r *running, when string) {
				t.Helper()
				for range 6 {
					query := asked[random.IntN(len(asked))]
					got, from := r.read(query)
					fresh++
					want, _ := r.read(fmt.Sprintf("%s # %d", query, fresh))
					if got != want {
						t.Fatalf("seed %d, %s: asked %s got %s (%s), want %s", seed, when, query, got, from, want)
					}
					if from == "HIT" {
						hits++
					}
				}
			}
			for i := range row.writes {
				r := nodes[random.IntN(len(nodes))]
				d.write(r)
				look(r, "on the node that wrote")
				if len(nodes) == 1 && i%5 > 0 {
					continue
				}
				headline := fmt.Sprint("Line ", i)
				if err := r.publish(headline); err != nil {
					t.Fatal(err)
				}
				for j, next := range hear {
					for got := next(); got != headline; got = next() {
					}
					look(nodes[j], fmt.Sprint("on node ", j, " after its event"))
				}
			}
			if least := cmp.Or(row.writes/10, 1); hits < least {
				t.Errorf("seed %d: %d answers came from memory, want %d or more", seed, hits, least)
			}
			t.Logf("%d of %d answers came from memory", hits, fresh)
		})
	}
}
