package live_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// TestNoHoleAndNoDouble lets readers come and go at random places and paces while
// things are published and withdrawn, tags are merged and taken apart, the store is
// slow or away, wake-ups get lost and groups come and end, and holds that each gets
// every line behind its place once and in order, and no text that is known to be
// withdrawn. Who follows a tag gets what concerns the tag that stands for it at each
// line. It does so for many interleavings; a failure names the seed.
func TestNoHoleAndNoDouble(t *testing.T) {
	rounds := 1500
	if testing.Short() {
		rounds = 150
	}
	for seed := range uint64(rounds) {
		failed := !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { interleave(t, seed) })
		})
		if failed {
			return
		}
	}
}

// A scene is where one interleaving takes place.
type scene struct {
	*chance
	t     *testing.T
	log   *memoryLog
	room  *newsroom
	hub   *live.Hub
	panic bool // whether executions panic now and then
}

const lastTag = "tag_last"

// isLast tells whether a line is the one that ends the scene.
func isLast(line news.Line) bool {
	e, ok := line.Doc.(*news.TickerEntry)
	return ok && slices.Contains(e.Tags, lastTag)
}

// forEver is much longer than everything that happens.
const forEver = time.Minute

func interleave(t *testing.T, seed uint64) {
	s := &scene{chance: newChance(seed), t: t, log: &memoryLog{}}
	s.room = newNewsroom(s.chance, s.log)
	s.panic = s.oneIn(4)
	s.log.lost = func() bool { return s.oneIn(4) }
	for range s.n(30) {
		s.room.change()
	}
	o := live.HubOptions{
		Groups: 2 + s.n(4), Payloads: 1 + s.n(8), PayloadBytes: 1, Workers: 1 + s.n(3), CatchUps: 1 + s.n(3),
		Linger: time.Duration(1+s.n(100)) * time.Millisecond, Mark: mark,
	}
	if o.CatchUps == 1 {
		slowest := s.n(60)
		s.log.delay = func() time.Duration { return s.upTo(slowest) }
	} else {
		// Time stands still while one who catches up waits for the lock of another.
		s.log.delay = func() time.Duration { s.dawdle(); return 0 }
	}
	s.hub = serve(t, s.log, live.Options{Ring: 1 + s.n(8), Poll: 50 * time.Millisecond}, o)

	var work sync.WaitGroup
	work.Go(s.write)
	work.Go(s.outages)
	for range 6 {
		work.Go(s.read)
	}
	work.Wait()
}

func mark(c news.LogCursor) string { return fmt.Sprint("behind ", c.Seq) }

// dawdle lets others go first.
func (s *scene) dawdle() {
	for range s.n(4) {
		runtime.Gosched()
	}
}

func (s *scene) write() {
	for range 100 {
		if !s.oneIn(3) { // else several at once
			time.Sleep(s.upTo(30))
		}
		s.room.change()
	}
	s.log.commit(news.OpPublished, entry(-1, lastTag))
}

func (s *scene) outages() {
	for range s.n(4) {
		time.Sleep(s.upTo(600))
		s.log.fail(fmt.Errorf("dial: %w", news.ErrUnavailable))
		time.Sleep(s.upTo(200))
		s.log.fail(nil)
	}
}

// A subject is what can be followed.
type subject struct {
	key   string
	wants func(news.Line) bool // for a subject that names a tag it is asked by the log alone
	tag   string               // its slug or id; empty for none
}

func (s *scene) subject() subject {
	if s.oneIn(2) {
		id := s.room.tagID()
		name := []string{string(id), strings.TrimPrefix(string(id), "tag_")}[s.n(2)]
		return subject{"tag " + name, func(line news.Line) bool { return isLast(line) || s.log.concerns(line, id) }, name}
	}
	every, kind := news.Seq(1+s.n(3)), []news.Kind{"", news.KindStory, news.KindTickerEntry}[s.n(3)]
	return subject{fmt.Sprintf("every %d of %q", every, kind), func(line news.Line) bool {
		return isLast(line) || line.Seq%every == 0 && (kind == "" || line.Doc.Ref().Kind == kind)
	}, ""}
}

// operation makes what a group executes: each has its own.
func (s *scene) operation(sub subject) *operation {
	return &operation{
		t: s.t, wants: sub.wants, padding: s.n(2) * 20 << 10,
		beside: func(e live.Event) (string, error) { return s.log.textOf(s.room.someone(e.Seq)) },
		trouble: func(e live.Event) error {
			s.dawdle()
			switch {
			case s.panic && s.oneIn(200):
				panic("at random")
			case s.oneIn(50):
				return fmt.Errorf("at random: %w", news.ErrUnavailable)
			}
			return nil
		},
	}
}

// open begins an operation, which may take long or fail.
func (s *scene) open(sub subject) func(context.Context) (live.Operation, error) {
	return func(ctx context.Context) (live.Operation, error) {
		if s.oneIn(3) {
			if err := pause(ctx, s.upTo(100)); err != nil {
				return nil, err
			}
		}
		if s.oneIn(10) {
			return nil, errNotToday
		}
		o := s.operation(sub)
		if sub.tag == "" {
			return o, nil
		}
		if _, err := following(ctx, s.log, o, sub.tag); err != nil {
			return nil, err
		}
		concerns := o.wants
		o.wants = func(line news.Line) bool { return isLast(line) || concerns(line) }
		return o, nil
	}
}

var errNotToday = errors.New("not today")

// read follows something from a place on until the last line, with a few
// connections, and then and now from a place that it was at before.
func (s *scene) read() {
	time.Sleep(s.upTo(1000))
	r := newWalker(s, s.subject())
	after := place(news.Seq(s.n(int(s.log.length()) + 1)))
	if s.oneIn(3) {
		after = nil
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), forEver)
	defer cancel()
	for !r.walk(ctx, after) {
		time.Sleep(s.upTo(100))
		if after = place(r.at); s.oneIn(5) {
			after = place(news.Seq(s.n(int(r.at) + 1)))
		}
	}
}
