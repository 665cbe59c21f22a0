package command

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"depeche/internal/config"
	"depeche/internal/intake"
	"depeche/internal/store"
)

func runExport(ctx context.Context, e Env, args []string) (err error) {
	var (
		place  config.Place
		output string
		level  slog.Level
	)
	t := &config.Table{
		Usage: "depeche export [flags]",
		About: "Writes the whole newsroom as NDJSON: tags, coverages, stories, ticker entries. A server may be running\n" +
			"beside it. Brought into an empty database by \"depeche import ndjson\", it gives the same export again.",
		Settings: append([]config.Setting{
			{Flag: "output", Value: "FILE",
				About: "Where to write; packed by gzip when the name ends in .gz. Standard output when it is left out.\n" +
					"The file appears when it is whole; what was there before is replaced.",
				Set: func(s string) error { output = s; return nil }},
			config.LogLevel(&level),
		}, place.Settings()...),
	}
	if config.WantsHelp(args) {
		return t.Help(e.Stdout)
	}
	problems := t.Parse(args, e.Environ)
	place.Check(t, problems)
	if err := problems.Err(); err != nil {
		return err
	}
	store, err := store.Open(ctx, store.Options{At: place.Store(), ReadOnly: true, Logger: logger(e, level)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if output == "" {
		return intake.Export(ctx, store, e.Stdout)
	}
	return writeFile(output, func(w io.Writer) error { return intake.Export(ctx, store, w) })
}

// writeFile makes a file of what write writes, as a whole or not at all. It is
// readable by its owner only: what is not published yet is nobody else's
// business.
func writeFile(name string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.part") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(f.Name()))
		}
	}()
	if strings.HasSuffix(name, ".gz") {
		packer := gzip.NewWriter(f)
		err = errors.Join(write(packer), packer.Close())
	} else {
		err = write(f)
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}

func logger(e Env, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(e.Stderr, &slog.HandlerOptions{Level: level}))
}
