package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"depeche/internal/config"
	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/store"
)

const importHelp = `Usage: depeche import page [flags] FILE      the text of a news page: a ticker, and an article below it
       depeche import ticker [flags] FILE    a ticker alone
       depeche import ndjson [flags] FILE    an archive, as depeche export writes it

FILE may be - for standard input. What is there already is left as it is, so the same file may be imported again.
A server may be running where the newsroom is in MongoDB; a database that is a file has to be the import's alone. The exit
code is 0 when all of FILE is in, 3 when some lines were refused, 1 when it could not be done, 2 for wrong flags.
"depeche help import page" explains the flags.
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
	return usageError(fmt.Sprintf("%q can't be imported: say page, ticker or ndjson", config.Redact(args[0])))
}

// A source is what every import is told.
type source struct {
	place config.Place
	level slog.Level
	who   news.Actor
	file  string
}

func (s *source) settings() []config.Setting {
	s.who.Role = news.Admin // whoever may write to the database may do anything
	return append(s.place.Settings(),
		config.Setting{Flag: "as", Value: "NAME", Default: "import", About: "Under whose name it is noted.",
			Set: func(text string) (err error) { s.who.Name, err = name(text); return err }},
		config.LogLevel(&s.level),
	)
}

func (s *source) parse(t *config.Table, args, environ []string) *config.Problems {
	problems := t.Parse(args, environ)
	s.place.Check(t, problems)
	return problems
}

func (s *source) args() []config.Arg {
	return []config.Arg{{Name: "FILE", Set: func(text string) error {
		if strings.Contains(text, "://") { // perhaps with a password, which errors about the file would show
			return errors.New("must be a file, not a URI")
		}
		s.file = text
		return nil
	}}}
}

// within opens the input and the database for do.
func (s *source) within(ctx context.Context, e Env, do func(*input, *desk.Desk, news.Store) error) (err error) {
	in, err := open(ctx, e, s.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	store, err := store.Open(ctx, store.Options{At: s.place.Store(), Logger: logger(e, s.level)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return do(in, desk.New(store, e.Now), store)
}
