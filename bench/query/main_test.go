package main

import (
	"context"
	"os"
	"testing"
	"time"

	"depeche/bench/process"
	"depeche/bench/query/operation"
	"depeche/bench/query/scenario"
	"depeche/bench/query/servers"
	"depeche/bench/report"
)

// TestMain lets the test program be a server, as the program itself can.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == servers.Command {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestAnswers puts all servers that are Go through small scenarios: they have to
// answer the same, and nothing stale. It does not look how soon.
func TestAnswers(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 2*time.Minute)
	t.Cleanup(stop)
	depeche, err := process.Build(ctx, "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	e := &scenario.Env{
		Servers: []string{scenario.Depeche, scenario.Limit, scenario.Uncached, scenario.Stock},
		Program: depeche, Own: own, Newsrooms: t.TempDir(), Core: -1, Report: &report.Report{}, Log: t.Output(),
		Size: scenario.Size{
			Stories: []int{200}, Operations: operation.Names(), Connections: 4, Rounds: 1,
			For: 20 * time.Millisecond, Writing: 20 * time.Millisecond, Distinct: 100, Stampede: 50,
		},
	}
	for name, run := range map[string]func(context.Context) error{"reads": e.Reads, "writes": e.Writes, "memory": e.Memory, "stampede": e.Stampede} {
		if err := run(ctx); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for _, row := range e.Report.Rows() {
		if len(row.Figures) == 0 {
			t.Errorf("%s, %s, %s: nothing was measured", row.Scenario, row.Case, row.Server)
		}
		for _, name := range []string{"wrong", "stale"} {
			if n := row.Figure(name); n != 0 {
				t.Errorf("%s, %s, %s: %v %s, want none", row.Scenario, row.Case, row.Server, n, name)
			}
		}
	}
	if len(e.Goals(e.Report)) == 0 {
		t.Error("there are no goals")
	}
}

func TestSettings(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		ok   bool
	}{
		{"none", nil, true},
		{"a scenario", []string{"--quick", "stampede"}, true},
		{"only depeche", []string{"--servers", ""}, true},
		{"sizes", []string{"--stories", "500,1000"}, true},
		{"an unknown scenario", []string{"tempest"}, false},
		{"an unknown server", []string{"--servers", "apache"}, false},
		{"an unknown operation", []string{"--operations", "back page"}, false},
		{"sizes that shrink", []string{"--stories", "1000,500"}, false},
		{"a size that is no number", []string{"--stories", "many"}, false},
		{"fewer rounds than none", []string{"--rounds", "-1"}, false},
	} {
		if _, err := parse(row.args, t.Output()); (err == nil) != row.ok {
			t.Errorf("%s: got %v, want ok %t", row.name, err, row.ok)
		}
	}
}
