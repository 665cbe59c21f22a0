package text

import (
	"bytes"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	source "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// The limits below keep a hostile text from costing more than its length: without
// them 120 kB of "[a](" take five seconds to render and 23 kB of pipes make a
// table of five million cells (goldmark 1.8.7). What is over a limit
// is text, not an error.
const (
	maxNesting    = 100         // quotes, lists and list items inside each other
	maxTableCells = 20_000      // of one table, short rows filled up
	maxLinkWork   = 100_000_000 // closing brackets tried × length of the text
	minLinkTries  = 1000        // closing brackets tried, however long the text
	maxMarks      = 2000        // runs of *, _ and ~ in one paragraph
)

// guardedParser is goldmark's parser of CommonMark, tables and strikethrough
// within the limits.
func guardedParser() parser.Parser {
	marks := parser.NewContextKey()
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(shallow{parser.NewListParser()}, 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(shallow{parser.NewBlockquoteParser()}, 800),
			util.Prioritized(parser.NewHTMLBlockParser(), 900),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(fewLinks{parser.NewLinkParser(), parser.NewContextKey()}, 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewRawHTMLParser(), 400),
			util.Prioritized(fewMarks{parser.NewEmphasisParser(), marks}, 500),
			util.Prioritized(fewMarks{extension.NewStrikethroughParser(), marks}, 500),
			util.Prioritized(newBareLinks(), 900),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(parser.LinkReferenceParagraphTransformer, 100),
			util.Prioritized(smallTables{extension.NewTableParagraphTransformer()}, 200),
		),
	)
}

// shallow opens no block deeper than maxNesting.
type shallow struct{ parser.BlockParser }

func (s shallow) Open(parent ast.Node, r source.Reader, pc parser.Context) (ast.Node, parser.State) {
	depth := 0
	for n := parent; n != nil; n = n.Parent() {
		if depth++; depth > maxNesting {
			return nil, parser.NoChildren
		}
	}
	return s.BlockParser.Open(parent, r, pc)
}

// fewLinks stops looking for links when the text has been searched long enough:
// each closing bracket may read the rest of it in vain.
type fewLinks struct {
	parser.InlineParser
	tries parser.ContextKey
}

func (f fewLinks) Parse(parent ast.Node, block source.Reader, pc parser.Context) ast.Node {
	tries, _ := pc.Get(f.tries).(int)
	if tries > max(minLinkTries, maxLinkWork/(len(block.Source())+1)) {
		return nil
	}
	if block.Peek() == ']' {
		pc.Set(f.tries, tries+1)
	}
	return f.InlineParser.Parse(parent, block, pc)
}

// CloseBlock is the second half of goldmark's link parser: it gives the brackets
// that found no partner back to the text.
func (f fewLinks) CloseBlock(parent ast.Node, block source.Reader, pc parser.Context) {
	f.InlineParser.(parser.CloseBlocker).CloseBlock(parent, block, pc)
}

// fewMarks reads no more emphasis once a paragraph has had its share: each mark
// may look for its partner among all before it.
type fewMarks struct {
	parser.InlineParser
	marks parser.ContextKey
}

func (f fewMarks) Parse(parent ast.Node, block source.Reader, pc parser.Context) ast.Node {
	marks, _ := pc.Get(f.marks).(int)
	if marks > maxMarks {
		return nil
	}
	pc.Set(f.marks, marks+1)
	return f.InlineParser.Parse(parent, block, pc)
}

// CloseBlock begins the count of the next paragraph.
func (f fewMarks) CloseBlock(_ ast.Node, _ source.Reader, pc parser.Context) {
	pc.Set(f.marks, nil)
}

// smallTables leaves a paragraph alone that would become a table of more than
// maxTableCells.
type smallTables struct{ parser.ParagraphTransformer }

func (s smallTables) Transform(n *ast.Paragraph, r source.Reader, pc parser.Context) {
	lines, pipes := n.Lines(), 0
	for i := range lines.Len() {
		line := lines.At(i)
		pipes = max(pipes, bytes.Count(line.Value(r.Source()), []byte("|")))
	}
	if (pipes+1)*lines.Len() <= maxTableCells {
		s.ParagraphTransformer.Transform(n, r, pc)
	}
}
