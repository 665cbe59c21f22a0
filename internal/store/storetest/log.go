package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// patience is how long a test waits for what has to come.
const patience = 30 * time.Second

func testLines(t *testing.T, l *lab) {
	for n := range 7 {
		l.put(TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d", n))))
	}
	for _, tt := range []struct {
		after     news.Seq
		limit     int
		from, end news.Seq // [from, end)
	}{
		{0, 3, 1, 4}, {3, 3, 4, 7}, {6, 3, 7, 8}, {7, 3, 8, 8}, {100, 3, 8, 8},
		{0, 7, 1, 8}, {0, 8, 1, 8}, {-1, 2, 1, 3},
		{0, 1, 1, 2}, {0, 0, 1, 2}, {2, -5, 3, 4},
	} {
		got, err := l.store.Lines(t.Context(), tt.after, tt.limit)
		if err != nil {
			t.Fatalf("%d lines after %d: %v", tt.limit, tt.after, err)
		}
		want := l.model.lines[tt.from-1 : tt.end-1]
		if len(got) == 0 && len(want) == 0 {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d lines after %d (-want +got):\n%s", tt.limit, tt.after, diff)
		}
	}
}

func testLimitsOfLongReads(t *testing.T, l *lab) {
	const most = 1000
	var entries []news.Entity
	for n := range most + 1 {
		entries = append(entries, TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%04d", n))))
	}
	l.put(entries...)
	for _, tt := range []struct{ limit, want int }{{most, most}, {most + 1, most}, {5000, most}, {0, 1}, {-1, 1}} {
		lines, err := l.store.Lines(t.Context(), 0, tt.limit)
		if err != nil || len(lines) != tt.want {
			t.Errorf("limit %d: got %d lines, %v; want %d", tt.limit, len(lines), err, tt.want)
		}
		found, err := l.store.Entities(t.Context(), news.KindTickerEntry, "", tt.limit)
		if err != nil || len(found) != tt.want {
			t.Errorf("limit %d: got %d entities, %v; want %d", tt.limit, len(found), err, tt.want)
		}
	}
}

func testVersions(t *testing.T, l *lab) {
	one := Story("story_a", func(s *news.Story) { s.Status = news.StoryDraft })
	two := Next(one, func(s *news.Story) { s.Title = "Un autre titre" })
	three := Next(two, func(s *news.Story) { s.Status = news.StoryPublished })
	l.put(one, Story("story_b"), two, three)

	for version, seq := range map[int]news.Seq{1: 1, 2: 3, 3: 4} {
		got, err := l.store.Version(t.Context(), "story_a", version)
		if err != nil {
			t.Errorf("version %d: %v", version, err)
			continue
		}
		if diff := cmp.Diff(l.model.lines[seq-1], got); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
	}
	for _, missing := range []struct {
		id      news.EntityID
		version int
	}{{"story_a", 0}, {"story_a", 4}, {"story_a", -1}, {"story_b", 2}, {"story_c", 1}, {"", 1}} {
		if _, err := l.store.Version(t.Context(), missing.id, missing.version); !errors.Is(err, news.ErrNotFound) {
			t.Errorf("version %d of %q: got %v, want ErrNotFound", missing.version, missing.id, err)
		}
	}
}

// testVersionsOf reads the versions of an entity from the newest down.
func testVersionsOf(t *testing.T, l *lab) {
	story, lock := Story("story_a", draft), Lock("story_a")
	l.put(story, lock, Tag("tag_a"))
	for n := range 6 {
		story = Next(story, func(s *news.Story) { s.Title = fmt.Sprint("Titre ", n) })
		l.put(story)
		if n%2 == 0 {
			lock = Next(lock, func(l *news.Lock) { l.Holder = fmt.Sprint("paul ", n) })
			l.put(lock)
		}
	}
	for _, tt := range []struct {
		id            news.EntityID
		before, limit int
		from, to      int // the versions, the newest first
	}{
		{"story_a", 0, 100, 7, 1}, {"story_a", 0, 3, 7, 5}, {"story_a", 5, 3, 4, 2}, {"story_a", 2, 3, 1, 1},
		{"story_a", 7, 1, 6, 6}, {"story_a", 8, 2, 7, 6}, {"story_a", 1000, 2, 7, 6},
		{"story_a", 0, 0, 7, 7}, {"story_a", 3, -1, 2, 2},
		{"story_a", 1, 10, 0, 1}, {"story_a", -1, 10, 0, 1},
		{news.EntityID(lock.ID), 0, 10, 4, 1}, {news.EntityID(lock.ID), 3, 1, 2, 2},
		{"tag_a", 0, 10, 1, 1}, {"story_b", 0, 10, 0, 1}, {"", 0, 10, 0, 1}, {"story_", 0, 10, 0, 1},
	} {
		got, err := l.store.Versions(t.Context(), tt.id, tt.before, tt.limit)
		if err != nil {
			t.Fatalf("%d versions of %s before %d: %v", tt.limit, tt.id, tt.before, err)
		}
		var want []news.Line
		for version := tt.from; version >= tt.to; version-- {
			for _, line := range l.model.lines {
				if ref := line.Doc.Ref(); ref.ID == tt.id && ref.Version == version {
					want = append(want, line)
				}
			}
		}
		if len(got) == 0 && len(want) == 0 {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d versions of %s before %d (-want +got):\n%s", tt.limit, tt.id, tt.before, diff)
		}
	}
}

func testLimitsOfVersions(t *testing.T, l *lab) {
	const most = 1000
	entry := TickerEntry("tick_a")
	entries := []news.Entity{entry}
	for range most {
		entry = Next(entry)
		entries = append(entries, entry)
	}
	l.put(entries...)
	for _, tt := range []struct{ limit, want int }{{most, most}, {most + 1, most}, {5000, most}, {1, 1}} {
		lines, err := l.store.Versions(t.Context(), "tick_a", 0, tt.limit)
		if err != nil || len(lines) != tt.want || lines[0].Doc.Ref().Version != most+1 {
			t.Errorf("limit %d: got %d versions, %v; want the newest %d", tt.limit, len(lines), err, tt.want)
		}
	}
}

func testWatchWakes(t *testing.T, l *lab) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const watchers = 3
	woken := make([]chan struct{}, watchers)
	ended := make(chan error, watchers)
	for i := range woken {
		woken[i] = make(chan struct{}, 1)
		wake := func() {
			select {
			case woken[i] <- struct{}{}:
			default:
			}
		}
		go func() { ended <- l.store.Watch(ctx, wake) }()
	}
	n := 0
	deadline := time.After(patience)
	for i := range woken {
		n = l.putUntil(woken[i], deadline, n)
	}
	// By now all watch: one commit wakes everyone.
	for i := range woken {
		select {
		case <-woken[i]: // a late one
		default:
		}
	}
	l.put(TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d", n))))
	for i := range woken {
		select {
		case <-woken[i]:
		case <-deadline:
			t.Fatalf("watcher %d has not been woken", i)
		}
	}
	cancel()
	for range watchers {
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("watch ended with %v, want context.Canceled", err)
		}
	}
}

func testWatchEnds(t *testing.T, l *lab) {
	woken, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- l.store.Watch(t.Context(), func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	}()
	l.putUntil(woken, time.After(patience), 0)
	if err := l.store.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	select {
	case err := <-ended:
		if !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("watch ended with %v, want ErrUnavailable", err)
		}
	case <-time.After(patience):
		t.Error("watch goes on after Close")
	}
}

// putUntil commits entries numbered from n on until somebody is woken, since a
// watch may begin after a commit. It returns the number of the next entry.
func (l *lab) putUntil(woken <-chan struct{}, deadline <-chan time.Time, n int) int {
	l.t.Helper()
	for {
		l.put(TickerEntry(news.TickerEntryID(fmt.Sprintf("tick_%d", n))))
		n++
		select {
		case <-woken:
			return n
		case <-time.After(300 * time.Millisecond):
		case <-deadline:
			l.t.Fatalf("nobody has been woken by %d commits", n)
		}
	}
}

func testEpoch(t *testing.T, l *lab) {
	epoch := l.store.Epoch()
	if epoch == "" {
		t.Error("the log has no name")
	}
	if other := newLab(t, l.h); other.store.Epoch() == epoch {
		t.Errorf("two logs are both named %q", epoch)
	}
	l.put(Tag("tag_a"))
	l.reopen()
	if got := l.store.Epoch(); got != epoch {
		t.Errorf("reopened: got %q, want %q", got, epoch)
	}
}
