package web

import (
	"fmt"
	"math"
	"net/url"
)

// below is the path of something on the pages of this language.
func (v *visit) below(kind, slug string) string {
	return v.page.Home + "/" + kind + "/" + url.PathEscape(slug)
}

func (v *visit) tagLink(t tagAnswer) link { return link{Href: v.below("tag", t.Slug), Text: t.Name} }

func (v *visit) tagLinks(tags []tagAnswer) []link {
	links := make([]link, len(tags))
	for i, t := range tags {
		links[i] = v.tagLink(t)
	}
	return links
}

// askForSections fills the navigation with the sections that have stories in the
// language of the page or, where none has, with all. It is asked apart from the rest,
// so that a story that comes leaves the answers to other pages as they are. The tag
// names the answer. A page without a navigation is better than none.
func (v *visit) askForSections() (tag string) {
	got, err := v.ask(v.r, v.operations.with("Sections", variables{"language": v.lang}))
	var a *sectionsAnswer
	if err == nil {
		a, err = read[sectionsAnswer](got)
	}
	if err != nil {
		v.o.Logger.DebugContext(v.r.Context(), "there is no navigation", "op", "page", "path", v.page.Path, "error", err)
		return ""
	}
	var all []link
	v.page.Sections = nil
	for _, t := range a.Tags.Nodes {
		section := v.tagLink(t.tagAnswer)
		all = append(all, section)
		if len(t.Stories.Nodes) > 0 {
			v.page.Sections = append(v.page.Sections, section)
		}
	}
	if len(v.page.Sections) == 0 {
		v.page.Sections = all
	}
	return got.header.Get("ETag")
}

// current marks the section that is shown.
func (v *visit) current(slug string) {
	for i, section := range v.page.Sections {
		v.page.Sections[i].Current = section.Href == v.below("tag", slug)
	}
}

func sectionOf(tags []tagAnswer) (section tagAnswer, ok bool) {
	for _, t := range tags {
		if t.Kind == "SECTION" {
			return t, true
		}
	}
	return tagAnswer{}, false
}

// language is that of something, where it differs from that of the page.
func (v *visit) language(lang string) string {
	if lang == v.lang {
		return ""
	}
	return lang
}

func (v *visit) card(s *storyAnswer) card {
	c := card{
		ID: s.ID, Slug: s.Slug, Version: s.Version, Href: v.below("story", s.Slug), Title: s.Title, Summary: s.Summary,
		Lang: v.language(s.Language), Breaking: s.Breaking, Priority: s.Priority, Published: s.PublishedAt,
		Tags: v.tagLinks(s.Tags), Authors: v.tagLinks(s.Authors), Image: v.picture(s.Image),
	}
	if section, ok := sectionOf(s.Tags); ok {
		c.Section = v.tagLink(section)
	}
	return c
}

func (v *visit) cards(stories []storyAnswer) []card {
	cards := make([]card, len(stories))
	for i := range stories {
		cards[i] = v.card(&stories[i])
	}
	return cards
}

func (v *visit) picture(i *imageAnswer) *picture {
	if i == nil {
		return nil
	}
	p := &picture{URL: v.pictureAt(i.URL), Alt: i.Alt, Caption: i.Caption, Credit: i.Credit, Width: i.Width, Height: i.Height}
	if p.URL == "" {
		return nil
	}
	if p.Width <= 0 || p.Height <= 0 {
		p.Width, p.Height = 0, 0
	}
	if f := i.FocalPoint; f != nil {
		p.Position = fmt.Sprintf("%v%% %v%%", math.Round(f.X*100), math.Round(f.Y*100))
	}
	return p
}

func (v *visit) line(e *entryAnswer) line {
	l := line{
		ID: e.ID, Version: e.Version, Headline: e.Headline, Body: e.Body, Priority: e.Priority,
		Retracted: e.retracted(), Pinned: e.Pinned, KeyEvent: e.KeyEvent, At: e.OccurredAt,
		Source: source(e.Source), Corrections: corrections(e.Corrections),
	}
	if e.Story != nil {
		l.Story = v.below("story", e.Story.Slug)
	}
	if e.Coverage != nil {
		l.Coverage = link{Href: v.below("live", e.Coverage.Slug), Text: e.Coverage.Title}
	}
	return l
}

func (v *visit) lines(entries []entryAnswer) []line {
	lines := make([]line, len(entries))
	for i := range entries {
		lines[i] = v.line(&entries[i])
	}
	return lines
}

func source(s *sourceAnswer) link {
	if s == nil {
		return link{}
	}
	return link{Href: elsewhere(s.URL), Text: s.Name}
}

func corrections(all []correctionAnswer) []correction {
	cs := make([]correction, len(all))
	for i, c := range all {
		cs[i] = correction(c)
	}
	return cs
}

func (v *visit) coverageLink(c *coverageAnswer) coverageLink {
	return coverageLink{
		Href: v.below("live", c.Slug), Title: c.Title, Summary: c.Summary, Status: c.Status, Starts: c.StartsAt, Ends: c.EndsAt,
	}
}

// wire is a ticker. Later says that it does not begin at the top.
func (v *visit) wire(a *tickerAnswer, later bool, follow string, given, more variables, path string) wireView {
	w := wireView{Lines: v.lines(a.Nodes), Follow: follow, Variables: given.json(), MoreVariables: more.json(), Later: later}
	w.Cursor = a.LiveCursor
	if a.PageInfo.HasNextPage {
		w.After = a.PageInfo.EndCursor
		w.More = moreAt(path, w.After)
	}
	return w
}

// stories is a list of stories; path is that of its page.
func (v *visit) stories(a *storiesAnswer, later bool, given variables, path string) cardsView {
	c := cardsView{Cards: v.cards(a.Nodes), Variables: given.json()}
	if !later {
		c.Cursor = a.LiveCursor
	}
	if a.PageInfo.HasNextPage {
		c.After = a.PageInfo.EndCursor
		c.More = moreAt(path, c.After)
	}
	return c
}
