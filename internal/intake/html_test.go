package intake_test

import (
	"strings"
	"testing"
	"time"

	"depeche/internal/intake"
	"depeche/internal/text"
)

func TestFromHTML(t *testing.T) {
	md := text.NewRenderer()
	for _, row := range []struct{ name, html, want string }{
		{"empty", "", ""},
		{"plain text", "L’été, 50\u202f% à l’ombre", "L’été, 50\u202f% à l’ombre"},
		{"paragraphs", "<p>« Bonjour »&nbsp;!</p><p>Deux</p>", "« Bonjour »\u00a0!\n\nDeux"},
		{"signs of Markdown", "<p>1. a * b _c_ [d](e) &lt;b&gt; &amp;</p>", "1. a * b _c_ [d](e) <b> &"},
		{"lists", "<ul><li>un</li><li>deux<ul><li>trois</li></ul></li></ul>", "un\n\ndeux\n\ntrois"},
		{"a script", "<p>a</p><script>alert(1)</script><style>p{}</style>", "a"},
		{"a table", "<table><tr><th>Nom</th><th>Âge</th></tr><tr><td>A</td><td>3</td></tr></table>", "Nom\tÂge\nA\t3"},
		{"blocks in a cell", "<table><tr><td>a|b<p>c</p><br>d</td><td colspan=99999999>e</td></tr></table>", "a|b c d\te"},
		{"a table in a cell", "<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td></tr></table>", "a b c"},
		{"a line break", "<p>a<br>b</p>", "a\nb"},
		{"never closed", "<p>a<b>b<blockquote>c", "ab\n\nc"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := intake.FromHTML(row.html)
			if err != nil {
				t.Fatal(err)
			}
			if read := md.Render(got).Text; read != row.want {
				t.Errorf("%q reads %q, want %q", got, read, row.want)
			}
		})
	}
}

// What would take minutes or fill the memory is refused, and what is let through
// takes a few seconds at most.
func TestFromHTMLIsBounded(t *testing.T) {
	long := strings.Repeat("<p>x", 200_000)
	for _, row := range []struct{ name, html, want string }{
		{"too long", strings.Repeat("x", 1_000_001), "has 1000001 bytes"},
		{"quotations inside each other", strings.Repeat("<blockquote>", 11) + long, "inside each other"},
		{"lists inside each other", strings.Repeat("<ul><li>", 11) + long, "inside each other"},
		{"elements inside each other", strings.Repeat("<i>", 600), "can't be read"},
		{"tables inside each other", strings.Repeat("<table><tr><td>", 200), "can't be read"},
		{"a large table", "<table><tr>" + strings.Repeat("<td>x", 500) + strings.Repeat("<tr><td>", 50), "table that is too large"},
		{"a wide cell", "<table><tr><td colspan=1000000000 rowspan=1000000000>x", ""},
		{"ten quotations", strings.Repeat("<blockquote>", 10) + long, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			start := time.Now()
			_, err := intake.FromHTML(row.html)
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("got %v, want %q", err, row.want)
			}
			if took := time.Since(start); took > time.Minute {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func FuzzFromHTML(f *testing.F) {
	for _, seed := range []string{
		"<p>a<br>b</p>", "<table><tr><td>a<p>b<td colspan=3>c<table><tr><td>d", "<ul><li>a<ol><li>b</ul>c", "<blockquote><pre>x\n\ny</blockquote>",
		"<a href='x'>y</a><img src=z alt='t'>", "<!-- c --><b> a </b>", "&#0;&nbsp;&amp;lt;", "<math><td>x<svg><p>y", "<template><td><p>x", "<frameset>", "<plaintext>x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) { _, _ = intake.FromHTML(s) })
}
