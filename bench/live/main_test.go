package main

import (
	"context"
	"os"
	"testing"
	"time"

	"depeche/bench/live/scenario"
	"depeche/bench/live/servers"
	"depeche/bench/process"
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

// TestDelivery puts depeche, and the limit that it is compared with, through small
// scenarios. It holds what readers get and not how soon.
func TestDelivery(t *testing.T) {
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
	for _, server := range []scenario.Server{
		scenario.Own("limit", own, servers.Command, "limit"),
		scenario.Depeche(depeche),
	} {
		t.Run(server.Name, func(t *testing.T) {
			t.Parallel()
			e := scenario.New([]scenario.Server{server}, t.Output())
			e.Size = scenario.Size{
				Fanout: []int{500}, Events: 3,
				Overload: 500, For: time.Second, Rate: 100, Slow: 0.02, Never: 0.02,
				Storm: 500, Storms: 2, StormBy: 20,
			}
			for name, run := range map[string]func(context.Context) error{"fanout": e.Fanout, "overload": e.Overload, "storm": e.Storm} {
				if err := run(ctx); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			for _, row := range e.Report.Rows() {
				check(t, row)
			}
		})
	}
}

// check holds that nobody has missed anything, had anything twice, or fallen
// behind in silence.
func check(t *testing.T, row report.Row) {
	t.Helper()
	for _, note := range row.Notes {
		t.Logf("%s: %s", row.Scenario, note)
	}
	if len(row.Figures) == 0 {
		t.Errorf("%s: nothing was measured", row.Scenario)
	}
	for _, name := range []string{"lost", "again", "behind", "silently behind"} {
		if n := row.Figure(name); n != 0 {
			t.Errorf("%s: %v %s, want none", row.Scenario, n, name)
		}
	}
}

func TestSettings(t *testing.T) {
	for _, row := range []struct {
		name string
		args []string
		ok   bool
	}{
		{"none", nil, true},
		{"a scenario", []string{"--quick", "storm"}, true},
		{"an unknown scenario", []string{"tempest"}, false},
		{"an unknown server", []string{"--servers", "apache"}, false},
		{"no readers", []string{"--readers", "-1"}, false},
	} {
		if _, err := parse(row.args, t.Output()); (err == nil) != row.ok {
			t.Errorf("%s: got %v, want ok %t", row.name, err, row.ok)
		}
	}
}
