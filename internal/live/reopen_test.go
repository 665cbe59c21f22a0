package live_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// An opener opens operations that follow a tag, and remembers them.
type opener struct {
	t      *testing.T
	log    *memoryLog
	name   string
	opened []*operation
	fail   func(again int) error // nil: never
}

func (o *opener) open(ctx context.Context) (live.Operation, error) {
	if o.fail != nil {
		if err := o.fail(len(o.opened)); err != nil {
			return nil, err
		}
	}
	op := &operation{t: o.t}
	o.opened = append(o.opened, op)
	return following(ctx, o.log, op, o.name)
}

func (o *opener) join(h *live.Hub, after *news.LogCursor) *client {
	o.t.Helper()
	c := &client{}
	sub, err := h.Join(o.t.Context(), live.Joining{Key: o.name, Open: o.open, After: after, Reader: c})
	if err != nil {
		o.t.Fatal(err)
	}
	c.mu.Lock()
	c.sub = sub
	c.mu.Unlock()
	c.take()
	return c
}

// Two tags, a and b, of which a is merged into b by line 6. What concerns whoever
// follows each of them up to the last line:
var (
	linesOfA = []news.Seq{3, 7, 9}
	linesOfB = []news.Seq{4, 7, 9}
)

func twoTags() *memoryLog {
	log := &memoryLog{}
	log.commit(news.OpCreated, tag("a"))
	log.commit(news.OpCreated, tag("b"))
	return log
}

func beforeTheMerge(log *memoryLog) {
	log.commit(news.OpPublished, entry(1, "tag_a"))
	log.commit(news.OpPublished, entry(2, "tag_b"))
}

func behindTheMerge(log *memoryLog) {
	moved := entry(1, "tag_b")
	moved.Version = 2
	log.commit(news.OpRetagged, moved)
	log.commit(news.OpPublished, entry(3, "tag_c"))
	log.commit(news.OpPublished, entry(4, "tag_b"))
}

func TestFollowersOfAMergedTagGoOnWithTheOneThatStays(t *testing.T) {
	for _, ring := range []int{1, 100} {
		t.Run(fmt.Sprintf("ring of %d", ring), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := twoTags()
				h := serve(t, log, live.Options{Ring: ring}, live.HubOptions{Payloads: 1})
				a, b, all := &opener{t: t, log: log, name: "a"}, &opener{t: t, log: log, name: "tag_b"}, &operation{t: t}
				clients := map[string][]*client{"a": {a.join(h, nil)}, "b": {b.join(h, nil)}}
				join(t, h, "all", all, nil)
				beforeTheMerge(log)
				synctest.Wait()
				log.merge("tag_a", "tag_b")
				synctest.Wait()
				if len(a.opened) != 2 || len(b.opened) != 1 {
					t.Errorf("opened %d and %d times, want the first again", len(a.opened), len(b.opened))
				}
				if before := a.opened[0]; before.ctx.Err() == nil || a.opened[1].ctx.Err() != nil {
					t.Error("the operation that was outdated has not ended, or the other one has")
				}
				behindTheMerge(log)
				synctest.Wait()
				again, fresh := &opener{t: t, log: log, name: "tag_a"}, &opener{t: t, log: log, name: "b"}
				clients["a"] = append(clients["a"], a.join(h, place(0)), a.join(h, place(2)), again.join(h, place(1)))
				clients["b"] = append(clients["b"], b.join(h, place(0)), fresh.join(h, place(1)))
				synctest.Wait()
				for i, c := range clients["a"] {
					c.mustHave(t, fmt.Sprintf("reader %d of the merged tag", i), linesOfA)
				}
				for i, c := range clients["b"] {
					c.mustHave(t, fmt.Sprintf("reader %d of the tag that stays", i), linesOfB)
				}
			})
		})
	}
}

// TestNobodyOvertakesAReopening has the store go away at a merge: while the
// operation can't be opened anew, nobody gets a line behind that.
func TestNobodyOvertakesAReopening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := twoTags()
		h := serve(t, log, live.Options{}, live.HubOptions{Payloads: 1})
		var away atomic.Bool
		a := &opener{t: t, log: log, name: "a", fail: func(int) error {
			if away.Load() {
				return fmt.Errorf("dial: %w", news.ErrUnavailable)
			}
			return nil
		}}
		there := a.join(h, nil)
		beforeTheMerge(log)
		synctest.Wait()
		away.Store(true)
		log.merge("tag_a", "tag_b")
		behindTheMerge(log)
		synctest.Wait()
		late, later := a.join(h, place(0)), a.join(h, place(6))
		time.Sleep(time.Minute)
		synctest.Wait()
		for name, c := range map[string]*client{"who was there": there, "who is late": late} {
			c.mustHave(t, name+", while the store is away", linesOfA[:1])
		}
		later.mustHave(t, "who is behind the merge, while the store is away", nil)
		away.Store(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		there.mustHave(t, "who was there", linesOfA)
		late.mustHave(t, "who is late", linesOfA)
		later.mustHave(t, "who is behind the merge", linesOfA[1:])
		if len(a.opened) != 2 {
			t.Errorf("opened %d times, want twice", len(a.opened))
		}
	})
}

// TestErrorAtReopeningEndsTheGroup has a tag deleted whose followers can't go on.
func TestErrorAtReopeningEndsTheGroup(t *testing.T) {
	gone := errors.New("it names no tag")
	for _, row := range []struct {
		name string
		fail func(again int) error
		want error
	}{
		{"an error", func(again int) error {
			if again > 0 {
				return gone
			}
			return nil
		}, gone},
		{"a panic", func(again int) error {
			if again > 0 {
				panic("at the second time")
			}
			return nil
		}, live.ErrPanic},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := twoTags()
				h := serve(t, log, live.Options{}, live.HubOptions{})
				a := &opener{t: t, log: log, name: "a", fail: row.fail}
				b := &opener{t: t, log: log, name: "b"}
				here, other := a.join(h, nil), b.join(h, nil)
				beforeTheMerge(log)
				synctest.Wait()
				log.delete("tag_a")
				log.commit(news.OpPublished, entry(5, "tag_a", "tag_b"))
				synctest.Wait()
				if got := here.seqs(); !errors.Is(here.end(), row.want) || !slices.Equal(got, linesOfA[:1]) {
					t.Errorf("got %v, %v, want line 3 and then %v", got, here.end(), row.want)
				}
				other.mustHave(t, "who follows another tag", []news.Seq{4, 6})
				if a.opened[0].ctx.Err() == nil {
					t.Error("the operation of a group that ended has not")
				}
			})
		})
	}
}
