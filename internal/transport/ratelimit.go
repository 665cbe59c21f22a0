package transport

import (
	"container/list"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"depeche/internal/news"
)

const (
	// burstSeconds is for how long somebody may have been quiet to have something
	// left over: a page asks for several things at once.
	burstSeconds = 2
	// maxCallers bounds those who are remembered, of whom each takes about 300
	// bytes. Who has been quiet for the longest is forgotten for a new one.
	maxCallers = 50_000
)

// A caller is who asks: the bearer of a token, or an address.
type caller struct {
	actor news.Actor
	known bool // by a token, which is good
	from  netip.Addr
	at    bool // from is known; where nobody counts, it is not asked for
}

// callerKey is under which a caller is counted: by name or by address.
type callerKey struct {
	name string
	from netip.Addr
}

// A rates bounds how many operations each caller begins: a token bucket each. Safe
// for many goroutines.
type rates struct {
	limit rate.Limit
	burst int
	most  int
	now   func() time.Time

	mu     sync.Mutex
	byKey  map[callerKey]*list.Element
	recent list.List // of *bucket; who has asked last stands first
}

type bucket struct {
	key  callerKey
	left *rate.Limiter
	seen time.Time
}

// newRates lets each caller begin so many operations a second; nil for 0, which is
// no limit.
func newRates(perSecond, most int, now func() time.Time) *rates {
	if perSecond <= 0 {
		return nil
	}
	return &rates{limit: rate.Limit(perSecond), burst: perSecond * burstSeconds, most: most, now: now, byKey: map[callerKey]*list.Element{}}
}

// countable is what so many operations count that come at once: what is never there would
// be waited for without an end.
func (s *rates) countable(operations int) int {
	if s == nil {
		return operations
	}
	return min(operations, s.burst)
}

// take takes so many tokens, and tells after how long it may be tried again where
// there are not enough.
func (s *rates) take(key callerKey, tokens int) (ok bool, after time.Duration) {
	tokens = s.countable(tokens)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	b := s.bucket(key, now)
	if b.left.AllowN(now, tokens) {
		return true, 0
	}
	missing := float64(tokens) - b.left.TokensAt(now)
	return false, time.Duration(missing / float64(s.limit) * float64(time.Second))
}

func (s *rates) bucket(key callerKey, now time.Time) *bucket {
	if e := s.byKey[key]; e != nil {
		s.recent.MoveToFront(e)
		b := e.Value.(*bucket)
		b.seen = now
		return b
	}
	for last := s.recent.Back(); last != nil; last = s.recent.Back() {
		b := last.Value.(*bucket)
		if len(s.byKey) < s.most && now.Sub(b.seen) < burstSeconds*time.Second {
			break
		}
		// It is full again: a new one says the same.
		s.recent.Remove(last)
		delete(s.byKey, b.key)
	}
	b := &bucket{key, rate.NewLimiter(s.limit, s.burst), now}
	s.byKey[key] = s.recent.PushFront(b)
	return b
}

// admitRate counts operations that a caller begins, and refuses them where that is
// too many. Who can't be told from others is not counted.
func (h *Handler) admitRate(w http.ResponseWriter, r *http.Request, who caller, operations int) bool {
	if h.rates == nil || !who.known && !who.at {
		return true
	}
	key := callerKey{from: who.from}
	if who.known {
		key = callerKey{name: who.actor.Name}
	}
	ok, after := h.rates.take(key, operations)
	switch {
	case ok:
		return true
	case isSocket(r), eventsOnly(r) && r.Method == http.MethodGet:
		h.connections.refuse(w, r, refusedRate)
		return false
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(max(math.Ceil(after.Seconds()), 1))))
	writeRefusal(w, r, http.StatusTooManyRequests, codeRateLimited, "too many requests; try again a little later")
	return false
}
