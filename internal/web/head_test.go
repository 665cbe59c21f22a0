package web_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"depeche/internal/web"
)

func TestHeadOfAStory(t *testing.T) {
	d := parse(t, read(newSite(t, newsroom()), "/en/story/crue").Body.String())
	for name, want := range map[string]string{
		"description": "Le fleuve baisse.", "og:type": "article", "og:title": "La crue est passée", "og:locale": "fr_FR",
		"og:url": "https://news.example/fr/story/crue", "og:site_name": "Le Courrier", "og:description": "Le fleuve baisse.",
		"og:image": "https://news.example/pictures/crue.svg", "og:image:alt": "Un pont", "og:image:width": "1600", "og:image:height": "900",
		"twitter:card": "summary_large_image", "article:published_time": "2026-11-22T08:00:00.000Z",
		"article:modified_time": "2026-11-22T09:30:00.000Z", "article:section": "Monde", "article:tag": "L’eau",
		"article:author": "https://news.example/en/tag/anne-roy", "robots": "",
	} {
		if got := d.meta(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if title := d.all("title")[0].FirstChild.Data; title != "La crue est passée — Le Courrier" {
		t.Errorf("the title is %q", title)
	}
	if d.with("link", "rel", "alternate") != nil {
		t.Error("it says that the story is there in several languages")
	}
	article := any(d.said()["NewsArticle"])
	for _, row := range []struct {
		want any
		path []any
	}{
		{"La crue est passée", []any{"headline"}}, {"Le fleuve baisse.", []any{"description"}},
		{"2026-11-22T08:00:00.000Z", []any{"datePublished"}}, {"2026-11-22T09:30:00.000Z", []any{"dateModified"}},
		{"Person", []any{"author", 0, "@type"}}, {"Anne Roy", []any{"author", 0, "name"}}, {"https://news.example/en/tag/anne-roy", []any{"author", 0, "url"}},
		{"Le Courrier", []any{"publisher", "name"}}, {"https://news.example/pictures/crue.svg", []any{"image", "url"}}, {1600.0, []any{"image", "width"}},
		{"Monde", []any{"articleSection"}}, {"L’eau", []any{"keywords", 0}}, {"fr", []any{"inLanguage"}}, {240.0, []any{"wordCount"}},
		{true, []any{"isAccessibleForFree"}}, {"Le pont est le Vieux.", []any{"correction", 0, "text"}}, {"Agence", []any{"sourceOrganization", "name"}},
		{"https://news.example/fr/story/crue", []any{"mainEntityOfPage"}},
	} {
		if got := in(article, row.path...); got != row.want {
			t.Errorf("NewsArticle %v: got %v, want %v", row.path, got, row.want)
		}
	}
	if crumbs := d.said()["BreadcrumbList"]; in(any(crumbs), "itemListElement", 1, "item") != "https://news.example/en/tag/monde" || in(any(crumbs), "itemListElement", 2, "name") != "La crue est passée" {
		t.Errorf("BreadcrumbList: got %v", crumbs)
	}
}

func TestHeadOfOtherPages(t *testing.T) {
	s := newSite(t, newsroom())
	for _, row := range []struct{ path, fr, any string }{
		{"/en", "https://news.example/fr", "https://news.example/"},
		{"/en/ticker", "https://news.example/fr/ticker", "https://news.example/ticker"},
		{"/en/live", "https://news.example/fr/live", "https://news.example/live"},
		{"/en/tag/monde", "https://news.example/fr/tag/monde", "https://news.example/tag/monde"},
		{"/en/live/direct", "https://news.example/fr/live/direct", "https://news.example/live/direct"},
	} {
		d := parse(t, read(s, row.path).Body.String())
		for lang, want := range map[string]string{"fr": row.fr, "en": "https://news.example" + row.path, "x-default": row.any} {
			found := ""
			for _, n := range d.all("link") {
				if attribute(n, "hreflang") == lang {
					found = attribute(n, "href")
				}
			}
			if found != want {
				t.Errorf("%s in %s: got %q, want %q", row.path, lang, found, want)
			}
		}
		if d.meta("og:type") != "website" || d.meta("og:locale") != "en_GB" || d.meta("description") == "" || d.meta("og:url") != "https://news.example"+row.path {
			t.Errorf("%s: its head is not whole", row.path)
		}
	}
}

func TestLiveBlog(t *testing.T) {
	s := newSite(t, newsroom())
	blog := any(parse(t, read(s, "/fr/live/direct").Body.String()).said()["LiveBlogPosting"])
	for _, row := range []struct {
		want any
		path []any
	}{
		{"2026-11-20T06:00:00.000Z", []any{"coverageStartTime"}}, {"2026-11-22T11:00:00.000Z", []any{"coverageEndTime"}},
		{"La crue en direct", []any{"headline"}}, {"2026-11-22T10:00:00.000Z", []any{"dateModified"}},
		{"Le Sénat vote", []any{"liveBlogUpdate", 0, "headline"}}, {"Le Sénat vote", []any{"liveBlogUpdate", 0, "articleBody"}},
		{"2026-11-22T10:00:00.000Z", []any{"liveBlogUpdate", 0, "datePublished"}},
		{"https://news.example/fr/live/direct#line-tick_1", []any{"liveBlogUpdate", 0, "url"}},
		{nil, []any{"liveBlogUpdate", 1}}, // it is withdrawn
	} {
		if got := in(blog, row.path...); got != row.want {
			t.Errorf("%v: got %v, want %v", row.path, got, row.want)
		}
	}
	if said := parse(t, read(s, "/fr/live/direct?after=t1").Body.String()).said(); len(said) > 0 {
		t.Errorf("a part of it says %v", said)
	}
}

func TestHeadlinesForMachinesAreShort(t *testing.T) {
	a := newsroom()
	a.answers["Story"] = story(strings.Replace(floodJSON, "La crue est passée", strings.Repeat("été ", 60), 1))
	headline, _ := parse(t, read(newSite(t, a), "/fr/story/crue").Body.String()).said()["NewsArticle"]["headline"].(string)
	if n := len([]rune(headline)); n > 110 || n < 100 || !strings.HasSuffix(headline, "été…") {
		t.Errorf("got %d characters: %q", n, headline)
	}
}

// The address of a page goes by the request where nothing else is said.
func TestAddressesGoByTheRequest(t *testing.T) {
	s := newSite(t, newsroom(), func(o *web.Options) { o.PublicURL, o.PicturesAt = "", "http://127.0.0.1:8080" })
	for _, row := range []struct{ host, canonical string }{
		{"reader.example", "http://reader.example/fr"}, {"[::1]:8080", "http://[::1]:8080/fr"},
		{"", ""}, {`"><script>`, ""}, {"a/b", ""}, {"a?b", ""}, {"user@host", ""},
	} {
		r := httptest.NewRequest("GET", "/fr", nil)
		r.Host = row.host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		d := parse(t, w.Body.String())
		if w.Code != 200 || d.canonical() != row.canonical {
			t.Errorf("%q: got %d and %q, want %q", row.host, w.Code, d.canonical(), row.canonical)
		}
		checkMarkup(t, row.host, d)
	}
}

func TestPicturesOfOurOwnAreShownByTheirPaths(t *testing.T) {
	for _, row := range []struct{ url, want string }{
		{"http://reader.example/pictures/a.svg", "/pictures/a.svg"},
		{"http://127.0.0.1:8080/pictures/a%20b.svg?x=1", "/pictures/a%20b.svg?x=1"},
		{"http://reader.example.evil.example/a.svg", "http://reader.example.evil.example/a.svg"},
		{"http://reader.example//evil.example/a.svg", "http://reader.example//evil.example/a.svg"},
		{`http://reader.example/\\evil.example/a.svg`, `/%5C%5Cevil.example/a.svg`},
		{"https://images.example/a.jpg", "https://images.example/a.jpg"},
		{"javascript:alert(1)", ""}, {"data:image/svg+xml,x", ""}, {"//evil.example/a.svg", ""}, {"/pictures/a.svg", ""}, {"http:///a.svg", ""},
	} {
		a := newsroom()
		given, err := json.Marshal(row.url)
		if err != nil {
			t.Fatal(err)
		}
		a.answers["Story"] = story(strings.Replace(floodJSON, `"https://news.example/pictures/crue.svg"`, string(given), 1))
		s := newSite(t, a, func(o *web.Options) { o.PublicURL, o.PicturesAt = "", "http://127.0.0.1:8080" })
		r, w := httptest.NewRequest("GET", "http://reader.example/fr/story/crue", nil), httptest.NewRecorder()
		s.ServeHTTP(w, r)
		d := parse(t, w.Body.String())
		image, shown := d.with("img", "fetchpriority", "high"), ""
		if image != nil {
			shown = attribute(image, "src")
		}
		absolute := row.want
		if strings.HasPrefix(absolute, "/") {
			absolute = "http://reader.example" + absolute
		}
		if shown != row.want || d.meta("og:image") != absolute {
			t.Errorf("%s: got %q and %q, want %q", row.url, shown, d.meta("og:image"), row.want)
		}
	}
}
