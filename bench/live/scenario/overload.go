package scenario

import (
	"context"
	"fmt"
	"time"

	"depeche/bench/live/load"
	"depeche/bench/report"
)

// Overload publishes more than any server can deliver one by one: how much does
// it deliver all the same, and does anybody miss anything without being told?
func (e *Env) Overload(ctx context.Context) error {
	readers := e.Size.Overload
	return e.each(ctx, "overload", readers, func(ctx context.Context, s Server) (report.Row, error) {
		return e.overload(ctx, s, load.Options{
			Readers: readers,
			Slow:    int(e.Size.Slow * float64(readers)), Never: int(e.Size.Never * float64(readers)),
			ReceiveBuffer: smallBuffer,
		})
	})
}

func (e *Env) overload(ctx context.Context, s Server, o load.Options) (row report.Row, err error) {
	b, err := e.open(ctx, s, o, "")
	if err != nil {
		return row, err
	}
	defer b.close()
	if err := b.ready(ctx, o.Readers); err != nil {
		return row, err
	}
	before, err := b.running.RSS()
	if err != nil {
		return row, err
	}
	w, err := b.watch()
	if err != nil {
		return row, err
	}
	sent := b.Publisher.Published
	b.Publisher.Begin(e.Size.Rate, int(e.Size.Rate*e.Size.For.Seconds()))
	if _, err := b.Wait(ctx, e.Size.For, nil); err != nil {
		return row, b.explain(err)
	}
	spent, err := w.end()
	if err != nil {
		return row, err
	}
	within, accepted := b.Deliveries, b.Publisher.Accepted-sent
	began := time.Now()
	quiet, err := b.drain(ctx)
	if err != nil {
		return row, err
	}
	drained := time.Since(began)
	peak, err := b.running.PeakRSS()
	if err != nil {
		return row, err
	}
	standing := b.Standing(b.Publisher.Published, true)
	unfinished := 0
	if !quiet {
		unfinished, standing.Behind = standing.Behind, 0
	}
	row.Figures = []report.Figure{
		ratio(report.Figure{Name: "deliveries/s", Value: float64(within) / spent.took.Seconds()}),
		{Name: "accepted/s", Value: float64(accepted) / spent.took.Seconds()},
		perDelivery(spent.used, within),
		report.Time("p50", b.Latency.Quantile(0.5)),
		report.Time("p99", b.Latency.Quantile(0.99)),
		{Name: "drained after", Unit: "s", Value: drained.Seconds()},
		report.Memory("RSS before", before),
		report.Memory("RSS peak", peak),
		report.Count("complete", standing.Complete),
		report.Count("told", standing.Ended),
		report.Count("unfinished", unfinished),
		report.Count("silently behind", standing.Behind),
		report.Count("lost", b.Lost),
		report.Count("again", b.Again),
	}
	row.Figures = append(row.Figures, spent.shares()...)
	row.Notes = b.notes()
	if !b.Publisher.Done() {
		row.Notes = append(row.Notes, fmt.Sprintf("%d of %d events were never accepted", b.Publisher.Published-b.Publisher.Accepted, b.Publisher.Published))
	}
	return row, nil
}

// drain has slow readers read as fast as the others and waits until everybody has
// everything, or nothing has come any more for a while. It returns false when
// events are still coming when its time is up.
func (b *bed) drain(ctx context.Context) (quiet bool, err error) {
	const quietFor = 5 * time.Second
	b.Hurry()
	seen, since := b.Deliveries, time.Now()
	quiet, err = b.Wait(ctx, drainWithin, func() bool {
		if b.Deliveries != seen {
			seen, since = b.Deliveries, time.Now()
		}
		return time.Since(since) > quietFor || b.caughtUp()
	})
	if err != nil {
		return false, b.explain(err)
	}
	return quiet, nil
}
