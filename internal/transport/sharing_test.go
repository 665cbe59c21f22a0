package transport_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
)

// TestOneExecutionAnEvent: however many follow the same, from wherever, by
// whatever way.
func TestOneExecutionAnEvent(t *testing.T) {
	readers := 10_000
	if raceEnabled() {
		readers = 1000
	}
	const each, lines = 50, 20
	r := open(t)
	r.lines(t, 1, 1)
	var all []*client
	for i := 0; i < readers; i += each {
		c := r.ready(t)
		for j := range each {
			// Neither the cursor nor the id makes a difference.
			after := any(nil)
			if j%2 == 0 {
				after = r.place(1)
			}
			c.subscribe(fmt.Sprint(j), follow, map[string]any{"after": after})
		}
		all = append(all, c)
	}
	events := r.stream(t, strconv.Quote(r.place(1)))
	r.await(t, following, readers+1)
	before := r.hub.Stats().Executions.Load()
	var reading sync.WaitGroup
	for _, c := range all {
		reading.Go(func() {
			next := map[string]int{}
			for range each * lines {
				f := c.expect("next")
				line, _ := headline(t, f)
				if want := strconv.Itoa(next[f.ID] + 2); line != want {
					t.Errorf("got line %s, want %s", line, want)
					return
				}
				next[f.ID]++
			}
		})
	}
	r.lines(t, 2, lines+1)
	reading.Wait()
	for i := range lines {
		if got, want := events.line(), strconv.Itoa(i+2); got != want {
			t.Errorf("the event stream got %s, want %s", got, want)
		}
	}
	if got := r.hub.Stats().Executions.Load() - before; got != lines {
		t.Errorf("%d executions of %d events for %d readers", got, lines, readers)
	}
	if got := r.metric(t, executions); int64(got) != r.hub.Stats().Executions.Load() {
		t.Errorf("the metric is %d, want %d", got, r.hub.Stats().Executions.Load())
	}
	if got := r.metric(t, "depeche_groups"); got != 1 {
		t.Errorf("%d groups, want 1", got)
	}
}
