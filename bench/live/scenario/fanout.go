package scenario

import (
	"context"

	"depeche/bench/live/load"
	"depeche/bench/report"
)

// Fanout publishes one event a second to many readers: what does a delivery cost,
// and how long does it take?
func (e *Env) Fanout(ctx context.Context) error {
	for _, readers := range e.Size.Fanout {
		err := e.each(ctx, "fanout", readers, func(ctx context.Context, s Server) (report.Row, error) {
			return e.fanout(ctx, s, readers, e.Size.Events)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *Env) fanout(ctx context.Context, s Server, readers, events int) (row report.Row, err error) {
	b, err := e.open(ctx, s, load.Options{Readers: readers}, "")
	if err != nil {
		return row, err
	}
	defer b.close()
	if err := b.ready(ctx, readers); err != nil {
		return row, err
	}
	idle, err := b.running.RSS()
	if err != nil {
		return row, err
	}
	spent, err := b.fanOut(ctx, events)
	if err != nil {
		return row, err
	}
	rss, err := b.running.RSS()
	if err != nil {
		return row, err
	}
	row.Figures = append([]report.Figure{
		report.Count("deliveries", b.Deliveries),
		perDelivery(spent.used, b.Deliveries),
		ratio(report.Time("p50", b.Latency.Quantile(0.5))),
		ratio(report.Time("p99", b.Latency.Quantile(0.99))),
		report.Time("max", b.Latency.Max()),
		{Name: "bytes/event", Value: float64(b.Bytes) / float64(max(b.Deliveries, 1))},
		report.Memory("RSS idle", idle),
		report.Memory("RSS after", rss),
		report.Count("lost", b.Lost),
		report.Count("again", b.Again),
	}, spent.shares()...)
	row.Notes = b.notes()
	return row, nil
}
