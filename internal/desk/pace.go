package desk

import (
	"fmt"
	"sync"

	"golang.org/x/time/rate"

	"depeche/internal/news"
)

// The pace at which a contributor may write. Each line of the log brings those who
// were away nearer to the end of what is replayed to them, so that nobody may write
// without bound who is not trusted with the newsroom.
const (
	linesPerSecond = 2
	linesAtOnce    = 200
	// maxPaces bounds how many contributors are remembered.
	maxPaces = 10_000
)

// paces holds contributors to their pace, by name. It may be used by many goroutines
// at once.
type paces struct {
	mu sync.Mutex
	of map[string]*rate.Limiter
}

// admit tells whether who may write a line now. Errors: ErrRateLimited.
func (d *Desk) admit(who news.Actor) error {
	if who.Role != news.Contributor {
		return nil
	}
	d.paces.mu.Lock()
	defer d.paces.mu.Unlock()
	pace := d.paces.of[who.Name]
	if pace == nil {
		if len(d.paces.of) >= maxPaces || d.paces.of == nil {
			d.paces.of = make(map[string]*rate.Limiter)
		}
		pace = rate.NewLimiter(linesPerSecond, linesAtOnce)
		d.paces.of[who.Name] = pace
	}
	if !pace.AllowN(d.now(), 1) {
		return fmt.Errorf("a contributor may make %d changes a second: %w", linesPerSecond, news.ErrRateLimited)
	}
	return nil
}
