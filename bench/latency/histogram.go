// Package latency counts durations.
package latency

import (
	"math/bits"
	"time"
)

// fine is how many buckets a Histogram has for each power of two: it is exact to
// 1/fine, under 2 %.
const fine = 64

// A Histogram counts durations. The zero value is empty.
type Histogram struct {
	buckets [64 * fine]uint64
	count   uint64
	max     time.Duration
}

// Add counts d; a negative one counts as 0.
func (h *Histogram) Add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucket(uint64(d))]++
	h.count++
	h.max = max(h.max, d)
}

// Count tells how many durations were counted.
func (h *Histogram) Count() uint64 { return h.count }

// Max is the longest duration.
func (h *Histogram) Max() time.Duration { return h.max }

// Quantile is the duration that the share q of all did not exceed; q is from 0 to
// 1. It is 0 when nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	want, seen := uint64(q*float64(h.count)), uint64(0)
	for i, n := range h.buckets {
		if seen += n; n > 0 && (seen > want || seen == h.count) {
			return min(time.Duration(upper(i)), h.max)
		}
	}
	return 0
}

func bucket(n uint64) int {
	if n < fine {
		return int(n)
	}
	shift := bits.Len64(n) - 7 // n>>shift is from fine to 2*fine-1
	return shift*fine + int(n>>shift)
}

// upper is the largest number of a bucket.
func upper(i int) uint64 {
	if i < 2*fine {
		return uint64(i)
	}
	shift := i/fine - 1
	return uint64(i-shift*fine+1)<<shift - 1
}
