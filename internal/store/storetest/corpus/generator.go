// Package corpus makes large newsrooms for benchmarks: French-looking news, always
// the same for the same size. It is for tests alone.
package corpus

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"depeche/internal/news"
)

// version names what the generator makes; a new one makes new corpora.
const version = 3

// Tags is the number of tags that stories are filed under.
const Tags = 2000

// A Generator makes French-looking news, always the same for the same seed.
type Generator struct {
	rand  *rand.Rand
	tags  *rand.Zipf
	words []string
}

// New makes a generator.
func New(seed uint64) *Generator {
	r := rand.New(rand.NewPCG(seed, 7))
	return &Generator{rand: r, tags: rand.NewZipf(r, 1.2, 8, Tags-1), words: strings.Fields(vocabulary)}
}

// StoryID is the id of the story i.
func StoryID(i int) news.StoryID { return news.StoryID(fmt.Sprintf("story_01J%023d", i)) }

// TagID is the id of the tag i.
func TagID(i int) news.TagID { return news.TagID(fmt.Sprintf("tag_01J%023d", i)) }

// Time is when the story i was published: every 20 minutes there is one.
func Time(i int) time.Time {
	return time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 20 * time.Minute)
}

const vocabulary = `le la les un une des de du et à en dans sur pour avec sans selon après
	président ministre gouvernement député Assemblée nationale élection réforme loi budget Europe France
	Paris Lyon Marseille région préfet maire école hôpital médecin santé climat énergie inondation sécheresse
	grève syndicat salaire retraite entreprise marché croissance inflation banque justice procès tribunal
	police enquête accusé témoin victime culture cinéma musée festival équipe match victoire championnat
	a annoncé déclaré estimé indiqué prévu décidé rejeté adopté signé ouvert fermé mardi jeudi dimanche
	l’été d’une qu’il n’est « dépêche » cœur où déjà peut-être aujourd’hui hier demain`

func (g *Generator) text(n int) string {
	var b strings.Builder
	for b.Len() < n {
		b.WriteString(g.words[g.rand.IntN(len(g.words))])
		b.WriteByte(' ')
	}
	return b.String()
}

// someTags are four tags, of which a few are frequent and most are rare.
func (g *Generator) someTags() []news.TagID {
	var tags []news.TagID
	for range 4 {
		tags = append(tags, TagID(int(g.tags.Uint64())))
	}
	return tags
}

// Tag makes the tag i. The last few, which hardly anything carries, are merged into
// more common ones, or deleted.
func (g *Generator) Tag(i int) *news.Tag {
	name := g.text(12)
	t := &news.Tag{
		ID: TagID(i), Version: 1, SortName: name,
		TagContent: news.TagContent{Slug: fmt.Sprintf("tag-%d", i), Name: name, Kind: news.TagKinds()[i%8]},
	}
	if i%2 == 0 {
		t.Code = news.Text(fmt.Sprintf("medtop:%08d", i))
	}
	switch {
	case i >= Tags-10:
		t.Status = news.TagDeleted
	case i >= Tags-30:
		t.Status, t.MergedInto, t.MergedAt, t.Settled = news.TagMerged, TagID(i-32), Time(0), i%2 == 0
	}
	return t
}

// Coverage is the one that ticker entries belong to.
func (g *Generator) Coverage() *news.Coverage {
	return &news.Coverage{
		ID: "cov_01J", Version: 1,
		CoverageContent: news.CoverageContent{Slug: "direct", Title: "En direct", Status: news.CoverageLive, StartsAt: Time(0)},
	}
}

// Story makes the story i, of about 3 KB. One of twenty is not public, each in one of
// the states that there are.
func (g *Generator) Story(i int) *news.Story {
	id, at := StoryID(i), Time(i)
	s := &news.Story{
		ID: id, Version: 1, Status: news.StoryPublished,
		StoryContent: news.StoryContent{
			Slug: "s-" + string(id), Title: g.text(70), Summary: news.Text(g.text(200)), Body: g.text(2300),
			Language: "fr", Priority: news.Routine, Tags: g.someTags(),
			Source: &news.Source{Name: "AFP", URL: "https://www.afp.com/"},
			Image:  &news.Image{URL: "https://example.org/image.jpg", Alt: g.text(60), Credit: "AFP", Width: 1600, Height: 900},
		},
		CreatedBy: fmt.Sprintf("journaliste-%d", g.rand.IntN(40)), CreatedAt: at, UpdatedAt: at, PublishedAt: at,
	}
	switch p := g.rand.IntN(100); {
	case p < 1:
		s.Priority, s.Breaking = news.Flash, true
	case p < 5:
		s.Priority = news.Alert
	case p < 20:
		s.Priority = news.Urgent
	}
	if g.rand.IntN(10) == 0 {
		s.Language = "fr-CA"
	}
	if g.rand.IntN(20) == 0 {
		hide(s, i)
	}
	return s
}

func hide(s *news.Story, i int) {
	at := s.PublishedAt
	switch i % 5 {
	case 0:
		s.Status, s.WithdrawnIn = news.StoryUnpublished, s.Version
		return
	case 1:
		s.Status, s.WithdrawnIn = news.StoryRetracted, s.Version
		s.Body, s.Summary, s.Image = "", "", nil
		return
	case 2:
		s.Status = news.StoryDraft
	case 3:
		s.Status, s.Schedule = news.StoryScheduled, &news.Schedule{At: at.Add(24 * time.Hour)}
	case 4:
		s.EmbargoedUntil = at.Add(24 * time.Hour)
	}
	s.PublishedAt = time.Time{}
}

// Entry makes the ticker entry i. One of ten is of the coverage, half of these of it
// alone; some are pinned for a time.
func (g *Generator) Entry(i int) *news.TickerEntry {
	at := Time(i)
	e := &news.TickerEntry{
		ID: news.TickerEntryID(fmt.Sprintf("tick_01J%023d", i)), Version: 1, Status: news.TickerPublished,
		TickerContent: news.TickerContent{
			Headline: g.text(90), Body: news.Text(g.text(200)), Priority: news.Routine, OccurredAt: at, Tags: g.someTags()[:2],
		},
		PublishedAt: at, UpdatedAt: at,
	}
	if i%10 == 0 {
		e.Coverage, e.CoverageOnly = "cov_01J", i%20 == 0
	}
	if i%1000 == 0 {
		e.Pinned, e.PinnedUntil = true, at.Add(time.Hour)
	}
	return e
}
