// Live measures live delivery of whole server processes side by side: depeche, a
// stock gqlgen server, and the limit of what Go can do without GraphQL.
//
//	go run . [flags] [SCENARIO ...]
//
// Scenarios are fanout, overload, idle, storm, stuck and libraries; without any,
// all but the last. README.md tells what each does, --help what flags there are.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"depeche/bench/live/scenario"
	"depeche/bench/live/servers"
	"depeche/bench/process"
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
		fmt.Fprintln(os.Stderr, "live:", err)
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
	if s.needsDepeche() && s.depeche == "" {
		folder, err := os.MkdirTemp("", "depeche-bench-")
		if err != nil {
			return fmt.Errorf("make a folder for depeche: %w", err)
		}
		defer os.RemoveAll(folder)
		if s.depeche, err = process.Build(ctx, s.root, folder); err != nil {
			return err
		}
	}
	core, err := process.StandApart(stderr)
	if err != nil {
		return err
	}
	env := &scenario.Env{Core: core, Report: &report.Report{}, Log: stderr, Size: s.size}
	err = s.run(ctx, env, own)
	// What has been measured before an interruption is told all the same.
	return errors.Join(err, env.Report.WriteTables(stdout), writeJSON(s.json, env.Report))
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
