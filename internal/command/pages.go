package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"depeche/internal/config"
	"depeche/internal/desk"
	"depeche/internal/intake"
	"depeche/internal/news"
)

// A pageOrder is what the import of a page is told.
type pageOrder struct {
	source
	page     intake.NewsPage
	at       string
	coverage string
	from     string
}

// table is that of the import of a ticker, or of a page with an article.
func (o *pageOrder) table(article bool) *config.Table {
	text := func(to *string) func(string) error { return func(s string) error { *to = s; return nil } }
	list := func(to *[]string) func(string) error {
		return func(s string) error { *to = append(*to, s); return nil }
	}
	t := &config.Table{
		Usage: "depeche import ticker --at TIME [flags] FILE",
		About: "Publishes the lines of a ticker that was copied from a page: a time and a headline each, newest first. The\n" +
			"days follow from the order of the lines. A line that is there is not doubled; one that its source has edited\n" +
			"is revised. FILE may be - for standard input.",
		Settings: []config.Setting{
			{Flag: "at", Value: "TIME", Required: true, Set: text(&o.at),
				About: "When the page was taken, such as 2025-07-09T12:00 (in the zone of --tz) or 2025-07-09T12:00:00+02:00."},
			config.Zone("tz", &o.page.Zone),
			{Flag: "coverage", Value: "SLUG", Set: text(&o.coverage), About: "The coverage of the ticker's lines."},
			{Flag: "tag", Value: "SLUG", Repeated: true, Set: list(&o.page.TagRefs), About: "A tag for all of it."},
			{Flag: "source", Value: "NAME", Set: text(&o.from), About: "Where it comes from."},
			{Flag: "chrome", Value: "LINE", Repeated: true, Set: list(&o.page.Chrome),
				About: "A line of the page that is neither news nor text, such as \"Suivez-nous sur Facebook\". Many are known."},
			config.Switch("dry-run", "Only tell what would be done.", &o.page.DryRun),
		},
		Args: o.args(),
	}
	if article {
		t.Usage = "depeche import page --at TIME [flags] FILE"
		t.About = "Imports the text of a news page: the lines of its ticker, as \"depeche import ticker\" does, and the article\n" +
			"below them as a story. FILE may be - for standard input."
		t.Settings = append(t.Settings,
			config.Switch("publish", "Publish the article now. It stays a draft otherwise: the page does not date it.", &o.page.Publish),
			config.Setting{Flag: "language", Value: "LANGUAGE", Default: "fr", Set: text(&o.page.Language),
				About: "The language of the article, as BCP 47."},
		)
	}
	t.Settings = append(t.Settings, o.settings()...)
	return t
}

// importPage imports a ticker, and with article the article below it.
func importPage(ctx context.Context, e Env, args []string, article bool) error {
	var o pageOrder
	t := o.table(article)
	if config.WantsHelp(args) {
		return t.Help(e.Stdout)
	}
	problems := o.parse(t, args, e.Environ)
	if o.at != "" && o.page.Zone != nil {
		var err error
		if o.page.At, err = instant(o.at, o.page.Zone); err != nil {
			problems.Add("--at", "%v", err)
		}
	}
	if err := problems.Err(); err != nil {
		return err
	}
	if o.coverage != "" {
		o.page.Coverage = &o.coverage
	}
	if o.from != "" {
		o.page.Source = &news.Source{Name: o.from}
	}
	return o.within(ctx, e, func(in *input, d *desk.Desk, store news.Store) (err error) {
		if o.page.Text, err = in.whole(maxText); err != nil {
			return err
		}
		var result intake.PageResult
		if article {
			result, err = intake.ImportPage(ctx, d, store, o.who, o.page)
		} else {
			result.Ticker, err = intake.ImportTicker(ctx, d, store, o.who, o.page.TickerPage)
		}
		if err != nil {
			return fmt.Errorf("import %s: %w", in.name, byFlag(err))
		}
		return tell(e, in.name, o.page.Zone, result)
	})
}

// byFlag speaks of what is wrong with a page as of the flag that said it.
func byFlag(err error) error {
	var invalid *news.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	name, _, _ := strings.Cut(invalid.Field, "[")
	flag, ok := map[string]string{"at": "--at", "coverage": "--coverage", "tags": "--tag", "source.name": "--source", "language": "--language"}[name]
	if !ok {
		return err
	}
	return news.Invalid(flag, "%s", invalid.Reason)
}

// maxText is more than the characters that a page may have can take.
const maxText = 8 << 20

// instant reads a time of --at. One that the clock of the zone did not show, or
// showed twice, is refused.
func instant(s string, zone *time.Location) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	const layout = "2006-01-02T15:04"
	t, err := time.ParseInLocation(layout, s, zone)
	if err != nil {
		return t, fmt.Errorf("must be a time such as 2025-07-09T12:00 or 2025-07-09T12:00:00+02:00, not %q", s)
	}
	if t.Format(layout) != s {
		return t, fmt.Errorf("is a time that there was not in %s: the clock was put forward over it", zone)
	}
	for _, shift := range []time.Duration{-time.Hour, -time.Hour / 2, time.Hour / 2, time.Hour} {
		if t.Add(shift).Format(layout) == s {
			return t, fmt.Errorf("is a time that there was twice in %s: give it with its offset, such as %s", zone, t.Format(time.RFC3339))
		}
	}
	return t, nil
}

// tell reports on a page: what is new, line by line, and the sums.
func tell(e Env, name string, zone *time.Location, r intake.PageResult) error {
	for _, l := range r.Ticker.Lines {
		if l.Outcome == intake.Unchanged {
			continue
		}
		note := ""
		if l.Confidence == intake.Ambiguous {
			note = " (the clock showed this time twice)"
		}
		fmt.Fprintf(e.Stdout, "%-7s  %s  %s%s\n", l.Outcome, l.OccurredAt.In(zone).Format("2006-01-02 15:04"), l.Headline, note)
	}
	for _, refused := range r.Ticker.Refused {
		fmt.Fprintf(e.Stderr, "%s, line %d %s: %s\n", name, refused.Line, refused.Reason, refused.Text)
	}
	if r.Ticker.DryRun {
		fmt.Fprintln(e.Stdout, "Nothing has been changed (--dry-run). It would be:")
	}
	fmt.Fprintf(e.Stdout, "ticker: %d added, %d changed, %d known, %d refused\n",
		r.Ticker.Added, r.Ticker.Changed, r.Ticker.Unchanged, len(r.Ticker.Refused))
	left := ""
	if a := r.Article; a != nil {
		left = tellArticle(e.Stdout, a)
	}
	if n := len(r.Ticker.Refused); n > 0 {
		return partlyError(fmt.Sprintf("lines refused: %d", n))
	}
	if left != "" {
		return partlyError(left)
	}
	return nil
}

// tellArticle reports on an article, and returns what was left undone.
func tellArticle(w io.Writer, a *intake.ArticleResult) (left string) {
	what := map[intake.Outcome]string{
		intake.Added: "added", intake.Changed: "changed", intake.Unchanged: "known", intake.Differing: "known with another text",
	}[a.Outcome]
	state := "draft"
	if a.Story != nil && a.Story.Status != news.StoryDraft {
		state = string(a.Story.Status)
	}
	if a.Published {
		state = "published now"
	}
	fmt.Fprintf(w, "story:  %s (%s): %q, paragraphs: %d\n", what, state, a.Title, a.Paragraphs)
	if a.Story != nil {
		fmt.Fprintf(w, "        %s, slug %s\n", a.Story.ID, a.Story.Slug)
	}
	if a.Outcome == intake.Differing {
		return "the article has another text than its story, which somebody has worked on: the story was left as it is"
	}
	return ""
}
