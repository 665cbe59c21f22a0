package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/schollz/progressbar/v3"

	"depeche/internal/config"
	"depeche/internal/news"
	"depeche/internal/store"
)

func runMigrate(ctx context.Context, e Env, args []string) (err error) {
	var (
		from, to string
		level    slog.Level
	)
	t := &config.Table{
		Usage: "depeche migrate --from STORE --to STORE [flags]",
		About: "Copies a newsroom as it is into another store: every version of everything, with its ids and line numbers, so\n" +
			"that cursors stay good. Then both stores are read again and compared, line by line and entity by entity.\n" +
			"A STORE is sqlite:PATH, the file, or a URI of MongoDB, mongodb://… or mongodb+srv://…. With a password in it,\n" +
			"rather use the variable: others can see the flags of a process.\n\n" +
			"The target has to be new, or hold a beginning of the source's log, as an earlier run leaves it: this one then\n" +
			"goes on. No server may use the target. One may serve the source: what it writes after the last line that is told at\n" +
			"the end is not in the target. So stop it, run the command again, and start it with the target. The exit code\n" +
			"is 3 when the source was seen to have moved on.",
		Settings: []config.Setting{
			place("from", config.MigrateFrom, "The store that is read; nothing in it is changed.", &from),
			place("to", config.MigrateTo, "The store that is written.", &to),
			config.LogLevel(&level),
		},
	}
	if config.WantsHelp(args) {
		return t.Help(e.Stdout)
	}
	problems := t.Parse(args, e.Environ)
	if from != "" && to != "" && store.Same(from, to) {
		problems.Add("--to", "is the store of --from: there is nothing to copy")
	}
	if err := problems.Err(); err != nil {
		return err
	}
	logger := logger(e, level)
	source, err := store.Open(ctx, store.Options{At: from, ReadOnly: true, Logger: logger})
	if err != nil {
		return fmt.Errorf("--from: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := store.Open(ctx, store.Options{At: to, Epoch: source.Epoch(), Logger: logger})
	if err != nil {
		return fmt.Errorf("--to: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	return migrate(ctx, e, source, target)
}

// place is the setting of a store.
func place(flag, env, about string, at *string) config.Setting {
	return config.Setting{Flag: flag, Env: env, Value: "STORE", Required: true, About: about, Show: config.Redact,
		Set: func(s string) error {
			if err := store.CheckAt(s); err != nil {
				return err
			}
			*at = s
			return nil
		}}
}

func migrate(ctx context.Context, e Env, source, target news.Store) error {
	err := copyAndCompare(ctx, e, source, target)
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("migrate: interrupted; run it again to go on: %w", err)
	case errors.Is(err, news.ErrUnavailable):
		return fmt.Errorf("migrate: a store can't be reached; run it again to go on: %w", err)
	case err != nil:
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// copyAndCompare tells what there is when all of it has been compared.
func copyAndCompare(ctx context.Context, e Env, source, target news.Store) error {
	known, err := target.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the target: %w", err)
	}
	size, err := source.Head(ctx)
	if err != nil {
		return fmt.Errorf("read the source: %w", err)
	}
	follow, end := lines(e, "copying", "copied", size)
	head, err := store.Copy(ctx, source, target, follow)
	end()
	if err != nil {
		return err
	}
	follow, end = lines(e, "comparing", "compared", head)
	census, err := store.Compare(ctx, source, target, head, follow)
	end()
	if err != nil {
		return fmt.Errorf("compare what was copied: %w", err)
	}
	fmt.Fprintf(e.Stdout, "%-10s %d copied, %d known\n", "lines:", head-known, known)
	for _, row := range kinds() {
		fmt.Fprintf(e.Stdout, "%-10s %d, versions: %d\n", row.name+":", census.Entities[row.kind], census.Versions[row.kind])
	}
	fmt.Fprintf(e.Stdout, "%-10s %s\nThe target holds the same as the source up to line %d.\n", "SHA-256:", census.Checksum, head)
	if census.SourceHead > head {
		return partlyError(fmt.Sprintf("the source is at line %d by now: stop what writes to it and run this again", census.SourceHead))
	}
	_, err = fmt.Fprintln(e.Stdout, "What is written to the source later is not: if a server still runs there, stop it and run this again.")
	return err
}

// lines shows how far the lines of a log have been gone through.
func lines(e Env, doing, done string, size news.Seq) (follow store.Progress, end func()) {
	var at news.Seq
	p := newProgress(e.Stderr, doing, progressbar.OptionShowCount(), int64(size), func() int64 { return int64(at) })
	return func(now, of news.Seq) {
		at = now
		p.grow(int64(of))
		p.step(int(now), "%d of %d lines %s", now, of, done)
	}, p.end
}
