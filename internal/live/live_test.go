package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// follow starts a follower of log that ends with the test.
func follow(t *testing.T, log live.Source, o live.Options) *live.Follower {
	t.Helper()
	f, err := live.Follow(t.Context(), log, o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v, want the context's error", err)
		}
	})
	return f
}

// TestNoHoleAndNoDouble lets readers come and go at random places and paces while
// lines are written, the store is slow and wake-ups get lost, and holds that each
// gets every line behind its place once and in order. It does so for many
// interleavings; a failure names the seed.
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

func interleave(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	upTo := func(ms int) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		return time.Duration(random.IntN(ms+1)) * time.Millisecond
	}
	n := func(most int) int {
		mu.Lock()
		defer mu.Unlock()
		return random.IntN(most)
	}
	slowest := n(60)
	log := &memoryLog{
		delay: func() time.Duration { return upTo(slowest) },
		lost:  func() bool { return n(4) == 0 },
	}
	for i := range n(30) {
		log.commit(news.OpPublished, entry(i))
	}
	f := follow(t, log, live.Options{Ring: 1 + n(8), Poll: 50 * time.Millisecond})

	const written = 120
	var work sync.WaitGroup
	work.Go(func() {
		for i := range written {
			time.Sleep(upTo(20))
			log.commit(news.OpPublished, entry(1000+i))
		}
	})
	for range 6 {
		work.Go(func() {
			time.Sleep(upTo(1000))
			pace, every := 1+n(40), news.Seq(1+n(3))
			after := news.Seq(n(int(log.head()) + 1))
			wanted := func(line news.Line) bool { return line.Seq%every == 0 }
			got := read(t, f, after, wanted, n, func() { time.Sleep(upTo(pace)) }, func(at news.Seq) bool {
				return at/every*every+every > written // nothing more is wanted
			})
			want := slices.DeleteFunc(fromTo(after+1, written), func(seq news.Seq) bool { return seq%every != 0 })
			if !slices.Equal(got[:min(len(got), len(want))], want) {
				t.Errorf("a reader of every line that %d divides, behind line %d, got %v", every, after, got)
			}
		})
	}
	work.Wait()
}

// read follows from after on until done, and now and then starts again from what
// it got last, as a client does that lost its connection.
func read(t *testing.T, f *live.Follower, after news.Seq, wanted func(news.Line) bool, n func(int) int, rest func(), done func(news.Seq) bool) []news.Seq {
	var got []news.Seq
	for at := after; !done(at); {
		from := f.Cursor(at)
		r, err := f.Read(t.Context(), &from)
		if err != nil {
			t.Errorf("read after line %d: %v", at, err)
			return got
		}
		for connected := true; connected && !done(at); connected = n(10) > 0 {
			events, err := r.Next(t.Context(), wanted)
			if err != nil {
				t.Errorf("next after line %d: %v", at, err)
				return got
			}
			got = append(got, seqs(events, func(e live.Event) news.Seq { return e.Seq })...)
			at = events[len(events)-1].Seq
			rest()
		}
	}
	return got
}

func TestReadWithoutAPlaceBeginsWithTheNextChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		log.commit(news.OpPublished, entry(1))
		f := follow(t, log, live.Options{})
		// The follower has not seen this line yet; whoever subscribes now has.
		log.commit(news.OpPublished, entry(2))
		r, err := f.Read(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		log.commit(news.OpPublished, entry(3))
		events, err := r.Next(t.Context(), all)
		if err != nil || len(events) != 1 || events[0].Seq != 3 {
			t.Errorf("got %v, %v, want line 3 alone", events, err)
		}
	})
}

func TestReadRefusesPlacesThatAreNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 30 {
			log.commit(news.OpPublished, entry(i))
		}
		f := follow(t, log, live.Options{MaxBehind: 10})
		for _, row := range []struct {
			name  string
			after news.LogCursor
			want  error
		}{
			{"another log", news.LogCursor{Epoch: "other", Seq: 25}, news.ErrBadCursor},
			{"ahead of the log", news.LogCursor{Epoch: "epoch", Seq: 31}, news.ErrBadCursor},
			{"the head", news.LogCursor{Epoch: "epoch", Seq: 30}, nil},
			{"as old as may be", news.LogCursor{Epoch: "epoch", Seq: 20}, nil},
			{"too old", news.LogCursor{Epoch: "epoch", Seq: 19}, news.ErrCursorExpired},
			{"the beginning", news.LogCursor{Epoch: "epoch", Seq: 0}, news.ErrCursorExpired},
		} {
			_, err := f.Read(t.Context(), &row.after)
			if !errors.Is(err, row.want) {
				t.Errorf("%s: got %v, want %v", row.name, err, row.want)
			}
			var expired *news.CursorError
			if errors.Is(row.want, news.ErrCursorExpired) && errors.As(err, &expired) && expired.Oldest.Seq != 20 {
				t.Errorf("%s: the oldest good place is %d, want 20", row.name, expired.Oldest.Seq)
			}
		}
	})
}

func TestSlowReaderGetsEverything(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		f := follow(t, log, live.Options{MaxBehind: 10, Ring: 4})
		r, err := f.Read(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 300 {
			log.commit(news.OpPublished, entry(i))
		}
		synctest.Wait()
		var got []news.Seq
		for len(got) < 300 {
			events, err := r.Next(t.Context(), all)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, seqs(events, func(e live.Event) news.Seq { return e.Seq })...)
		}
		if !slices.Equal(got, fromTo(1, 300)) {
			t.Errorf("got %v", got)
		}
	})
}

// TestTextWithdrawnWhileItWaitsIsNotDelivered lets a reader take its time over a
// batch of which a line is withdrawn.
func TestTextWithdrawnWhileItWaitsIsNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		f := follow(t, log, live.Options{})
		r, err := f.Read(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 {
			log.commit(news.OpPublished, story(i, news.StoryPublished, 1))
		}
		synctest.Wait()
		enough := errors.New("enough")
		var kinds []news.EventKind
		err = r.Each(t.Context(), all, func(e live.Event) error {
			if len(kinds) == 0 {
				gone := story(2, news.StoryUnpublished, 2)
				gone.WithdrawnIn = 2
				log.commit(news.OpUnpublished, gone)
				synctest.Wait()
				log.fail(news.ErrUnavailable) // and the store goes away for a while
				time.AfterFunc(time.Minute, func() { log.fail(nil) })
			}
			kinds = append(kinds, e.Kind)
			if e.Kind == news.EventRemoved && strings.Contains(fmt.Sprintf("%+v", e.Public), withdrawn) {
				t.Errorf("line %d shows what was withdrawn", e.Seq)
			}
			if len(kinds) == 4 {
				return enough
			}
			return nil
		})
		want := []news.EventKind{news.EventPublished, news.EventPublished, news.EventRemoved, news.EventRemoved}
		if !errors.Is(err, enough) || !slices.Equal(kinds, want) {
			t.Errorf("got %v, %v, want %v", kinds, err, want)
		}
	})
}

func TestReadersWaitThroughAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		for i := range 20 {
			log.commit(news.OpPublished, entry(i))
		}
		f := follow(t, log, live.Options{Ring: 2})
		synctest.Wait()
		behind, head := f.Cursor(3), f.Cursor(20)
		var work sync.WaitGroup
		for _, from := range []news.LogCursor{behind, head} {
			r, err := f.Read(t.Context(), &from)
			if err != nil {
				t.Fatal(err)
			}
			work.Go(func() {
				var got []news.Seq
				enough := errors.New("enough")
				err := r.Each(t.Context(), all, func(e live.Event) error {
					if got = append(got, e.Seq); e.Seq == 22 {
						return enough
					}
					return nil
				})
				if want := fromTo(from.Seq+1, 22); !errors.Is(err, enough) || !slices.Equal(got, want) {
					t.Errorf("got %v, %v, want %v", got, err, want)
				}
			})
		}
		log.fail(fmt.Errorf("dial: %w", news.ErrUnavailable))
		log.commit(news.OpPublished, entry(21))
		time.Sleep(time.Minute)
		log.commit(news.OpPublished, entry(22))
		log.fail(nil)
		work.Wait()
	})
}

func TestPollFindsWhatNothingAnnounces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{unwatch: errors.New("no change streams here")}
		f := follow(t, log, live.Options{Poll: time.Second})
		synctest.Wait()
		began := time.Now()
		log.commit(news.OpPublished, entry(1))
		from := f.Cursor(0)
		r, err := f.Read(t.Context(), &from)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Next(t.Context(), all); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("the line came after %v, want a poll's time at most", waited)
		}
	})
}

func TestHoleInTheLogIsNeverStepped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{holeAt: 2}
		f := follow(t, log, live.Options{})
		for i := range 3 {
			log.commit(news.OpPublished, entry(i))
		}
		time.Sleep(time.Minute)
		if head := f.Head(); head != 0 {
			t.Errorf("the follower went to line %d over a hole", head)
		}
	})
}

func TestNextEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t, &memoryLog{}, live.Options{})
		r, err := f.Read(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := r.Next(ctx, all); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
}

func TestLiveLinesCostNoStoreCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		f := follow(t, log, live.Options{})
		r, err := f.Read(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		reads := log.reads
		for i := range 10 {
			log.commit(news.OpPublished, entry(i))
			synctest.Wait()
			if _, err := r.Next(t.Context(), all); err != nil {
				t.Fatal(err)
			}
		}
		// The follower reads each line and then finds that there is no more.
		if got := log.reads - reads; got > 20 || log.asked != 0 {
			t.Errorf("10 live lines took %d reads and %d look-ups, want the follower's 20 and none", got, log.asked)
		}
	})
}

func TestWithdrawnTextIsNotReplayed(t *testing.T) {

	retracted := entry(1)
	retracted.Version, retracted.Status, retracted.Body = 2, news.TickerRetracted, ""
	unpublished := story(1, news.StoryUnpublished, 2)
	harmless := story(1, news.StoryPublished, 3)
	harmless.Title, harmless.Body = "Harmless", ""
	changed := story(1, news.StoryPublished, 4)
	changed.Title, changed.Body = "Still harmless", ""
	for _, s := range []*news.Story{unpublished, harmless, changed} {
		s.WithdrawnIn = 2
	}
	for _, row := range []struct {
		name   string
		commit []news.Change
		want   []news.EventKind
	}{
		{"a retracted line",
			[]news.Change{{Op: news.OpPublished, Doc: entry(1)}, {Op: news.OpRetracted, Doc: retracted}},
			[]news.EventKind{news.EventRemoved, news.EventRemoved}},
		{"an unpublished story",
			[]news.Change{
				{Op: news.OpCreated, Doc: story(1, news.StoryDraft, 1)}, {Op: news.OpPublished, Doc: story(1, news.StoryPublished, 2)},
				{Op: news.OpUpdated, Doc: story(1, news.StoryPublished, 3)}, {Op: news.OpUnpublished, Doc: story(1, news.StoryUnpublished, 4)},
				{Op: news.OpUpdated, Doc: story(1, news.StoryUnpublished, 5)},
			},
			[]news.EventKind{news.EventRemoved, news.EventRemoved, news.EventRemoved}},
		{"a story that came back with another text",
			[]news.Change{
				{Op: news.OpPublished, Doc: story(1, news.StoryPublished, 1)}, {Op: news.OpUnpublished, Doc: unpublished},
				{Op: news.OpPublished, Doc: harmless}, {Op: news.OpUpdated, Doc: changed},
			},
			[]news.EventKind{news.EventRemoved, news.EventRemoved, news.EventPublished, news.EventUpdated}},
	} {
		for _, ring := range []int{1, 100} {
			t.Run(fmt.Sprintf("%s, ring of %d", row.name, ring), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					log := &memoryLog{}
					f := follow(t, log, live.Options{Ring: ring})
					for _, c := range row.commit {
						log.commit(c.Op, c.Doc)
					}
					for i := range 5 {
						log.commit(news.OpCreated, story(10+i, news.StoryDraft, 1))
					}
					synctest.Wait()
					from := f.Cursor(0)
					r, err := f.Read(t.Context(), &from)
					if err != nil {
						t.Fatal(err)
					}
					var kinds []news.EventKind
					for len(kinds) < len(row.want) {
						events, err := r.Next(t.Context(), all)
						if err != nil {
							t.Fatal(err)
						}
						for _, e := range events {
							kinds = append(kinds, e.Kind)
							if text := fmt.Sprintf("%+v", e.Public); strings.Contains(text, withdrawn) {
								t.Errorf("line %d shows what was withdrawn: %s", e.Seq, text)
							}
						}
					}
					if !slices.Equal(kinds, row.want) {
						t.Errorf("got %v, want %v", kinds, row.want)
					}
				})
			})
		}
	}
}

func TestWhatLeavesAFilterIsDeliveredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		f := follow(t, log, live.Options{})
		moved := entry(1)
		moved.Version = 2
		again := entry(1)
		again.Version, again.Headline = 3, "Again"
		log.commit(news.OpPublished, entry(1, "tag_a"))
		log.commit(news.OpCorrected, moved)
		log.commit(news.OpCorrected, again)
		log.commit(news.OpPublished, entry(2, "tag_a"))
		synctest.Wait()
		sel := news.TickerFilter{Tags: []news.TagID{"tag_a"}}.Selection()
		from := f.Cursor(0)
		r, err := f.Read(t.Context(), &from)
		if err != nil {
			t.Fatal(err)
		}
		events, err := r.Next(t.Context(), func(l news.Line) bool { return l.Concerns(sel) })
		got := seqs(events, func(e live.Event) news.Seq { return e.Seq })
		if want := []news.Seq{1, 2, 4}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	})
}

func TestRingIsBoundedInBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &memoryLog{}
		f := follow(t, log, live.Options{Ring: 1000, RingBytes: 100 << 10})
		for i := range 40 {
			s := story(i, news.StoryPublished, 1)
			s.Body = strings.Repeat("x", 50<<10)
			log.commit(news.OpPublished, s)
		}
		synctest.Wait()
		reads := log.reads
		from := f.Cursor(0)
		r, err := f.Read(t.Context(), &from)
		if err != nil {
			t.Fatal(err)
		}
		events, err := r.Next(t.Context(), all)
		if err != nil || len(events) != 40 {
			t.Fatalf("got %d events, %v, want 40", len(events), err)
		}
		if log.reads == reads {
			t.Error("40 stories of 50 KiB were all kept in a ring of 100 KiB")
		}
	})
}
