// Package live follows the log and hands it to readers.
//
// One Follower a process keeps the newest lines of the log in a ring. Readers who
// ask for the same are a group of the Hub: each line that concerns them is made
// into a payload once, and all of them get the same bytes. A Subscription is
// nothing but a place in the log. What lies behind that place comes from the
// payloads that the group has, else from the ring, else from the store; catching
// up and being live are the same step, so there is no seam at which a line could
// be lost or doubled, and nothing is kept for a reader that does not read. A
// reader that is too far behind is refused, or ended, with an error that names a
// place to go on from; it is never moved on in silence.
//
// What an operation wants may change along the log: when a tag is merged, who
// follows it goes on with the tag that stays. The group opens the operation anew
// right behind the line that changes it, and nobody in the group gets ahead of that.
package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"depeche/internal/news"
)

// A Source is what is followed.
type Source interface {
	news.Log
	// Nodes is asked what became of something that changed more than once.
	Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error)
}

// Options bounds a Follower. Zero fields take their defaults.
type Options struct {
	Ring      int           // lines kept in memory: 4,096, and up to as many again
	RingBytes int           // their size at most, roughly: 64 MiB, and up to as much again
	MaxBehind int           // lines that a reader may be behind the head: 10,000
	Poll      time.Duration // the log is looked at this often even without a wake-up: 1 s
	// Seen is told of lines, in order and without holes, before any reader is: by
	// the time an event arrives, whatever it makes untrue is gone.
	Seen   func([]news.Line)
	Logger *slog.Logger // nothing is logged without one
}

const (
	defaultRing      = 4096
	defaultRingBytes = 64 << 20
	defaultMaxBehind = 10_000
	defaultPoll      = time.Second

	// batch is how many lines are read from the store at once.
	batch = 200
)

// A Follower tails one log for all readers of a process. It may be used by many
// goroutines at once.
type Follower struct {
	source    Source
	maxBehind int
	poll      time.Duration
	seen      func([]news.Line)
	logger    *slog.Logger

	mu      sync.Mutex
	ring    []news.Line                // ring[i] has the number first+i
	first   news.Seq                   // of ring[0]; head+1 while the ring is empty
	size    int                        // lines kept at least, where there are as many
	bytes   int                        // rough size of the ring
	most    int                        // bytes kept at least, likewise
	newest  map[news.EntityID]news.Seq // of the entities that have a line in the ring
	changed chan struct{}              // closed and replaced when the ring grows

	// withdrawn is the newest line that took something from the public. What was
	// made of the lines before it may show what is not public any more, in a
	// field of whatever it was taken from.
	withdrawn atomic.Int64
}

// Follow makes a Follower that begins at the head of source. It stands still
// until Run is called.
func Follow(ctx context.Context, source Source, o Options) (*Follower, error) {
	head, err := source.Head(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the head of the log: %w", err)
	}
	f := &Follower{
		source:    source,
		maxBehind: cmp.Or(o.MaxBehind, defaultMaxBehind),
		poll:      cmp.Or(o.Poll, defaultPoll),
		seen:      o.Seen,
		logger:    o.Logger,
		first:     head + 1,
		size:      cmp.Or(o.Ring, defaultRing),
		most:      cmp.Or(o.RingBytes, defaultRingBytes),
		newest:    map[news.EntityID]news.Seq{},
		changed:   make(chan struct{}),
	}
	if f.seen == nil {
		f.seen = func([]news.Line) {}
	}
	if f.logger == nil {
		f.logger = slog.New(slog.DiscardHandler)
	}
	return f, nil
}

// Run follows the log until ctx ends, and returns its error. While the store
// can't be read it tries again at every poll; readers wait.
func (f *Follower) Run(ctx context.Context) error {
	wake := make(chan struct{}, 1)
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	watching.Go(func() { f.watch(ctx, wake) })

	tick := time.NewTicker(f.poll)
	defer tick.Stop()
	failing := false
	for {
		err := f.advance(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && !failing:
			f.logger.WarnContext(ctx, "the log can't be followed; trying again", "op", "follow", "error", err)
		case err == nil && failing:
			f.logger.InfoContext(ctx, "the log is followed again", "op", "follow")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		case <-tick.C:
		}
	}
}

// watch turns the store's hints into wake-ups. It may give up: the poll goes on.
func (f *Follower) watch(ctx context.Context, wake chan<- struct{}) {
	err := f.source.Watch(ctx, func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	if err != nil && !errors.Is(err, context.Canceled) {
		f.logger.WarnContext(ctx, "the store no longer announces changes; polling", "op", "watch", "error", err)
	}
}

// advance reads what is new into the ring.
func (f *Follower) advance(ctx context.Context) error {
	for {
		head := f.Head()
		lines, err := f.source.Lines(ctx, head, batch)
		if err != nil {
			return fmt.Errorf("read the log after line %d: %w", head, err)
		}
		if len(lines) == 0 {
			return nil
		}
		if err := contiguous(head, lines); err != nil {
			return err
		}
		f.seen(lines)
		f.append(lines)
	}
}

// contiguous guards the promise that everything here rests on.
func contiguous(after news.Seq, lines []news.Line) error {
	for i, line := range lines {
		if want := after + news.Seq(i) + 1; line.Seq != want {
			return fmt.Errorf("the log has line %d where line %d is due", line.Seq, want)
		}
	}
	return nil
}

func (f *Follower) append(lines []news.Line) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring = append(f.ring, lines...)
	for _, line := range lines {
		f.newest[line.Doc.Ref().ID] = line.Seq
		f.bytes += weight(line)
		if withdraws(line) {
			f.withdrawn.Store(int64(line.Seq))
		}
	}
	// The ring grows to twice its size before it is cut back, so that cutting
	// costs little a line.
	if len(f.ring) > 2*f.size || f.bytes > 2*f.most {
		f.cut()
	}
	close(f.changed)
	f.changed = make(chan struct{})
}

// cut drops the oldest lines.
func (f *Follower) cut() {
	n := 0
	for len(f.ring)-n > f.size || f.bytes > f.most {
		line := f.ring[n]
		if id := line.Doc.Ref().ID; f.newest[id] == line.Seq {
			delete(f.newest, id)
		}
		f.bytes -= weight(line)
		n++
	}
	// Readers may hold parts of the old array, so it is left alone.
	f.ring = append(make([]news.Line, 0, len(f.ring)), f.ring[n:]...)
	f.first += news.Seq(n)
}

// weight is roughly what a line takes in memory.
func weight(line news.Line) int {
	const plain = 2 << 10
	switch e := line.Doc.(type) {
	case *news.Story:
		return plain + len(e.Body)
	case *news.TickerEntry:
		return plain + len(e.Body)
	}
	return plain
}

// Head is the newest line that the follower has seen.
func (f *Follower) Head() news.Seq {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.head()
}

func (f *Follower) head() news.Seq { return f.first + news.Seq(len(f.ring)) - 1 }

// Cursor is the place of a line in the log that is followed.
func (f *Follower) Cursor(seq news.Seq) news.LogCursor {
	return news.LogCursor{Epoch: f.source.Epoch(), Seq: seq}
}

// newestWithdrawal is the newest line, as far as the log has been seen, that took
// something from the public; 0 for none.
func (f *Follower) newestWithdrawal() news.Seq { return news.Seq(f.withdrawn.Load()) }

// look is what the ring knows about the lines after a place.
type look struct {
	lines   []news.Line     // what follows; empty at the head and where the ring does not reach
	stale   map[int]bool    // lines[i] is not the newest of its entity
	head    news.Seq        // of the log, as far as it has been seen
	inRing  bool            // whether the ring reaches back to the place
	changed <-chan struct{} // closed when there is more
}

func (f *Follower) lookAfter(after news.Seq, most int) look {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := look{head: f.head(), inRing: after+1 >= f.first, changed: f.changed}
	if !l.inRing || after >= l.head {
		return l
	}
	from := int(after + 1 - f.first)
	l.lines = f.ring[from:min(from+most, len(f.ring))]
	for i, line := range l.lines {
		if f.newest[line.Doc.Ref().ID] != line.Seq {
			if l.stale == nil {
				l.stale = map[int]bool{}
			}
			l.stale[i] = true
		}
	}
	return l
}
