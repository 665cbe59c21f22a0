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
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
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
		if s.depeche, err = build(ctx, s.root, folder); err != nil {
			return err
		}
	}
	if s.newsrooms == "" {
		s.newsrooms = filepath.Join(folder, "newsrooms")
	}
	if err := os.MkdirAll(s.newsrooms, 0o755); err != nil {
		return fmt.Errorf("make a folder for newsrooms: %w", err)
	}
	core, err := pin(stderr)
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

// build builds depeche from its source and returns the program.
func build(ctx context.Context, root, folder string) (string, error) {
	program := filepath.Join(folder, "depeche")
	command := exec.CommandContext(ctx, "go", "build", "-C", root, "-o", program, ".")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build depeche: %w: %s", err, out)
	}
	return program, nil
}

// pin keeps the generator on the last core and returns another for the servers.
func pin(stderr io.Writer) (core int, err error) {
	cores, err := process.Cores()
	if err != nil {
		return process.Anywhere, err
	}
	if len(cores) < 2 {
		fmt.Fprintln(stderr, "there is one core only: generator and server share it, and the figures tell little")
		return process.Anywhere, nil
	}
	runtime.GOMAXPROCS(2)
	return cores[len(cores)-2], process.Pin(cores[len(cores)-1])
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
