package transport

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
)

// Why a connection is refused. The words are labels of metrics too.
const (
	refusedDraining   = "draining"   // the server is stopping
	refusedTotal      = "total"      // too many are open
	refusedAddress    = "address"    // too many are open from this address
	refusedHandshakes = "handshakes" // too many have not introduced themselves yet
	refusedRate       = "rate"       // its client begins too much
)

// admission counts the open connections, in all and by address, and those that
// have not introduced themselves yet. Safe for many goroutines.
type admission struct {
	max, maxPerAddress, maxNew int

	mu        sync.Mutex
	closed    bool
	all       int
	new       int                // of all
	byAddress map[netip.Addr]int // no entry is 0
	empty     chan struct{}      // closed and gone when the last has left; nil: nobody waits for that
}

// newAdmission admits at most max connections, maxPerAddress of one address, and
// maxNew that have not introduced themselves. For each of them, 0 is no limit.
func newAdmission(max, maxPerAddress, maxNew int) *admission {
	return &admission{max: max, maxPerAddress: maxPerAddress, maxNew: maxNew, byAddress: make(map[netip.Addr]int)}
}

// enter counts a new connection in, or tells why it may not come in. One whose
// address is not known is counted in all only. Each that is admitted has to leave,
// with the same from and known.
func (a *admission) enter(from netip.Addr, known bool) (refusedBecause string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.closed:
		return refusedDraining
	case a.max > 0 && a.all >= a.max:
		return refusedTotal
	case known && a.maxPerAddress > 0 && a.byAddress[from] >= a.maxPerAddress:
		return refusedAddress
	case a.maxNew > 0 && a.new >= a.maxNew:
		return refusedHandshakes
	}
	a.all++
	a.new++
	if known {
		a.byAddress[from]++
	}
	return ""
}

// introduced notes that a connection has said who it is: it is no longer new.
// Called at most once for each.
func (a *admission) introduced() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.new--
}

// leave counts a connection out that was admitted. introduced tells whether that
// was called for it.
func (a *admission) leave(from netip.Addr, known, introduced bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	if !introduced {
		a.new--
	}
	if known {
		if a.byAddress[from]--; a.byAddress[from] == 0 {
			delete(a.byAddress, from)
		}
	}
	if a.all == 0 && a.empty != nil {
		close(a.empty)
		a.empty = nil
	}
}

// close refuses whoever comes from now on. Those that are open stay.
func (a *admission) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
}

// wait returns when nobody is in, or with an error when ctx ends before that.
// Unless it is closed, others may have come in by then.
func (a *admission) wait(ctx context.Context) error {
	a.mu.Lock()
	if a.all == 0 {
		a.mu.Unlock()
		return nil
	}
	if a.empty == nil {
		a.empty = make(chan struct{})
	}
	empty := a.empty
	a.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		if left := a.open(); left > 0 {
			return fmt.Errorf("wait for %d connections to close: %w", left, ctx.Err())
		}
		return nil // both came at once
	}
}

// open tells how many are in.
func (a *admission) open() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all
}
