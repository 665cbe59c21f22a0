// Package sqlite is the embedded store: the whole newsroom in one SQLite file,
// for one node that needs no other service.
//
// A line of the log and its effect on the lists are one transaction, so a page
// shows all of a change or nothing of it. One process writes a file, others may
// open it for reading only. The package writes to no file that is not its own
// and repairs none: what it does not understand it refuses when it is opened.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/gofrs/flock"

	"depeche/internal/news"
	"depeche/internal/store/wake"
)

// Options say what Open opens.
type Options struct {
	// Path names the file. Open makes it and its folder where they are missing.
	// Beside it lie SQLite's -wal and -shm, which belong to it while it is open
	// and after a crash, and a .lock.
	Path string
	// ReadOnly opens an existing file beside the process that writes it, if
	// there is one. Nothing is made, and Commit is refused with ErrReadOnly.
	ReadOnly bool
	// Epoch is that of a log that is made now; empty for a random one. A store
	// that is there already must have it: with another one it is not opened.
	Epoch news.Epoch
	// Logger hears of what is mended on the side and so returned to nobody; nil
	// stands for slog.Default.
	Logger *slog.Logger
}

// ErrReadOnly answers a call that writes to a Store that was opened for reading
// only.
var ErrReadOnly = errors.New("the store has been opened for reading only")

var errClosed = fmt.Errorf("%w: the store is closed", news.ErrUnavailable)

// A Store is a news.Store in one file.
type Store struct {
	epoch    news.Epoch
	readers  *pool
	writer   *writer      // nil: for reading only
	lock     *flock.Flock // nil: for reading only
	watchers wake.Watchers
	cache    *cache

	mu     sync.Mutex     // held to begin a call and to close
	calls  sync.WaitGroup // the calls under way
	closed chan struct{}  // closed when no call may begin any more
	end    func() error   // ends the store, once
}

var _ news.Store = (*Store)(nil)

// Close implements news.Store.
func (s *Store) Close() error { return s.end() }

func (s *Store) close() error {
	s.mu.Lock()
	close(s.closed)
	s.mu.Unlock()
	s.calls.Wait()
	if err := s.release(); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// release gives back what the store holds, as far as it has been opened.
func (s *Store) release() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.readers != nil {
		errs = append(errs, s.readers.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// enter begins a call and refuses it when the store is closed or ctx has ended.
// On success leave has to be called at the end: Close waits for it.
func (s *Store) enter(ctx context.Context) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil, errClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.calls.Add(1)
	return s.calls.Done, nil
}

// read calls f within one read transaction: all that f reads belongs to one
// moment.
func (s *Store) read(ctx context.Context, f func(*session) error) error {
	leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	return translate(ctx, s.readers.with(ctx, func(c *session) error {
		return c.transact(context.WithoutCancel(ctx), "BEGIN", f)
	}))
}
