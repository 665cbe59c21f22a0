package transport

import (
	"fmt"
	"testing"
	"time"
)

func TestRates(t *testing.T) {
	now := time.Unix(0, 0)
	s := newRates(5, 3, func() time.Time { return now })
	key := func(i int) callerKey { return callerKey{name: fmt.Sprint(i)} }
	begin := func(i, tokens int) bool {
		ok, after := s.take(key(i), tokens)
		if ok != (after == 0) {
			t.Errorf("got %v and %v", ok, after)
		}
		return ok
	}
	for i := range 10 {
		if !begin(1, 1) {
			t.Fatalf("refused the %d. of two seconds' worth", i+1)
		}
	}
	if begin(1, 1) || !begin(2, 1) {
		t.Error("each caller has a share of its own")
	}
	if ok, after := s.take(key(1), 1); ok || after != 200*time.Millisecond {
		t.Errorf("got %v and %v, want 200 ms", ok, after)
	}
	now = now.Add(200 * time.Millisecond)
	if !begin(1, 1) || begin(1, 1) {
		t.Error("a fifth of a second is worth one")
	}
	if begin(1, 1000) {
		t.Error("took more than there is")
	}
	now = now.Add(time.Minute)
	if !begin(1, 1000) || begin(1, 1) {
		t.Error("what asks for more than there ever is takes all")
	}
}

// TestRatesAreBounded: there are more addresses than memory.
func TestRatesAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	s := newRates(1, 3, func() time.Time { return now })
	for i := range 100 {
		s.take(callerKey{name: fmt.Sprint(i)}, 1)
	}
	if len(s.byKey) != 3 || s.recent.Len() != 3 || s.byKey[callerKey{name: "99"}] == nil || s.byKey[callerKey{name: "97"}] == nil {
		t.Errorf("%d are remembered", len(s.byKey))
	}
	now = now.Add(time.Minute)
	s.take(callerKey{name: "new"}, 1)
	if len(s.byKey) != 1 || s.recent.Len() != 1 {
		t.Errorf("%d are remembered who have been quiet for a minute", len(s.byKey)-1)
	}
	if newRates(0, 3, time.Now) != nil {
		t.Error("no limit is one")
	}
}

// TestRatesOfWhoIsStillThere: nobody is forgotten who would gain by it.
func TestRatesOfWhoIsStillThere(t *testing.T) {
	now := time.Unix(0, 0)
	s := newRates(1, 3, func() time.Time { return now })
	busy := callerKey{name: "busy"}
	s.take(busy, 2)
	now = now.Add(1500 * time.Millisecond)
	s.take(busy, 1)
	now = now.Add(time.Second)
	s.take(callerKey{name: "new"}, 1)
	if ok, _ := s.take(busy, 2); ok {
		t.Error("who comes back has more than a second and a half has brought")
	}
}
