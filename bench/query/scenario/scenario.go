// Package scenario is what servers are put through: reading, reading while the
// newsroom writes, many different questions, and the same question from everybody
// at once.
package scenario

import (
	"context"
	"fmt"
	"io"
	"time"

	"depeche/bench/process"
	"depeche/bench/query/load"
	"depeche/bench/report"
)

// The servers that can be put under test.
const (
	Limit     = report.Yardstick // net/http writing the answers of depeche
	Depeche   = "depeche"        // with its cache
	Uncached  = "uncached"       // depeche without its cache
	Stock     = "stock"          // plain gqlgen
	Mercurius = "mercurius"      // on Node
)

// An Env is where scenarios run.
type Env struct {
	Servers   []string // Depeche is the first but for Limit, which copies its answers
	Program   string   // depeche
	Own       string   // this program, which is Limit and Stock
	Mercurius string   // the folder of Mercurius and its packages
	Schema    string   // the file of the plain schema
	Newsrooms string   // the folder in which newsrooms are kept
	Core      int      // of the servers; process.Anywhere for no one core
	Report    *report.Report
	Log       io.Writer // of what goes on
	Size      Size
}

// A Size is how large the scenarios are.
type Size struct {
	Stories     []int         // of the newsrooms, the smallest first
	Operations  []string      // that are asked for
	Connections int           // of the readers
	Rounds      int           // each with all servers; tables have the medians
	For         time.Duration // a measurement
	Writing     time.Duration // a measurement while the newsroom writes
	Distinct    int           // different questions to fill the memory with
	Stampede    int           // readers who ask the same at once
}

// say tells what goes on.
func (e *Env) say(format string, args ...any) {
	fmt.Fprintf(e.Log, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}

// of names a case of a newsroom.
func of(what string, stories int) string { return fmt.Sprintf("%s, %d stories", what, stories) }

// spent is CPU that was used.
type spent struct{ server, generator time.Duration }

// watch returns what tells the CPU that is used from now on.
func watch(p *process.Process) (func() (spent, error), error) {
	server, err := p.CPU()
	generator := process.OwnCPU()
	return func() (spent, error) {
		now, err := p.CPU()
		return spent{now - server, process.OwnCPU() - generator}, err
	}, err
}

// saturate asks as fast as answers come, for so long.
func (e *Env) saturate(ctx context.Context, b *bed, requests []load.Request, lasting time.Duration) (*load.Result, spent, error) {
	c, err := load.Dial(b.Address, e.Size.Connections)
	if err != nil {
		return nil, spent{}, err
	}
	defer c.Close()
	used, err := watch(b.Process)
	if err != nil {
		return nil, spent{}, err
	}
	r, err := c.Saturate(ctx, requests, lasting)
	if err != nil {
		return nil, spent{}, b.explain(err)
	}
	all, err := used()
	return r, all, err
}

// keep asks at a rate.
func (e *Env) keep(ctx context.Context, b *bed, requests []load.Request, rate float64) (*load.Result, error) {
	c, err := load.Dial(b.Address, e.Size.Connections)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	r, err := c.Keep(ctx, requests, rate, e.Size.For)
	if err != nil {
		return nil, b.explain(err)
	}
	return r, nil
}

// ratio makes a Figure be told in multiples of the yardstick's, too.
func ratio(f report.Figure) report.Figure { f.Ratio = true; return f }

// throughput are the figures of asking as fast as answers come.
func throughput(r *load.Result, used spent) []report.Figure {
	return []report.Figure{
		{Name: rate, Value: r.PerSecond(), Ratio: true},
		ratio(report.Time("p50", r.Latency.Quantile(0.5))),
		ratio(report.Time("p99", r.Latency.Quantile(0.99))),
		{Name: perRequest, Unit: "µs", Value: float64(used.server) / 1e3 / float64(max(r.Answers, 1)), Ratio: true},
		{Name: "busy", Unit: "%", Value: 100 * float64(used.server) / float64(max(r.Took, 1))},
		{Name: "generator", Unit: "%", Value: 100 * float64(used.generator) / float64(max(r.Took, 1))},
	}
}

// memory are the figures of the memory of a server.
func memory(p *process.Process) ([]report.Figure, error) {
	rss, err := p.RSS()
	if err != nil {
		return nil, err
	}
	peak, err := p.PeakRSS()
	return []report.Figure{report.Memory("RSS", rss), report.Memory("RSS peak", peak)}, err
}
