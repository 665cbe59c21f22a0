package main

import (
	"cmp"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"depeche/internal/auth"
	"depeche/internal/news"
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
		`{ trendingTags(first: 5) { tag { name } storyCount } }`,
	}
	for n := range 4 {
		list = append(list,
			fmt.Sprintf(`{ node(id: "tag_%d") { id ... on Tag { name slug aliases } } }`, n),
			fmt.Sprintf(`{ nodes(ids: ["story_%d", "lock_story_%d"]) { ... on Story { title status tags { slug } corrections { note } } } }`, n, n),
			fmt.Sprintf(`{ ticker(first: 3, filter: {tags: ["tag_%d"]}) { nodes { headline tags { name } } } }`, n),
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
	into   [4]int // one above the number of the tag that it was merged into; 0 for none
	story  [8]document
}

type document struct {
	ID             string
	Version        int
	Status         string
	EmbargoedUntil *string
}

// state is where a story is in its life; one that waits for the end of its embargo
// is EMBARGOED.
func (d document) state() string {
	if d.Status == "PUBLISHED" && d.EmbargoedUntil != nil {
		return "EMBARGOED"
	}
	return d.Status
}

func (d *newsdesk) text() string {
	d.texts++
	return fmt.Sprintf("Text %d", d.texts)
}

func (d *newsdesk) ask(r *running, data any, query string, args ...any) {
	d.t.Helper()
	if code := r.ask(fmt.Sprintf(query, args...), nil, data); code != "" {
		d.t.Fatalf("%s: %s", fmt.Sprintf(query, args...), code)
	}
}

// do runs a mutation whose field is called done.
func (d *newsdesk) do(r *running, mutation string, args ...any) document {
	d.t.Helper()
	var data struct{ Done document }
	d.ask(r, &data, mutation, args...)
	return data.Done
}

func (d *newsdesk) prepare(r *running) {
	for n := range d.tags {
		d.tags[n] = d.do(r, `mutation { done: createTag(input: {id: "tag_%d", slug: "tag-%d", name: "Tag %d", kind: TOPIC}) { id version } }`, n, n, n)
	}
}

// write changes something on r.
func (d *newsdesk) write(r *running) {
	n := d.random.IntN(len(d.story))
	tag := d.random.IntN(len(d.tags))
	switch what := d.random.IntN(12); {
	case what == 0 && d.into[tag] == 0:
		t := &d.tags[tag]
		*t = d.do(r, `mutation { done: updateTag(input: {id: %q, expectedVersion: %d, name: %q}) { id version } }`, t.ID, t.Version, d.text())
	case what <= 2:
		priority := []string{"ROUTINE", "URGENT", "FLASH"}[d.random.IntN(3)]
		d.do(r, `mutation { done: publishTickerEntry(input: {headline: %q, priority: %s, tags: ["tag-%d"]}) { id version } }`, d.text(), priority, tag)
	case what == 3:
		d.mergeOrUndo(r, tag, d.random.IntN(len(d.tags)))
	default:
		d.writeStory(r, n, tag, what)
	}
}

// farAway is a time that does not come while a test runs.
const farAway = `{at: "2030-01-01T00:00:00Z"}`

func (d *newsdesk) writeStory(r *running, n, tag, what int) {
	s := &d.story[n]
	move := func(mutation, input string) {
		d.t.Helper()
		*s = d.do(r, `mutation { done: %s(input: {id: %q, expectedVersion: %d %s}) { id version status embargoedUntil } }`, mutation, s.ID, s.Version, input)
	}
	slug := []string{"story", "renamed"}[d.random.IntN(2)]
	content := fmt.Sprintf(`, slug: "%s-%d", title: %q, tags: ["tag-%d"]`, slug, n, d.text(), tag)
	hidden := map[string]func(){
		"now":       func() { move("publishStory", "") },
		"later":     func() { move("publishStory", ", at: "+farAway) },
		"embargoed": func() { move("publishStory", ", embargoedUntil: "+farAway) },
	}
	hide := []string{"now", "now", "now", "later", "embargoed"}[d.random.IntN(5)]
	switch state := s.state(); {
	case s.ID == "":
		*s = d.do(r, `mutation { done: createStory(input: {id: "story_%d", slug: "story-%d", title: %q, language: "en", body: %q, tags: ["tag-%d"], breaking: %t}) { id version status } }`,
			n, n, d.text(), d.text(), tag, d.random.IntN(2) == 0)
	case state == "RETRACTED":
		move("restoreStory", ", version: 1")
	case what > 9:
		move("updateStory", content)
	case state == "PUBLISHED" && what == 9:
		move("correctStory", content+`, note: "It was not so"`)
	case state == "PUBLISHED" && what == 8, state == "UNPUBLISHED" && what == 8 && d.wasPublic(r, s.ID):
		move("retractStory", `, note: "None of it was so"`)
	case state == "PUBLISHED":
		move("unpublishStory", "")
	case state == "SCHEDULED" && what <= 5:
		move("unscheduleStory", "")
	case state == "EMBARGOED" && what <= 5:
		move("unpublishStory", "")
	case state == "EMBARGOED":
		move("embargoStory", ", until: null")
	default:
		hidden[hide]()
	}
}

func (d *newsdesk) wasPublic(r *running, id string) bool {
	d.t.Helper()
	var data struct{ Node struct{ PublishedAt *string } }
	d.ask(r, &data, `{ node(id: %q) { ... on Story { publishedAt } } }`, id)
	return data.Node.PublishedAt != nil
}

// mergeOrUndo merges a tag into another one, or undoes that.
func (d *newsdesk) mergeOrUndo(r *running, from, into int) {
	var data struct{ Done struct{ Merged document } }
	switch {
	case d.into[from] > 0 && d.into[d.into[from]-1] == 0:
		d.ask(r, &data, `mutation { done: unmergeTag(input: {id: %q, expectedVersion: %d}) { merged { id version } } }`, d.tags[from].ID, d.tags[from].Version)
		d.into[from] = 0
	case d.into[from] == 0 && d.into[into] == 0 && from != into:
		d.ask(r, &data, `mutation { done: mergeTags(input: {from: %q, expectedVersion: %d, into: %q}) { merged { id version } } }`, d.tags[from].ID, d.tags[from].Version, d.tags[into].ID)
		d.into[from] = into + 1
	default:
		return
	}
	d.tags[from] = data.Done.Merged
	// What carried the one carries the other, in a version of its own.
	var all struct{ Stories, Tags []document }
	d.ask(r, &all, `{
		stories: nodes(ids: [%s]) { ... on Story { id version status embargoedUntil } }
		tags: nodes(ids: [%s]) { ... on Tag { id version } }
	}`, quoted(d.story[:]), quoted(d.tags[:]))
	for _, found := range append(all.Stories, all.Tags...) {
		for _, list := range [][]document{d.story[:], d.tags[:]} {
			for n := range list {
				if list[n].ID == found.ID && found.ID != "" {
					list[n] = found
				}
			}
		}
	}
}

func quoted(documents []document) string {
	var ids []string
	for _, d := range documents {
		if d.ID != "" {
			ids = append(ids, strconv.Quote(d.ID))
		}
	}
	return strings.Join(ids, ", ")
}

// admin is the token of an administrator.
func admin(t *testing.T, folder, secret string) string {
	t.Helper()
	key, err := auth.OpenKey(folder, secret, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := key.Sign(news.Actor{Name: "root", Role: news.Admin, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// headlines subscribes to the ticker. The function that it returns waits for the next
// event and returns its headline.
func (r *running) headlines(after string) func() string {
	r.t.Helper()
	next := r.subscribe(`subscription($after: Cursor) { ticker(after: $after) { entry { headline } } }`, map[string]any{"after": after})
	return func() string {
		r.t.Helper()
		var event struct {
			Ticker struct{ Entry struct{ Headline string } }
		}
		next(&event)
		return event.Ticker.Entry.Headline
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
			token := admin(t, folder, "")
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
			c.token = admin(t, "", c.secret)
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
				hear[i] = r.headlines(cursor(r))
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

// TestHiddenWorkLeavesNoTrace: what nobody outside may hear of drops no answer that
// readers were given, so that they can't tell from the answers that something is
// going on. What comes of it does.
func TestHiddenWorkLeavesNoTrace(t *testing.T) {
	folder := t.TempDir()
	token := admin(t, folder, "")
	r := start(t, "--data", folder)
	r.token = token
	d := &newsdesk{t: t}
	d.prepare(r)
	write := func(mutation string, args ...any) document {
		return d.do(r, "mutation { done: "+mutation+" }", args...)
	}
	for n := range 4 {
		s := write(`createStory(input: {id: "story_%d", slug: "story-%d", title: "Public", language: "en", tags: ["tag-%d"]}) { id version }`, n, n, n)
		if n < 2 {
			write(`publishStory(input: {id: %q, expectedVersion: %d}) { id version }`, s.ID, s.Version)
		}
	}
	write(`publishTickerEntry(input: {headline: "Public", tags: ["tag-0"]}) { id }`)
	var asked, answers []string
	for _, query := range questions() {
		if strings.Contains(query, "trendingTags") {
			continue // it is asked anew each minute, whatever happens
		}
		answer, _ := r.read(query)
		asked, answers = append(asked, query), append(answers, answer)
	}
	read := func(when string) (changed int) {
		t.Helper()
		for i, query := range asked {
			answer, from := r.read(query)
			if answer != answers[i] {
				changed++
			} else if when != "" && from != "HIT" {
				t.Errorf("%s: %s comes from %s", when, query, from)
			}
		}
		return changed
	}
	read("before anything happens")
	version := 1
	move := func(mutation, input string) {
		t.Helper()
		version = write(`%s(input: {id: "story_2", expectedVersion: %d %s}) { id version }`, mutation, version, input).Version
	}
	for _, row := range []struct {
		name string
		do   func()
	}{
		{"a draft is written", func() {
			write(`createStory(input: {id: "story_4", slug: "renamed-1", title: "Hidden", language: "en", tags: ["tag-0"]}) { id }`)
		}},
		{"a draft is changed", func() { move("updateStory", `, slug: "renamed-2", title: "Hidden", tags: ["tag-1"], breaking: true`) }},
		{"somebody is at work on it", func() { d.ask(r, new(any), `mutation { lockStory(input: {id: "story_2"}) { held } }`) }},
		{"and ceases to be", func() { d.ask(r, new(any), `mutation { releaseStoryLock(id: "story_2") { held } }`) }},
		{"it is scheduled", func() { move("publishStory", ", at: "+farAway) }},
		{"it is not any more", func() { move("unscheduleStory", "") }},
		{"it is published under embargo", func() { move("publishStory", ", embargoedUntil: "+farAway) }},
		{"it is changed under embargo", func() { move("updateStory", `, title: "Still hidden", tags: ["tag-2"]`) }},
		{"the embargo is moved", func() { move("embargoStory", `, until: {at: "2030-06-01T00:00:00Z"}`) }},
	} {
		row.do()
		if changed := read("when " + row.name); changed > 0 {
			t.Errorf("when %s: %d answers are others", row.name, changed)
		}
	}
	move("embargoStory", ", until: null")
	if changed := read(""); changed < 3 {
		t.Errorf("when the embargo is lifted, %d answers are others", changed)
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
