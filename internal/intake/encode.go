package intake

import (
	"encoding/json"
	"io"
	"time"

	"depeche/internal/news"
)

// The lines of an archive, their keys in the order of the format. What a line
// means without a field is left out.
type (
	tagLine struct {
		Type        string       `json:"type"`
		Slug        string       `json:"slug"`
		Name        string       `json:"name"`
		Kind        news.TagKind `json:"kind,omitempty"`
		Description news.Text    `json:"description,omitempty"`
		Aliases     []string     `json:"aliases,omitempty"`
		Code        news.Text    `json:"code,omitempty"`
		URI         news.URL     `json:"uri,omitempty"`
	}
	coverageLine struct {
		Type     string              `json:"type"`
		Slug     string              `json:"slug"`
		Title    string              `json:"title"`
		Summary  news.Text           `json:"summary,omitempty"`
		Status   news.CoverageStatus `json:"status,omitempty"`
		StartsAt stamp               `json:"startsAt"`
		EndsAt   stamp               `json:"endsAt,omitempty"`
		Tags     []string            `json:"tags,omitempty"`
	}
	storyLine struct {
		Type           string           `json:"type"`
		ID             news.StoryID     `json:"id"`
		Slug           string           `json:"slug"`
		Title          string           `json:"title"`
		Summary        news.Text        `json:"summary,omitempty"`
		Body           string           `json:"body,omitempty"`
		Language       string           `json:"language,omitempty"`
		Status         news.StoryStatus `json:"status,omitempty"`
		Priority       news.Priority    `json:"priority,omitempty"`
		Breaking       bool             `json:"breaking,omitempty"`
		PublishedAt    stamp            `json:"publishedAt,omitempty"`
		UpdatedAt      stamp            `json:"updatedAt,omitempty"`
		CreatedAt      stamp            `json:"createdAt,omitempty"`
		ScheduledFor   stamp            `json:"scheduledFor,omitempty"`
		EmbargoedUntil stamp            `json:"embargoedUntil,omitempty"`
		Tags           []string         `json:"tags,omitempty"`
		Authors        []string         `json:"authors,omitempty"`
		Image          *imageLine       `json:"image,omitempty"`
		CanonicalURL   news.URL         `json:"canonicalUrl,omitempty"`
		Source         *sourceLine      `json:"source,omitempty"`
		Corrections    []correctionLine `json:"corrections,omitempty"`
	}
	tickerLine struct {
		Type         string             `json:"type"`
		ID           news.TickerEntryID `json:"id"`
		Headline     string             `json:"headline"`
		Body         news.Text          `json:"body,omitempty"`
		OccurredAt   stamp              `json:"occurredAt"`
		PublishedAt  stamp              `json:"publishedAt,omitempty"`
		Priority     news.Priority      `json:"priority,omitempty"`
		Status       news.TickerStatus  `json:"status,omitempty"`
		Pinned       bool               `json:"pinned,omitempty"`
		PinnedUntil  stamp              `json:"pinnedUntil,omitempty"`
		KeyEvent     bool               `json:"keyEvent,omitempty"`
		CoverageOnly bool               `json:"coverageOnly,omitempty"`
		Tags         []string           `json:"tags,omitempty"`
		Story        string             `json:"story,omitempty"`
		Coverage     string             `json:"coverage,omitempty"`
		Source       *sourceLine        `json:"source,omitempty"`
		Corrections  []correctionLine   `json:"corrections,omitempty"`
	}
	imageLine struct {
		URL        news.URL    `json:"url"`
		Alt        string      `json:"alt"`
		Caption    news.Text   `json:"caption,omitempty"`
		Credit     string      `json:"credit"`
		Width      news.Pixels `json:"width,omitempty"`
		Height     news.Pixels `json:"height,omitempty"`
		FocalPoint *pointLine  `json:"focalPoint,omitempty"`
	}
	pointLine struct {
		X float64 `json:"x"`
		Y float64 `json:"y"`
	}
	sourceLine struct {
		Name string   `json:"name"`
		URL  news.URL `json:"url,omitempty"`
	}
	correctionLine struct {
		At   stamp               `json:"at"`
		Note string              `json:"note"`
		Kind news.CorrectionKind `json:"kind,omitempty"`
	}
)

// A stamp is an instant as the format has it.
type stamp string

func stampOf(t time.Time) stamp {
	if t.IsZero() {
		return ""
	}
	return stamp(t.UTC().Format("2006-01-02T15:04:05.000Z"))
}

// unless leaves out what a line means without it.
func unless[T comparable](v, implied T) T {
	if v == implied {
		var none T
		return none
	}
	return v
}

func encodeTag(t *news.Tag) tagLine {
	return tagLine{
		Type: "tag", Slug: t.Slug, Name: t.Name, Kind: unless(t.Kind, news.TagTopic),
		Description: t.Description, Aliases: t.Aliases, Code: t.Code, URI: t.URI,
	}
}

func encodeCoverage(c *news.Coverage, tags []string) coverageLine {
	return coverageLine{
		Type: "coverage", Slug: c.Slug, Title: c.Title, Summary: c.Summary, Status: unless(c.Status, news.CoverageLive),
		StartsAt: stampOf(c.StartsAt), EndsAt: stampOf(c.EndsAt), Tags: tags,
	}
}

// encodeStory leaves out the instants that Adopt gives a story that lacks them.
func encodeStory(s *news.Story, tags, authors []string) storyLine {
	l := storyLine{
		Type: "story", ID: s.ID, Slug: s.Slug, Title: s.Title, Summary: s.Summary, Body: s.Body,
		Language: unless(s.Language, defaultLanguage), Status: unless(s.Status, impliedStatus(s.PublishedAt)),
		Priority: unless(s.Priority, news.Routine), Breaking: s.Breaking,
		PublishedAt: stampOf(s.PublishedAt), CreatedAt: stampOf(s.CreatedAt), EmbargoedUntil: stampOf(s.EmbargoedUntil),
		Tags: tags, Authors: authors, CanonicalURL: s.CanonicalURL,
		Source: encodeSource(s.Source), Corrections: encodeCorrections(s.Corrections),
	}
	if s.Schedule != nil {
		l.ScheduledFor = stampOf(s.Schedule.At)
	}
	implied := l.CreatedAt
	if l.PublishedAt != "" {
		implied = l.PublishedAt
	}
	l.UpdatedAt = unless(stampOf(s.UpdatedAt), implied)
	if l.PublishedAt != "" {
		l.CreatedAt = unless(l.CreatedAt, l.PublishedAt)
	}
	if i := s.Image; i != nil {
		l.Image = &imageLine{URL: i.URL, Alt: i.Alt, Caption: i.Caption, Credit: i.Credit, Width: i.Width, Height: i.Height}
		if p := i.FocalPoint; p != nil {
			l.Image.FocalPoint = &pointLine{X: p.X, Y: p.Y}
		}
	}
	return l
}

func encodeTicker(e *news.TickerEntry, tags []string, story, coverage string) tickerLine {
	return tickerLine{
		Type: "ticker", ID: e.ID, Headline: e.Headline, Body: e.Body, OccurredAt: stampOf(e.OccurredAt),
		PublishedAt: unless(stampOf(e.PublishedAt), stampOf(e.OccurredAt)), Priority: unless(e.Priority, news.Routine),
		Status: unless(e.Status, news.TickerPublished), Pinned: e.Pinned, PinnedUntil: stampOf(e.PinnedUntil), KeyEvent: e.KeyEvent,
		CoverageOnly: e.CoverageOnly,
		Tags:         tags, Story: story, Coverage: coverage,
		Source: encodeSource(e.Source), Corrections: encodeCorrections(e.Corrections),
	}
}

func encodeSource(s *news.Source) *sourceLine {
	if s == nil {
		return nil
	}
	return &sourceLine{Name: s.Name, URL: s.URL}
}

func encodeCorrections(corrections []news.Correction) []correctionLine {
	var lines []correctionLine
	for _, c := range corrections {
		lines = append(lines, correctionLine{At: stampOf(c.At), Note: c.Note, Kind: unless(c.Kind, news.Correcting)})
	}
	return lines
}

// writeLine writes a line as it is: a browser that meets an archive as HTML is
// not provided for.
func writeLine(w io.Writer, line any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(line)
}
