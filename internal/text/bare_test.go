package text_test

import (
	"strings"
	"testing"

	"depeche/internal/text"
)

func TestBareLinks(t *testing.T) {
	link := func(address string) string {
		return `<a href="` + address + `" rel="nofollow noopener">` + address + `</a>`
	}
	tests := []struct {
		name, in string
		html     string // within its paragraph
	}{
		{"alone", "https://www.youtube.com/watch?v=dQw4w9WgXcQ", link("https://www.youtube.com/watch?v=dQw4w9WgXcQ")},
		{"in a sentence", "Voir https://x.fr/a, puis http://y.fr.", "Voir " + link("https://x.fr/a") + ", puis " + link("http://y.fr") + "."},
		{"in a second line", "Voir\nhttps://x.fr\nici", "Voir\n" + link("https://x.fr") + "\nici"},
		{"in French quotation marks", "«\u00A0https://x.fr/a\u00A0»\u202F! «https://x.fr/b»", "«\u00A0" + link("https://x.fr/a") + "\u00A0»\u202F! «" + link("https://x.fr/b") + "»"},
		{"before French punctuation", "https://x.fr/a\u202F; https://x.fr/b\u202F?", link("https://x.fr/a") + "\u202F; " + link("https://x.fr/b") + "\u202F?"},
		{
			"with accents", "https://fr.wikipedia.org/wiki/Élysée",
			`<a href="https://fr.wikipedia.org/wiki/%C3%89lys%C3%A9e" rel="nofollow noopener">https://fr.wikipedia.org/wiki/Élysée</a>`,
		},
		{"in brackets", "(https://x.fr/a) (https://x.fr/Paris_(film))", "(" + link("https://x.fr/a") + ") (" + link("https://x.fr/Paris_(film)") + ")"},
		{"between marks", "*https://x.fr/a_b_c* **https://x.fr/d**", "<em>" + link("https://x.fr/a_b_c") + "</em> <strong>" + link("https://x.fr/d") + "</strong>"},
		{
			"an ampersand, and an entity that ends it", "https://x.fr/?a=1&copy=2 https://x.fr/?a=1&copy;",
			`<a href="https://x.fr/?a=1&amp;copy=2" rel="nofollow noopener">https://x.fr/?a=1&amp;copy=2</a> ` + link("https://x.fr/?a=1") + "©",
		},
		{"capitals", "HTTPS://X.FR/A", `<a href="https://X.FR/A" rel="nofollow noopener">HTTPS://X.FR/A</a>`},
		{"in a link already", "[https://x.fr](https://y.fr) <https://x.fr>", `<a href="https://y.fr" rel="nofollow noopener">https://x.fr</a> ` + link("https://x.fr")},
		{"in code", "`https://x.fr`", "<code>https://x.fr</code>"},
		{"other schemes", "javascript://x.fr/%0aalert(1) ftp://x.fr data:text/html,x file:///etc", "javascript://x.fr/%0aalert(1) ftp://x.fr data:text/html,x file:///etc"},
		{"a scheme within a word", "xhttps://x.fr", "xhttps://x.fr"},
		{"escaped", `https\://x.fr`, "https://x.fr"},
		{"without a scheme", "www.x.fr, x.fr, a@x.fr", "www.x.fr, x.fr, a@x.fr"},
		{"without a host", "http:// https://. https:///a", "http:// https://. https:///a"},
		{"markup in it", "https://x.fr/<b>a</b>", link("https://x.fr/") + "a"},
		{"a quotation mark in it", `https://x.fr/"onclick="x`, link("https://x.fr/") + `"onclick="x`},
	}
	m := text.NewRenderer()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got, want := m.Render(tt.in).HTML, "<p>"+tt.html+"</p>"; got != want {
				t.Errorf("HTML of %q:\n got %q\nwant %q", tt.in, got, want)
			}
		})
	}
	if got, want := m.Render("Voir https://x.fr/a, ici."), "Voir https://x.fr/a, ici."; got.Text != want || got.Words != 3 {
		t.Errorf("got %q with %d words, want %q with 3", got.Text, got.Words, want)
	}
}

// What newsrooms paste to embed something passes as its words and its links alone.
func TestEmbedsAreNotMade(t *testing.T) {
	m := text.NewRenderer()
	for name, in := range map[string]string{
		"a frame":     `<iframe width="560" src="https://www.youtube.com/embed/x" allowfullscreen></iframe>`,
		"a post":      "<blockquote class=\"twitter-tweet\"><p>Bonjour</p></blockquote> <script async src=\"https://platform.twitter.com/widgets.js\"></script>",
		"an object":   `un <object data="https://x.fr/a.swf"></object> <embed src="https://x.fr/b"> deux`,
		"a video":     `<video src="https://x.fr/a.mp4" onerror="x()" autoplay></video>`,
		"a form":      `<form action="https://x.fr"><input name="a"><button>Aller</button></form>`,
		"a base":      `<base href="https://x.fr/">`,
		"a refresh":   `<meta http-equiv="refresh" content="0;url=https://x.fr">`,
		"a style":     `<p style="background:url(https://x.fr/a)">un</p>`,
		"an anchor":   `<a href="https://x.fr" target="_blank" onclick="x()">un</a>`,
		"a picture":   `<img src="https://x.fr/a.png" onerror="x()">`,
		"an svg":      `<svg onload="x()"><a xlink:href="javascript:x()">un</a></svg>`,
		"mathematics": `<math><mtext><img src=x onerror=x></mtext></math>`,
	} {
		t.Run(name, func(t *testing.T) {
			got := m.Render(in).HTML
			for _, never := range []string{"x.fr", "twitter", "youtube", "onclick", "onerror", "onload", "style", "javascript", "<a", "<img", "iframe"} {
				if strings.Contains(got, never) {
					t.Errorf("HTML of %q is %q, which has %q", in, got, never)
				}
			}
		})
	}
}
