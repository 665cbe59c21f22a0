package intake

import (
	"errors"
	"fmt"
	"strings"

	"github.com/JohannesKaufmann/html-to-markdown/v2/converter"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/base"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/commonmark"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/strikethrough"
	"github.com/JohannesKaufmann/html-to-markdown/v2/plugin/table"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// The limits below keep hostile HTML from costing more than its length: without
// them 45 kB of quotations take a minute to convert, and 270 kB of table cells
// become 400 MB (html-to-markdown 2.5.2).
const (
	maxHTML       = 1_000_000 // bytes
	maxHTMLLists  = 10        // quotations and list items inside each other
	maxTableCells = 20_000    // of one table, short rows filled up
)

// fromHTML makes Markdown of an HTML fragment. The error follows the name of the
// fragment in a sentence.
func fromHTML(fragment string) (string, error) {
	if len(fragment) > maxHTML {
		return "", fmt.Errorf("has %d bytes; at most %d are allowed", len(fragment), maxHTML)
	}
	doc, err := html.Parse(strings.NewReader(fragment)) // refuses more than 512 elements inside each other
	if err != nil {
		return "", fmt.Errorf("can't be read: %w", err)
	}
	if err := prepare(doc, 0); err != nil {
		return "", err
	}
	markdown, err := converter.NewConverter(converter.WithPlugins(
		base.NewBasePlugin(), commonmark.NewCommonmarkPlugin(), table.NewTablePlugin(), strikethrough.NewStrikethroughPlugin(),
	)).ConvertNode(doc)
	if err != nil {
		return "", fmt.Errorf("can't be read: %w", err)
	}
	return string(markdown), nil
}

// prepare holds a document to the limits, and gives every table the only shape
// that Markdown has: rows of cells of one line.
func prepare(n *html.Node, lists int) error {
	switch n.DataAtom {
	case atom.Blockquote, atom.Li:
		if lists++; lists > maxHTMLLists {
			return fmt.Errorf("has more than %d lists and quotations inside each other", maxHTMLLists)
		}
	case atom.Table:
		if rows, widest := size(n); rows*widest > maxTableCells {
			return errors.New("has a table that is too large")
		}
	case atom.Td, atom.Th:
		n.Attr = nil // what spans several cells
		flatten(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := prepare(c, lists); err != nil {
			return err
		}
	}
	return nil
}

// size counts the rows of a table and the cells of the longest, those of tables
// inside it among them.
func size(n *html.Node) (rows, widest int) {
	cells := 0
	for c := range n.Descendants() {
		switch c.DataAtom {
		case atom.Tr:
			rows, cells = rows+1, 0
		case atom.Td, atom.Th:
			cells++
			widest = max(widest, cells)
		}
	}
	return rows, widest
}

// flatten makes plain spans, with spaces around them, of the blocks in a cell:
// there, Markdown has no place for them.
func flatten(cell *html.Node) {
	var blocks []*html.Node
	for n := range cell.Descendants() {
		switch n.DataAtom {
		case atom.P, atom.Div, atom.Br, atom.Ul, atom.Ol, atom.Li, atom.Blockquote, atom.Pre, atom.Hr,
			atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6,
			atom.Table, atom.Caption, atom.Thead, atom.Tbody, atom.Tfoot, atom.Tr, atom.Td, atom.Th:
			blocks = append(blocks, n)
		}
	}
	for _, n := range blocks {
		n.Data, n.DataAtom = "span", atom.Span
		n.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: " "}, n)
		n.Parent.InsertBefore(&html.Node{Type: html.TextNode, Data: " "}, n.NextSibling)
	}
}
