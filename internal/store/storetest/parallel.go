package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

const writers = 8

// inParallel calls write from 8 goroutines, each with its number, and waits.
func inParallel(write func(writer int)) {
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() { write(n) })
	}
	wg.Wait()
}

// learn enters the log of the store in the model, after a look at its order:
// no holes, and the versions of each entity one after the other.
func (l *lab) learn() {
	l.t.Helper()
	versions := make(map[news.EntityID]int)
	lines := l.log()
	for i, line := range lines {
		if want := news.Seq(i + 1); line.Seq != want {
			l.t.Fatalf("line %d is numbered %d", want, line.Seq)
		}
		ref := line.Doc.Ref()
		if want := versions[ref.ID] + 1; ref.Version != want {
			l.t.Fatalf("line %d: version %d of %s, want %d", line.Seq, ref.Version, ref.ID, want)
		}
		versions[ref.ID]++
	}
	l.model = newModel()
	l.model.enter(lines...)
}

// write creates a story of writer and changes it: a batch of two lines.
func (l *lab) write(writer, n int) ([]news.Line, error) {
	id := news.StoryID(fmt.Sprintf("story_%d_%02d", writer, n))
	one := Story(id, func(s *news.Story) { s.Tags = []news.TagID{"tag_a"} })
	two := Next(one, func(s *news.Story) {
		if n%3 == 0 {
			s.Status = news.StoryUnpublished
		}
	})
	return l.store.Commit(l.t.Context(), []news.Change{Change(one, nil), Change(two, one)})
}

func testParallelCommits(t *testing.T, l *lab) {
	const each = 5
	var mu sync.Mutex
	acknowledged := make(map[news.Seq]news.Line)
	acknowledge := func(lines []news.Line, want int) {
		mu.Lock()
		defer mu.Unlock()
		if len(lines) != want {
			t.Errorf("got %d lines, want %d", len(lines), want)
		}
		for i, line := range lines {
			if i > 0 && line.Seq <= lines[i-1].Seq {
				t.Errorf("line %d was committed before line %d", lines[i-1].Seq, line.Seq)
			}
			acknowledged[line.Seq] = line
		}
	}
	inParallel(func(writer int) {
		for n := range each {
			lines, err := l.write(writer, n)
			if err != nil {
				t.Errorf("writer %d: %v", writer, err)
				return
			}
			acknowledge(lines, 2)
			// One that ends in the middle.
			entry := TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d_%d", writer, n)))
			lines, err = l.store.Commit(t.Context(), []news.Change{Change(entry, nil), Change(entry, nil), Change(Next(entry), entry)})
			if !errors.Is(err, news.ErrConflict) {
				t.Errorf("writer %d: got %v, want a conflict", writer, err)
				return
			}
			acknowledge(lines, 1)
		}
	})
	l.learn()
	if got, want := len(l.model.lines), writers*each*3; got != want {
		t.Errorf("the log has %d lines, want %d", got, want)
	}
	if got := len(acknowledged); got != len(l.model.lines) {
		t.Errorf("%d lines were acknowledged under numbers of their own, want %d", got, len(l.model.lines))
	}
	for seq, line := range acknowledged {
		if diff := cmp.Diff(line, l.model.lines[seq-1]); diff != "" {
			t.Errorf("line %d (-acknowledged +stored):\n%s", seq, diff)
		}
	}
	l.checkAll()
}

func testOneWinner(t *testing.T, l *lab) {
	const each = 3
	l.put(Tag("tag_a"))
	var mu sync.Mutex
	winners := make(map[int]string)
	inParallel(func(writer int) {
		name := fmt.Sprintf("writer %d", writer)
		for won := 0; won < each; {
			tags, err := l.store.TagsByID(t.Context(), []news.TagID{"tag_a"})
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			was := tags["tag_a"]
			next := Next(was, func(t *news.Tag) { t.Description = news.Text(name) })
			ch := Change(next, was)
			ch.By = name
			_, err = l.store.Commit(t.Context(), []news.Change{ch})
			if errors.Is(err, news.ErrConflict) {
				continue
			}
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			won++
			mu.Lock()
			if rival := winners[next.Version]; rival != "" {
				t.Errorf("%s and %s both made version %d", name, rival, next.Version)
			}
			winners[next.Version] = name
			mu.Unlock()
		}
	})
	l.learn()
	if got, want := len(l.model.lines), 1+writers*each; got != want {
		t.Errorf("the log has %d lines, want %d", got, want)
	}
	for version, name := range winners {
		line, err := l.store.Version(t.Context(), "tag_a", version)
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if line.By != name || line.Doc.(*news.Tag).Description != news.Text(name) {
			t.Errorf("version %d is by %s, acknowledged to %s", version, line.By, name)
		}
	}
	l.checkAll()
}

func testTail(t *testing.T, l *lab) {
	const each = 5
	const total = writers * each * 2
	var tails sync.WaitGroup
	seen := make([][]news.Line, 2)
	for i := range seen {
		tails.Go(func() {
			for len(seen[i]) < total && !t.Failed() {
				after := news.Seq(len(seen[i]))
				lines, err := l.store.Lines(t.Context(), after, 7)
				if err != nil {
					t.Errorf("lines after %d: %v", after, err)
					return
				}
				for n, line := range lines {
					if want := after + news.Seq(n) + 1; line.Seq != want {
						t.Errorf("after %d: got line %d, want %d", after, line.Seq, want)
						return
					}
				}
				seen[i] = append(seen[i], lines...)
			}
		})
	}
	inParallel(func(writer int) {
		for n := range each {
			if _, err := l.write(writer, n); err != nil {
				t.Errorf("writer %d: %v", writer, err)
				return
			}
		}
	})
	tails.Wait()
	l.learn()
	for _, lines := range seen {
		if diff := cmp.Diff(l.model.lines, lines); diff != "" {
			t.Errorf("log (-as it is +as it was seen):\n%s", diff)
		}
	}
}

func testPagesReflectTheirLine(t *testing.T, l *lab) {
	const each = 4
	queries := []query{
		storyQuery(news.Audience{}, news.StoryFilter{}),
		storyQuery(news.Audience{Staff: true}, news.StoryFilter{}),
		storyQuery(news.Audience{}, news.StoryFilter{Tags: []news.TagID{"tag_a"}}),
	}
	type sighting struct {
		query query
		page  news.Page[news.Entity]
	}
	var seen []sighting
	window := news.Window{First: news.MaxPage}

	done := make(chan struct{})
	go func() {
		defer close(done)
		inParallel(func(writer int) {
			for n := range each {
				if _, err := l.write(writer, n); err != nil {
					t.Errorf("writer %d: %v", writer, err)
					return
				}
			}
		})
	}()
	for writing := true; writing; {
		select {
		case <-done:
			writing = false // one more round
		default:
		}
		for _, q := range queries {
			p, err := q.page(t.Context(), l.store, window)
			if err != nil {
				t.Fatalf("%s: %v", q.name, err)
			}
			seen = append(seen, sighting{q, p})
		}
	}
	l.learn()
	for _, s := range seen {
		want := l.model.until(s.page.At).page(s.query, window)
		if diff := cmp.Diff(outline(want), outline(s.page)); diff != "" {
			t.Fatalf("%s at line %d (-want +got):\n%s", s.query.name, s.page.At, diff)
		}
	}
	if last := seen[len(seen)-1].page.At; last != l.model.head() {
		t.Errorf("a page after all commits is of line %d, want %d", last, l.model.head())
	}
}
