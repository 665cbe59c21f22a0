package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

// maxBatch is the number of changes from which on a transaction takes in no
// further call.
const maxBatch = 1000

// A writer owns the connection that writes and the goroutine that uses it. It
// commits all the calls that wait in one transaction, since what a transaction
// costs is the wait for the disk.
type writer struct {
	db        *sql.DB
	log       *slog.Logger
	cache     *cache
	committed func()   // called after lines have been added
	session   *session // nil: to be opened

	calls chan *call
	quit  chan struct{}
	done  chan struct{}
}

// A call is what the writer is asked to do: to commit changes, or an errand that
// has nothing to do with the log. An errand may be run again after it has been
// rolled back.
type call struct {
	ctx     context.Context
	changes []change
	errand  func(context.Context, *session) error
	lines   []news.Line
	err     error
	done    chan struct{} // closed when lines and err stand
}

// A change is a news.Change ready for writing.
type change struct {
	news.Change     // as it will be read
	listing         news.Listing
	slugs           []string
	encoded, before []byte
	counted         []string // the terms whose numbers have changed, once written
}

func startWriter(db *sql.DB, log *slog.Logger, cache *cache, committed func()) *writer {
	w := &writer{
		db: db, log: log, cache: cache, committed: committed,
		calls: make(chan *call), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// close ends the goroutine after the transaction under way.
func (w *writer) close() error {
	close(w.quit)
	<-w.done
	return w.db.Close()
}

// Commit implements news.Store.
func (s *Store) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if s.writer == nil {
		return nil, fmt.Errorf("commit: %w", ErrReadOnly)
	}
	leave, err := s.enter(ctx)
	if err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	defer leave()
	if len(changes) == 0 {
		return nil, nil
	}
	c := &call{ctx: ctx, done: make(chan struct{})}
	for _, ch := range changes {
		ready, err := prepare(ch)
		if err != nil {
			return nil, fmt.Errorf("commit: %w", err)
		}
		c.changes = append(c.changes, ready)
	}
	if err := s.writer.await(c); err != nil {
		return nil, fmt.Errorf("commit: %w", err)
	}
	if c.err != nil {
		return c.lines, fmt.Errorf("commit: %w", c.err)
	}
	return c.lines, nil
}

// await has the writer serve c. An error is that of c's context, which ended
// first: what c holds is then the writer's.
func (w *writer) await(c *call) error {
	select {
	case w.calls <- c:
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
	select {
	case <-c.done:
		return nil
	case <-c.ctx.Done():
		return c.ctx.Err()
	}
}

// prepare encodes ch, and decodes it again so that what the line shows now is
// what it will show when it is read.
func prepare(ch news.Change) (change, error) {
	if ch.Doc == nil {
		return change{}, errors.New("a change without an entity")
	}
	encoded, err := document.Encode(ch.Doc)
	if err != nil {
		return change{}, err
	}
	before, err := document.EncodeListing(ch.Before)
	if err != nil {
		return change{}, err
	}
	c := change{Change: ch, encoded: encoded, before: before}
	c.At = news.Instant(ch.At)
	if c.Doc, err = document.Decode(ch.Doc.Ref().Kind, encoded); err != nil {
		return change{}, err
	}
	if c.Before, err = document.DecodeListing(before); err != nil {
		return change{}, err
	}
	c.listing, c.slugs = c.Doc.Listing(), c.Doc.Slugs()
	return c, nil
}

// run serves the calls until close.
func (w *writer) run() {
	defer close(w.done)
	for {
		batch := w.next()
		if batch == nil {
			break
		}
		w.serve(batch)
		added := false
		for _, c := range batch {
			added = added || len(c.lines) > 0
			close(c.done)
		}
		if added {
			w.committed()
		}
	}
	w.drop()
}

// serve commits batch in one transaction. When something is wrong with a call,
// each gets a transaction of its own, so that it is no harm to the others.
func (w *writer) serve(batch []*call) {
	err := w.write(batch)
	if err == nil {
		return
	}
	w.drop()
	err = translate(context.Background(), err)
	if len(batch) > 1 && !errors.Is(err, news.ErrUnavailable) {
		for i := range batch {
			w.serve(batch[i : i+1])
		}
		return
	}
	for _, c := range batch {
		c.lines, c.err = nil, err
	}
}

// drop closes the connection, with all that hangs on it.
func (w *writer) drop() {
	if w.session == nil {
		return
	}
	if err := w.session.close(); err != nil {
		w.log.Warn("closing the connection that writes", "error", err)
	}
	w.session = nil
}

// next waits for a call and returns it with those that wait behind it; nil at
// the end.
func (w *writer) next() []*call {
	var batch []*call
	select {
	case c := <-w.calls:
		batch = append(batch, c)
	case <-w.quit:
		return nil
	}
	for n := len(batch[0].changes); n < maxBatch; {
		select {
		case c := <-w.calls:
			batch = append(batch, c)
			n += len(c.changes)
		default:
			return batch
		}
	}
	return batch
}

// write commits batch in one transaction. A refusal of a call is kept in the
// call. On an error nothing of batch is written.
func (w *writer) write(batch []*call) (err error) {
	ctx := context.Background()
	if w.session == nil {
		if w.session, err = newSession(ctx, w.db); err != nil {
			return err
		}
	}
	var (
		head news.Seq
		held bool
	)
	err = w.session.transact(ctx, "BEGIN IMMEDIATE", func(c *session) (err error) {
		if head, err = headOf(ctx, c); err != nil {
			return err
		}
		for _, call := range batch {
			// An attempt that was rolled back may have left lines.
			if call.lines, call.err = nil, call.ctx.Err(); call.err != nil {
				continue
			}
			if call.errand != nil {
				call.err = call.errand(ctx, c)
			} else {
				call.lines, call.err = apply(ctx, c, head, call.changes)
			}
			if call.err != nil && !isOfDomain(call.err) {
				return call.err
			}
			head += news.Seq(len(call.lines))
		}
		if changed := changedBy(batch); len(changed) > 0 {
			w.cache.hold(changed)
			held = true
		}
		return nil
	})
	switch {
	case held && err == nil:
		w.cache.release(head)
	case held:
		w.cache.release(unknown)
	}
	return err
}

// changedBy is what the lines of batch change of what the cache may hold, and
// what becomes of it.
func changedBy(batch []*call) map[key]fact {
	changed := make(map[key]fact)
	for _, call := range batch {
		for i, line := range call.lines {
			ch := call.changes[i]
			k, f := factOf(line.Doc, line.Seq, len(ch.encoded))
			changed[k] = f
			if story, ok := line.Doc.(*news.Story); ok {
				k, f := factOf(story.InBrief(), line.Seq, len(ch.encoded)-len(story.Body))
				changed[k] = f
			}
			for _, name := range ch.counted {
				changed[key{terms, name}] = fact{}
				changed[key{newestOf, name}] = fact{}
			}
		}
	}
	return changed
}
