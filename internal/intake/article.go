package intake

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"depeche/internal/desk"
	"depeche/internal/intake/page"
	"depeche/internal/news"
	"depeche/internal/text"
)

// A NewsPage is a pasted news page and what it can't say of itself: a ticker and
// the article below it. Tags and source are the article's too.
type NewsPage struct {
	TickerPage
	Language string // of the article; empty is fr
	Publish  bool   // the article is made public, not a draft
}

// A PageResult tells what became of a pasted news page.
type PageResult struct {
	Ticker  TickerResult   // its Refused are those of the whole page
	Article *ArticleResult // nil where there is no article
}

// An ArticleResult tells what became of an article.
type ArticleResult struct {
	Outcome    Outcome
	Title      string
	Paragraphs int
	Published  bool        // by this import
	Story      *news.Story // nil for a new one in a dry run
}

// ImportPage imports the ticker of a pasted news page as ImportTicker does, and
// makes its article a story: a draft without a date of publication, for the page
// has none, or with Publish a story that is published now.
//
// The article is there when a story under the slug of its title has, or once
// had, its title and its text; nothing is added then. With another text, a draft
// that nobody but this importer has touched is updated, and published if that is
// asked for; any other story is left as it is and reported as Differing. Errors:
// as ImportTicker.
func ImportPage(ctx context.Context, d *desk.Desk, store Archive, who news.Actor, in NewsPage) (PageResult, error) {
	var result PageResult
	if err := d.Authorize(who, desk.WriteTicker); err != nil {
		return result, err
	}
	p, err := in.parse(page.Parse)
	if err != nil {
		return result, err
	}
	if a := p.Article; a != nil && a.Title == "" {
		for i, paragraph := range a.Paragraphs {
			p.Refused = append(p.Refused, Refusal{
				Line: a.Lines[i], Text: cut(paragraph, 200), Reason: "belongs to an article whose title was refused",
			})
		}
		slices.SortFunc(p.Refused, func(a, b Refusal) int { return a.Line - b.Line })
		p.Article = nil
	}
	if result.Ticker, err = importEntries(ctx, d, store, who, in.TickerPage, p); err != nil {
		return result, err
	}
	if p.Article != nil {
		if result.Article, err = importArticle(ctx, d, store, who, in, p.Article); err != nil {
			return result, fmt.Errorf("import the article of line %d: %w", p.Article.Line, err)
		}
	}
	return result, nil
}

func importArticle(ctx context.Context, d *desk.Desk, store Archive, who news.Actor, in NewsPage, a *page.Article) (*ArticleResult, error) {
	body := markdown(a.Paragraphs)
	slug, there, err := findArticle(ctx, store, a.Title)
	if err != nil {
		return nil, err
	}
	result := &ArticleResult{Outcome: Added, Title: a.Title, Paragraphs: len(a.Paragraphs), Story: there}
	ours := true
	if there != nil {
		if result.Outcome, ours, err = compare(ctx, store, who, there, body); err != nil {
			return nil, err
		}
	}
	if in.DryRun {
		return result, nil
	}
	switch result.Outcome {
	case Added:
		result.Story, err = d.CreateStory(ctx, who, "", func(e *desk.StoryEdit) {
			e.Slug, e.Title, e.Body, e.Language = slug, a.Title, body, cmp.Or(in.Language, defaultLanguage)
			e.Source, e.TagRefs = in.Source, in.TagRefs
		})
	case Changed:
		result.Story, err = d.UpdateStory(ctx, who, there.ID, there.Version, func(e *desk.StoryEdit) {
			e.Title, e.Body = a.Title, body
		})
	}
	if err == nil && in.Publish && ours && result.Story.Status == news.StoryDraft {
		result.Published = true
		result.Story, err = d.PublishStory(ctx, who, result.Story.ID, result.Story.Version, desk.Publication{})
	}
	return result, err
}

// findArticle finds the story that has the title, or the slug that a new one
// gets.
func findArticle(ctx context.Context, store Archive, title string) (slug string, there *news.Story, err error) {
	candidates := slugs(title)
	found, err := store.StoriesBySlug(ctx, news.Audience{Staff: true}, candidates)
	if err != nil {
		return "", nil, err
	}
	for _, slug := range candidates {
		s := found[slug]
		if s == nil {
			return slug, nil, nil
		}
		versions, err := earlier(ctx, store, s.Ref())
		if err != nil {
			return "", nil, err
		}
		for _, v := range append(versions, news.Line{Change: news.Change{Doc: s}}) {
			if was, ok := v.Doc.(*news.Story); ok && text.Fold(was.Title) == text.Fold(title) {
				return "", s, nil
			}
		}
	}
	return "", nil, news.Invalid("title", "is that of %d other stories", len(candidates))
}

// slugs are what a story may be called by its title: its slug, else that with a
// number.
func slugs(title string) []string {
	base := text.Slug(title)
	if base == "" {
		base = "untitled"
	}
	all := []string{base}
	for n := 2; n <= 20; n++ {
		all = append(all, fmt.Sprintf("%s-%d", base, n))
	}
	return all
}

// compare tells what is to become of a story under whose title an article with
// body has come, and whether it is a draft that is who's alone.
func compare(ctx context.Context, store Archive, who news.Actor, s *news.Story, body string) (outcome Outcome, ours bool, err error) {
	// One more than the current version has before it: itself.
	versions, err := earlier(ctx, store, news.Ref{Kind: news.KindStory, ID: news.EntityID(s.ID), Version: s.Version + 1})
	if err != nil {
		return "", false, err
	}
	ours = s.Status == news.StoryDraft
	had := false
	for _, v := range versions {
		was, ok := v.Doc.(*news.Story)
		had = had || ok && was.Body == body
		ours = ours && v.By == who.Name
	}
	switch {
	case had:
		return Unchanged, ours, nil
	case ours:
		return Changed, ours, nil
	}
	return Differing, false, nil
}

// defaultLanguage is that of news that don't say theirs.
const defaultLanguage = "fr"

// markdown makes a Markdown text that reads as the paragraphs do: what is markup
// to Markdown is escaped.
func markdown(paragraphs []string) string {
	var b strings.Builder
	for i, p := range paragraphs {
		if i > 0 {
			b.WriteString("\n\n")
		}
		escape(&b, p)
	}
	return b.String()
}

func escape(b *strings.Builder, paragraph string) {
	// What makes a list, a heading or a rule stands at the beginning.
	digits := len(paragraph) - len(strings.TrimLeft(paragraph, "0123456789"))
	for i, r := range paragraph {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '<', '>', '&', '~', '|':
			b.WriteByte('\\')
		case '#', '+', '-', '=':
			if i == 0 {
				b.WriteByte('\\')
			}
		case '.', ')':
			if i == digits && i > 0 {
				b.WriteByte('\\')
			}
		}
		b.WriteRune(r)
	}
}

// cut shortens what is quoted in a report.
func cut(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}
