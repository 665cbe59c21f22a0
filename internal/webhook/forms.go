package webhook

import (
	"context"
	"slices"
	"time"

	"depeche/internal/news"
)

// maxCorrections is how many corrections of an entity go out with it, the newest.
const maxCorrections = 20

// The forms have the fields of the schema, by their names there, and what is missing
// as null. What others made of an entity (who, why, what it was before) is not in
// them, nor is the text of a story: it may be long, and there is the API.

type story struct {
	ID           news.StoryID     `json:"id"`
	Slug         string           `json:"slug"`
	Title        string           `json:"title"`
	Summary      *news.Text       `json:"summary"`
	Status       news.StoryStatus `json:"status"`
	Language     string           `json:"language"`
	Breaking     bool             `json:"breaking"`
	Priority     news.Priority    `json:"priority"`
	Tags         []tagged         `json:"tags"`
	Authors      []tagged         `json:"authors"`
	Image        *image           `json:"image"`
	Corrections  []correction     `json:"corrections"`
	CanonicalURL *news.URL        `json:"canonicalUrl"`
	Source       *source          `json:"source"`
	PublishedAt  instant          `json:"publishedAt"`
	UpdatedAt    instant          `json:"updatedAt"`
	CreatedAt    instant          `json:"createdAt"`
	Version      int              `json:"version"`
}

func (d *Deliverer) story(ctx context.Context, s *news.Story) (any, error) {
	tags, err := d.tags(ctx, s.Tags)
	if err != nil {
		return nil, err
	}
	authors, err := d.tags(ctx, s.Authors)
	if err != nil {
		return nil, err
	}
	return story{
		ID: s.ID, Slug: s.Slug, Title: s.Title, Summary: given(s.Summary), Status: s.Status, Language: s.Language,
		Breaking: s.Breaking, Priority: s.Priority, Tags: tags, Authors: authors, Image: imageOf(s.Image),
		Corrections: correctionsOf(s.Corrections), CanonicalURL: given(s.CanonicalURL), Source: sourceOf(s.Source),
		PublishedAt: instant(s.PublishedAt), UpdatedAt: instant(s.UpdatedAt), CreatedAt: instant(s.CreatedAt), Version: s.Version,
	}, nil
}

type tickerEntry struct {
	ID           news.TickerEntryID `json:"id"`
	Headline     string             `json:"headline"`
	Body         *news.Text         `json:"body"`
	Priority     news.Priority      `json:"priority"`
	Status       news.TickerStatus  `json:"status"`
	OccurredAt   instant            `json:"occurredAt"`
	PublishedAt  instant            `json:"publishedAt"`
	UpdatedAt    instant            `json:"updatedAt"`
	Pinned       bool               `json:"pinned"`
	PinnedUntil  instant            `json:"pinnedUntil"`
	KeyEvent     bool               `json:"keyEvent"`
	Tags         []tagged           `json:"tags"`
	Story        *linked            `json:"story"`
	Coverage     *linked            `json:"coverage"`
	CoverageOnly bool               `json:"coverageOnly"`
	Source       *source            `json:"source"`
	Corrections  []correction       `json:"corrections"`
	Version      int                `json:"version"`
}

func (d *Deliverer) tickerEntry(ctx context.Context, e *news.TickerEntry) (any, error) {
	tags, err := d.tags(ctx, e.Tags)
	if err != nil {
		return nil, err
	}
	form := tickerEntry{
		ID: e.ID, Headline: e.Headline, Body: given(e.Body), Priority: e.Priority, Status: e.Status,
		OccurredAt: instant(e.OccurredAt), PublishedAt: instant(e.PublishedAt), UpdatedAt: instant(e.UpdatedAt),
		Pinned: e.Pinned, PinnedUntil: instant(e.PinnedUntil), KeyEvent: e.KeyEvent, Tags: tags,
		CoverageOnly: e.CoverageOnly, Source: sourceOf(e.Source), Corrections: correctionsOf(e.Corrections), Version: e.Version,
	}
	if e.Story != "" {
		found, err := d.store.StoriesByID(ctx, news.Audience{}, []news.StoryID{e.Story})
		if err != nil {
			return nil, err
		}
		if s := found[e.Story]; s != nil {
			form.Story = &linked{news.EntityID(s.ID), s.Slug, s.Title}
		}
	}
	if e.Coverage != "" {
		found, err := d.store.CoveragesByID(ctx, []news.CoverageID{e.Coverage})
		if err != nil {
			return nil, err
		}
		if c := found[e.Coverage]; c != nil {
			form.Coverage = &linked{news.EntityID(c.ID), c.Slug, c.Title}
		}
	}
	return form, nil
}

type coverage struct {
	ID       news.CoverageID     `json:"id"`
	Slug     string              `json:"slug"`
	Title    string              `json:"title"`
	Summary  *news.Text          `json:"summary"`
	Status   news.CoverageStatus `json:"status"`
	StartsAt instant             `json:"startsAt"`
	EndsAt   instant             `json:"endsAt"`
	Tags     []tagged            `json:"tags"`
	Version  int                 `json:"version"`
}

func (d *Deliverer) coverage(ctx context.Context, c *news.Coverage) (any, error) {
	tags, err := d.tags(ctx, c.Tags)
	if err != nil {
		return nil, err
	}
	return coverage{
		ID: c.ID, Slug: c.Slug, Title: c.Title, Summary: given(c.Summary), Status: c.Status,
		StartsAt: instant(c.StartsAt), EndsAt: instant(c.EndsAt), Tags: tags, Version: c.Version,
	}, nil
}

type tag struct {
	ID          news.TagID   `json:"id"`
	Slug        string       `json:"slug"`
	Name        string       `json:"name"`
	Kind        news.TagKind `json:"kind"`
	Description *news.Text   `json:"description"`
	Aliases     []string     `json:"aliases"`
	Code        *news.Text   `json:"code"`
	URI         *news.URL    `json:"uri"`
	MergedInto  *tagged      `json:"mergedInto"`
	Version     int          `json:"version"`
}

// tag tells of a tag that is not in use any more what stands for it now.
func (d *Deliverer) tag(ctx context.Context, t *news.Tag, removed bool) (any, error) {
	form := tag{
		ID: t.ID, Slug: t.Slug, Name: t.Name, Kind: t.Kind, Description: given(t.Description),
		Aliases: append([]string{}, t.Aliases...), Code: given(t.Code), URI: given(t.URI), Version: t.Version,
	}
	if removed {
		found, err := d.tags(ctx, []news.TagID{t.ID})
		if err != nil {
			return nil, err
		}
		if len(found) > 0 && found[0].ID != t.ID {
			form.MergedInto = &found[0]
		}
	}
	return form, nil
}

// A tagged is what an entity is filed under, a linked what it refers to.
type (
	tagged struct {
		ID   news.TagID `json:"id"`
		Slug string     `json:"slug"`
		Name string     `json:"name"`
	}
	linked struct {
		ID    news.EntityID `json:"id"`
		Slug  string        `json:"slug"`
		Title string        `json:"title"`
	}
)

// tags finds what stands for tags by now, in their order.
func (d *Deliverer) tags(ctx context.Context, ids []news.TagID) ([]tagged, error) {
	tags := []tagged{}
	if len(ids) == 0 {
		return tags, nil
	}
	found, err := d.store.TagsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		t := found[id]
		if t != nil && !slices.ContainsFunc(tags, func(other tagged) bool { return other.ID == t.ID }) {
			tags = append(tags, tagged{t.ID, t.Slug, t.Name})
		}
	}
	return tags, nil
}

type image struct {
	URL        news.URL     `json:"url"`
	Alt        string       `json:"alt"`
	Caption    *news.Text   `json:"caption"`
	Credit     string       `json:"credit"`
	Width      *news.Pixels `json:"width"`
	Height     *news.Pixels `json:"height"`
	FocalPoint *focalPoint  `json:"focalPoint"`
}

type focalPoint struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

func imageOf(i *news.Image) *image {
	if i == nil {
		return nil
	}
	form := image{
		URL: i.URL, Alt: i.Alt, Caption: given(i.Caption), Credit: i.Credit,
		Width: given(i.Width), Height: given(i.Height),
	}
	if p := i.FocalPoint; p != nil {
		form.FocalPoint = &focalPoint{p.X, p.Y}
	}
	return &form
}

type source struct {
	Name string    `json:"name"`
	URL  *news.URL `json:"url"`
}

func sourceOf(s *news.Source) *source {
	if s == nil {
		return nil
	}
	return &source{s.Name, given(s.URL)}
}

type correction struct {
	At          instant             `json:"at"`
	Note        string              `json:"note"`
	Kind        news.CorrectionKind `json:"kind"`
	FromVersion int                 `json:"fromVersion"`
	ToVersion   int                 `json:"toVersion"`
}

func correctionsOf(list []news.Correction) []correction {
	forms := []correction{}
	for _, c := range list[:min(len(list), maxCorrections)] {
		forms = append(forms, correction{instant(c.At), c.Note, c.Kind, c.FromVersion, c.ToVersion})
	}
	return forms
}

// given is a value that may be missing, nil where it is empty.
func given[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

// An instant is a time in the form of the schema's DateTime, null where it is zero.
type instant time.Time

// MarshalJSON implements json.Marshaler.
func (i instant) MarshalJSON() ([]byte, error) {
	if time.Time(i).IsZero() {
		return []byte("null"), nil
	}
	return []byte(time.Time(i).UTC().Format(`"2006-01-02T15:04:05.000Z"`)), nil
}
