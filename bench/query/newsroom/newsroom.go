// Package newsroom makes up the news that all servers under test serve: French-looking
// stories, always the same for the same number of them. It writes them as the archive
// that depeche imports and as the plain tables of the other servers.
package newsroom

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Tags is how many tags there are.
const Tags = 2000

// A Tag is something that stories are filed under.
type Tag struct {
	Type string `json:"type"` // of the line of an archive
	Slug string `json:"slug"`
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// A Story is a story as an archive has it.
type Story struct {
	Type        string   `json:"type"` // of the line
	ID          string   `json:"id"`
	Slug        string   `json:"slug"`
	Title       string   `json:"title"`
	Summary     string   `json:"summary"`
	Body        string   `json:"body"`
	Language    string   `json:"language"`
	Status      string   `json:"status"`
	Priority    string   `json:"priority"`
	PublishedAt string   `json:"publishedAt,omitempty"` // RFC 3339 in UTC, with milliseconds
	UpdatedAt   string   `json:"updatedAt"`
	CreatedAt   string   `json:"createdAt"`
	Tags        []string `json:"tags"` // slugs
	Image       Image    `json:"image"`
}

// An Image is the picture of a story.
type Image struct {
	URL    string `json:"url"`
	Alt    string `json:"alt"`
	Credit string `json:"credit"`
}

// HTML is the body as depeche renders it.
func (s Story) HTML() string { return "<p>" + s.Body + "</p>" }

// ID is the id of the story i; later ones are greater.
func ID(i int) string { return fmt.Sprintf("story_%08d", i) }

// Slug is the slug of the story i.
func Slug(i int) string { return fmt.Sprintf("depeche-du-jour-%08d", i) }

// TagSlug is the slug of the tag i. The lower i, the more stories carry it.
func TagSlug(i int) string { return fmt.Sprintf("sujet-%04d", i) }

// At is when the story i was published: every 20 minutes there is one.
func At(i int) time.Time {
	return time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * 20 * time.Minute)
}

// Stamp writes an instant as depeche does.
func Stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// Draft tells whether the story i is a draft: one in 20 is.
func Draft(i int) bool { return i%20 == 7 }

const vocabulary = `le la les un une des de du et à en dans sur pour avec sans selon après
	président ministre gouvernement député Assemblée nationale élection réforme loi budget Europe France
	Paris Lyon Marseille région préfet maire école hôpital médecin santé climat énergie inondation sécheresse
	grève syndicat salaire retraite entreprise marché croissance inflation banque justice procès tribunal
	police enquête accusé témoin victime culture cinéma musée festival équipe match victoire championnat
	a annoncé déclaré estimé indiqué prévu décidé rejeté adopté signé ouvert fermé mardi jeudi dimanche
	l’été d’une qu’il n’est dépêche cœur où déjà peut-être aujourd’hui hier demain`

// A generator makes stories and tags one after the other.
type generator struct {
	rand  *rand.Rand
	tags  *rand.Zipf
	words []string
}

func newGenerator(seed uint64) *generator {
	r := rand.New(rand.NewPCG(seed, 7))
	return &generator{rand: r, tags: rand.NewZipf(r, 1.2, 8, Tags-1), words: strings.Fields(vocabulary)}
}

// text is some words of n bytes or a few more.
func (g *generator) text(n int) string {
	var b strings.Builder
	for b.Len() < n {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(g.words[g.rand.IntN(len(g.words))])
	}
	return b.String()
}

func (g *generator) tag(i int) Tag {
	kinds := []string{"SECTION", "TOPIC", "PERSON", "ORGANISATION", "PLACE", "EVENT", "SERIES"}
	return Tag{Type: "tag", Slug: TagSlug(i), Name: g.text(12), Kind: kinds[i%len(kinds)]}
}

// story makes a story of about 3 KB.
func (g *generator) story(i int) Story {
	at := Stamp(At(i))
	s := Story{
		Type: "story", ID: ID(i), Slug: Slug(i), Title: g.text(70), Summary: g.text(200), Body: g.text(2300),
		Language: "fr", Status: "PUBLISHED", Priority: "ROUTINE", PublishedAt: at, UpdatedAt: at, CreatedAt: at,
		Image: Image{URL: fmt.Sprintf("https://example.org/image-%d.jpg", i), Alt: g.text(60), Credit: "AFP"},
	}
	switch p := g.rand.IntN(100); {
	case p < 1:
		s.Priority = "FLASH"
	case p < 5:
		s.Priority = "ALERT"
	case p < 20:
		s.Priority = "URGENT"
	}
	carried := map[uint64]bool{}
	for len(s.Tags) < 4 {
		if n := g.tags.Uint64(); !carried[n] {
			carried[n] = true
			s.Tags = append(s.Tags, TagSlug(int(n)))
		}
	}
	if Draft(i) {
		s.Status, s.PublishedAt = "DRAFT", ""
	}
	return s
}
