package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"depeche/internal/live"
)

// drainSlices is in how many parts connections are ended, so that not all readers come
// back elsewhere at once.
const drainSlices = 50

// lateEvery is how often connections are looked for that came in while the drain
// began.
const lateEvery = 50 * time.Millisecond

// drain ends the connections, spread over a time, and waits for them until ctx
// ends. What their readers have been served is handed over before they are let go.
func (c *connections) drain(ctx context.Context, over time.Duration) error {
	c.admission.close()
	list := c.list()
	rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	// The last have to be let go in time.
	over = max(0, over-c.limits.DrainWithin)
	var parts sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	n := min(len(list), drainSlices)
	for i := range n {
		part := list[i*len(list)/n : (i+1)*len(list)/n]
		parts.Go(func() {
			if err := c.letGo(ctx, part, over*time.Duration(i)/time.Duration(n)); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
		})
	}
	parts.Wait()
	// Who came in while it began, and is known since.
	for c.admission.open() > 0 && ctx.Err() == nil {
		if err := c.letGo(ctx, c.list(), lateEvery); err != nil {
			failed = append(failed, err)
		}
	}
	failed = append(failed, c.admission.wait(ctx))
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.limits.DrainWithin)
	defer cancel()
	return errors.Join(append(failed, c.places.Leave(ctx, nil, true))...)
}

// letGo ends some connections after a while: it stops what they are sent, waits a
// moment for their readers to say what has arrived, leaves that for the node to
// which they come back, and closes them.
func (c *connections) letGo(ctx context.Context, some []connection, after time.Duration) error {
	pause(ctx, after)
	for _, k := range some {
		k.freeze()
	}
	const look = 10 * time.Millisecond
	for waited := time.Duration(0); waited < c.limits.DrainWithin && ctx.Err() == nil && !allConfirmed(some); waited += look {
		pause(ctx, look)
	}
	var places []*live.Place
	for _, k := range some {
		places = append(places, k.places()...)
	}
	err := c.places.Leave(ctx, places, false)
	for _, k := range some {
		k.leave()
	}
	if err != nil {
		return fmt.Errorf("end %d connections: %w", len(some), err)
	}
	return nil
}

func allConfirmed(some []connection) bool {
	for _, k := range some {
		if !k.confirmed() {
			return false
		}
	}
	return true
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
