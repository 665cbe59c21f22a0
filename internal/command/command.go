// Package command is what depeche does at a prompt: it finds the command that is
// meant, reads its flags, does it and says how it went. Results go to standard
// output, what is on the side to standard error. The exit code is 0 when all
// went well, 1 when it could not be done, 2 when it was asked for wrongly, and 3
// when it was done but for some lines. Serving is the main package's.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"depeche/internal/config"
)

// An Env is the world of a process.
type Env struct {
	Environ        []string // as of os.Environ
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Now            func() time.Time
}

// Serve runs the server until ctx ends.
type Serve func(ctx context.Context, cfg config.Config, stdout, stderr io.Writer) error

// Main does what args ask for, and returns the exit code.
func Main(ctx context.Context, e Env, args []string, serve Serve) int {
	err := run(ctx, e, args, serve)
	if err == nil {
		return 0
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		fmt.Fprintf(e.Stderr, "depeche: %s\n", line)
	}
	var (
		problems *config.Problems
		usage    usageError
		partly   partlyError
	)
	switch {
	case errors.As(err, &problems), errors.As(err, &usage):
		fmt.Fprintln(e.Stderr, "Add --help to see how it is meant.")
		return 2
	case errors.As(err, &partly):
		return 3
	}
	return 1
}

// A usageError tells that there is no such command.
type usageError string

func (e usageError) Error() string { return string(e) }

// A partlyError tells that something was done, but not all of it.
type partlyError string

func (e partlyError) Error() string { return string(e) }

// A command is one word of the command line.
type command func(ctx context.Context, e Env, args []string) error

func find(name string) (command, bool) {
	switch name {
	case "import":
		return runImport, true
	case "export":
		return runExport, true
	case "migrate":
		return runMigrate, true
	case "token":
		return runToken, true
	}
	return nil, false
}

func run(ctx context.Context, e Env, args []string, serve Serve) error {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if name == "help" {
		return help(ctx, e, args)
	}
	if run, ok := find(name); ok {
		return run(ctx, e, args)
	}
	if name != "serve" {
		return unknown(name)
	}
	if config.WantsHelp(args) {
		return config.Help(e.Stdout)
	}
	cfg, err := config.Parse(args, e.Environ)
	switch {
	case cfg.Version:
		_, err := fmt.Fprintln(e.Stdout, "depeche", version())
		return err
	case err != nil:
		return err
	case cfg.PrintConfig:
		return cfg.Print(e.Stdout)
	}
	return serve(ctx, cfg, e.Stdout, e.Stderr)
}

func unknown(name string) usageError {
	return usageError(fmt.Sprintf("%q is no command: there are serve, import, export, migrate, token and help", config.Redact(name)))
}

// help explains the command that args name.
func help(ctx context.Context, e Env, args []string) error {
	if len(args) == 0 || args[0] == "serve" {
		return config.Help(e.Stdout)
	}
	run, ok := find(args[0])
	if !ok {
		return unknown(args[0])
	}
	return run(ctx, e, append(args[1:len(args):len(args)], "--help"))
}

// version is what the Go toolchain noted when it built the binary.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(unknown)"
	}
	about := []string{info.Main.Version, info.GoVersion}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			about = append(about, s.Value)
		case s.Key == "vcs.modified" && s.Value == "true":
			about = append(about, "(changed since)")
		}
	}
	return strings.Join(about, " ")
}
