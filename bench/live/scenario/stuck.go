package scenario

import (
	"context"
	"time"

	"depeche/bench/live/load"
	"depeche/bench/process"
	"depeche/bench/report"
)

const (
	// smallBuffer is the receive buffer of readers that do not read, so that it is
	// soon full: bytes, which the kernel doubles.
	smallBuffer = 4 << 10

	stuckBody = 4 << 10 // bytes
	lookEvery = 500 * time.Millisecond
)

// Stuck sends large events to readers that never read, beside others that do:
// what does the server hold for them, and when is it rid of them?
func (e *Env) Stuck(ctx context.Context) error {
	return e.each(ctx, "stuck", e.Size.Stuck, func(ctx context.Context, s Server) (report.Row, error) {
		return e.stuck(ctx, s, e.Size.Stuck, e.Size.Free)
	})
}

func (e *Env) stuck(ctx context.Context, s Server, never, free int) (row report.Row, err error) {
	b, err := e.open(ctx, s, load.Options{Readers: never + free, Never: never, ReceiveBuffer: smallBuffer}, load.Body(stuckBody))
	if err != nil {
		return row, err
	}
	defer b.close()
	if err := b.ready(ctx, never+free); err != nil {
		return row, err
	}
	before, err := b.running.RSS()
	if err != nil {
		return row, err
	}
	open, err := b.running.Sockets()
	if err != nil {
		return row, err
	}
	b.Reset()
	b.Publisher.Begin(e.Size.StuckBy, int(e.Size.StuckBy*e.Size.StuckFor.Seconds()))
	held := holding{began: time.Now(), open: open}
	for time.Since(held.began) < e.Size.StuckFor {
		if _, err := b.Wait(ctx, lookEvery, nil); err != nil {
			return row, b.explain(err)
		}
		if err := held.look(b); err != nil {
			return row, err
		}
	}
	if _, err := b.Wait(ctx, drainWithin/4, func() bool {
		return b.Publisher.Done() && b.Standing(b.Publisher.Published, false).Behind == 0
	}); err != nil {
		return row, b.explain(err)
	}
	standing := b.Standing(b.Publisher.Published, false)
	row.Figures = []report.Figure{
		report.Memory("RSS before", before),
		report.Memory("RSS peak", held.peak),
		report.Memory("RSS at the end", held.rss),
		report.Memory("kernel peak", held.kernelPeak),
		report.Memory("kernel at the end", held.kernel),
		report.Count("stuck", never),
		report.Count("gone", held.gone),
		{Name: "first gone", Unit: "s", Value: held.firstGone.Seconds(), Absent: held.gone == 0},
		{Name: "last gone", Unit: "s", Value: held.lastGone.Seconds(), Absent: held.gone == 0},
		report.Count("others complete", standing.Complete),
		report.Count("others not", standing.Behind+standing.Ended),
		report.Time("others p50", b.Latency.Quantile(0.5)),
		report.Time("others p99", b.Latency.Quantile(0.99)),
		report.Count("lost", b.Lost),
		report.Count("again", b.Again),
	}
	row.Notes = b.notes()
	return row, nil
}

// A holding is what is held for readers that do not read.
type holding struct {
	began time.Time
	open  int // sockets of the server in the beginning

	rss, peak           int64 // of the server
	kernel, kernelPeak  int64 // of all sockets of the machine, over what it was before
	gone                int   // sockets that the server has closed
	firstGone, lastGone time.Duration
}

// look looks once.
func (h *holding) look(b *bed) (err error) {
	if h.rss, err = b.running.RSS(); err != nil {
		return err
	}
	if h.kernel, err = process.SocketMemory(); err != nil {
		return err
	}
	h.kernel -= b.sockets
	h.peak, h.kernelPeak = max(h.peak, h.rss), max(h.kernelPeak, h.kernel)
	open, err := b.running.Sockets()
	if err != nil || h.open-open <= h.gone {
		return err
	}
	since := time.Since(h.began)
	if h.gone == 0 {
		h.firstGone = since
	}
	h.gone, h.lastGone = h.open-open, since
	return nil
}
