// Query measures how whole server processes answer queries, side by side: depeche
// with its cache and without, a plain gqlgen server, Mercurius on Node, and the
// limit of what net/http can do.
//
//	go run . [flags] [SCENARIO ...]
//
// Scenarios are reads, writes, memory and stampede; without any, all. README.md
// tells what each does, --help what flags there are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"depeche/bench/process"
	"depeche/bench/query/scenario"
	"depeche/bench/query/servers"
	"depeche/bench/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	run := measure
	if len(os.Args) > 1 && os.Args[1] == servers.Command {
		run = serve
	}
	switch err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "query:", err)
		os.Exit(1)
	}
}

// serve is the program as one of the servers under test.
func serve(ctx context.Context, args []string, stdout, _ io.Writer) error {
	return servers.Serve(ctx, stdout, args[1:]...)
}

// measure runs scenarios and prints what came of them.
func measure(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	s, err := parse(args, stderr)
	if err != nil {
		return err
	}
	own, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	folder, err := os.MkdirTemp("", "depeche-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(folder)
	if s.depeche == "" {
		if s.depeche, err = process.Build(ctx, s.root, folder); err != nil {
			return err
		}
	}
	if s.newsrooms == "" {
		s.newsrooms = filepath.Join(folder, "newsrooms")
	}
	if err := os.MkdirAll(s.newsrooms, 0o755); err != nil {
		return fmt.Errorf("make a folder for newsrooms: %w", err)
	}
	core, err := process.StandApart(stderr)
	if err != nil {
		return err
	}
	here := filepath.Join(s.root, "bench", "query")
	env := &scenario.Env{
		Servers: append([]string{scenario.Depeche, scenario.Limit}, s.servers...),
		Program: s.depeche, Own: own, Mercurius: filepath.Join(here, "mercurius"),
		Schema:    filepath.Join(here, "servers", "stock", "graph", "schema.graphql"),
		Newsrooms: s.newsrooms, Core: core, Report: &report.Report{}, Log: stderr, Size: s.size,
	}
	err = s.run(ctx, env)
	// What has been measured before an interruption is told all the same.
	return errors.Join(err, env.Report.WriteTables(stdout), scenario.WriteGoals(stdout, env.Goals(env.Report)), writeJSON(s.json, env.Report))
}

func writeJSON(path string, r *report.Report) (err error) {
	if path == "" {
		return nil
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return r.WriteJSON(file)
}
