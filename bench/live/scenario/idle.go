package scenario

import (
	"context"
	"time"

	"depeche/bench/live/load"
	"depeche/bench/process"
	"depeche/bench/report"
)

// idleFor is how long readers are watched who get nothing.
const idleFor = 5 * time.Second

// Idle keeps many readers subscribed: what memory does one take, before anything
// has been sent and after?
func (e *Env) Idle(ctx context.Context) error {
	return e.each(ctx, "idle", e.Size.Idle, func(ctx context.Context, s Server) (report.Row, error) {
		return e.idle(ctx, s, e.Size.Idle)
	})
}

func (e *Env) idle(ctx context.Context, s Server, readers int) (row report.Row, err error) {
	b, err := e.open(ctx, s, load.Options{Readers: readers}, "")
	if err != nil {
		return row, err
	}
	defer b.close()
	if err := b.connect(ctx, readers); err != nil {
		return row, err
	}
	if err := b.settle(ctx); err != nil {
		return row, err
	}
	idle, err := b.running.RSS()
	if err != nil {
		return row, err
	}
	sockets, err := process.SocketMemory()
	if err != nil {
		return row, err
	}
	w, err := b.watch()
	if err != nil {
		return row, err
	}
	if _, err := b.Wait(ctx, idleFor, nil); err != nil {
		return row, b.explain(err)
	}
	spent, err := w.end()
	if err != nil {
		return row, err
	}
	for range 5 { // as many fan-outs
		if err := b.warm(ctx); err != nil {
			return row, err
		}
	}
	if err := b.settle(ctx); err != nil {
		return row, err
	}
	after, err := b.running.RSS()
	if err != nil {
		return row, err
	}
	peak, err := b.running.PeakRSS()
	if err != nil {
		return row, err
	}
	row.Figures = []report.Figure{
		report.Memory("RSS empty", b.empty),
		report.Memory("RSS idle", idle),
		ratio(perReader("a connection", idle-b.empty, readers)),
		report.Memory("RSS after fan-outs", after),
		ratio(perReader("a connection then", after-b.empty, readers)),
		report.Memory("RSS peak", peak),
		perReader("in the kernel, both ends", sockets-b.sockets, readers),
		{Name: "CPU idle", Unit: "%", Value: 100 * float64(spent.used) / float64(spent.took)},
	}
	row.Notes = b.notes()
	return row, nil
}
