package web

import (
	"strings"
	"time"
)

// What pages say in the words of schema.org, as JSON-LD.

const schemaOrg = "https://schema.org"

type thing struct {
	Context string `json:"@context,omitempty"`
	Type    string `json:"@type"`
	Name    string `json:"name,omitempty"`
	URL     string `json:"url,omitempty"`
}

type imageObject struct {
	Type       string `json:"@type"`
	URL        string `json:"url"`
	Width      int    `json:"width,omitempty"`
	Height     int    `json:"height,omitempty"`
	Caption    string `json:"caption,omitempty"`
	CreditText string `json:"creditText,omitempty"`
}

type correctionComment struct {
	Type          string `json:"@type"`
	Text          string `json:"text"`
	DatePublished string `json:"datePublished"`
}

// An article is a NewsArticle, a LiveBlogPosting, or a BlogPosting in one of these.
type article struct {
	Context             string              `json:"@context,omitempty"`
	Type                string              `json:"@type"`
	Headline            string              `json:"headline"`
	Description         string              `json:"description,omitempty"`
	ArticleBody         string              `json:"articleBody,omitempty"`
	URL                 string              `json:"url,omitempty"`
	MainEntityOfPage    string              `json:"mainEntityOfPage,omitempty"`
	DatePublished       string              `json:"datePublished,omitempty"`
	DateModified        string              `json:"dateModified,omitempty"`
	CoverageStartTime   string              `json:"coverageStartTime,omitempty"`
	CoverageEndTime     string              `json:"coverageEndTime,omitempty"`
	Author              []thing             `json:"author,omitempty"`
	Publisher           *thing              `json:"publisher,omitempty"`
	SourceOrganization  *thing              `json:"sourceOrganization,omitempty"`
	Image               *imageObject        `json:"image,omitempty"`
	ArticleSection      string              `json:"articleSection,omitempty"`
	Keywords            []string            `json:"keywords,omitempty"`
	InLanguage          string              `json:"inLanguage,omitempty"`
	WordCount           int                 `json:"wordCount,omitempty"`
	IsAccessibleForFree bool                `json:"isAccessibleForFree,omitempty"`
	Correction          []correctionComment `json:"correction,omitempty"`
	LiveBlogUpdate      []article           `json:"liveBlogUpdate,omitempty"`
}

type breadcrumbList struct {
	Context  string       `json:"@context"`
	Type     string       `json:"@type"`
	Elements []breadcrumb `json:"itemListElement"`
}

type breadcrumb struct {
	Type     string `json:"@type"`
	Position int    `json:"position"`
	Name     string `json:"name"`
	Item     string `json:"item"`
}

// say adds a thing to what the page says; nil adds nothing.
func (v *visit) say(what any) {
	if what != nil {
		v.page.Head.JSONLD = append(v.page.Head.JSONLD, what)
	}
}

func (v *visit) newspaper() any {
	return thing{schemaOrg, "NewsMediaOrganization", v.o.Name, v.absolute("/")}
}

func (v *visit) publisher() *thing {
	return &thing{Type: "NewsMediaOrganization", Name: v.o.Name, URL: v.absolute("/")}
}

func (v *visit) newsArticle(s *storyAnswer, view *storyView) any {
	h := &v.page.Head
	a := article{
		Context: schemaOrg, Type: "NewsArticle", Headline: headline(s.Title), Description: s.Summary,
		URL: h.Canonical, MainEntityOfPage: h.Canonical,
		DatePublished: stampOf(s.PublishedAt), DateModified: stampOf(s.UpdatedAt),
		Publisher: v.publisher(), ArticleSection: h.Section, Keywords: h.Tags,
		InLanguage: s.Language, WordCount: s.Body.WordCount, IsAccessibleForFree: true,
	}
	for _, author := range view.Authors {
		a.Author = append(a.Author, thing{Type: "Person", Name: author.Text, URL: v.absolute(author.Href)})
	}
	if len(a.Author) == 0 {
		a.Author = []thing{*a.Publisher}
	}
	if s.Source != nil {
		a.SourceOrganization = &thing{Type: "Organization", Name: s.Source.Name}
	}
	if i := view.Image; i != nil && h.Image != "" {
		a.Image = &imageObject{"ImageObject", h.Image, i.Width, i.Height, i.Caption, i.Credit}
	}
	for _, c := range s.Corrections {
		a.Correction = append(a.Correction, correctionComment{"CorrectionComment", c.Note, stampOf(c.At)})
	}
	return a
}

// liveBlog is a coverage with the lines that the page shows. What was withdrawn is not
// said again.
func (v *visit) liveBlog(c *coverageAnswer, path string) any {
	at := v.absolute(path)
	a := article{
		Context: schemaOrg, Type: "LiveBlogPosting", Headline: headline(c.Title), Description: c.Summary,
		URL: at, MainEntityOfPage: at, DatePublished: stampOf(c.StartsAt),
		CoverageStartTime: stampOf(c.StartsAt), CoverageEndTime: stampOf(c.EndsAt),
		Publisher: v.publisher(), InLanguage: v.lang, IsAccessibleForFree: true,
	}
	a.Author = []thing{*a.Publisher}
	for _, t := range c.Tags {
		a.Keywords = append(a.Keywords, t.Name)
	}
	for _, e := range c.Entries.Nodes {
		if e.retracted() {
			continue
		}
		post := article{Type: "BlogPosting", Headline: headline(e.Headline), ArticleBody: e.Body, DatePublished: stampOf(e.OccurredAt)}
		if post.ArticleBody == "" {
			post.ArticleBody = e.Headline
		}
		if at != "" {
			post.URL = at + "#" + lineID(e.ID)
		}
		for _, n := range e.Corrections {
			post.Correction = append(post.Correction, correctionComment{"CorrectionComment", n.Note, stampOf(n.At)})
		}
		a.DateModified = max(a.DateModified, post.DatePublished)
		a.LiveBlogUpdate = append(a.LiveBlogUpdate, post)
	}
	return a
}

// lineID is the id of a line's element in the page.
func lineID(id string) string { return "line-" + id }

// breadcrumbs lead from the front page to this one. Nil where the site does not know
// where it is.
func (v *visit) breadcrumbs(trail ...link) any {
	if v.origin == "" {
		return nil
	}
	b := breadcrumbList{Context: schemaOrg, Type: "BreadcrumbList"}
	for i, step := range append([]link{{Href: v.page.Home, Text: v.o.Name}}, trail...) {
		b.Elements = append(b.Elements, breadcrumb{"ListItem", i + 1, step.Text, v.absolute(step.Href)})
	}
	return b
}

// longestHeadline is what search engines show of one, in characters.
const longestHeadline = 110

// headline cuts a title at a word, where it is too long.
func headline(title string) string {
	runes := []rune(title)
	if len(runes) <= longestHeadline {
		return title
	}
	cut := string(runes[:longestHeadline-1])
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)/2 {
		cut = cut[:space]
	}
	return cut + "…"
}

func stampOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
