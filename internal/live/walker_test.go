package live_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// A walker follows something of a scene and looks at each step.
type walker struct {
	*scene
	subject subject
	direct  bool // takes where it is woken, else elsewhere, later
	room    int
	pace    int // how long it rests at most, in ms
	woken   chan struct{}

	mu   sync.Mutex
	sub  *live.Subscription
	at   news.Seq // what it got last
	over error    // why this connection has ended; nil while it has not
}

var (
	errDone = errors.New("the last line has come")
	errGone = errors.New("the connection was lost")
)

func newWalker(s *scene, sub subject) *walker {
	return &walker{
		scene: s, subject: sub, direct: s.oneIn(2), room: 1 + s.n(3)*s.n(40<<10), pace: s.n(40),
		woken: make(chan struct{}, 1),
	}
}

func (w *walker) Wake() {
	if w.direct {
		for w.step() {
		}
	}
	select {
	case w.woken <- struct{}{}:
	default:
	}
}

// walk is one connection; it tells whether the walker is at its end.
func (w *walker) walk(ctx context.Context, after *news.LogCursor) (done bool) {
	if !w.join(ctx, after) {
		return false
	}
	err := w.follow(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sub.Leave()
	if w.oneIn(4) {
		w.sub.Leave()
	}
	w.sub = nil
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		w.t.Errorf("a reader of %s waits at line %d for ever; the next is %d", w.subject.key, w.at, w.log.next(w.at, w.subject.wants))
	case errors.Is(err, errGone), errors.Is(err, live.ErrPanic), errors.Is(err, errNotToday):
		return false
	case !errors.Is(err, errDone):
		w.t.Errorf("a reader of %s at line %d was ended: %v", w.subject.key, w.at, err)
	}
	return true
}

func (w *walker) join(ctx context.Context, after *news.LogCursor) bool {
	head := w.log.length()
	sub, err := w.hub.Join(ctx, live.Joining{Key: w.subject.key, Open: w.open(w.subject), After: after, Reader: w})
	switch {
	case err == nil:
	case errors.Is(err, news.ErrUnavailable), errors.Is(err, news.ErrRateLimited), errors.Is(err, live.ErrPanic), errors.Is(err, errNotToday):
		return false
	default:
		w.t.Errorf("join %s after %v: %v", w.subject.key, after, err)
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sub, w.over, w.at = sub, nil, sub.At()
	if after != nil && w.at != after.Seq || after == nil && w.at < head {
		w.t.Errorf("joined %s after %v at line %d; the head was %d", w.subject.key, after, w.at, head)
	}
	return true
}

// follow takes until the connection ends.
func (w *walker) follow(ctx context.Context) error {
	patience := forEver // most are ended by what they get alone
	if w.oneIn(3) {
		patience = w.upTo(500)
	}
	lost := time.NewTimer(patience)
	defer lost.Stop()
	for {
		for w.step() {
			if w.oneIn(4) {
				time.Sleep(w.upTo(w.pace))
			}
		}
		if err := w.ended(); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-lost.C:
			if patience < forEver {
				return errGone
			}
		case <-w.woken:
		}
		time.Sleep(w.upTo(w.pace))
	}
}

func (w *walker) ended() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.over
}

// step takes once, and tells whether there is more.
func (w *walker) step() (more bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sub == nil || w.over != nil {
		return false
	}
	seen := w.hub.Head()
	list, more, err := w.sub.Take(w.room)
	w.look(list, seen)
	switch {
	case w.over != nil:
	case err != nil:
		w.over = err
	case len(list) > 0 && w.oneIn(15):
		w.over = errGone
	}
	return more && w.over == nil
}

// look holds that a list is what follows; seen is how far the log was known.
func (w *walker) look(list []live.Payload, seen news.Seq) {
	bytes := 0
	for _, p := range list {
		if want := w.log.next(w.at, w.subject.wants); p.Seq != want {
			w.t.Errorf("a reader of %s got line %d after line %d, want line %d", w.subject.key, p.Seq, w.at, want)
		}
		w.at = p.Seq
		bytes += len(p.JSON)
		s := decoded(w.t, p)
		for where, text := range map[string]string{"of": s.Text, "beside": s.Beside} {
			if gone := w.log.goneSince(text); gone != 0 && gone <= seen {
				w.t.Errorf("a reader of %s got %q %s line %d, which line %d had withdrawn; line %d was seen", w.subject.key, text, where, p.Seq, gone, seen)
			}
		}
		if p.Mark != mark(w.hub.Cursor(p.Seq)) {
			w.t.Errorf("line %d is marked %q", p.Seq, p.Mark)
		}
	}
	if len(list) > 1 && bytes > w.room {
		w.t.Errorf("got %d payloads of %d bytes for a room of %d", len(list), bytes, w.room)
	}
	if at := w.sub.At(); at < w.at {
		w.t.Errorf("is at line %d having got line %d", at, w.at)
	}
	if !w.log.complete() {
		return
	}
	if next := w.log.next(w.at, w.subject.wants); next == 0 {
		w.over = errDone
	} else if at := w.sub.At(); at >= next {
		w.t.Errorf("is at line %d, and line %d was never got", at, next)
	}
}
