package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"depeche/bench/query/load"
	"depeche/bench/query/operation"
	"depeche/bench/report"
)

// Stampede has many readers ask at once for the same page, which nobody has asked
// for before: how often is it made, and how long does it take?
func (e *Env) Stampede(ctx context.Context) error {
	stories := slices.Min(e.Size.Stories)
	for _, name := range e.Servers {
		if name == Limit {
			continue
		}
		e.say("stampede: %s", of(name, stories))
		b, err := e.alone(ctx, name, stories)
		if err != nil {
			return err
		}
		for round := range e.Size.Rounds {
			row, err := e.stampede(ctx, b, round)
			if err != nil {
				b.close()
				return err
			}
			row.Scenario, row.Server, row.Case = "stampede", name, of(fmt.Sprintf("%d readers", e.Size.Stampede), stories)
			e.Report.Add(row)
		}
		b.close()
	}
	return nil
}

func (e *Env) stampede(ctx context.Context, b *bed, round int) (row report.Row, err error) {
	// No two rounds ask for the same: the operation has another name.
	asked, err := json.Marshal(map[string]string{"query": fmt.Sprintf(
		"query Stampede%d { stories(first: 100) { nodes { id slug title summary publishedAt priority tags { slug name kind } } } }", round)})
	if err != nil {
		return row, fmt.Errorf("make a request: %w", err)
	}
	text := operation.Post(b.Address, path, asked)
	requests := make([]load.Request, e.Size.Stampede)
	for i := range requests {
		requests[i].Text = text
	}
	row.Notes = b.take()
	before, err := b.outcomes(ctx)
	if err != nil {
		return row, err
	}
	c, err := load.Dial(b.Address, len(requests))
	if err != nil {
		return row, err
	}
	defer c.Close()
	used, err := watch(b.Process)
	if err != nil {
		return row, err
	}
	result, err := c.Each(ctx, requests)
	if err != nil {
		return row, b.explain(err)
	}
	all, err := used()
	if err != nil {
		return row, err
	}
	after, err := b.outcomes(ctx)
	if err != nil {
		return row, err
	}
	of := func(outcome string) float64 { return after[outcome] - before[outcome] }
	made, shared := of("miss")+of("bypass"), of("hit")+of("coalesced")
	unknown := made+shared == 0
	row.Figures = []report.Figure{
		report.Count("answers", result.Answers),
		report.Count("wrong", result.Wrong),
		{Name: "made", Value: made, Absent: unknown},
		{Name: "shared", Value: shared, Absent: unknown},
		report.Time("all answered", result.Took),
		report.Time("p50", result.Latency.Quantile(0.5)),
		{Name: "CPU", Unit: "ms", Value: float64(all.server) / float64(time.Millisecond)},
	}
	return row, nil
}

// The series of depeche that count requests, by what the cache did for them.
const counted = "depeche_cache_requests_total{outcome="

// outcomes are how many requests depeche has answered, by what the cache did for
// them; nil for other servers.
func (b *bed) outcomes(ctx context.Context) (map[string]float64, error) {
	if b.data == "" {
		return nil, nil
	}
	answer, err := load.Ask(ctx, b.Address, fmt.Appendf(nil, "GET /metrics HTTP/1.1\r\nHost: %s\r\n\r\n", b.Address))
	if err != nil {
		return nil, fmt.Errorf("ask for the metrics: %w", err)
	}
	outcomes := map[string]float64{}
	for line := range strings.Lines(string(answer.Body)) {
		rest, ours := strings.CutPrefix(line, counted)
		if !ours {
			continue
		}
		name, value, _ := strings.Cut(rest, "} ")
		if outcomes[strings.Trim(name, `"`)], err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil {
			return nil, fmt.Errorf("read the metrics: %w", err)
		}
	}
	return outcomes, nil
}
