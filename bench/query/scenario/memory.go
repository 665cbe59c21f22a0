package scenario

import (
	"context"
	"fmt"
	"slices"

	"depeche/bench/query/load"
	"depeche/bench/query/newsroom"
	"depeche/bench/query/operation"
	"depeche/bench/report"
)

// Memory asks servers on the largest newsroom for many different pages, each once,
// and tells what memory they have then. Each server begins afresh.
func (e *Env) Memory(ctx context.Context) error {
	stories := slices.Max(e.Size.Stories)
	for _, name := range e.Servers {
		if name == Limit {
			continue
		}
		e.say("memory: %s", of(name, stories))
		row, err := e.fill(ctx, name, stories)
		if err != nil {
			return err
		}
		row.Scenario, row.Server, row.Case = "memory", name, of("many pages", stories)
		e.Report.Add(row)
	}
	return nil
}

func (e *Env) fill(ctx context.Context, name string, stories int) (row report.Row, err error) {
	b, err := e.alone(ctx, name, stories)
	if err != nil {
		return row, err
	}
	defer b.close()
	row.Notes = b.take()
	before, err := b.RSS()
	if err != nil {
		return row, err
	}
	var requests []load.Request
	for i := range stories {
		if len(requests) == e.Size.Distinct {
			break
		}
		if !newsroom.Draft(i) {
			requests = append(requests, load.Request{Text: operation.Post(b.Address, path, operation.StoryPage(i))})
		}
	}
	c, err := load.Dial(b.Address, e.Size.Connections)
	if err != nil {
		return row, err
	}
	defer c.Close()
	result, err := c.Each(ctx, requests)
	if err != nil {
		return row, b.explain(err)
	}
	after, err := memory(b.Process)
	row.Figures = append([]report.Figure{
		report.Count("pages", result.Answers),
		report.Count("wrong", result.Wrong),
		{Name: rate, Value: result.PerSecond()},
		report.Memory("RSS before", before),
	}, after...)
	if err != nil {
		return row, fmt.Errorf("read the memory of %s: %w", name, err)
	}
	return row, nil
}
