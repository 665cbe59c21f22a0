package live_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

func TestJoinWithoutAPlaceBeginsWithTheNextChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{lost: func() bool { return true }}
		log.commit(news.OpPublished, entry(1))
		h := serve(t, log, live.Options{}, live.HubOptions{})
		synctest.Wait()
		// The follower has not seen this line yet; whoever subscribes now has.
		log.commit(news.OpPublished, entry(2))
		c := join(t, h, "all", &operation{t: t}, nil)
		if head, at := h.Head(), c.sub.At(); head != 1 || at != 2 {
			t.Errorf("began at line %d, the follower being at line %d, want 2 and 1", at, head)
		}
		log.commit(news.OpPublished, entry(3))
		time.Sleep(time.Minute)
		synctest.Wait()
		c.mustHave(t, "a new reader", fromTo(3, 3))
	})
}

func TestJoinRefusesPlacesThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 30 {
			log.commit(news.OpPublished, entry(i))
		}
		h := serve(t, log, live.Options{MaxBehind: 10}, live.HubOptions{})
		for _, row := range []struct {
			name  string
			after news.LogCursor
			want  error
		}{
			{"another log", news.LogCursor{Epoch: "other", Seq: 25}, news.ErrBadCursor},
			{"ahead of the log", *place(31), news.ErrBadCursor},
			{"the head", *place(30), nil},
			{"as old as may be", *place(20), nil},
			{"too old", *place(19), news.ErrCursorExpired},
			{"the beginning", *place(0), news.ErrCursorExpired},
		} {
			sub, err := h.Join(t.Context(), (&operation{t: t}).joining("all", &client{}, &row.after))
			if !errors.Is(err, row.want) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.want)
			}
			if err == nil && sub.At() != row.after.Seq {
				t.Errorf("%s: began at line %d", row.name, sub.At())
			}
			var expired *news.CursorError
			if errors.Is(row.want, news.ErrCursorExpired) && errors.As(err, &expired) && expired.Oldest.Seq != 20 {
				t.Errorf("%s: the oldest good place is %d, want 20", row.name, expired.Oldest.Seq)
			}
		}
	})
}

func TestPlaceAheadOfTheFollowerIsGood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{lost: func() bool { return true }}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		synctest.Wait()
		for i := range 3 {
			log.commit(news.OpPublished, entry(i))
		}
		c := join(t, h, "all", &operation{t: t}, place(2))
		time.Sleep(time.Minute)
		synctest.Wait()
		c.mustHave(t, "a reader who knows more than the follower", fromTo(3, 3))
	})
}

func TestAdmitIsAskedOfThoseWhoBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, &memoryLog{}, live.Options{}, live.HubOptions{Groups: 1, Linger: time.Hour})
		closed := errors.New("closed")
		o := &operation{t: t, admit: func(context.Context) error { return closed }}
		if _, err := h.Join(t.Context(), o.joining("all", &client{}, nil)); !errors.Is(err, closed) {
			t.Errorf("without a place: got %v, want Admit's error", err)
		}
		c := join(t, h, "all", o, place(0))
		c.leave()
		// Whoever was not admitted holds no group.
		join(t, h, "another", &operation{t: t}, nil)
	})
}

func TestPanicInAdmitHoldsNoGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, &memoryLog{}, live.Options{}, live.HubOptions{Groups: 1})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic got lost")
				}
			}()
			o := &operation{t: t, admit: func(context.Context) error { panic("at the door") }}
			_, _ = h.Join(t.Context(), o.joining("all", &client{}, nil))
		}()
		join(t, h, "another", &operation{t: t}, nil)
	})
}

func TestOpenIsCalledOnceForAllWhoJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, &memoryLog{}, live.Options{}, live.HubOptions{})
		broken := errors.New("broken")
		var opened atomic.Int64
		joining := func(err error) live.Joining {
			return live.Joining{Key: "all", Reader: &client{}, Open: func(context.Context) (live.Operation, error) {
				opened.Add(1)
				time.Sleep(time.Second)
				return &operation{t: t}, err
			}}
		}
		for _, want := range []error{broken, nil, nil} {
			var work sync.WaitGroup
			for range 20 {
				work.Go(func() {
					if _, err := h.Join(t.Context(), joining(want)); !errors.Is(err, want) {
						t.Errorf("got %v, want %v", err, want)
					}
				})
			}
			work.Wait()
		}
		if n := opened.Load(); n != 2 {
			t.Errorf("opened %d times, want once in vain and once for all", n)
		}
	})
}

func TestPanicInOpenReachesThoseWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, &memoryLog{}, live.Options{}, live.HubOptions{})
		_, err := h.Join(t.Context(), live.Joining{Key: "all", Open: func(context.Context) (live.Operation, error) { panic("open") }})
		if !errors.Is(err, live.ErrPanic) {
			t.Errorf("got %v, want ErrPanic", err)
		}
		join(t, h, "all", &operation{t: t}, nil)
	})
}

// TestJoinEndsWithItsContext has Open hang: who waits gets out, and so does Open
// when nobody has waited for a while.
func TestJoinEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := serve(t, &memoryLog{}, live.Options{}, live.HubOptions{Linger: time.Minute})
		ended := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := h.Join(ctx, live.Joining{Key: "all", Reader: &client{}, Open: func(ctx context.Context) (live.Operation, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		}})
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Open's context ended with %v", err)
		}
	})
}

func TestJoinWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		h := serve(t, log, live.Options{}, live.HubOptions{})
		log.fail(fmt.Errorf("dial: %w", news.ErrUnavailable))
		o := &operation{t: t}
		if _, err := h.Join(t.Context(), o.joining("all", &client{}, nil)); !errors.Is(err, news.ErrUnavailable) {
			t.Errorf("without a place: got %v, want ErrUnavailable", err)
		}
		join(t, h, "all", o, place(0)) // the place is known to be good
		log.fail(nil)
	})
}
