package mongo

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"time"

	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"depeche/internal/news"
)

const (
	// maxBatch is the number of lines that are committed at once, and so the
	// number that a process which dies may leave unprojected.
	maxBatch = 100
	// maxBatchBytes is their size: MongoDB takes 48 MB a message.
	maxBatchBytes = 16 << 20
	// maxRounds bounds how often other processes may be faster before a commit
	// is given up. Each round that is lost is a line of somebody else's.
	maxRounds = 1000
	// maxPause bounds the random pause after a lost round, and maxRelief the one
	// after an error of the server, which may have too much to do as it is.
	maxPause  = 50 * time.Millisecond
	maxRelief = 2 * time.Second
	// persistence is how long a write is tried that fails for a reason which may
	// pass. It ends before the patience of the call does, which then learns why.
	persistence = 2 * patience / 3
)

// A writer owns the goroutine that commits. It writes all the calls that wait in
// one go, since what a commit costs is the wait for a majority of the servers.
type writer struct {
	store *Store
	calls chan *call
	quit  chan struct{}
	done  chan struct{}

	queue  []*call
	known  *knowledge // nil while the queue is empty
	looked *link      // the newest line that was compared with the queue; likewise
	lost   int        // rounds in a row in which another process was faster
	failed int        // errors in a row that may pass
	// failing is since when all that was tried has failed for a reason that may
	// pass; zero: it has not.
	failing time.Time
	// alone makes the next round take one line, after an error that does not
	// tell which line it is about.
	alone bool
}

// A call is one Commit.
type call struct {
	ctx     context.Context
	entries []*entry // what has not been committed yet
	lines   []news.Line
	err     error
	rounds  int
	done    chan struct{} // closed when lines and err stand
}

func startWriter(s *Store) *writer {
	w := &writer{store: s, calls: make(chan *call), quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

// close ends the goroutine. No call is under way any more, but for those that
// nobody waits for.
func (w *writer) close() {
	close(w.quit)
	<-w.done
}

// Commit implements news.Store.
func (s *Store) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if s.writer == nil {
		return nil, fmt.Errorf("commit: %w", ErrReadOnly)
	}
	within, leave, err := s.enter(ctx)
	if err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	defer leave()
	if len(changes) == 0 {
		return nil, nil
	}
	// As much patience as for the rounds that it takes.
	within, cancel := context.WithTimeoutCause(within, patience*time.Duration(1+len(changes)/maxBatch), errImpatient)
	defer cancel()
	c := &call{ctx: within, done: make(chan struct{})}
	for _, ch := range changes {
		e, err := newEntry(ch)
		if err != nil {
			return nil, fmt.Errorf("commit: %w", err)
		}
		e.write = rand.Text()
		c.entries = append(c.entries, e)
	}
	select {
	case s.writer.calls <- c:
		select {
		case <-c.done:
			if c.err != nil {
				return c.lines, fmt.Errorf("commit: %w", translate(ctx, within, c.err))
			}
			return c.lines, nil
		case <-within.Done():
		}
	case <-within.Done():
	}
	return nil, fmt.Errorf("commit: %w", translate(ctx, within, within.Err()))
}

// run serves the calls until close.
func (w *writer) run() {
	defer close(w.done)
	for w.gather() {
		w.settle(w.attempt())
	}
	for _, c := range w.queue {
		c.err = errClosed
		close(c.done)
	}
}

// gather waits for calls where there are none. It returns false at the end.
func (w *writer) gather() bool {
	if len(w.queue) == 0 {
		// Held on to, they would keep all lines in memory that come meanwhile.
		w.looked, w.known, w.failing = nil, nil, time.Time{}
		select {
		case c := <-w.calls:
			w.queue = append(w.queue, c)
			w.looked = w.store.tail.end()
			w.known = newKnowledge(w.looked)
		case <-w.quit:
			return false
		}
	}
	for len(w.queue) < maxBatch {
		select {
		case c := <-w.calls:
			w.queue = append(w.queue, c)
		case <-w.quit:
			return false
		default:
			return true
		}
	}
	return true
}

// settle ends the calls that are done with, all of them when the round failed.
func (w *writer) settle(failure error) {
	rest := w.queue[:0]
	for _, c := range w.queue {
		switch {
		case c.err != nil || len(c.entries) == 0:
		case failure != nil:
			c.err = failure
		case c.ctx.Err() != nil:
			c.err = context.Cause(c.ctx)
		case c.rounds > maxRounds:
			c.err = fmt.Errorf("%w: other writers were faster %d times in a row", news.ErrUnavailable, c.rounds)
		default:
			rest = append(rest, c)
			continue
		}
		close(c.done)
	}
	clear(w.queue[len(rest):])
	w.queue = rest
}

// attempt makes one round.
func (w *writer) attempt() error {
	under, cancel := w.store.contact.while(context.Background())
	defer cancel()
	ctx, cancel := patiently(under)
	defer cancel()
	return translate(context.Background(), ctx, w.store.causally(ctx, w.round))
}

// round commits as many lines of the queue as one batch takes. It is an error
// when it is not known what has become of them.
func (w *writer) round(ctx context.Context) error {
	s := w.store
	batch, err := w.draft(ctx)
	if err != nil || len(batch) == 0 {
		return err
	}
	documents := make([]lineDocument, len(batch))
	entries := make([]*entry, len(batch))
	for i, d := range batch {
		documents[i], entries[i] = d.document(), d.entry
	}
	_, failure := s.log().InsertMany(ctx, documents)
	if failure == nil {
		s.witness(ctx)
		s.tail.learn(entries, time.Now().Add(overdueAfter))
	} else if err := s.catchUp(ctx); err != nil {
		return err // it is not known what has become of the lines
	}
	// Whatever the server has said or not: what counts is in the log.
	if err := w.harvest(ctx); err != nil {
		return err
	}
	return w.assess(ctx, failure, batch)
}

// harvest looks which of the queue's lines have come into the log since it
// looked last, and projects them. Nobody is told of a line before.
func (w *writer) harvest(ctx context.Context) error {
	links, _ := w.store.tail.since(w.looked)
	var committed []*link
	var calls []*call
	for _, l := range links {
		for _, c := range w.queue {
			if len(c.entries) > 0 && c.entries[0].write == l.write {
				c.entries, c.rounds = c.entries[1:], 0
				c.lines = append(c.lines, l.Line)
				committed, calls = append(committed, l), append(calls, c)
			}
		}
		w.looked = l
	}
	if len(committed) == 0 {
		return nil
	}
	w.failing = time.Time{}
	for {
		err := w.store.project(ctx, committed)
		if err == nil {
			w.lost, w.failed = 0, 0
			return nil
		}
		if !isTransient(err) || w.relieve(ctx) != nil {
			for _, c := range calls {
				c.err = translate(context.Background(), ctx, err)
			}
			return err
		}
	}
}

// assess decides how to go on after an attempt to commit batch.
func (w *writer) assess(ctx context.Context, failure error, batch []draft) error {
	w.alone = false
	if failure == nil {
		w.lost, w.failed = 0, 0
		return nil
	}
	first := batch[0]
	if len(first.call.entries) == 0 || first.call.entries[0] != first.entry {
		return w.pause(ctx) // some of it has been committed
	}
	switch {
	case driver.IsDuplicateKeyError(failure):
		for _, c := range w.queue {
			c.rounds++
		}
		if first.ref.Version == 1 && w.looked.seq < first.Seq {
			// Either whoever took the number is not seen by a majority yet, or
			// there is such an entity already.
			current, err := w.store.version(ctx, first.ref.ID, first.Seq)
			if err != nil {
				return err
			}
			if current > 0 {
				first.call.err = &news.ConflictError{ID: first.ref.ID, Current: current}
				return nil
			}
		}
		return w.pause(ctx)
	case isTransient(failure):
		if w.failing.IsZero() {
			w.failing = time.Now()
		}
		if time.Since(w.failing) > persistence || hasCode(failure, unauthorized, authenticationFailed) {
			return failure // enough of trying
		}
		return w.relieve(ctx)
	case len(batch) > 1:
		w.alone = true // to learn which line it is about
		return nil
	}
	first.call.err = failure
	return nil
}

// pause gives way to other writers.
func (w *writer) pause(ctx context.Context) error {
	w.lost++
	return sleep(ctx, min(time.Millisecond<<min(w.lost, 10), maxPause))
}

// relieve gives a server that fails the time to recover.
func (w *writer) relieve(ctx context.Context) error {
	w.failed++
	return sleep(ctx, min(10*time.Millisecond<<min(w.failed, 10), maxRelief))
}

// sleep waits for a random time up to the longest.
func sleep(ctx context.Context, longest time.Duration) error {
	timer := time.NewTimer(mathrand.N(longest))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
