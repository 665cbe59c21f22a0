// Package mongo is the store for production: the newsroom in a MongoDB database
// that any number of depeche processes use at once.
//
// A change is committed by inserting its line into the log under the number
// after the newest line. The unique number lets one process win; the others read
// what it wrote, look again whether their change still holds, and try the next
// number. The collections that queries read follow from the log, one document an
// entity, and a process that dies between the two is mended by the others. No
// transaction spans documents, so the package runs on replica sets, on sharded
// clusters, on a standalone server and on compatible engines; what the server
// can do beyond that is found out when the store is opened.
//
// docs/mongodb.md describes the documents.
package mongo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"depeche/internal/news"
	"depeche/internal/store/wake"
)

// Options say what Open opens.
type Options struct {
	// URI names the server and, in its path, the database; without one it is
	// DefaultDatabase. It may hold secrets: nothing of it is ever logged but
	// hosts and the database. TLS, authentication, timeouts and pools are set in
	// it as MongoDB's drivers have it. Read preference, read concern and write
	// concern are depeche's: the primary, and majority.
	URI string
	// ReadOnly opens an existing store beside the processes that write it.
	// Nothing is made or mended, and Commit is refused with ErrReadOnly.
	ReadOnly bool
	// Epoch names the log of a store that is made; empty stands for a random
	// one. A store that exists must have this epoch, when one is given.
	Epoch news.Epoch
	// Poll is how often the log is looked at for lines of other processes; zero
	// stands for 1 s while a change stream announces them and 200 ms otherwise.
	Poll time.Duration
	// Logger hears of what is mended on the side and so returned to nobody, and
	// at level debug of every command; nil stands for slog.Default.
	Logger *slog.Logger
}

// DefaultDatabase is the database where the URI names none.
const DefaultDatabase = "depeche"

// ErrReadOnly answers a call that writes to a Store that was opened for reading
// only.
var ErrReadOnly = errors.New("the store has been opened for reading only")

var errClosed = fmt.Errorf("%w: the store is closed", news.ErrUnavailable)

// A Store is a news.Store in one database.
type Store struct {
	client   *driver.Client
	db       *driver.Database
	server   server
	readOnly bool
	poll     time.Duration
	epoch    news.Epoch
	logger   *slog.Logger

	contact  *contact
	clock    clock
	tail     *tail
	counts   *counts
	watchers wake.Watchers
	writer   *writer       // nil: for reading only
	nudge    chan struct{} // tells the follower to look at once
	// streaming is whether a change stream does so when a line has come.
	streaming atomic.Bool

	mu     sync.Mutex     // held to begin a call and to close
	calls  sync.WaitGroup // the calls under way
	closed chan struct{}  // closed when no call may begin any more
	end    func() error   // ends the store, once

	background sync.WaitGroup
	stop       context.CancelFunc // ends what runs in the background
}

var _ news.Store = (*Store)(nil)

// Close implements news.Store.
func (s *Store) Close() error { return s.end() }

func (s *Store) close() error {
	s.mu.Lock()
	close(s.closed)
	s.mu.Unlock()
	s.calls.Wait()
	if s.writer != nil {
		s.writer.close()
	}
	s.stop()
	s.background.Wait()
	defer s.contact.close()
	ctx, cancel := context.WithTimeout(context.Background(), connectWithin)
	defer cancel()
	// The server is told, unless it is away.
	ctx, cancel = s.contact.while(ctx)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// enter begins a call and refuses it when the store is closed or ctx has ended.
// The call has the context that enter returns: it ends early when no server can
// be reached, and has ended already where that is known. leave has to be called
// at the end: Close waits for it.
func (s *Store) enter(ctx context.Context) (_ context.Context, leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closed:
		return nil, nil, errClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.calls.Add(1)
	ctx, cancel := s.contact.while(ctx)
	return ctx, func() { cancel(); s.calls.Done() }, nil
}

// call runs f as a call of the store, and puts its error into the words of the
// domain.
func (s *Store) call(ctx context.Context, f func(context.Context) error) error {
	within, leave, err := s.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	within, cancel := patiently(within)
	defer cancel()
	return translate(ctx, within, s.causally(within, f))
}
