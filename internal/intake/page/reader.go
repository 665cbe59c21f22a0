package page

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"depeche/internal/text"
)

const (
	maxHeadline = 300 // characters, of a headline and of a title
	maxShown    = 200 // characters of a refused line
)

// reader sorts the lines of one page.
type reader struct {
	chrome map[string]bool
	ticks  []tick
	out    Page
}

// tick is an entry that has no day yet.
type tick struct {
	line
	clock    clock
	headline string
}

func (r *reader) ticker(lines []line) {
	for _, l := range lines {
		if r.furniture(l) != none {
			continue
		}
		if s := scan(l.raw); s.time {
			r.entry(l, s)
		} else {
			r.refuse(l, cause(l, "does not begin with a time, as ticker lines do"))
		}
	}
}

func (r *reader) page(lines []line) {
	const (
		start = iota // before the first entry
		block
		below // furniture has ended the block
		article
	)
	place, dashed := start, false
	for _, l := range lines {
		switch r.furniture(l) {
		case named:
			if place == block {
				place = below
			}
			continue
		case rule:
			continue
		}
		s := scan(l.raw)
		switch {
		case place == article:
			r.paragraph(l)
		case place == start && s.time:
			place, dashed = block, s.dash
			r.entry(l, s)
		case place == block && s.time:
			r.entry(l, s)
		case place == block && s.dash:
			r.refuse(l, cause(l, "stands in the ticker but has no time"))
		case place == below && s.time && s.dash == dashed:
			r.refuse(l, cause(l, "looks like a ticker line but stands after the end of the ticker"))
		default:
			place = article
			r.title(l)
		}
	}
	if a := r.out.Article; a != nil && a.Title == "" && len(a.Paragraphs) == 0 {
		r.out.Article = nil
	}
}

func (r *reader) entry(l line, s shape) {
	switch _, err := tidy(l.raw); {
	case err != nil:
		r.refuse(l, err.Error())
		return
	case s.problem != "":
		r.refuse(l, s.problem)
		return
	}
	headline, err := tidy(s.rest)
	switch n := utf8.RuneCountInString(headline); {
	case err != nil:
		r.refuse(l, err.Error())
	case n == 0:
		r.refuse(l, "has a time but no headline")
	case n > maxHeadline:
		r.refuse(l, fmt.Sprintf("has a headline of %d characters; at most %d are allowed", n, maxHeadline))
	default:
		r.ticks = append(r.ticks, tick{l, s.clock, headline})
	}
}

// title takes l as the title. When it can't be, no other line becomes it.
func (r *reader) title(l line) {
	r.out.Article = &Article{Line: l.number}
	title, err := tidy(l.raw)
	switch n := utf8.RuneCountInString(title); {
	case err != nil:
		r.refuse(l, err.Error())
	case n > maxHeadline:
		r.refuse(l, fmt.Sprintf("stands where the title belongs and has %d characters; at most %d are allowed", n, maxHeadline))
	default:
		r.out.Article.Title = title
	}
}

func (r *reader) paragraph(l line) {
	p, err := tidy(l.raw)
	if err != nil {
		r.refuse(l, err.Error())
		return
	}
	a := r.out.Article
	a.Paragraphs = append(a.Paragraphs, p)
	a.Lines = append(a.Lines, l.number)
}

// tidy is text.Line for text in which tabs are layout.
func tidy(s string) (string, error) {
	return text.Line(strings.ReplaceAll(s, "\t", " "))
}

// cause is what is wrong with the characters of l, or else reason: a line that
// can't be read at all is no proof of the other.
func cause(l line, reason string) string {
	if _, err := tidy(l.raw); err != nil {
		return err.Error()
	}
	return reason
}

func (r *reader) refuse(l line, reason string) {
	r.out.Refused = append(r.out.Refused, Refusal{Line: l.number, Text: shown(l.raw), Reason: reason})
}

// shown makes a line of unknown contents safe to show.
func shown(raw string) string {
	var b strings.Builder
	n := 0
	for _, c := range strings.TrimSpace(raw) {
		if n++; n > maxShown {
			b.WriteRune('…')
			break
		}
		if unicode.Is(unicode.Cc, c) && c != '\t' || c >= '\u202A' && c <= '\u202E' || c >= '\u2066' && c <= '\u2069' {
			c = utf8.RuneError
		}
		b.WriteRune(c)
	}
	return b.String()
}
