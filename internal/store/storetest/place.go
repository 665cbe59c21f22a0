package storetest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
)

// leave leaves places at noon.
func (l *lab) leave(places ...news.Place) {
	l.t.Helper()
	l.leaveAt(Noon(), places...)
}

func (l *lab) leaveAt(now time.Time, places ...news.Place) {
	l.t.Helper()
	if err := l.store.LeavePlaces(l.t.Context(), now, places); err != nil {
		l.t.Fatalf("leave %d places: %v", len(places), err)
	}
}

// wantPlaces takes the places of keys at now and compares them with want, of
// which nil stands for none.
func (l *lab) wantPlaces(now time.Time, want map[string]news.Seq, keys ...string) {
	l.t.Helper()
	got, err := l.store.TakePlaces(l.t.Context(), now, keys)
	if err != nil {
		l.t.Fatalf("take %d places, of %q…: %v", len(keys), keys[:min(3, len(keys))], err)
	}
	if want == nil {
		want = map[string]news.Seq{}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("%d places, of %q… (-want +got):\n%s", len(keys), keys[:min(3, len(keys))], diff)
	}
}

// placeOf is a place whose time is a minute past noon.
func placeOf(key string, seq news.Seq) news.Place {
	return news.Place{Key: key, Seq: seq, Until: Noon().Add(time.Minute)}
}

func testPlacesAreTakenOnce(t *testing.T, l *lab) {
	l.put(Tag("tag_a"))
	l.wantPlaces(Noon(), nil, "anna", "otto")
	l.wantPlaces(Noon(), nil)
	l.leave()
	l.leave(placeOf("anna", 3), placeOf("otto", 0), placeOf("maya", 1<<60), placeOf("hannah", 7))
	l.wantPlaces(Noon(), map[string]news.Seq{"anna": 3, "otto": 0}, "anna", "who", "otto", "anna")
	l.wantPlaces(Noon(), nil, "anna", "otto", "who")
	l.wantPlaces(Noon(), map[string]news.Seq{"maya": 1 << 60}, "maya", "otto")
	l.leave(placeOf("anna", 2))
	l.wantPlaces(Noon(), map[string]news.Seq{"anna": 2, "hannah": 7}, "hannah", "anna")
	l.checkAll() // they are no part of the log
}

func testPlacesAreReplaced(t *testing.T, l *lab) {
	l.leave(placeOf("anna", 9), placeOf("otto", 1))
	// The newer one counts, wherever it is.
	l.leave(placeOf("maya", 5), placeOf("anna", 4), placeOf("maya", 6))
	l.wantPlaces(Noon(), map[string]news.Seq{"anna": 4, "maya": 6, "otto": 1}, "anna", "maya", "otto")
	l.wantPlaces(Noon(), nil, "anna", "maya", "otto")
	// Its time too.
	later := placeOf("anna", 4)
	later.Until = Noon().Add(time.Hour)
	l.leave(placeOf("anna", 4))
	l.leave(later)
	l.wantPlaces(later.Until, map[string]news.Seq{"anna": 4}, "anna")
}

func testRivalsForPlaces(t *testing.T, l *lab) {
	const n = 20
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("reader %d", i)
	}
	inParallel(func(writer int) {
		var places []news.Place
		for _, key := range keys {
			places = append(places, placeOf(key, news.Seq(writer+1)))
		}
		if err := l.store.LeavePlaces(t.Context(), Noon(), places); err != nil {
			t.Errorf("writer %d: %v", writer, err)
		}
	})
	got, err := l.store.TakePlaces(t.Context(), Noon(), keys)
	if err != nil {
		t.Fatalf("take %d places: %v", n, err)
	}
	for _, key := range keys {
		if seq := got[key]; seq < 1 || seq > writers {
			t.Errorf("%q is at %d, where nobody left it", key, seq)
		}
	}
}

func testPlacesExpire(t *testing.T, l *lab) {
	const ms = time.Millisecond
	until := Noon().Add(time.Minute)
	for _, tt := range []struct {
		name string
		now  time.Time
		want map[string]news.Seq
	}{
		{"long before", Noon().Add(-24 * time.Hour), map[string]news.Seq{"anna": 1}},
		{"at the last moment", until, map[string]news.Seq{"anna": 1}},
		{"at the last moment, elsewhere", until.In(time.FixedZone("", 3600)), map[string]news.Seq{"anna": 1}},
		{"within its millisecond", until.Add(ms - 1), map[string]news.Seq{"anna": 1}},
		{"too late", until.Add(ms), nil},
		{"much too late", until.Add(24 * time.Hour), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			on := *l
			on.t = t
			on.leave(placeOf("anna", 1))
			on.wantPlaces(tt.now, tt.want, "anna")
			on.wantPlaces(Noon(), nil, "anna") // it is forgotten in any case

			on.leave(placeOf("anna", 1))
			on.leaveAt(tt.now, placeOf("otto", 2))
			on.wantPlaces(Noon(), tt.want, "anna")
		})
	}
	// What is left too late is not kept either.
	l.leaveAt(until.Add(ms), placeOf("maya", 1))
	l.wantPlaces(Noon(), nil, "maya")
}

func testKeysOfPlaces(t *testing.T, l *lab) {
	want := make(map[string]news.Seq)
	var places []news.Place
	var keys []string
	for i, key := range []string{
		"a", "A", "á", "a\u0301", "a ", " a", "a.b", "$a", `"'\%_*?`, "a\x00b", "null", "0", "a\n", "\ufffd", "🗞",
		strings.Repeat("x", news.MaxPlaceKey), strings.Repeat("é", news.MaxPlaceKey/2),
	} {
		want[key] = news.Seq(i)
		keys = append(keys, key)
		places = append(places, placeOf(key, news.Seq(i)))
	}
	l.leave(places...)
	l.wantPlaces(Noon(), nil, "b", "%", "a%", "_", "a\x00", "a\x00c", "e")
	l.wantPlaces(Noon(), want, keys...)
}

func testOneTaker(t *testing.T, l *lab) {
	const n = 60
	var places []news.Place
	var keys []string
	for i := range n {
		key := fmt.Sprintf("reader %d", i)
		keys = append(keys, key)
		places = append(places, placeOf(key, news.Seq(i)))
	}
	l.leave(places...)
	var mu sync.Mutex
	takers := make(map[string]int)
	inParallel(func(taker int) {
		// Half of them ask for all at once, the others bit by bit.
		step := n
		if taker%2 == 0 {
			step = n / 4
		}
		for i := 0; i < n; i += step {
			got, err := l.store.TakePlaces(t.Context(), Noon(), keys[i:i+step])
			if err != nil {
				t.Errorf("taker %d: %v", taker, err)
				return
			}
			mu.Lock()
			for key, seq := range got {
				takers[key]++
				if key != keys[seq] {
					t.Errorf("taker %d: got %d as the place of %q", taker, seq, key)
				}
			}
			mu.Unlock()
		}
	})
	for _, key := range keys {
		if takers[key] != 1 {
			t.Errorf("%d takers got the place of %q, want 1", takers[key], key)
		}
	}
	l.wantPlaces(Noon(), nil, keys...)
}

func testPlacesOfReopenedStore(t *testing.T, l *lab) {
	l.put(Tag("tag_a"))
	l.leave(placeOf("anna", 1), placeOf("otto", 2))
	l.wantPlaces(Noon(), map[string]news.Seq{"otto": 2}, "otto")
	l.reopen()
	l.wantPlaces(Noon(), map[string]news.Seq{"anna": 1}, "anna", "otto")
	l.reopen()
	l.wantPlaces(Noon(), nil, "anna", "otto")
	l.checkAll()
}

func testLimitsOfPlaces(t *testing.T, l *lab) {
	places := make([]news.Place, news.MaxPlaces+1)
	keys := make([]string, len(places))
	want := make(map[string]news.Seq)
	for i := range places {
		keys[i] = fmt.Sprintf("reader %d", i)
		places[i] = placeOf(keys[i], news.Seq(i))
	}
	for i, key := range keys[:news.MaxPlaceKeys] {
		want[key] = news.Seq(i)
	}
	for _, tt := range []struct {
		name, field string
		call        func() error
	}{
		{"too many places", "places", func() error { return l.store.LeavePlaces(t.Context(), Noon(), places) }},
		{"too many keys", "keys", func() error {
			_, err := l.store.TakePlaces(t.Context(), Noon(), keys[:news.MaxPlaceKeys+1])
			return err
		}},
	} {
		wantInvalid(t, tt.name, tt.call(), tt.field)
	}
	for name, key := range map[string]string{
		"no key": "", "a long key": strings.Repeat("x", news.MaxPlaceKey+1), "a key that is no text": "a\xff",
	} {
		wantInvalid(t, name+" left", l.store.LeavePlaces(t.Context(), Noon(), []news.Place{placeOf("anna", 1), placeOf(key, 1)}), "key")
		_, err := l.store.TakePlaces(t.Context(), Noon(), []string{"anna", key})
		wantInvalid(t, name+" asked for", err, "key")
	}
	l.wantPlaces(Noon(), nil, "anna", keys[0])

	l.leave(places[:news.MaxPlaces]...)
	const last = news.MaxPlaces - 1
	l.wantPlaces(Noon(), map[string]news.Seq{keys[0]: 0, keys[last]: last}, keys[0], keys[last], keys[last+1])
	l.leaveAt(Noon().Add(time.Hour))
	l.wantPlaces(Noon(), nil, keys[1])

	l.leave(places[:news.MaxPlaceKeys]...)
	l.wantPlaces(Noon(), want, keys[:news.MaxPlaceKeys]...)
	l.wantPlaces(Noon(), nil, keys[:news.MaxPlaceKeys]...)
}

// wantInvalid wants err to be an *news.InvalidError about field.
func wantInvalid(t *testing.T, name string, err error, field string) {
	t.Helper()
	var invalid *news.InvalidError
	if !errors.As(err, &invalid) || invalid.Field != field {
		t.Errorf("%s: got %v, want an InvalidError about %s", name, err, field)
	}
}
