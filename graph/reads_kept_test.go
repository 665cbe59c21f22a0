package graph_test

import (
	"testing"

	"depeche/graph"
)

// TestKept has what is asked for outlive what is not.
func TestKept(t *testing.T) {
	k := graph.NewKept(10)
	graph.Put(k, -1, "asked for", 2)
	graph.Put(k, -2, "not asked for", 2)
	for i := range 100 {
		graph.Put(k, i, "passing", 3)
		if got, known := graph.Get(k, -1); !known || got != "asked for" {
			t.Fatalf("after %d others got %q, %t", i, got, known)
		}
	}
	if _, known := graph.Get(k, -2); known {
		t.Error("what nobody asked for is still kept")
	}
	left := 0
	for i := range 100 {
		if _, known := graph.Get(k, i); known {
			left++
		}
	}
	if left > 6 {
		t.Errorf("%d others are kept, want at most two generations", left)
	}
	graph.Put(k, 1000, "more than there is room for", 11)
	if _, known := graph.Get(k, 1000); !known {
		t.Error("what is large is not kept for the next one")
	}
}
