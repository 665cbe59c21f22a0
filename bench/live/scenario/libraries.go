package scenario

import (
	"context"

	"depeche/bench/live/load"
	"depeche/bench/report"
)

// Libraries puts the servers of Env, one a WebSocket library, through a fan-out:
// what does a connection take, and what a delivery?
func (e *Env) Libraries(ctx context.Context) error {
	readers, events := e.Size.Library, e.Size.Events
	return e.each(ctx, "libraries", readers, func(ctx context.Context, s Server) (row report.Row, err error) {
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
		if err := b.warm(ctx); err != nil {
			return row, err
		}
		w, err := b.fanOut(ctx, events)
		if err != nil {
			return row, err
		}
		after, err := b.running.RSS()
		if err != nil {
			return row, err
		}
		row.Figures = []report.Figure{
			report.Memory("RSS empty", b.empty),
			ratio(perReader("a connection", idle-b.empty, readers)),
			ratio(perReader("a connection then", after-b.empty, readers)),
			perDelivery(w.used, b.Deliveries),
			ratio(report.Time("p50", b.Latency.Quantile(0.5))),
			ratio(report.Time("p99", b.Latency.Quantile(0.99))),
			report.Count("lost", b.Lost),
			report.Count("again", b.Again),
		}
		row.Notes = b.notes()
		return row, nil
	})
}
