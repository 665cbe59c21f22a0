package scenario

import (
	"context"
	"time"

	"depeche/bench/live/load"
	"depeche/bench/report"
)

// stormWithin is how long all readers may take to be back.
const stormWithin = 60 * time.Second

// Storm cuts all readers off at once, half of them with a reset, while events go
// on, and has them come back at once with the cursor of their last event: does
// anybody miss anything, and what does a return cost?
func (e *Env) Storm(ctx context.Context) error {
	return e.each(ctx, "storm", e.Size.Storm, func(ctx context.Context, s Server) (report.Row, error) {
		return e.storm(ctx, s, e.Size.Storm)
	})
}

func (e *Env) storm(ctx context.Context, s Server, readers int) (row report.Row, err error) {
	b, err := e.open(ctx, s, load.Options{Readers: readers, Return: true, AtOnce: 2000}, "")
	if err != nil {
		return row, err
	}
	defer b.close()
	if err := b.ready(ctx, readers); err != nil {
		return row, err
	}
	calm, inTime, err := b.calm(ctx)
	if err != nil {
		return row, err
	}
	if !inTime {
		row.Notes = append(row.Notes, "not all are back in time from the calm return")
	}
	delivery, err := b.steady(ctx, e.Size.StormBy, e.Size.For)
	if err != nil {
		return row, err
	}
	var sum span
	deliveries := uint64(0)
	for range e.Size.Storms {
		spent, inTime, err := b.storm(ctx, readers)
		if err != nil {
			return row, err
		}
		if !inTime {
			row.Notes = append(row.Notes, "not all are back in time from a storm")
		}
		sum = sum.plus(spent)
		deliveries += b.Deliveries
	}
	b.Publisher.Stop()
	if _, err := b.Wait(ctx, drainWithin, b.caughtUp); err != nil {
		return row, b.explain(err)
	}
	rss, err := b.running.PeakRSS()
	if err != nil {
		return row, err
	}
	standing := b.Standing(b.Publisher.Published, true)
	perReturn := func(name string, used time.Duration, returns int) report.Figure {
		return report.Figure{Name: name, Unit: "µs", Value: float64(used) / 1e3 / float64(returns), Ratio: true}
	}
	returns := readers * e.Size.Storms
	row.Figures = append([]report.Figure{
		perReturn("calm return", calm.used, readers),
		{Name: "all back after", Unit: "s", Value: sum.took.Seconds() / float64(e.Size.Storms), Ratio: true},
		perReturn("return less deliveries", sum.used-time.Duration(float64(delivery)*float64(deliveries)), returns),
		perReturn("return with deliveries", sum.used, returns),
		{Name: "deliveries/return", Value: float64(deliveries) / float64(returns)},
		{Name: "CPU/delivery", Unit: "µs", Value: float64(delivery) / 1e3, Ratio: true},
		report.Memory("RSS peak", rss),
		report.Count("complete", standing.Complete),
		report.Count("behind", standing.Behind+standing.Ended),
		report.Count("lost", b.Lost),
		report.Count("again", b.Again),
	}, sum.shares()...)
	row.Notes = append(row.Notes, b.notes()...)
	return row, nil
}

// calm cuts all readers off and lets them come back to one event that they have
// missed, and nothing else: what a return costs by itself.
func (b *bed) calm(ctx context.Context) (spent span, inTime bool, err error) {
	w, err := b.watch()
	if err != nil {
		return spent, false, err
	}
	b.cutAll()
	b.Publisher.Begin(1, 1)
	if inTime, err = b.Wait(ctx, stormWithin, b.caughtUp); err != nil {
		return spent, false, b.explain(err)
	}
	spent, err = w.end()
	return spent, inTime, err
}

// steady begins to publish, without an end, and tells what a delivery costs at
// that rate.
func (b *bed) steady(ctx context.Context, rate float64, lasting time.Duration) (delivery time.Duration, err error) {
	const endless = 1 << 40
	w, err := b.watch()
	if err != nil {
		return 0, err
	}
	b.Publisher.Begin(rate, endless)
	if _, err := b.Wait(ctx, lasting, nil); err != nil {
		return 0, b.explain(err)
	}
	spent, err := w.end()
	return spent.used / time.Duration(max(b.Deliveries, 1)), err
}

// storm cuts all readers off and waits until all are back and have what was
// published before the last of them was. It tells whether they are in time.
func (b *bed) storm(ctx context.Context, readers int) (spent span, inTime bool, err error) {
	w, err := b.watch()
	if err != nil {
		return spent, false, err
	}
	b.cutAll()
	var newest uint64 // when all were back; 0 before
	inTime, err = b.Wait(ctx, stormWithin, func() bool {
		if newest == 0 && b.Following == readers {
			newest = b.Publisher.Published
		}
		return newest > 0 && b.Standing(newest, true).Behind == 0
	})
	if err != nil {
		return spent, false, b.explain(err)
	}
	spent, err = w.end()
	return spent, inTime, err
}

// cutAll ends all connections, every other with a reset, and has the readers come
// back.
func (b *bed) cutAll() {
	b.Cut(func(reader int) bool { return reader%2 == 0 })
	b.Connect()
}
