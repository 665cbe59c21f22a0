package text

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/maypok86/otter/v2"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	source "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// Rendered is what a reader gets of a Markdown text. The zero value is the
// rendering of an empty one.
type Rendered struct {
	// HTML is a sanitised fragment, safe to put into a page as it is.
	HTML string
	// Text is the same as plain text: paragraphs with a blank line between them,
	// list items and table rows on lines of their own, cells apart by a tab. A
	// link is its words, an image its alternative text.
	Text string
	// Words counts Text as Words does.
	Words int
	// Minutes is the reading time, rounded up; 0 only when there are no words.
	Minutes int
}

// wordsPerMinute is a middling silent reading speed for French and English
// prose (Brysbaert 2019 gives 238 for English non-fiction).
const wordsPerMinute = 230

// Markdown renders CommonMark with tables and strikethrough. Make one with
// NewRenderer; it is safe for concurrent use.
type Markdown struct {
	md     goldmark.Markdown
	policy *bluemonday.Policy
	kept   *otter.Cache[string, Rendered]
}

// NewRenderer returns the newsroom's Markdown renderer.
//
// Links lead to http, https or mailto and carry rel="nofollow noopener"; an http or
// https address that stands bare in the text is one too, also that of a video or a
// post: to show it in place is for the page, no frame is ever made here. Images
// come from http or https. A link or image to anywhere else, relative ones
// included, is left as its text. Raw HTML doesn't pass: tags, comments, scripts
// and styles are dropped, the words between tags stay. Typography is untouched:
// no quotation mark, dash or space is replaced by another.
func NewRenderer() *Markdown {
	md := goldmark.New(
		goldmark.WithParser(guardedParser()),
		goldmark.WithParserOptions(parser.WithASTTransformers(
			util.Prioritized(extension.NewTableASTTransformer(), 0),
			util.Prioritized(linkGuard{}, 1000),
		)),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(
			util.Prioritized(newWordsOfHTML(), 100),
			util.Prioritized(extension.NewStrikethroughHTMLRenderer(), 500),
			// The default would align cells by style attributes.
			util.Prioritized(extension.NewTableHTMLRenderer(
				extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute)), 500),
		)),
	)
	return &Markdown{md: md, policy: policy(), kept: otter.Must(&otter.Options[string, Rendered]{
		MaximumWeight: keptBytes,
		Weigher: func(markdown string, r Rendered) uint32 {
			return uint32(len(markdown) + len(r.HTML) + len(r.Text) + keptBeside)
		},
		Executor: func(task func()) { task() },
	})}
}

// Rendered texts are kept for the next who asks: what is shown around a story
// changes more often than the story.
const (
	keptBytes  = 8 << 20
	keptBeside = 200 // bytes, of one that is kept
	keptAtMost = keptBytes / 64
)

// policy is the second wall: linkGuard has already taken out what it refuses,
// and an element or attribute that nobody thought of stops here.
func policy() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "li", "pre", "hr", "br",
		"em", "strong", "del", "code", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]+$`)).OnElements("ol")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	p.RequireParseableURLs(true)
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowAttrs("href", "title").OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^nofollow noopener$`)).OnElements("a")
	p.AllowAttrs("src").Matching(regexp.MustCompile(`(?i)^https?:`)).OnElements("img")
	p.AllowAttrs("alt", "title").OnElements("img")
	return p
}

// Render renders markdown. There is no Markdown that fails: what can't be read
// as markup is text.
func (m *Markdown) Render(markdown string) Rendered {
	if len(markdown) > keptAtMost {
		return m.render(markdown)
	}
	if r, ok := m.kept.GetIfPresent(markdown); ok {
		return r
	}
	r := m.render(markdown)
	m.kept.Set(markdown, r)
	return r
}

func (m *Markdown) render(markdown string) Rendered {
	var raw bytes.Buffer
	// The only errors are the writer's and a node renderer's, and neither has any.
	_ = m.md.Convert([]byte(markdown), &raw)
	html := plainQuotes(m.policy.SanitizeReader(&raw).String())
	r := Rendered{HTML: strings.TrimSpace(html), Text: plainText(html)}
	r.Words = Words(r.Text)
	r.Minutes = (r.Words + wordsPerMinute - 1) / wordsPerMinute
	return r
}

// linkGuard marks links that lead somewhere allowed and replaces the others,
// and such images, by their text.
type linkGuard struct{}

func (linkGuard) Transform(doc *ast.Document, reader source.Reader, _ parser.Context) {
	var found []ast.Node
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n.Kind() {
		case ast.KindLink, ast.KindImage, ast.KindAutoLink:
			if entering {
				found = append(found, n)
			}
		}
		return ast.WalkContinue, nil
	})
	for _, n := range found {
		switch n := n.(type) {
		case *ast.Link:
			if !allowed(n.Destination, "http", "https", "mailto") {
				unwrap(n)
				continue
			}
			n.SetAttributeString("rel", []byte("nofollow noopener"))
		case *ast.Image:
			if !allowed(n.Destination, "http", "https") {
				unwrap(n)
			}
		case *ast.AutoLink:
			dest := n.URL(reader.Source())
			if n.AutoLinkType == ast.AutoLinkEmail && !bytes.HasPrefix(bytes.ToLower(dest), []byte("mailto:")) {
				dest = append([]byte("mailto:"), dest...)
			}
			if !allowed(dest, "http", "https", "mailto") {
				label := ast.NewString(n.Label(reader.Source()))
				label.SetRaw(true)
				n.Parent().ReplaceChild(n.Parent(), n, label)
				continue
			}
			n.SetAttributeString("rel", []byte("nofollow noopener"))
		}
	}
}

// allowed reports whether dest, as it stands in the Markdown, is an absolute
// URL of one of schemes that leads somewhere.
func allowed(dest []byte, schemes ...string) bool {
	u, err := url.Parse(string(util.URLEscape(dest, true)))
	if err != nil || !slices.Contains(schemes, u.Scheme) {
		return false
	}
	if u.Scheme == "mailto" {
		return u.Opaque != ""
	}
	return u.Hostname() != ""
}

// unwrap puts the children of n in its place.
func unwrap(n ast.Node) {
	parent := n.Parent()
	for c := n.FirstChild(); c != nil; {
		next := c.NextSibling()
		n.RemoveChild(n, c)
		parent.InsertBefore(parent, n, c)
		c = next
	}
	parent.RemoveChild(parent, n)
}

// wordsOfHTML renders raw HTML as the words in it. Goldmark's own way is to drop
// a whole block, and with it the only text of whoever pastes <p>…</p>.
type wordsOfHTML struct {
	strip  *bluemonday.Policy
	blocks *regexp.Regexp // tags that stand between words, not inside one
}

func newWordsOfHTML() wordsOfHTML {
	return wordsOfHTML{
		strip: bluemonday.StrictPolicy(),
		blocks: regexp.MustCompile(`(?i)</?(address|article|aside|blockquote|br|caption|dd|div|dl|dt|fig(ure|caption)|` +
			`footer|h[1-6]|header|hr|li|main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul)\b`),
	}
}

func (h wordsOfHTML) RegisterFuncs(reg renderer.NodeRendererFuncRegisterer) {
	reg.Register(ast.KindHTMLBlock, h.block)
	reg.Register(ast.KindRawHTML, func(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
		return ast.WalkSkipChildren, nil // one tag; what stands between two is text of its own
	})
}

func (h wordsOfHTML) block(w util.BufWriter, src []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	block := n.(*ast.HTMLBlock)
	raw := block.Lines().Value(src)
	if block.HasClosure() {
		raw = append(slices.Clip(raw), block.ClosureLine.Value(src)...)
	}
	raw = h.blocks.ReplaceAll(raw, []byte(" $0"))
	if words := bytes.TrimSpace(h.strip.SanitizeBytes(raw)); len(words) > 0 {
		_, _ = w.WriteString("<p>")
		_, _ = w.Write(words)
		_, _ = w.WriteString("</p>\n")
	}
	return ast.WalkContinue, nil
}
