package text_test

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode"

	"depeche/internal/text"
)

func TestRender(t *testing.T) {
	const rel = ` rel="nofollow noopener"`
	tests := []struct {
		name, in string
		html     string
		text     string
		words    int
	}{
		{"empty", "", "", "", 0},
		{"white space", " \n\t\n", "", "", 0},
		{
			"typography is left alone", "« L’été », dit-il… l'œuvre \"x\" -- 50\u00A0%\u202F! & 3 < 4",
			"<p>« L’été », dit-il… l'œuvre \"x\" -- 50\u00A0%\u202F! &amp; 3 &lt; 4</p>",
			"« L’été », dit-il… l'œuvre \"x\" -- 50\u00A0%\u202F! & 3 < 4", 7,
		},
		{
			"paragraphs", "un\nsuite\n\ndeux  \ntrois",
			"<p>un\nsuite</p>\n<p>deux<br>\ntrois</p>",
			"un suite\n\ndeux\ntrois", 4,
		},
		{
			"headings and inline markup", "## *T* **u** ~~v~~ `w  x`",
			"<h2><em>T</em> <strong>u</strong> <del>v</del> <code>w  x</code></h2>",
			"T u v w x", 5,
		},
		{
			"lists", "- a\n- b\n  1. c\n  2. d\n\nfin",
			"<ul>\n<li>a</li>\n<li>b\n<ol>\n<li>c</li>\n<li>d</li>\n</ol>\n</li>\n</ul>\n<p>fin</p>",
			"a\nb\nc\nd\n\nfin", 5,
		},
		{
			"list that starts elsewhere", "3. c\n4. d",
			"<ol start=\"3\">\n<li>c</li>\n<li>d</li>\n</ol>", "c\nd", 2,
		},
		{
			"table", "| a | b |\n|:--|--:|\n| 1 | 2 |",
			"<table>\n<thead>\n<tr>\n<th align=\"left\">a</th>\n<th align=\"right\">b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n" +
				"<td align=\"left\">1</td>\n<td align=\"right\">2</td>\n</tr>\n</tbody>\n</table>",
			"a\tb\n1\t2", 4,
		},
		{
			"quote, rule, code", "> cite\n\n---\n\n```go\nif  x\n\n<b>\n```\nfin",
			"<blockquote>\n<p>cite</p>\n</blockquote>\n<hr>\n<pre><code>if  x\n\n&lt;b&gt;\n</code></pre>\n<p>fin</p>",
			"cite\n\nif  x\n\n<b>\n\nfin", 5,
		},
		{
			"entities and escapes", `&eacute;t&#233; &lt;b&gt; \*non\*`,
			"<p>été &lt;b&gt; *non*</p>", "été <b> *non*", 3,
		},

		{
			"links", `[a](https://x.fr/?a=1&b=2 "l'un \"t\"") <http://y.fr> [c](MAILTO:c@x.fr) <d@x.fr>`,
			`<p><a href="https://x.fr/?a=1&amp;b=2" title="l&#39;un &#34;t&#34;"` + rel + `>a</a> <a href="http://y.fr"` + rel + `>http://y.fr</a> ` +
				`<a href="mailto:c@x.fr"` + rel + `>c</a> <a href="mailto:d@x.fr"` + rel + `>d@x.fr</a></p>`,
			"a http://y.fr c d@x.fr", 4,
		},
		{
			"links to elsewhere are their text", "[a](javascript:alert(1)) [b](JAVASCRIPT:x) [c](/rel) [d](//x.fr) [e](data:text/html,x) <ftp://f> [g](#h) [h](http:/x) [i](mailto:) [j]()",
			"<p>a b c d e ftp://f g h i j</p>", "a b c d e ftp://f g h i j", 10,
		},
		{
			"brackets that are no links", "un [deux ![trois [quatre] [cinq](six", "<p>un [deux ![trois [quatre] [cinq](six</p>",
			"un [deux ![trois [quatre] [cinq](six", 5,
		},
		{
			"schemes in disguise", "[a](&#106;avascript:x) [b](java&#x0A;script:x) [c](\\javascript:x) [d]\n\n[d]: jaVaScript:x",
			"<p>a b c d</p>", "a b c d", 4,
		},
		{
			"markup in a dropped link stays", "[un *deux*](javascript:x)", "<p>un <em>deux</em></p>", "un deux", 2,
		},
		{
			"images", `![un *gros* "a"](https://x.fr/i.png "t")`,
			`<p><img src="https://x.fr/i.png" alt="un gros &#34;a&#34;" title="t"></p>`,
			`un gros "a"`, 3,
		},
		{
			"images from elsewhere are their text", "![a](data:image/png;base64,AA) ![b](mailto:b@x.fr) ![c](i.png)", "<p>a b c</p>", "a b c", 3,
		},

		{
			"HTML block gives its words", "<div><p onclick=\"x()\">Un</p><p>l'<b>autre</b></p></div>",
			"<p>Un  l'autre</p>", "Un l'autre", 2,
		},
		{
			"inline tags give their words", `un <b onclick="x()">gras</b> fin`, "<p>un gras fin</p>", "un gras fin", 3,
		},
		{
			"scripts, styles and comments go", "<script>alert(1)</script>\n\n<style>p{}</style>\n\n<!-- vérifier -->\n\nun <!-- x --> deux",
			"<p>un  deux</p>", "un deux", 2,
		},
		{
			"unclosed script", "un\n\n<script>alert(1)\n\ndeux", "<p>un</p>", "un", 1,
		},
		{
			"written tags are text", "`<script>` &lt;script&gt;alert(1)", "<p><code>&lt;script&gt;</code> &lt;script&gt;alert(1)</p>", "<script> <script>alert(1)", 2,
		},
	}
	m := text.NewRenderer()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := m.Render(tt.in)
			if got.HTML != tt.html {
				t.Errorf("HTML of %q:\n got %q\nwant %q", tt.in, got.HTML, tt.html)
			}
			if got.Text != tt.text {
				t.Errorf("Text of %q:\n got %q\nwant %q", tt.in, got.Text, tt.text)
			}
			if got.Words != tt.words {
				t.Errorf("Words of %q: got %d, want %d", tt.in, got.Words, tt.words)
			}
		})
	}
}

func TestRenderMinutes(t *testing.T) {
	m := text.NewRenderer()
	for _, tt := range []struct{ words, want int }{{0, 0}, {1, 1}, {230, 1}, {231, 2}, {460, 2}, {461, 3}} {
		if got := m.Render(strings.Repeat("mot ", tt.words)).Minutes; got != tt.want {
			t.Errorf("%d words: got %d minutes, want %d", tt.words, got, tt.want)
		}
	}
}

// TestRenderHostileText tells the story of guard.go: ten times longer, each of
// these texts took goldmark between 5 and 20 seconds. That a limit was reached
// shows in the markup after it, which is text.
func TestRenderHostileText(t *testing.T) {
	tests := []struct {
		name, in, never string
	}{
		{"links never closed", strings.Repeat("[a](", 10_000) + "\n\n[fin](mailto:a@x.fr)", "<a"},
		{"addresses that end at an entity", strings.Repeat("https://a&amp;", 10_000) + " fin", "<b"},
		{"addresses in brackets", "https://a" + strings.Repeat("(https://a)", 10_000) + strings.Repeat(")", 10_000) + " fin", "<b"},
		{"marks that don't match", strings.Repeat("_a*", 7_000) + " **fin**", "<strong>"},
		{"strikes that don't match", strings.Repeat("~~a", 7_000) + " ~~fin~~", "<del>fin"},
		{"quotes in quotes", strings.Repeat(">", 20_000) + "fin", strings.Repeat("<blockquote>\n", 101)},
		{"lists in lists", strings.Repeat("- ", 10_000) + "fin", strings.Repeat("<ul>\n<li>\n", 60)},
		{"table of short rows", "|" + strings.Repeat("a|", 500) + "\n|" + strings.Repeat("-|", 500) + "\n" + strings.Repeat("|fin\n", 100), "<td"},
	}
	m := text.NewRenderer()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := m.Render(tt.in)
			if strings.Contains(got.HTML, tt.never) {
				t.Errorf("HTML contains %.40q, want the limit to hold", tt.never)
			}
			if !strings.Contains(got.Text, "fin") {
				t.Errorf("the end of the text is gone, want it kept as text")
			}
		})
	}
}

// TestRenderLimitsSpareNewsText: the guards must not be felt in a long read.
func TestRenderLimitsSpareNewsText(t *testing.T) {
	const n = 1200
	in := strings.Repeat("Un *mot* et un [lien](https://x.fr/a).\n\n", n)
	got := text.NewRenderer().Render(in)
	if links := strings.Count(got.HTML, "<a href="); links != n {
		t.Errorf("got %d links, want %d", links, n)
	}
	if marks := strings.Count(got.HTML, "<em>"); marks != n {
		t.Errorf("got %d emphases, want %d", marks, n)
	}
}

func TestRenderConcurrently(t *testing.T) {
	m := text.NewRenderer()
	const in = "# Un\n\n[a](https://x.fr) <b>*c*</b>\n\n<div>d</div>\n\n|e|\n|-|\n|~~f~~|"
	want := m.Render(in)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				if got := m.Render(in); got != want {
					t.Errorf("got %+v, want %+v", got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

var (
	anyTag     = regexp.MustCompile(`<[^>]*>`)
	knownTag   = regexp.MustCompile(`^</?(p|h[1-6]|blockquote|ul|ol|li|pre|hr|br|em|strong|del|code|table|thead|tbody|tr|th|td|a|img)( [a-z]+="[^"<>]*")*/?>$`)
	attributes = regexp.MustCompile(` ([a-z]+)="([^"]*)"`)
	knownURL   = regexp.MustCompile(`^(https?://|mailto:)`)
)

// FuzzMarkdown checks the sanitised fragment with a reader of its own: only known
// tags, no handlers, no other URL, nothing that begins a tag besides.
func FuzzMarkdown(f *testing.F) {
	for _, s := range []string{
		"", "# a\n\n*b* [c](https://d \"e\") ![f](http://g)", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
		"[a](javascript:alert(1))", "[a](&#106;avascript:x \"' onload=x\")", "<a href='javascript:x'>b</a>", "![a\" onerror=\"x](https://b)",
		"<javascript:alert(1)>", "[a]: javascript:x\n[a]", "|a|\n|-|\n|<b onclick=x>|", "```\n<script>\n```", "<!--><script>x</script>-->",
		"<svg><style><img src=x onerror=x></style></svg>", "[a](https://x\x00y)", "\xff<b\xff>", "<textarea><script>x</script>", "a\n<title>b",
		"[![a](x)](https://b)", "<https://a\"onclick=\"b>", "- a\n  > b\n    c", "&lt;script&gt;", "<plaintext><script>",
		"https://a/\"onclick=\"b (http://c) «https://d»", "https://javascript:x@a", "http://a&lt;b", "*https://a*b_c", "https://[::1]/a",
		"<iframe src=https://a></iframe>", "<math><mi//xlink:href=\"data:x,<script>\">", "«\u00A0a\u202F!\u00A0» l’été – \"b\"",
	} {
		f.Add(s)
	}
	m := text.NewRenderer()
	f.Fuzz(func(t *testing.T, s string) {
		got := m.Render(s)
		if strings.Contains(strings.ToLower(got.HTML), "<script") {
			t.Fatalf("HTML of %q contains a script: %q", s, got.HTML)
		}
		if again := strings.TrimSpace(m.Sanitise(got.HTML)); again != got.HTML {
			t.Fatalf("HTML of %q is %q, and sanitised again %q", s, got.HTML, again)
		}
		for _, tag := range anyTag.FindAllString(got.HTML, -1) {
			if !knownTag.MatchString(tag) {
				t.Fatalf("HTML of %q contains the tag %q", s, tag)
			}
			for _, a := range attributes.FindAllStringSubmatch(tag, -1) {
				switch name, value := a[1], a[2]; name {
				case "href", "src":
					if !knownURL.MatchString(value) {
						t.Fatalf("HTML of %q leads to %q", s, value)
					}
				case "title", "alt", "rel", "align", "start":
				default:
					t.Fatalf("HTML of %q contains the attribute %q", s, name)
				}
			}
			if strings.HasPrefix(tag, "<a ") && !strings.Contains(tag, ` rel="nofollow noopener"`) {
				t.Fatalf("HTML of %q has a link without rel: %q", s, tag)
			}
		}
		if rest := anyTag.ReplaceAllString(got.HTML, ""); strings.ContainsAny(rest, "<>") {
			t.Fatalf("HTML of %q has a bracket outside tags: %q", s, got.HTML)
		}
		if (got.Words == 0) != (got.Minutes == 0) {
			t.Fatalf("%q: got %d words and %d minutes", s, got.Words, got.Minutes)
		}
	})
}

// TestWhatIsKeptIsTheSame renders each text twice, and so much that not all can be
// kept.
func TestWhatIsKeptIsTheSame(t *testing.T) {
	m := text.NewRenderer()
	for i := range 300 {
		markdown := fmt.Sprintf("# Title %d\n\n%s", i, strings.Repeat("**word** ", 1000*(i%20)))
		first, again := m.Render(markdown), m.Render(markdown)
		if first != again || !strings.Contains(first.HTML, fmt.Sprintf("Title %d<", i)) {
			t.Fatalf("text %d is rendered as %.80q, then as %.80q", i, first.HTML, again.HTML)
		}
	}
}

// FuzzTypography writes plain sentences of what French typography is made of, and
// wants them back as they are.
func FuzzTypography(f *testing.F) {
	for _, s := range []string{
		"«\u00A0L’été\u00A0»\u202F: 50\u00A0%\u202F! – «\u202Foui\u202F»", "l'œuvre \"x\" -- Æ…", "1\u202F200\u00A0€", "“a” ‘b’ ‹c› „d“", "\u00A0a\u00A0",
		"aujourd’hui ; non ! oui ? ah : « bien »", "été e\u0301te\u0301", "«»", "a\u2009b\u2003c\u200Ad", "a\u00ADb", "16\u00A0h\u202F06",
	} {
		f.Add(s)
	}
	m := text.NewRenderer()
	f.Fuzz(func(t *testing.T, s string) {
		line, err := text.Line(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) || strings.ContainsRune(" \u00A0\u202F\u2009«»‹›“”„‘’'\"–—…;!?,%€", r) {
				return r
			}
			return -1
		}, s))
		// A run of spaces is one in HTML, and in its text.
		line = regexp.MustCompile(" +").ReplaceAllString(line, " ")
		if err != nil || line == "" {
			return
		}
		got := m.Render(line)
		if got.Text != line {
			t.Fatalf("got the text %q, want %q", got.Text, line)
		}
		if want := "<p>" + line + "</p>"; got.HTML != want {
			t.Fatalf("got the HTML %q, want %q", got.HTML, want)
		}
	})
}
