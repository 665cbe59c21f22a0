package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"depeche/internal/store/mongo/mongotest"
)

// A reader follows the ticker up to the last line, over as many connections as it
// takes.
type reader struct {
	name        string
	client      client
	fromStart   bool          // it has to hear all lines, and not only those from some on
	began       chan struct{} // closed when it has heard a line
	heard       []string
	connections int
}

func newReader(name string, client client, fromStart bool) *reader {
	return &reader{name: name, client: client, fromStart: fromStart, began: make(chan struct{})}
}

// run follows until the last line.
func (r *reader) run(t *testing.T, api string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	over := false
	for !over {
		r.connections++
		err := r.client(ctx, api, func(l line) {
			if len(r.heard) == 0 {
				close(r.began)
			}
			if r.heard = append(r.heard, l.Entry.Headline); l.Entry.Headline == last {
				over = true
				cancel()
			}
		})
		if !over && (ctx.Err() != nil || !errors.Is(err, errBroken)) {
			t.Errorf("%s, connection %d, after %d lines: %v", r.name, r.connections, len(r.heard), err)
			return
		}
	}
}

// check wants the reader to have heard the lines once and in order.
func (r *reader) check(t *testing.T, lines []string) {
	t.Helper()
	want := lines
	if !r.fromStart && len(r.heard) > 0 {
		want = lines[max(0, slices.Index(lines, r.heard[0])):]
	}
	if !slices.Equal(r.heard, want) {
		t.Errorf("%s heard over %d connections\n%q\nwant\n%q", r.name, r.connections, r.heard, want)
	}
	if r.connections < 2 {
		t.Errorf("%s was never let go", r.name)
	}
}

// An author publishes numbered lines, one after the other, until it is told to
// write the last one. What gets lost on the way it publishes again, by the same id.
type author struct {
	lines   []string
	step    chan struct{} // sent to after each line, where somebody waits
	enough  chan struct{} // closed when there are enough
	writing sync.WaitGroup
}

// newAuthor makes an author that writes at once.
func newAuthor(t *testing.T, front *running) *author {
	a := &author{step: make(chan struct{}), enough: make(chan struct{})}
	a.writing.Go(func() {
		deadline := time.Now().Add(patience)
		for over := false; !over; {
			headline := fmt.Sprint("Ligne ", len(a.lines))
			select {
			case <-a.enough:
				headline, over = last, true
			default:
			}
			const publish = `mutation($id: ID!, $h: String!) { publishTickerEntry(input: {id: $id, headline: $h}) { id } }`
			variables := map[string]any{"id": fmt.Sprint("tick_", len(a.lines)), "h": headline}
			for code, err := front.send(publish, variables, new(any)); code != "" || err != nil; code, err = front.send(publish, variables, new(any)) {
				if time.Now().After(deadline) || err == nil && code != "UNAVAILABLE" {
					t.Errorf("%q can't be published: %s, %v", headline, code, err)
					return
				}
			}
			a.lines = append(a.lines, headline)
			select {
			case a.step <- struct{}{}:
			default:
			}
		}
	})
	return a
}

// more waits until a number of lines have been written.
func (a *author) more(t *testing.T, n int) {
	t.Helper()
	for range n {
		receive(t, a.step)
	}
}

// finish has the last line written and returns all.
func (a *author) finish() []string {
	close(a.enough)
	a.writing.Wait()
	return a.lines
}

// Nodes that are restarted one after the other lose no event for any reader and
// double none, whether the reader knows its place or not.
func TestNodesAreRestartedOneAfterTheOther(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	c := newCluster(t)
	balancer := newBalancer(t)
	front := balancer.front(t, c.token)
	node := func() *running {
		return c.node(t, uri, "--drain", "1s")
	}
	nodes := []*running{node(), node()}
	balancer.use(nodes...)

	begin := cursor(front)
	var readers []*reader
	for i := range 3 {
		readers = append(readers,
			newReader(fmt.Sprint("resuming ", i), resuming(begin), true),
			newReader(fmt.Sprint("stock ", i), stock(i, begin), true),
			newReader(fmt.Sprint("stock without a place ", i), stock(100+i, ""), false),
			newReader(fmt.Sprint("EventSource ", i), eventSource(begin), true))
	}
	lines := followAll(t, front, readers, func(a *author) {
		for i, r := range nodes {
			a.more(t, 10)
			if err := r.stop(); err != nil {
				t.Errorf("node %d ended with %v", i, err)
			}
			balancer.use(nodes[1-i])
			a.more(t, 10)
			nodes[i] = node()
			balancer.use(nodes...)
		}
		a.more(t, 10)
	})
	for _, r := range readers {
		r.check(t, lines)
	}
}

// followAll lets readers follow what an author writes while something happens, and
// returns what was written. It happens when all of them have heard something.
func followAll(t *testing.T, front *running, readers []*reader, happens func(*author)) []string {
	t.Helper()
	var following sync.WaitGroup
	for _, r := range readers {
		following.Go(func() { r.run(t, front.api) })
	}
	a := newAuthor(t, front)
	finish := sync.OnceValue(func() []string {
		lines := a.finish()
		following.Wait()
		return lines
	})
	defer finish()
	for _, r := range readers {
		receive(t, r.began)
	}
	happens(a)
	return finish()
}

// A server that ends and begins again on the same data does so too.
func TestAServerIsRestartedUnderReaders(t *testing.T) {
	folder := t.TempDir()
	balancer := newBalancer(t)
	front := balancer.front(t, editor(t, folder))
	r := start(t, "--data", folder, "--drain", "1s")
	balancer.use(r)
	begin := cursor(front)
	readers := []*reader{newReader("resuming", resuming(begin), true), newReader("EventSource", eventSource(begin), true)}
	for i := range 3 {
		readers = append(readers,
			newReader(fmt.Sprint("stock ", i), stock(i, begin), true),
			newReader(fmt.Sprint("stock without a place ", i), stock(100+i, ""), false))
	}
	lines := followAll(t, front, readers, func(a *author) {
		for range 2 {
			a.more(t, 20)
			if err := r.stop(); err != nil {
				t.Errorf("the server ended with %v", err)
			}
			r = start(t, "--data", folder, "--drain", "1s")
			balancer.use(r)
		}
		a.more(t, 20)
	})
	for _, reader := range readers {
		reader.check(t, lines)
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}
