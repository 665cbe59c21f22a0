package web

import (
	"html/template"
	"strings"
	"time"
)

// asHTML takes the text of a story as it is: the newsroom has sanitised it, and the
// API says that it is safe to put into a page.
func asHTML(s string) template.HTML { return template.HTML(s) }

// anyLanguage is the hreflang of where a language is chosen.
const anyLanguage = "x-default"

// describe says what the page is, to those who do not look at it.
func (v *visit) describe(title, description string) {
	v.page.Title = title
	h := &v.page.Head
	h.Description, h.Type, h.Locale = description, "website", locale(v.lang)
}

// inBoth says that the page is there in all languages, at a path below their front
// pages; at any is where the language is chosen. A part of a list is none that search
// engines should keep: it will be another one soon.
func (v *visit) inBoth(below, any string, part bool) {
	v.page.Other = v.other(below)
	h := &v.page.Head
	h.NoIndex = part
	if part || v.origin == "" {
		return
	}
	h.Canonical = v.absolute(v.page.Home + below)
	for _, lang := range languages {
		h.Alternates = append(h.Alternates, link{Href: v.absolute("/" + lang + below), Lang: lang})
	}
	h.Alternates = append(h.Alternates, link{Href: v.absolute(any), Lang: anyLanguage})
}

// describeStory says what a story is.
func (v *visit) describeStory(s *storyAnswer, view *storyView) {
	v.describe(s.Title, view.Summary)
	h := &v.page.Head
	h.Type, h.Locale = "article", locale(s.Language)
	if view.Retracted {
		h.NoIndex = true
		return
	}
	if h.Canonical = elsewhere(s.CanonicalURL); h.Canonical == "" {
		h.Canonical = v.absolute("/" + s.edition(languages[0]) + "/story/" + s.Slug)
	}
	h.Published, h.Modified = s.PublishedAt, updated(s)
	if section, ok := sectionOf(s.Tags); ok {
		h.Section = section.Name
	}
	h.Tags = keywords(s.Tags)
	for _, author := range view.Authors {
		if at := v.absolute(author.Href); at != "" {
			h.Authors = append(h.Authors, at)
		}
	}
	if i := view.Image; i != nil {
		h.Image, h.ImageAlt, h.ImageWidth, h.ImageHeight = v.pictureAbsolute(i.URL), i.Alt, i.Width, i.Height
	}
	v.say(v.newsArticle(s, view))
	trail := []link{{Href: view.Href, Text: s.Title}}
	if view.Section.Href != "" {
		trail = append([]link{view.Section}, trail...)
	}
	v.say(v.breadcrumbs(trail...))
}

// updated is when a story was last changed since it was published, to the minute;
// zero: it was not.
func updated(s *storyAnswer) time.Time {
	if s.PublishedAt.IsZero() || s.UpdatedAt.Sub(s.PublishedAt) < time.Minute {
		return time.Time{}
	}
	return s.UpdatedAt
}

// keywords are the names of tags, without sections.
func keywords(tags []tagAnswer) []string {
	var names []string
	for _, t := range tags {
		if t.Kind != "SECTION" {
			names = append(names, t.Name)
		}
	}
	return names
}

// locale is a language as Open Graph wants it, with a territory; empty where that is
// not known.
func locale(lang string) string {
	switch base, territory, _ := strings.Cut(lang, "-"); {
	case len(base) == 2 && len(territory) == 2:
		return strings.ToLower(base) + "_" + strings.ToUpper(territory)
	case base == "fr":
		return "fr_FR"
	case base == "en":
		return "en_GB"
	}
	return ""
}
