package live_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"depeche/internal/news"
)

// A memoryLog is a Source whose lines, delays and outages a test decides on.
type memoryLog struct {
	mu       sync.Mutex
	lines    []news.Line
	current  map[news.EntityID]news.Entity
	watchers []func()
	reads    int // calls of Lines
	asked    int // calls of Nodes
	texts    map[news.EntityID][]string
	gone     map[string]news.Seq         // texts that are not public, and the line since which
	merged   []map[news.TagID]news.TagID // behind each line, what tags were merged into

	delay   func() time.Duration // of every read; nil for none
	lost    func() bool          // whether a wake-up gets lost; nil for never
	outage  error                // what reads answer while it is set
	holeAt  news.Seq             // a line that is left out, against the contract
	unwatch error                // what Watch answers at once, when it is set
	broken  bool                 // whether Nodes panics
}

func (l *memoryLog) Epoch() news.Epoch { return "epoch" }

func (l *memoryLog) Head(context.Context) (news.Seq, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return news.Seq(len(l.lines)), l.outage
}

func (l *memoryLog) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	if err := l.slowly(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if l.outage != nil {
		return nil, l.outage
	}
	var found []news.Line
	for _, line := range l.lines[min(int(after), len(l.lines)):] {
		if line.Seq != l.holeAt && len(found) < limit {
			found = append(found, line)
		}
	}
	return found, nil
}

func (l *memoryLog) Version(ctx context.Context, id news.EntityID, version int) (news.Line, error) {
	found, err := l.Versions(ctx, id, version+1, 1)
	if err != nil || len(found) == 0 || found[0].Doc.Ref().Version != version {
		return news.Line{}, cmp.Or(err, news.ErrNotFound)
	}
	return found[0], nil
}

func (l *memoryLog) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	if err := l.slowly(ctx); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked++
	if l.broken {
		panic("a broken store")
	}
	found := map[news.EntityID]news.Entity{}
	for _, id := range ids {
		e := l.current[id]
		switch seen := e.(type) {
		case nil:
			continue
		case *news.Story:
			if !seen.VisibleTo(who) {
				continue
			}
		case *news.Tag:
			if e = l.current[news.EntityID(l.stands(seen.ID))]; e.Listing().Status != string(news.TagInUse) {
				continue
			}
		}
		if !e.Ref().Kind.Private() {
			found[id] = e
		}
	}
	return found, l.outage
}

func (l *memoryLog) Watch(ctx context.Context, wake func()) error {
	if l.unwatch != nil {
		return l.unwatch
	}
	l.mu.Lock()
	l.watchers = append(l.watchers, wake)
	l.mu.Unlock()
	wake() // of what was committed before
	<-ctx.Done()
	return ctx.Err()
}

// commit appends a version of an entity.
func (l *memoryLog) commit(op news.Op, doc news.Entity) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change := news.Change{Op: op, Doc: doc, At: time.Now()}
	if prev := l.current[doc.Ref().ID]; prev != nil {
		before := prev.Listing()
		change.Before = &before
	}
	if l.current == nil {
		l.current = map[news.EntityID]news.Entity{}
	}
	l.current[doc.Ref().ID] = doc
	l.lines = append(l.lines, news.Line{Seq: news.Seq(len(l.lines) + 1), Change: change})
	l.follow(doc)
	l.remember(news.Seq(len(l.lines)), change)
	if l.lost == nil || !l.lost() {
		for _, wake := range l.watchers {
			wake()
		}
	}
}

// remember notes which texts the public may no longer see since a line.
func (l *memoryLog) remember(seq news.Seq, c news.Change) {
	if l.texts == nil {
		l.texts, l.gone = map[news.EntityID][]string{}, map[string]news.Seq{}
	}
	id := c.Doc.Ref().ID
	l.texts[id] = append(l.texts[id], text(c.Doc))
	if public(c.Doc) {
		return
	}
	for _, t := range l.texts[id] {
		if t != "" && l.gone[t] == 0 {
			l.gone[t] = seq
		}
	}
}

// goneSince is the line since which the public may not see a text; 0 while it may.
func (l *memoryLog) goneSince(text string) news.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gone[text]
}

// textOf is what the public sees of an entity by now.
func (l *memoryLog) textOf(id news.EntityID) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e := l.current[id]; e != nil && public(e) {
		return text(e), l.outage
	}
	return "", l.outage
}

// next is the first line after a place that is an event and wanted; 0 for none.
func (l *memoryLog) next(at news.Seq, wanted func(news.Line) bool) news.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines[min(int(at), len(l.lines)):] {
		if _, ok := line.Event(); ok && wanted(line) {
			return line.Seq
		}
	}
	return 0
}

// complete tells whether the line has been written that ends the scene.
func (l *memoryLog) complete() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.lines) > 0 && isLast(l.lines[len(l.lines)-1])
}

func (l *memoryLog) slowly(ctx context.Context) error {
	l.mu.Lock()
	delay := l.delay
	l.mu.Unlock()
	if delay == nil {
		return nil
	}
	return pause(ctx, delay())
}

// slow has every read take a while from now on.
func (l *memoryLog) slow(delay time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = func() time.Duration { return delay }
}

func (l *memoryLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outage = err
}

// length is the number of the newest line, also while the store is away.
func (l *memoryLog) length() news.Seq {
	head, _ := l.Head(context.Background())
	return head
}

func pause(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func public(e news.Entity) bool {
	switch e := e.(type) {
	case *news.Story:
		return e.Public()
	case *news.TickerEntry:
		return e.Status == news.TickerPublished
	}
	return true
}

func text(e news.Entity) string {
	switch e := e.(type) {
	case *news.Story:
		return e.Body
	case *news.TickerEntry:
		return string(e.Body)
	}
	return ""
}

// entry is the first version of a ticker entry, with a tag for a filter to ask for.
func entry(n int, tags ...news.TagID) *news.TickerEntry {
	return &news.TickerEntry{
		ID: news.TickerEntryID(fmt.Sprintf("tick_%d", n)), Version: 1, Status: news.TickerPublished,
		TickerContent: news.TickerContent{Headline: fmt.Sprintf("Line %d", n), Body: withdrawn, Priority: news.Routine, Tags: tags},
	}
}

func story(n int, status news.StoryStatus, version int) *news.Story {
	return &news.Story{
		ID: news.StoryID(fmt.Sprintf("story_%d", n)), Version: version, Status: status,
		StoryContent: news.StoryContent{Slug: fmt.Sprintf("story-%d", n), Title: "Title", Body: withdrawn, Priority: news.Routine},
	}
}

func fromTo(first, last news.Seq) []news.Seq {
	var out []news.Seq
	for seq := first; seq <= last; seq++ {
		out = append(out, seq)
	}
	return slices.Clip(out)
}

// withdrawn is the text of everything here.
const withdrawn = "text to withdraw"
