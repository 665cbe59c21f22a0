package text

import (
	"html"
	"strings"
)

// plainQuotes undoes, between tags, the sanitiser's escaping of apostrophes and
// quotation marks: needless there, and every French sentence has some.
func plainQuotes(fragment string) string {
	if !strings.Contains(fragment, "&#3") {
		return fragment
	}
	quotes := strings.NewReplacer("&#39;", "'", "&#34;", `"`)
	var b strings.Builder
	b.Grow(len(fragment))
	for words, tag := range pieces(fragment) {
		_, _ = quotes.WriteString(&b, words)
		b.WriteString(tag)
	}
	return b.String()
}

// pieces yields the text before each tag of a sanitised fragment, and the tag
// with its brackets; after the last tag, the rest and "". The sanitiser escapes
// every bracket that isn't a tag's, also in attributes.
func pieces(fragment string) func(yield func(words, tag string) bool) {
	return func(yield func(words, tag string) bool) {
		for fragment != "" {
			open := strings.IndexByte(fragment, '<')
			if open < 0 {
				yield(fragment, "")
				return
			}
			end := strings.IndexByte(fragment[open:], '>')
			if end < 0 {
				yield(fragment, "")
				return
			}
			if !yield(fragment[:open], fragment[open:open+end+1]) {
				return
			}
			fragment = fragment[open+end+1:]
		}
	}
}

// plainText is what a reader sees of a sanitised fragment, without its markup.
// It reads the HTML rather than the Markdown so that the two can't disagree.
func plainText(fragment string) string {
	var p plain
	for words, tag := range pieces(fragment) {
		p.words(words)
		if tag != "" {
			p.tag(tag)
		}
	}
	return strings.Trim(p.b.String(), "\n\t ")
}

// plain writes text with the breaks that are due before it.
type plain struct {
	b      strings.Builder
	breaks int  // line breaks due before the next words: 0, 1 or 2
	cell   bool // a tab is due: the next words are in another cell of the row
	space  bool // a space is due
	lists  int  // depth of lists
	pre    bool // inside <pre>, where white space counts
}

func (p *plain) words(s string) {
	s = html.UnescapeString(s)
	if p.pre {
		if s = strings.TrimSuffix(s, "\n"); s != "" {
			p.flush()
			p.b.WriteString(s)
		}
		return
	}
	for s != "" {
		// Only the white space of HTML runs together; a no-break space is text.
		at := strings.IndexAny(s, " \t\n\r\f")
		if at == 0 {
			p.space = true
			s = s[1:]
			continue
		}
		if at < 0 {
			at = len(s)
		}
		p.flush()
		p.b.WriteString(s[:at])
		s = s[at:]
	}
}

// flush writes what is due, the strongest separator alone.
func (p *plain) flush() {
	switch {
	case p.b.Len() == 0:
	case p.breaks > 0:
		p.b.WriteString("\n\n"[:p.breaks])
	case p.cell:
		p.b.WriteByte('\t')
	case p.space:
		p.b.WriteByte(' ')
	}
	p.breaks, p.cell, p.space = 0, false, false
}

func (p *plain) due(breaks int) { p.breaks = max(p.breaks, breaks) }

func (p *plain) tag(tag string) {
	closing := strings.HasPrefix(tag, "</")
	name := strings.Trim(tag, "</>")
	if end := strings.IndexAny(name, " /"); end >= 0 {
		name = name[:end]
	}
	switch name {
	case "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "hr":
		p.due(2)
	case "pre":
		p.due(2)
		p.pre = !closing
	case "ul", "ol":
		if closing {
			p.lists--
		}
		if p.lists == 0 {
			p.due(2)
		} else {
			p.due(1) // a list inside a list goes on line by line
		}
		if !closing {
			p.lists++
		}
	case "li", "tr", "br":
		p.due(1)
	case "th", "td":
		p.cell = p.cell || closing
	case "img":
		p.words(attribute(tag, "alt"))
	}
}

// attribute returns the value of an attribute of a sanitised tag, still escaped.
func attribute(tag, name string) string {
	_, rest, found := strings.Cut(tag, " "+name+`="`)
	if !found {
		return ""
	}
	value, _, _ := strings.Cut(rest, `"`)
	return value
}
