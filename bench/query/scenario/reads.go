package scenario

import (
	"context"
	"slices"
	"time"

	"depeche/bench/query/load"
	"depeche/bench/report"
)

// warmUp is how long a server is asked before its first measurement.
const warmUp = 500 * time.Millisecond

// Reads asks for each operation as fast as answers come, and then half as often as
// the limit answers. Rounds go over all servers, so that what disturbs one
// disturbs all.
func (e *Env) Reads(ctx context.Context) error {
	for _, stories := range e.Size.Stories {
		if err := e.reads(ctx, stories); err != nil {
			return err
		}
	}
	return nil
}

func (e *Env) reads(ctx context.Context, stories int) error {
	r, err := e.open(ctx, stories, e.Servers...)
	if err != nil {
		return err
	}
	defer r.close()
	for _, m := range []method{post, get} {
		beds := slices.Clone(r.beds)
		if m == get {
			beds = slices.DeleteFunc(beds, func(b *bed) bool { return b.name != Limit && b.name != Depeche })
		}
		for _, name := range e.Size.Operations {
			q := question{name, m}
			e.say("%s", of(q.String(), stories))
			for round := range e.Size.Rounds {
				half := 0.0 // of what the limit answers a second
				for _, b := range beds {
					if round == 0 {
						if _, _, err := e.saturate(ctx, b, b.requests[q], min(warmUp, e.Size.For)); err != nil {
							return err
						}
					}
					row, err := e.read(ctx, b, b.requests[q], &half)
					if err != nil {
						return err
					}
					row.Scenario, row.Case = "reads", of(q.String(), stories)
					e.Report.Add(row)
				}
			}
		}
	}
	return nil
}

// read is one measurement. The limit sets half; for servers that can't answer that
// often there is nothing to be told of it.
func (e *Env) read(ctx context.Context, b *bed, requests []load.Request, half *float64) (report.Row, error) {
	row := report.Row{Server: b.name, Notes: b.take()}
	result, used, err := e.saturate(ctx, b, requests, e.Size.For)
	if err != nil {
		return row, err
	}
	if b.name == Limit {
		*half = result.PerSecond() / 2
	}
	wrong := result.Wrong
	calm := report.Figure{Name: "p99 at half", Unit: "ms", Ratio: true, Absent: true}
	const reserve = 1.1 // a server that is just as fast would have a queue that tells nothing
	if *half > 0 && result.PerSecond() > reserve**half {
		kept, err := e.keep(ctx, b, requests, *half)
		if err != nil {
			return row, err
		}
		calm = ratio(report.Time("p99 at half", kept.Latency.Quantile(0.99)))
		wrong += kept.Wrong
	}
	row.Figures = append(throughput(result, used), calm, report.Figure{Name: "bytes", Value: float64(size(requests))}, report.Count("wrong", wrong))
	kept, err := memory(b.Process)
	row.Figures = append(row.Figures, kept...)
	return row, err
}

// take are the notes of b, told once.
func (b *bed) take() []string {
	notes := b.notes
	b.notes = nil
	return notes
}

// size is the mean size of the bodies that requests are answered with, in bytes.
func size(requests []load.Request) int {
	sum := 0
	for _, r := range requests {
		sum += r.Size
	}
	return sum / max(1, len(requests))
}
