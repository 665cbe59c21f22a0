package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"depeche/bench/query/operation"
	"depeche/bench/query/scenario"
)

// settings is what the command line says.
type settings struct {
	scenarios []string
	servers   []string // beside depeche and its limit
	depeche   string   // the program; empty for one that has to be built
	root      string
	newsrooms string // a folder; empty for a temporary one
	json      string
	size      scenario.Size
}

func scenarios() []string { return []string{"reads", "writes", "memory", "stampede"} }

// full is the size that figures are told of.
func full() scenario.Size {
	return scenario.Size{
		Stories: []int{10_000, 100_000}, Operations: operation.Names(), Connections: 16, Rounds: 3,
		For: 2 * time.Second, Writing: 6 * time.Second, Distinct: 20_000, Stampede: 1000,
	}
}

// quick is a size to see whether everything works.
func quick() scenario.Size {
	return scenario.Size{
		Stories: []int{1000, 3000}, Operations: operation.Names(), Connections: 16, Rounds: 1,
		For: 300 * time.Millisecond, Writing: 1500 * time.Millisecond, Distinct: 1000, Stampede: 1000,
	}
}

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := &settings{}
	flags := flag.NewFlagSet("query", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintf(stderr, "go run . [flags] [SCENARIO ...]\n\nscenarios: %s; without any, all\n\n", strings.Join(scenarios(), ", "))
		flags.PrintDefaults()
	}
	small := flags.Bool("quick", false, "small newsrooms and short measurements, a minute in all")
	names := flags.String("servers", "uncached,stock,mercurius", "put these `SERVERS` under test, beside depeche and the limit")
	stories := flags.String("stories", "", "the sizes of the newsrooms, as `NUMBERS` of stories, in the place of 10000,100000")
	operations := flags.String("operations", strings.Join(operation.Names(), ","), "ask for these `OPERATIONS`")
	flags.StringVar(&s.depeche, "depeche", "", "put the `PROGRAM` under test; without it, depeche is built")
	flags.StringVar(&s.root, "root", filepath.Join("..", ".."), "the `FOLDER` of depeche's source")
	flags.StringVar(&s.newsrooms, "newsrooms", "", "keep the newsrooms in this `FOLDER`, and take those that are there")
	flags.StringVar(&s.json, "json", "", "write all figures to `FILE`")
	connections := flags.Int("connections", 0, "ask over so many connections")
	rounds := flags.Int("rounds", 0, "measure so often, all servers in turn; tables have the medians")
	lasting := flags.Duration("for", 0, "so long a measurement of reads")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if *connections < 0 || *rounds < 0 || *lasting < 0 {
		return nil, errors.New("a number is out of its range")
	}
	s.size = full()
	if *small {
		s.size = quick()
	}
	if *stories != "" {
		s.size.Stories = nil
		for text := range strings.SplitSeq(*stories, ",") {
			n, err := strconv.Atoi(text)
			if err != nil || n < 100 || len(s.size.Stories) > 0 && n <= slices.Max(s.size.Stories) {
				return nil, fmt.Errorf("--stories: want numbers from 100 up, the smallest first, not %q", *stories)
			}
			s.size.Stories = append(s.size.Stories, n)
		}
	}
	if *connections > 0 {
		s.size.Connections = *connections
	}
	if *rounds > 0 {
		s.size.Rounds = *rounds
	}
	if *lasting > 0 {
		s.size.For = *lasting
	}
	if s.scenarios = flags.Args(); len(s.scenarios) == 0 {
		s.scenarios = scenarios()
	}
	if *names != "" {
		s.servers = strings.Split(*names, ",")
	}
	s.size.Operations = strings.Split(*operations, ",")
	return s, errors.Join(
		known("scenario", s.scenarios, scenarios()),
		known("server", s.servers, []string{scenario.Uncached, scenario.Stock, scenario.Mercurius}),
		known("operation", s.size.Operations, operation.Names()),
	)
}

func known(what string, names, all []string) error {
	for _, name := range names {
		if !slices.Contains(all, name) {
			return fmt.Errorf("there is no %s %q: there are %s", what, name, strings.Join(all, ", "))
		}
	}
	return nil
}

// run runs the scenarios.
func (s *settings) run(ctx context.Context, e *scenario.Env) error {
	for _, name := range s.scenarios {
		run := map[string]func(context.Context) error{
			"reads": e.Reads, "writes": e.Writes, "memory": e.Memory, "stampede": e.Stampede,
		}[name]
		if err := run(ctx); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}
