package web

import (
	"cmp"
	"net/http"
	"slices"
)

// front makes the front page: the stories of its language or, where there are none, of
// all.
func (v *visit) front() error {
	after, err := v.after()
	if err != nil {
		return err
	}
	given := variables{"language": v.lang}
	a, err := askFor[frontAnswer](v, "Front", given.and("after", after))
	if err == nil && len(a.Stories.Nodes) == 0 {
		given = nil
		a, err = askFor[frontAnswer](v, "Front", given.and("after", after))
	}
	if err != nil {
		return err
	}
	p := v.page
	p.Kind, p.Front = "front", &frontView{
		Stories:  v.stories(&a.Stories, after != "", given, p.Home),
		Wire:     v.wire(&a.Ticker, false, "FollowTicker", nil, nil, p.TickerPath),
		Trending: make([]link, len(a.TrendingTags)),
	}
	for i, t := range a.TrendingTags {
		p.Front.Trending[i] = v.tagLink(t.Tag)
	}
	for i := range a.Live.Nodes {
		p.Front.Live = append(p.Front.Live, v.coverageLink(&a.Live.Nodes[i]))
	}
	if after == "" {
		p.Front.Lead, p.Front.Stories.Cards = lead(p.Front.Stories.Cards)
	}
	v.describe(v.words.say("front.title"), v.words.say("front.description", v.o.Name))
	v.inBoth("", "/", after != "")
	if after == "" {
		v.say(v.newspaper())
	}
	return nil
}

// newest is among how many stories the lead is looked for.
const newest = 5

// lead takes the story that stands above all others: breaking news, or else one with a
// picture, where one of the newest is.
func lead(cards []card) (*card, []card) {
	if len(cards) == 0 {
		return nil, nil
	}
	at := -1
	for i, c := range cards[:min(newest, len(cards))] {
		if c.Breaking || c.Priority == "FLASH" {
			at = i
			break
		}
		if at < 0 && c.Image != nil {
			at = i
		}
	}
	at = max(at, 0)
	others := append(append(make([]card, 0, len(cards)-1), cards[:at]...), cards[at+1:]...)
	return &cards[at], others
}

// ticker makes the page of the ticker, or of those of its lines that carry a tag.
func (v *visit) ticker() error {
	after, err := v.after()
	if err != nil {
		return err
	}
	var given variables
	path := v.page.TickerPath
	tag := v.r.URL.Query().Get("tag")
	if tag != "" {
		if !isSlug(tag) {
			return errNotFound
		}
		given, path = variables{"tags": []string{tag}}, path+"?tag="+tag
	}
	a, err := askFor[tickerPageAnswer](v, "Ticker", given.and("after", after))
	if err != nil {
		return err
	}
	wire := v.wire(&a.Ticker, after != "", "FollowTicker", given, given, path)
	v.page.Kind, v.page.Wire = "ticker", &wire
	v.describe(v.words.say("ticker.title"), v.words.say("ticker.description"))
	v.inBoth("/ticker", "/ticker", after != "" || tag != "")
	return nil
}

// tag makes the page of a tag.
func (v *visit) tag() error {
	slug, err := v.slug()
	if err != nil {
		return err
	}
	after, err := v.after()
	if err != nil {
		return err
	}
	a, err := askFor[tagPageAnswer](v, "Tag", variables{"slug": slug}.and("after", after))
	if err != nil {
		return err
	}
	v.current(slug)
	t := a.Tag
	if t == nil {
		return errNotFound
	}
	path := v.below("tag", t.Slug)
	if t.Slug != slug {
		return &movedError{path, http.StatusMovedPermanently}
	}
	given := variables{"tags": []string{slug}}
	v.page.Kind, v.page.Tag = "tag", &tagView{
		Name: t.Name, Kind: t.Kind, Description: t.Description, Count: t.StoryCount,
		Stories: v.stories(&t.Stories, after != "", given, path),
		Wire:    v.wire(&a.Ticker, false, "FollowTicker", given, given, v.page.TickerPath+"?tag="+slug),
	}
	description := t.Description
	if description == "" {
		description = v.words.say("tag.description", t.Name)
	}
	v.describe(v.words.say("tag.title", t.Name), description)
	v.inBoth("/tag/"+slug, "/tag/"+slug, after != "")
	if after == "" {
		v.say(v.breadcrumbs(link{Href: path, Text: t.Name}))
	}
	return nil
}

// askForStory asks for the story of the path. Errors: errNotFound.
func (v *visit) askForStory() (*storyPageAnswer, error) {
	slug, err := v.slug()
	if err != nil {
		return nil, err
	}
	a, err := askFor[storyPageAnswer](v, "Story", variables{"slug": slug})
	if err != nil {
		return nil, err
	}
	if a.Story == nil || a.Story.Status != statusPublished && a.Story.Status != statusRetracted {
		return nil, errNotFound
	}
	return a, nil
}

// story makes the page of a story. One that is retracted says so, and why.
func (v *visit) story() error {
	a, err := v.askForStory()
	if err != nil {
		return err
	}
	s := a.Story
	if s.Slug != v.r.PathValue("slug") {
		return &movedError{v.below("story", s.Slug), http.StatusMovedPermanently}
	}
	view := &storyView{
		card: v.card(s), Words: s.Body.WordCount, Minutes: s.Body.ReadingMinutes,
		Updated: updated(s), Source: source(s.Source), Corrections: corrections(s.Corrections),
		Related: v.cards(s.Related), Retracted: s.retracted(),
		Cursor: a.Newest.LiveCursor, FollowVariables: variables{"slug": s.Slug}.json(),
	}
	if view.Retracted {
		view.Image, view.Summary, view.Breaking, view.Priority = nil, "", false, ""
		v.status = http.StatusGone
	} else {
		view.Body = asHTML(s.Body.HTML)
	}
	v.page.Kind, v.page.Story = "story", view
	v.page.Other = v.other("/story/" + s.Slug)
	v.describeStory(s, view)
	return nil
}

// coverages makes the page of all live coverages.
func (v *visit) coverages() error {
	after, err := v.after()
	if err != nil {
		return err
	}
	var given variables
	a, err := askFor[coveragesPageAnswer](v, "Coverages", given.and("after", after))
	if err != nil {
		return err
	}
	// What goes on comes before what is to come.
	slices.SortStableFunc(a.Coverages.Nodes, func(a, b coverageAnswer) int {
		return cmp.Compare(turn(a.Status), turn(b.Status))
	})
	view := &coveragesView{}
	for i := range a.Coverages.Nodes {
		view.Coverages = append(view.Coverages, v.coverageLink(&a.Coverages.Nodes[i]))
	}
	if a.Coverages.PageInfo.HasNextPage {
		view.After = a.Coverages.PageInfo.EndCursor
		view.More = moreAt(v.page.LivePath, view.After)
	}
	v.page.Kind, v.page.Coverages = "coverages", view
	v.describe(v.words.say("live.title"), v.words.say("live.description"))
	v.inBoth("/live", "/live", after != "")
	return nil
}

func turn(status string) int { return slices.Index([]string{"LIVE", "UPCOMING", "ENDED"}, status) }

// coverage makes the page of a live coverage.
func (v *visit) coverage() error {
	slug, err := v.slug()
	if err != nil {
		return err
	}
	after, err := v.after()
	if err != nil {
		return err
	}
	a, err := askFor[coveragePageAnswer](v, "Coverage", variables{"slug": slug}.and("after", after))
	if err != nil {
		return err
	}
	c := a.Coverage
	if c == nil {
		return errNotFound
	}
	path := v.below("live", c.Slug)
	if c.Slug != slug {
		return &movedError{path, http.StatusMovedPermanently}
	}
	view := &coverageView{
		coverageLink: v.coverageLink(c), Tags: v.tagLinks(c.Tags), Pinned: v.lines(c.Pinned), KeyEvents: v.lines(c.KeyEvents),
		Wire: v.wire(&c.Entries, after != "", "FollowCoverage", variables{"slug": slug}, variables{"coverage": slug}, path),
	}
	for i := range view.Pinned {
		view.Pinned[i].Aside = true
	}
	for _, lines := range [...][]line{view.Pinned, view.Wire.Lines} {
		for i := range lines {
			lines[i].Coverage = link{} // it is the one of this page
		}
	}
	v.page.Kind, v.page.Coverage = "coverage", view
	v.describe(c.Title, c.Summary)
	v.inBoth("/live/"+slug, "/live/"+slug, after != "")
	if after == "" {
		v.say(v.liveBlog(c, path))
		v.say(v.breadcrumbs(link{Href: v.page.LivePath, Text: v.words.say("live.title")}, link{Href: path, Text: c.Title}))
	}
	return nil
}
