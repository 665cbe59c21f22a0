package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"depeche/internal/news"
)

// pollEvery is how often a store that is open for reading only looks whether
// the process that writes has added lines.
const pollEvery = 500 * time.Millisecond

// watchers are the Watch calls under way. The zero value has none.
type watchers struct {
	mu  sync.Mutex
	set map[chan struct{}]struct{}
}

// add enters a watcher. Its channel holds at most one wake-up, so that waking
// never waits.
func (w *watchers) add() chan struct{} {
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.set == nil {
		w.set = make(map[chan struct{}]struct{})
	}
	w.set[ch] = struct{}{}
	return ch
}

func (w *watchers) remove(ch chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.set, ch)
}

func (w *watchers) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.set {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Watch implements news.Log.
func (s *Store) Watch(ctx context.Context, wake func()) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	added := s.watchers.add()
	leave() // Close ends a Watch; it does not wait for one
	defer s.watchers.remove(added)

	var (
		poll <-chan time.Time
		head news.Seq
	)
	if s.writer == nil {
		ticker := time.NewTicker(pollEvery)
		defer ticker.Stop()
		poll = ticker.C
		if head, err = s.Head(ctx); err != nil {
			return fmt.Errorf("watch: %w", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("watch: %w", ctx.Err())
		case <-s.closed:
			return fmt.Errorf("watch: %w", errClosed)
		case <-added:
			wake()
		case <-poll:
			now, err := s.Head(ctx)
			if err != nil {
				return fmt.Errorf("watch: %w", err)
			}
			if now != head {
				head = now
				wake()
			}
		}
	}
}
