package latency

import (
	"testing"
	"time"
)

func TestHistogram(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 {
		t.Errorf("an empty one has a median of %v", h.Quantile(0.5))
	}
	for ms := range 1000 {
		h.Add(time.Duration(ms+1) * time.Millisecond)
	}
	for _, row := range []struct {
		q    float64
		want time.Duration
	}{{0, time.Millisecond}, {0.5, 500 * time.Millisecond}, {0.99, 990 * time.Millisecond}, {1, time.Second}} {
		if got := h.Quantile(row.q); got < row.want || got > row.want+row.want/50 {
			t.Errorf("quantile %v: got %v, want %v or little more", row.q, got, row.want)
		}
	}
	if h.Max() != time.Second || h.Count() != 1000 {
		t.Errorf("got %v, %d", h.Max(), h.Count())
	}
}

func TestBuckets(t *testing.T) {
	for n := uint64(1); n < 1<<62; n += n/7 + 1 {
		if b := bucket(n); upper(b) < n || b > 0 && upper(b-1) >= n {
			t.Fatalf("%d is in a bucket of %d to %d", n, upper(b-1)+1, upper(b))
		}
	}
}
