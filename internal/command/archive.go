package command

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/schollz/progressbar/v3"

	"depeche/internal/config"
	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
)

func importNDJSON(ctx context.Context, e Env, args []string) error {
	var (
		s      source
		strict bool
	)
	t := &config.Table{
		Usage: "depeche import ndjson [flags] FILE",
		About: "Brings in an archive: one JSON object a line, packed by gzip or not. A line that can't be used is reported\n" +
			"and passed over. Interrupted, it goes on where it was when it is run again. FILE may be - for standard input.",
		Settings: append([]config.Setting{
			config.Switch("strict", "Stop at the first line that can't be used; fields that the format does not have are such.", &strict),
		}, s.settings()...),
		Args: s.args(),
	}
	if config.WantsHelp(args) {
		return t.Help(e.Stdout)
	}
	if err := s.parse(t, args, e.Environ).Err(); err != nil {
		return err
	}
	return s.within(ctx, e, func(in *input, d *desk.Desk, store news.Store) error {
		p := newProgress(e.Stderr, "importing", progressbar.OptionShowBytes(true), in.size, in.count.n.Load)
		sum, err := intake.ImportNDJSON(ctx, d, store, s.who, in, intake.NDJSONOptions{
			Strict:   strict,
			Report:   func(line int, reason string) { p.say("%s, line %d: %s", in.name, line, reason) },
			Progress: p.show,
		})
		p.end()
		summarise(e, sum)
		switch {
		case errors.Is(err, context.Canceled):
			return fmt.Errorf("import %s: interrupted; run it again to go on: %w", in.name, err)
		case err != nil:
			return fmt.Errorf("import %s: %w", in.name, err)
		case sum.Refused > 0:
			return partlyError(fmt.Sprintf("lines refused: %d", sum.Refused))
		}
		return nil
	})
}

func summarise(e Env, sum intake.Summary) {
	for _, row := range kinds() {
		fmt.Fprintf(e.Stdout, "%-10s %d added, %d known\n", row.name+":", sum.Added[row.kind], sum.Known[row.kind])
	}
	fmt.Fprintf(e.Stdout, "%-10s %d read, %d refused\n", "lines:", sum.Lines, sum.Refused)
	for _, field := range slices.Sorted(maps.Keys(sum.Unknown)) {
		fmt.Fprintf(e.Stderr, "warning: the format has no field %q; lines with it: %d\n", field, sum.Unknown[field])
	}
}

// A kindName is what sums call the entities of a kind.
type kindName struct {
	name string
	kind news.Kind
}

func kinds() []kindName {
	return []kindName{
		{"tags", news.KindTag}, {"coverages", news.KindCoverage}, {"stories", news.KindStory}, {"ticker", news.KindTickerEntry},
	}
}

func total(counts map[news.Kind]int) (n int) {
	for count := range maps.Values(counts) {
		n += count
	}
	return n
}
