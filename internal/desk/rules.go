package desk

import (
	"fmt"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"depeche/internal/news"
	"depeche/internal/text"
)

// The bounds of what an editor writes, in characters. The schema's descriptions
// name them.
const (
	maxTitle       = 300
	maxSummary     = 1_000
	maxBody        = 500_000
	maxTickerBody  = 5_000
	maxNote        = 1_000
	maxName        = 120
	maxDescription = 1_000
	maxAlt         = 500
	maxCredit      = 200
	maxURL         = 2_000
	maxPixels      = 100_000
	maxTags        = 30
	maxAuthors     = 20
	maxAliases     = 50
)

// maxAhead is how far ahead of the clock a line may have occurred: wires carry
// times a little ahead, and a mistyped year would stay on top for ever.
const maxAhead = time.Hour

// a rulebook collects the first rule that is broken. Its methods return what
// they were given in its normal form.
type rulebook struct{ err error }

func (r *rulebook) refuse(field, reason string, args ...any) {
	if r.err == nil {
		r.err = news.Invalid(field, reason, args...)
	}
}

// line is required single-line text.
func (r *rulebook) line(field, s string, most int) string {
	s = r.optionalLine(field, s, most)
	if s == "" {
		r.refuse(field, "must not be empty")
	}
	return s
}

func (r *rulebook) optionalLine(field, s string, most int) string {
	return r.text(field, s, most, text.Line)
}

func (r *rulebook) block(field, s string, most int) string {
	return r.text(field, s, most, text.Block)
}

func (r *rulebook) text(field, s string, most int, normal func(string) (string, error)) string {
	// Normalising first would let a huge text cost before it is refused. No
	// character takes more than 4 bytes, and NFC at most triples a text.
	if len(s) > 12*most {
		r.refuse(field, "is longer than %d characters", most)
		return ""
	}
	s, err := normal(s)
	if err != nil {
		r.refuse(field, "%v", err)
		return ""
	}
	if n := utf8.RuneCountInString(s); n > most {
		r.refuse(field, "has %d characters; at most %d are allowed", n, most)
	}
	return s
}

// slug may be empty: one is made then, or the one in force is kept.
func (r *rulebook) slug(s string) string {
	if s != "" && !text.ValidSlug(s) {
		r.refuse("slug", "must be 1 to 120 of a-z, 0-9 and single hyphens between them")
	}
	return s
}

func (r *rulebook) url(field string, u news.URL, required bool) news.URL {
	if u == "" {
		if required {
			r.refuse(field, "must not be empty")
		}
		return ""
	}
	s := r.line(field, string(u), maxURL)
	parsed, err := url.Parse(s)
	if err != nil || parsed.Hostname() == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		r.refuse(field, "must be an absolute http or https URL")
	} else if port := parsed.Port(); port != "" {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			r.refuse(field, "has a port that is none")
		}
	}
	return news.URL(s)
}

func (r *rulebook) priority(p news.Priority) news.Priority {
	if p == "" {
		return news.Routine
	}
	if p.Urgency() == 0 {
		r.refuse("priority", "must be FLASH, ALERT, URGENT or ROUTINE")
	}
	return p
}

func (r *rulebook) language(s string) string {
	tag, ok := text.Language(s)
	if !ok {
		r.refuse("language", "must be a language as BCP 47, such as fr or en-GB")
	}
	return tag
}

func (r *rulebook) image(i *news.Image) *news.Image {
	if i == nil {
		return nil
	}
	image := news.Image{
		URL:     r.url("image.url", i.URL, true),
		Alt:     r.line("image.alt", i.Alt, maxAlt),
		Caption: news.Text(r.optionalLine("image.caption", string(i.Caption), maxSummary)),
		Credit:  r.line("image.credit", i.Credit, maxCredit),
		Width:   r.pixels("image.width", i.Width),
		Height:  r.pixels("image.height", i.Height),
	}
	if p := i.FocalPoint; p != nil {
		if !(p.X >= 0 && p.X <= 1) {
			r.refuse("image.focalPoint.x", "must be between 0 and 1")
		}
		if !(p.Y >= 0 && p.Y <= 1) {
			r.refuse("image.focalPoint.y", "must be between 0 and 1")
		}
		image.FocalPoint = &news.FocalPoint{X: p.X, Y: p.Y}
	}
	return &image
}

func (r *rulebook) pixels(field string, n news.Pixels) news.Pixels {
	if n < 0 || n > maxPixels {
		r.refuse(field, "must be between 1 and %d", maxPixels)
	}
	return n
}

func (r *rulebook) source(s *news.Source) *news.Source {
	if s == nil {
		return nil
	}
	return &news.Source{
		Name: r.line("source.name", s.Name, maxCredit),
		URL:  r.url("source.url", s.URL, false),
	}
}

func (r *rulebook) atMost(field string, n, most int) {
	if n > most {
		r.refuse(field, "may be at most %d", most)
	}
}

func (r *rulebook) corrections(list []news.Correction) []news.Correction {
	r.atMost("corrections", len(list), maxCorrections)
	var kept []news.Correction
	for i, c := range list {
		field := fmt.Sprintf("corrections[%d]", i)
		switch c.Kind {
		case news.Correcting, news.Clarifying, news.Retracting:
		default:
			r.refuse(field+".kind", "must be CORRECTION, CLARIFICATION or RETRACTION")
		}
		c.Note = r.line(field+".note", c.Note, maxNote)
		c.At = r.instant(field+".at", c.At)
		kept = append(kept, c)
	}
	return kept
}

// instant is required.
func (r *rulebook) instant(field string, t time.Time) time.Time {
	t = news.Instant(t)
	if t.IsZero() || t.Year() < 1 || t.Year() > 9999 {
		r.refuse(field, "must be an instant of the years 1 to 9999")
	}
	return t
}

// schedule is one that was made elsewhere: its instant counts, also where the zone
// has changed its mind since.
func (r *rulebook) schedule(s *news.Schedule) *news.Schedule {
	checked := news.Schedule{At: r.instant("scheduledFor", s.At)}
	if s.Local == "" && s.Zone == "" {
		return &checked
	}
	if _, ok := wholeReading(s.Local); !ok {
		r.refuse("schedule.local", "must be a day and a time without an offset, such as 2026-10-25T02:30")
	}
	if _, ok := zoneNamed(s.Zone); !ok {
		r.refuse("schedule.zone", "must be an IANA name such as Europe/Paris, not %s", text.Quote(s.Zone))
	}
	checked.Local, checked.Zone = s.Local, s.Zone
	return &checked
}

func (r *rulebook) notAhead(field string, t, now time.Time) {
	if t.After(now.Add(maxAhead)) {
		r.refuse(field, "is more than an hour ahead")
	}
}

// id is an id of the caller's making, or empty.
func (r *rulebook) id(id string) {
	if id != "" && !news.ValidID(id) {
		r.refuse("id", "must be 1 to 64 of A-Z, a-z, 0-9, _ and -")
	}
	r.notPrivate(id)
}

func (r *rulebook) story(c news.StoryContent) news.StoryContent {
	c.Slug = r.slug(c.Slug)
	c.Title = r.line("title", c.Title, maxTitle)
	c.Summary = news.Text(r.optionalLine("summary", string(c.Summary), maxSummary))
	c.Body = r.block("body", c.Body, maxBody)
	c.Language = r.language(c.Language)
	c.Priority = r.priority(c.Priority)
	c.Image = r.image(c.Image)
	c.CanonicalURL = r.url("canonicalUrl", c.CanonicalURL, false)
	c.Source = r.source(c.Source)
	return c
}

func (r *rulebook) tag(c news.TagContent) news.TagContent {
	c.Slug = r.slug(c.Slug)
	c.Name = r.line("name", c.Name, maxName)
	switch c.Kind {
	case news.TagSection, news.TagTopic, news.TagPerson, news.TagOrganisation,
		news.TagPlace, news.TagEvent, news.TagSeries, news.TagContributor:
	default:
		r.refuse("kind", "must be SECTION, TOPIC, PERSON, ORGANISATION, PLACE, EVENT, SERIES or CONTRIBUTOR")
	}
	c.Description = news.Text(r.optionalLine("description", string(c.Description), maxDescription))
	c.Code = r.code(c.Code)
	c.URI = r.url("uri", c.URI, false)
	if len(c.Aliases) > maxAliases {
		r.refuse("aliases", "may be at most %d", maxAliases)
		return c
	}
	var aliases []string
	for i, alias := range c.Aliases {
		aliases = append(aliases, r.line(fmt.Sprintf("aliases[%d]", i), alias, maxName))
	}
	c.Aliases = aliases
	return c
}

func (r *rulebook) ticker(c news.TickerContent, now time.Time) news.TickerContent {
	c.Headline = r.line("headline", c.Headline, maxTitle)
	c.Body = news.Text(r.block("body", string(c.Body), maxTickerBody))
	c.Priority = r.priority(c.Priority)
	c.OccurredAt = r.instant("occurredAt", c.OccurredAt)
	r.notAhead("occurredAt", c.OccurredAt, now)
	c.Source = r.source(c.Source)
	return c
}

func (r *rulebook) coverage(c news.CoverageContent, now time.Time) news.CoverageContent {
	c.Slug = r.slug(c.Slug)
	c.Title = r.line("title", c.Title, maxTitle)
	c.Summary = news.Text(r.optionalLine("summary", string(c.Summary), maxSummary))
	switch c.Status {
	case news.CoverageUpcoming, news.CoverageLive, news.CoverageEnded:
	default:
		r.refuse("status", "must be UPCOMING, LIVE or ENDED")
	}
	c.StartsAt = r.instant("startsAt", c.StartsAt)
	if c.EndsAt.IsZero() && c.Status == news.CoverageEnded {
		c.EndsAt = now
		if now.Before(c.StartsAt) {
			c.EndsAt = c.StartsAt
		}
	}
	if !c.EndsAt.IsZero() {
		if c.EndsAt = r.instant("endsAt", c.EndsAt); c.EndsAt.Before(c.StartsAt) {
			r.refuse("endsAt", "must not be before startsAt")
		}
	}
	return c
}
