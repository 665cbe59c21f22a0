// Package scenario is what servers are put through. Each scenario runs them one
// after the other on the same core with the same readers.
package scenario

import (
	"context"
	"fmt"
	"io"
	"time"

	"depeche/bench/process"
	"depeche/bench/report"
)

// An Env is where scenarios run.
type Env struct {
	Servers []Server
	Core    int // of the servers; process.Anywhere for no one core
	Report  *report.Report
	Log     io.Writer // of what goes on
	Size    Size
}

// A Size is how large the scenarios are.
type Size struct {
	Fanout   []int         // readers, one run each
	Events   int           // of a fan-out, one a second
	Overload int           // readers
	For      time.Duration // how long the overload and the storm's steady part last
	Rate     float64       // events a second of an overload
	Idle     int           // readers
	Storm    int           // readers
	Storms   int           // one after the other
	StormBy  float64       // events a second while it storms
	Stuck    int           // readers that never read
	Free     int           // readers beside them that read
	StuckFor time.Duration
	StuckBy  float64 // events a second to them
	Slow     float64 // share of the overload's readers that read slowly
	Never    float64 // share of the overload's readers that never read
	Library  int     // readers of the libraries
}

// Full is the size that figures are told of.
func Full() Size {
	return Size{
		Fanout: []int{1000, 5000, 10_000}, Events: 20,
		Overload: 5000, For: 10 * time.Second, Rate: 200,
		Idle: 10_000, Storm: 10_000, Storms: 2, StormBy: 20,
		Stuck: 200, Free: 100, StuckFor: 60 * time.Second, StuckBy: 50,
		Library: 5000,
	}
}

// Quick is a size to see whether everything works.
func Quick() Size {
	return Size{
		Fanout: []int{500, 2000}, Events: 5,
		Overload: 1000, For: 3 * time.Second, Rate: 200,
		Idle: 2000, Storm: 2000, Storms: 1, StormBy: 20,
		Stuck: 50, Free: 20, StuckFor: 30 * time.Second, StuckBy: 150,
		Library: 1000,
	}
}

// New makes an Env without a core of its own, which tells on log what goes on.
func New(servers []Server, log io.Writer) *Env {
	return &Env{Servers: servers, Core: process.Anywhere, Report: &report.Report{}, Log: log}
}

func (e *Env) say(format string, args ...any) {
	fmt.Fprintf(e.Log, "%s "+format+"\n", append([]any{time.Now().Format("15:04:05")}, args...)...)
}

// each runs one measurement with each server and adds its row. A server that
// fails is told and passed over; only the end of ctx is an error.
func (e *Env) each(ctx context.Context, scenario string, readers int, measure func(context.Context, Server) (report.Row, error)) error {
	for _, s := range e.Servers {
		e.say("%s, %d readers", scenario, readers)
		row, err := measure(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			e.say("%s: %v", scenario, err)
			row.Notes = append(row.Notes, "failed: "+err.Error())
		}
		row.Scenario, row.Server, row.Case = scenario, s.Name, fmt.Sprintf("%d readers", readers)
		e.Report.Add(row)
	}
	return nil
}
