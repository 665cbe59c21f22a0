package text

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	source "github.com/yuin/goldmark/text"
)

// bareLinks makes links of addresses that stand in the text as they are, as
// newsrooms paste them: a video, a post, a document. GFM's autolinks know no
// address with an accent in it, none behind a guillemet or a no-break space, and
// take what looks like one without a scheme.
type bareLinks struct{ entity *regexp.Regexp }

func newBareLinks() bareLinks {
	return bareLinks{entity: regexp.MustCompile(`^&#?[0-9A-Za-z]{1,32};`)}
}

// Trigger implements parser.InlineParser: an address is known by the colon behind
// its scheme.
func (bareLinks) Trigger() []byte { return []byte{':'} }

// Parse implements parser.InlineParser.
func (b bareLinks) Parse(parent ast.Node, block source.Reader, pc parser.Context) ast.Node {
	line, at := block.PeekLine()
	before, ok := parent.LastChild().(*ast.Text)
	if pc.IsInLinkLabel() || !ok || before.Segment.Stop != at.Start || !bytes.HasPrefix(line, []byte("://")) {
		return nil
	}
	scheme := schemeAtEnd(before.Segment.Value(block.Source()))
	address := string(line[:b.end(line)])
	if scheme == 0 || len(address) == len("://") {
		return nil
	}
	before.Segment = before.Segment.WithStop(at.Start - scheme)
	block.Advance(len(address))
	return ast.NewAutoLink(ast.AutoLinkURL, ast.NewTextSegment(source.NewSegment(at.Start-scheme, at.Start+len(address))))
}

// schemeAtEnd is the length of the http or https that text ends with, as a word of
// its own; 0 where it ends with none.
func schemeAtEnd(text []byte) int {
	for _, scheme := range []string{"https", "http"} {
		n := len(text) - len(scheme)
		if n < 0 || !strings.EqualFold(string(text[n:]), scheme) {
			continue
		}
		if r, _ := utf8.DecodeLastRune(text[:n]); n > 0 && (unicode.IsLetter(r) || unicode.IsNumber(r)) {
			continue
		}
		return len(scheme)
	}
	return 0
}

// end is where the address ends that line begins with: ahead of what no address
// has, of an entity, and of the punctuation of the sentence that it stands in.
func (b bareLinks) end(line []byte) int {
	n := 0
	round, square := 0, 0 // brackets that are closed and were never opened
	for n < len(line) {
		r, size := utf8.DecodeRune(line[n:])
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == utf8.RuneError || strings.ContainsRune("<>\"`\\|^{}«»“”„‹›", r) ||
			r == '&' && b.entity.Match(line[n:]) {
			break
		}
		switch r {
		case '(':
			round--
		case ')':
			round++
		case '[':
			square--
		case ']':
			square++
		}
		n += size
	}
	for n > len("://") {
		r, size := utf8.DecodeLastRune(line[:n])
		switch {
		case r == ')' && round > 0:
			round--
		case r == ']' && square > 0:
			square--
		case !strings.ContainsRune(".,;:!?'’*_~…", r):
			return n // also a bracket that belongs to the address, as in Paris_(film)
		}
		n -= size
	}
	return n
}
