package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"

	"depeche/internal/config"
	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
)

const importHelp = `Usage: depeche import page [flags] FILE      the text of a news page: a ticker, and an article below it
       depeche import ticker [flags] FILE    a ticker alone
       depeche import ndjson [flags] FILE    an archive, as depeche export writes it

FILE may be - for standard input. What is there already is left as it is, so the same file may be imported again.
The server must not be running: an import writes its database. The exit code is 0 when all of FILE is in, 3 when some
lines were refused, 1 when it could not be done, 2 for wrong flags. "depeche help import page" explains the flags.
`

func runImport(ctx context.Context, e Env, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "page":
			return importPage(ctx, e, args[1:], true)
		case "ticker":
			return importPage(ctx, e, args[1:], false)
		case "ndjson":
			return importNDJSON(ctx, e, args[1:])
		}
	}
	if config.WantsHelp(args) {
		_, err := io.WriteString(e.Stdout, importHelp)
		return err
	}
	if len(args) == 0 {
		return usageError("say what to import: page, ticker or ndjson")
	}
	return usageError(fmt.Sprintf("%q can't be imported: say page, ticker or ndjson", args[0]))
}

// A source is what every import is told.
type source struct {
	data  string
	level slog.Level
	who   news.Actor
	file  string
}

func (s *source) settings() []config.Setting {
	s.who.Role = news.Admin // whoever may write the database's file may do anything
	return []config.Setting{
		{Flag: "as", Value: "NAME", Default: "import", About: "Under whose name it is noted.",
			Set: func(text string) (err error) { s.who.Name, err = name(text); return err }},
		config.Data(&s.data),
		config.LogLevel(&s.level),
	}
}

func (s *source) args() []config.Arg {
	return []config.Arg{{Name: "FILE", Set: func(text string) error { s.file = text; return nil }}}
}

// within opens the input and the database for do.
func (s *source) within(ctx context.Context, e Env, do func(*input, *desk.Desk, news.Store) error) (err error) {
	in, err := open(ctx, e, s.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	store, err := sqlite.Open(ctx, sqlite.Options{Path: filepath.Join(s.data, Database), Logger: logger(e, s.level)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(in, desk.New(store, e.Now), store)
}
