package live_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"depeche/internal/live"
	"depeche/internal/news"
)

// A cloakroom is a Handover in memory.
type cloakroom struct {
	mu     sync.Mutex
	places map[string]news.Place
	taken  int   // calls of TakePlaces
	outage error // what calls answer while it is set
}

func (c *cloakroom) LeavePlaces(_ context.Context, _ time.Time, places []news.Place) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outage != nil {
		return c.outage
	}
	if c.places == nil {
		c.places = map[string]news.Place{}
	}
	for _, p := range places {
		c.places[p.Key] = p
	}
	return nil
}

func (c *cloakroom) TakePlaces(ctx context.Context, now time.Time, keys []string) (map[string]news.Seq, error) {
	if err := pause(ctx, time.Millisecond); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken++
	if c.outage != nil {
		return nil, c.outage
	}
	found := map[string]news.Seq{}
	for _, key := range keys {
		if p, ok := c.places[key]; ok {
			delete(c.places, key)
			if !now.After(p.Until) {
				found[key] = p.Seq
			}
		}
	}
	return found, nil
}

func (c *cloakroom) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outage = err
}

// A holder is a connection that is there or not.
type holder bool

func (h holder) Here(context.Context) bool { return bool(h) }

func key(n int) (k live.PlaceKey) {
	copy(k[:], fmt.Sprintf("reader %d", n))
	return k
}

// back asks for the place of a reader: "none", its line, or its line and a doubt.
func back(t *testing.T, p *live.Places, k live.PlaceKey) string {
	t.Helper()
	place, r, ok, err := p.Back(t.Context(), k, holder(true))
	if place != nil {
		defer p.Forget(place)
	}
	switch {
	case err != nil:
		t.Fatal(err)
	case !ok:
		return "none"
	case r.Doubtful:
		return fmt.Sprint(*r.Served, "?")
	}
	return fmt.Sprint(*r.Served)
}

func TestReadersAreKnownAgain(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(p *live.Places, place *live.Place)
		want []string // at each of two questions
	}{
		{"lost", func(p *live.Places, place *live.Place) { p.Lose(place) }, []string{"7", "none"}},
		{"not lost, and there", func(*live.Places, *live.Place) {}, []string{"7?", "7?"}},
		{"not wanting any more", func(p *live.Places, place *live.Place) { p.Forget(place) }, []string{"none", "none"}},
		{"lost for too long", func(p *live.Places, place *live.Place) {
			p.Lose(place)
			time.Sleep(5 * time.Minute)
		}, []string{"none", "none"}},
		{"lost, and swept too early", func(p *live.Places, place *live.Place) {
			p.Lose(place)
			time.Sleep(4 * time.Minute)
			p.Sweep()
		}, []string{"7", "none"}},
		{"lost again before it is served", func(p *live.Places, place *live.Place) {
			p.Lose(place)
			again, _, _, _ := p.Back(context.Background(), key(1), holder(true))
			p.Lose(again)
			p.Lose(place)
			p.Forget(place)
		}, []string{"7", "none"}},
		{"another beside it", func(p *live.Places, place *live.Place) {
			if p.Begin(key(1), 9, holder(true)) != nil {
				p.Forget(place) // which shows
			}
		}, []string{"7?", "7?"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := live.NewPlaces(&cloakroom{}, live.PlacesOptions{})
				place := p.Begin(key(1), 3, holder(true))
				place.Serve(7)
				row.do(p, place)
				for i, want := range row.want {
					if got := back(t, p, key(1)); got != want {
						t.Errorf("question %d: got %s, want %s", i, got, want)
					}
				}
				if got := back(t, p, key(2)); got != "none" {
					t.Errorf("somebody else: got %s", got)
				}
			})
		})
	}
}

// TestReaderOnADeadConnection comes back before anybody has missed it.
func TestReaderOnADeadConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := live.NewPlaces(&cloakroom{}, live.PlacesOptions{})
		dead := p.Begin(key(1), 3, holder(false))
		now, r, ok, err := p.Back(t.Context(), key(1), holder(true))
		if err != nil || !ok || r.Doubtful || *r.Served != 3 {
			t.Fatalf("got %+v, %v, %v, want line 3", r, ok, err)
		}
		p.Lose(dead) // now it is noticed
		if got := back(t, p, key(1)); got != "3?" {
			t.Errorf("got %s, want the place of the living", got)
		}
		p.Lose(now)
		if got := back(t, p, key(1)); got != "3" {
			t.Errorf("got %s, want 3", got)
		}
	})
}

// slowly is a connection that turns out to be dead after a while.
type slowly time.Duration

func (s slowly) Here(ctx context.Context) bool {
	pause(ctx, time.Duration(s)) //nolint:errcheck // it is dead either way
	return false
}

// TestTwoFastReconnects: the reader comes back, breaks off again, and comes back
// once more, all before the first connection is found to be dead.
func TestTwoFastReconnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := live.NewPlaces(&cloakroom{}, live.PlacesOptions{})
		p.Begin(key(1), 3, slowly(time.Second))
		var work sync.WaitGroup
		for _, h := range []live.Holder{slowly(time.Millisecond), holder(true)} {
			work.Go(func() {
				place, r, ok, err := p.Back(t.Context(), key(1), h)
				if err != nil || !ok || *r.Served != 3 || place == nil && !r.Doubtful {
					t.Errorf("got %+v, %v, %v, want line 3", r, ok, err)
				}
			})
		}
		work.Wait()
	})
}

// TestReaderWhoWasElsewhere: what the other node has left counts, if it is more.
func TestReaderWhoWasElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &cloakroom{}
		here, there := live.NewPlaces(store, live.PlacesOptions{}), live.NewPlaces(store, live.PlacesOptions{})
		here.Lose(here.Begin(key(1), 5, holder(true)))
		if err := there.Leave(t.Context(), []*live.Place{there.Begin(key(1), 20, holder(true))}, false); err != nil {
			t.Fatal(err)
		}
		if got := back(t, here, key(1)); got != "20" {
			t.Errorf("got %s, want 20", got)
		}
	})
}

// TestPlacesThatCantBeLeft are kept for the next try.
func TestPlacesThatCantBeLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &cloakroom{}
		first := live.NewPlaces(store, live.PlacesOptions{})
		place := first.Begin(key(1), 7, holder(true))
		store.fail(news.ErrUnavailable)
		if err := first.Leave(t.Context(), []*live.Place{place}, false); err == nil {
			t.Error("what could not be left is said to be")
		}
		store.fail(nil)
		first.Lose(place) // its connection is closed all the same
		if err := first.Leave(t.Context(), nil, true); err != nil {
			t.Fatal(err)
		}
		if got := back(t, live.NewPlaces(store, live.PlacesOptions{}), key(1)); got != "7" {
			t.Errorf("got %s, want 7", got)
		}
	})
}

func TestPlacesAreHandedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &cloakroom{}
		first := live.NewPlaces(store, live.PlacesOptions{})
		var here []*live.Place
		for i := range 5 {
			here = append(here, first.Begin(key(i), news.Seq(i), holder(true)))
		}
		first.Lose(here[4])
		if err := first.Leave(t.Context(), here[:3], false); err != nil {
			t.Fatal(err)
		}
		first.Lose(here[0]) // its connection is closed after that
		if err := first.Leave(t.Context(), nil, true); err != nil {
			t.Fatal(err)
		}
		// The fourth is still there, on the first node.
		left := maps.Clone(store.places)
		if len(left) != 4 {
			t.Errorf("%d places are left, want those of 3 and of the one who was lost: %v", len(left), left)
		}
		second := live.NewPlaces(store, live.PlacesOptions{})
		for i, want := range []string{"0", "1", "2", "none", "4"} {
			if got := back(t, second, key(i)); got != want {
				t.Errorf("reader %d: got %s, want %s", i, got, want)
			}
			if got := back(t, second, key(i)); got != "none" {
				t.Errorf("reader %d, again: got %s, want none", i, got)
			}
		}
	})
}

// TestManyComeBackAtOnce: the store is asked for them together.
func TestManyComeBackAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const readers = 5000
		store := &cloakroom{}
		first := live.NewPlaces(store, live.PlacesOptions{})
		var here []*live.Place
		for i := range readers {
			here = append(here, first.Begin(key(i), news.Seq(i), holder(true)))
		}
		if err := first.Leave(t.Context(), here, false); err != nil {
			t.Fatal(err)
		}
		second := live.NewPlaces(store, live.PlacesOptions{})
		var work sync.WaitGroup
		for i := range readers {
			work.Go(func() {
				if got := back(t, second, key(i)); got != fmt.Sprint(i) {
					t.Errorf("reader %d: got %s", i, got)
				}
			})
		}
		work.Wait()
		if store.taken > 10 {
			t.Errorf("the store was asked %d times", store.taken)
		}
	})
}

// TestWhoAsksIsGoneBeforeTheAnswer: the place must not be gone with it.
func TestWhoAsksIsGoneBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &cloakroom{}
		first := live.NewPlaces(store, live.PlacesOptions{})
		if err := first.Leave(t.Context(), []*live.Place{first.Begin(key(1), 7, holder(true))}, false); err != nil {
			t.Fatal(err)
		}
		second := live.NewPlaces(store, live.PlacesOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, _, err := second.Back(ctx, key(1), holder(true)); err == nil {
			t.Error("a question is answered that was taken back")
		}
		synctest.Wait()
		if got := back(t, second, key(1)); got != "7" {
			t.Errorf("got %s, want 7", got)
		}
	})
}

func TestPlacesWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &cloakroom{places: map[string]news.Place{key(1).String(): {Key: key(1).String(), Seq: 7, Until: time.Now().Add(time.Hour)}}}
		store.fail(news.ErrUnavailable)
		time.AfterFunc(time.Minute, func() { store.fail(nil) })
		p := live.NewPlaces(store, live.PlacesOptions{})
		if got := back(t, p, key(1)); got != "7" {
			t.Errorf("got %s, want 7", got)
		}
	})
}

func TestPlacesAreBounded(t *testing.T) {
	p := live.NewPlaces(&cloakroom{}, live.PlacesOptions{Most: 2})
	first := p.Begin(key(1), 1, holder(true))
	p.Begin(key(2), 1, holder(true))
	if p.Begin(key(3), 1, holder(true)) != nil {
		t.Error("a third reader is remembered")
	}
	// Who is gone makes room for who is here.
	p.Lose(first)
	if p.Begin(key(3), 1, holder(true)) == nil {
		t.Error("those who are gone keep the living out")
	}
	if got := back(t, p, key(1)); got != "none" {
		t.Errorf("got %s, want none", got)
	}
}
