package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"depeche/bench/live/scenario"
	"depeche/bench/live/servers"
	"depeche/bench/live/servers/libraries"
)

// settings is what the command line says.
type settings struct {
	scenarios []string
	servers   []string
	depeche   string // the program; empty for one that has to be built
	root      string
	json      string
	rounds    int
	size      scenario.Size
}

// usual are the scenarios that run when none is named.
func usual() []string { return []string{"fanout", "overload", "idle", "storm", "stuck"} }

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("live", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "go run . [flags] [SCENARIO ...]\n\nscenarios: %s, libraries; without any, all but the last\n\n", strings.Join(usual(), ", "))
		flags.PrintDefaults()
	}
	quick := flags.Bool("quick", false, "small scenarios, some minutes in all")
	names := flags.String("servers", "limit,depeche,stock", "put these `SERVERS` under test; plain, which an overload always has, can be among them")
	flags.StringVar(&s.depeche, "depeche", "", "put the `PROGRAM` under test; without it, depeche is built")
	flags.StringVar(&s.root, "root", filepath.Join("..", ".."), "the `FOLDER` of depeche's source")
	flags.StringVar(&s.json, "json", "", "write all figures to `FILE`")
	flags.IntVar(&s.rounds, "rounds", 1, "run all of it so often; tables have the medians")
	readers := flags.Int("readers", 0, "so many readers in each scenario, in the place of its own number")
	events := flags.Int("events", 0, "so many events in a fan-out")
	rate := flags.Float64("rate", 0, "so many events a second where the scenario has a rate")
	lasting := flags.Duration("for", 0, "so long an overload, the steady part of a storm, the time that readers are stuck")
	slow := flags.Float64("slow", 0, "the share of an overload's readers that read slowly, 0 to 1")
	never := flags.Float64("never", 0, "the share of an overload's readers that do not read while it lasts, 0 to 1")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if *readers < 0 || *events < 0 || *rate < 0 || *lasting < 0 || s.rounds < 1 || *slow < 0 || *never < 0 || *slow+*never > 1 {
		return nil, errors.New("a number is out of its range")
	}
	s.size = scenario.Full()
	if *quick {
		s.size = scenario.Quick()
	}
	s.size.Slow, s.size.Never = *slow, *never
	if n := *readers; n > 0 {
		s.size.Fanout = []int{n}
		s.size.Overload, s.size.Idle, s.size.Storm, s.size.Stuck, s.size.Library = n, n, n, n, n
	}
	if *events > 0 {
		s.size.Events = *events
	}
	if *rate > 0 {
		s.size.Rate, s.size.StormBy, s.size.StuckBy = *rate, *rate, *rate
	}
	if *lasting > 0 {
		s.size.For, s.size.StuckFor = *lasting, *lasting
	}
	s.servers = strings.Split(*names, ",")
	if s.scenarios = flags.Args(); len(s.scenarios) == 0 {
		s.scenarios = usual()
	}
	for _, name := range s.scenarios {
		if !slices.Contains(append(usual(), "libraries"), name) {
			return nil, fmt.Errorf("there is no scenario %q", name)
		}
	}
	for _, name := range s.servers {
		if !slices.Contains([]string{"depeche", "stock", "limit", "plain"}, name) {
			return nil, fmt.Errorf("there is no server %q", name)
		}
	}
	return s, nil
}

// needsDepeche tells whether depeche is put under test.
func (s *settings) needsDepeche() bool {
	return slices.Contains(s.servers, "depeche") &&
		slices.ContainsFunc(s.scenarios, func(name string) bool { return name != "libraries" })
}

// run runs the scenarios. The program own is started again for the servers that
// are its own.
func (s *settings) run(ctx context.Context, env *scenario.Env, own string) error {
	for range s.rounds {
		for _, name := range s.scenarios {
			under := s.servers
			var run func(context.Context) error
			switch name {
			case "fanout":
				run = env.Fanout
			case "overload":
				run = env.Overload
				if !slices.Contains(under, "plain") {
					under = append(slices.Clone(under), "plain")
				}
			case "idle":
				run = env.Idle
			case "storm":
				run = env.Storm
			case "stuck":
				run = env.Stuck
			case "libraries":
				run = env.Libraries
				under = append([]string{"limit"}, libraries.Names()...)
			}
			env.Servers = nil
			for _, server := range under {
				if server == "depeche" {
					env.Servers = append(env.Servers, scenario.Depeche(s.depeche))
				} else {
					env.Servers = append(env.Servers, scenario.Own(server, own, servers.Command, server))
				}
			}
			if err := run(ctx); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}
