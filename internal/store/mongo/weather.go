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

// weather tells whether there is a server to talk to. It hears of it from the
// driver's monitors.
type weather struct {
	mu     sync.Mutex
	fair   context.Context // ends when no server has been reachable for grace
	storm  context.CancelCauseFunc
	timer  *time.Timer // runs while no server is reachable; nil: one is
	ruined bool        // for good
}

func newWeather() *weather {
	w := new(weather)
	w.fair, w.storm = context.WithCancelCause(context.Background())
	return w
}

// monitor is what keeps w up to date.
func (w *weather) monitor() *event.ServerMonitor {
	return &event.ServerMonitor{
		TopologyDescriptionChanged: func(e *event.TopologyDescriptionChangedEvent) {
			reachable := false
			for _, server := range e.NewDescription.Servers {
				reachable = reachable || server.Kind != "Unknown"
			}
			w.turn(reachable)
		},
	}
}

func (w *weather) turn(reachable bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ruined:
	case reachable:
		if w.timer != nil {
			w.timer.Stop()
			w.timer = nil
		}
		if w.fair.Err() != nil {
			w.fair, w.storm = context.WithCancelCause(context.Background())
		}
	case w.timer == nil:
		var timer *time.Timer
		timer = time.AfterFunc(grace, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.timer == timer { // it may have been stopped too late
				w.storm(errAway)
			}
		})
		w.timer = timer
	}
}

// under is ctx, that ends early when no server can be reached. cancel has to be
// called at the end.
func (w *weather) under(ctx context.Context) (_ context.Context, cancel context.CancelFunc) {
	w.mu.Lock()
	fair := w.fair
	w.mu.Unlock()
	ctx, storm := context.WithCancelCause(ctx)
	stop := context.AfterFunc(fair, func() { storm(context.Cause(fair)) })
	if fair.Err() != nil {
		storm(context.Cause(fair)) // AfterFunc would do it a moment later
	}
	return ctx, func() { stop(); storm(nil) }
}

// patiently is ctx with the patience of one call.
func patiently(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, patience, errImpatient)
}

var errImpatient = fmt.Errorf("%w: MongoDB did not answer within %s", news.ErrUnavailable, patience)

// spoil makes every call fail with err from now on.
func (w *weather) spoil(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ruined {
		return
	}
	if w.fair.Err() != nil {
		w.fair, w.storm = context.WithCancelCause(context.Background())
	}
	w.ruined = true
	w.storm(fmt.Errorf("%w: %w", news.ErrUnavailable, err))
}

// close gives back what w holds.
func (w *weather) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ruined = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.storm(nil)
}
