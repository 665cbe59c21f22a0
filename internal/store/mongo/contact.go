package mongo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"

	"depeche/internal/news"
)

// How long calls are patient. An election takes MongoDB up to about 12 s with
// its defaults, and the driver tries again until the call's time is over. When
// no server at all can be reached, there is nothing to be patient for.
const (
	patience = 15 * time.Second
	grace    = 2 * time.Second
)

var errAway = fmt.Errorf("%w: no MongoDB server can be reached", news.ErrUnavailable)

// contact tells whether there is a server to talk to. It hears of it from the
// driver's monitors.
type contact struct {
	mu    sync.Mutex
	up    context.Context // ends when no server has been reachable for grace
	lose  context.CancelCauseFunc
	timer *time.Timer // runs while no server is reachable; nil: one is
	over  bool        // for good
}

func newContact() *contact {
	c := new(contact)
	c.up, c.lose = context.WithCancelCause(context.Background())
	return c
}

// monitor is what keeps c up to date.
func (c *contact) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{
		TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) {
			reachable := false
			for _, server := range e.NewDescription.Servers {
				reachable = reachable || server.Kind != "Unknown"
			}
			c.heard(reachable)
		},
	}
}

// heard notes whether any server can be reached.
func (c *contact) heard(reachable bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
	case reachable:
		if c.timer != nil {
			c.timer.Stop()
			c.timer = nil
		}
		if c.up.Err() != nil {
			c.up, c.lose = context.WithCancelCause(context.Background())
		}
	case c.timer == nil:
		var timer *time.Timer
		timer = time.AfterFunc(grace, func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.timer == timer { // it may have been stopped too late
				c.lose(errAway)
			}
		})
		c.timer = timer
	}
}

// while is ctx, that ends early when no server can be reached. cancel has to be
// called at the end.
func (c *contact) while(ctx context.Context) (_ context.Context, cancel context.CancelFunc) {
	c.mu.Lock()
	up := c.up
	c.mu.Unlock()
	ctx, lose := context.WithCancelCause(ctx)
	stop := context.AfterFunc(up, func() { lose(context.Cause(up)) })
	if up.Err() != nil {
		lose(context.Cause(up)) // AfterFunc would do it a moment later
	}
	return ctx, func() { stop(); lose(nil) }
}

// patiently is ctx with the patience of one call.
func patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, errImpatient)
}

var errImpatient = fmt.Errorf("%w: MongoDB did not answer within %s", news.ErrUnavailable, patience)

// giveUp makes every call fail with err from now on.
func (c *contact) giveUp(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if c.up.Err() != nil {
		c.up, c.lose = context.WithCancelCause(context.Background())
	}
	c.over = true
	c.lose(fmt.Errorf("%w: %w", news.ErrUnavailable, err))
}

// close gives back what c holds.
func (c *contact) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.timer != nil {
		c.timer.Stop()
	}
	c.lose(nil)
}
