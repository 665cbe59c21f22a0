package sqlite

import (
	"context"
	"fmt"
	"time"

	"depeche/internal/news"
)

// pollEvery is how often a store that is open for reading only looks whether
// the process that writes has added lines.
const pollEvery = 500 * time.Millisecond

// Watch implements news.Log.
func (s *Store) Watch(ctx context.Context, wake func()) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	added := s.watchers.Add()
	leave() // Close ends a Watch; it does not wait for one
	defer s.watchers.Remove(added)

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
