package intake

import (
	"cmp"
	"encoding/json"
	"time"

	"depeche/internal/news"
)

// The bounds of the lists of an archive's line: the desk's for edits, and for
// corrections the number that the desk keeps with an entity.
const (
	maxTags        = 30
	maxAuthors     = 20
	maxAliases     = 50
	maxCorrections = 100
)

// A record is a line of an archive: an entity, and by name what it refers to.
type record struct {
	entity   news.Entity
	tags     []tagRef
	section  string   // of a story
	authors  []string // of a story
	story    string   // of a ticker entry
	coverage string   // of a ticker entry
	unknown  []string // names of fields that the format does not have
}

// A tagRef names a tag by its slug. Where it tells what the tag is, the tag may
// be made.
type tagRef struct {
	field string
	slug  string
	tag   *news.TagContent // nil: the tag has to be there
}

// decodeRecord reads a line of an archive. What the desk checks is not checked
// here. Errors: ErrInvalid.
func decodeRecord(line []byte) (record, error) {
	var d decoder
	o := d.decode(line)
	if d.err != nil {
		return record{}, d.err
	}
	kind := o.text("type")
	if _, named := o.fields["headline"]; kind == "" && named {
		kind = "ticker"
	}
	if _, named := o.fields["title"]; kind == "" && named {
		kind = "story"
	}
	var rec record
	switch kind {
	case "tag":
		rec.entity = &news.Tag{TagContent: o.tag()}
	case "coverage":
		rec = o.coverage()
	case "story":
		rec = o.story()
	case "ticker":
		rec = o.ticker()
	case "":
		d.refuse("type", "is missing, and neither headline nor title is there to tell it by")
	default:
		d.refuse("type", "must be tag, coverage, story or ticker, not %q", cut(kind, 60))
	}
	o.rest()
	rec.unknown = d.unknown
	return rec, d.err
}

func (o *object) tag() news.TagContent {
	return news.TagContent{
		Slug: o.required("slug"), Name: o.required("name"), Kind: cmp.Or(news.TagKind(o.text("kind")), news.TagTopic),
		Description: news.Text(o.text("description")), Aliases: o.texts("aliases", maxAliases),
		Code: news.Text(o.text("code")), URI: news.URL(o.text("uri")),
	}
}

func (o *object) coverage() record {
	return record{
		entity: &news.Coverage{CoverageContent: news.CoverageContent{
			Slug: o.required("slug"), Title: o.required("title"), Summary: news.Text(o.text("summary")),
			Status:   cmp.Or(news.CoverageStatus(o.text("status")), news.CoverageLive),
			StartsAt: o.requiredInstant("startsAt"), EndsAt: o.instant("endsAt"),
		}},
		tags: o.tagRefs(),
	}
}

func (o *object) story() record {
	s := &news.Story{
		ID: news.StoryID(o.text("id")),
		StoryContent: news.StoryContent{
			Slug: o.text("slug"), Title: o.required("title"), Summary: news.Text(o.text("summary")), Body: o.body(),
			Language: cmp.Or(o.text("language"), defaultLanguage), Breaking: o.truth("breaking"),
			Priority: news.Priority(o.text("priority")), Image: o.image(),
			CanonicalURL: news.URL(o.text("canonicalUrl")), Source: o.source(),
		},
		Status:      news.StoryStatus(o.text("status")),
		PublishedAt: o.instant("publishedAt"), UpdatedAt: o.instant("updatedAt"), CreatedAt: o.instant("createdAt"),
		EmbargoedUntil: o.instant("embargoedUntil"), Corrections: o.corrections(),
	}
	if at := o.instant("scheduledFor"); !at.IsZero() {
		s.Schedule = &news.Schedule{At: at}
	}
	if s.Status == "" {
		s.Status = impliedStatus(s.PublishedAt)
	}
	return record{entity: s, tags: o.tagRefs(), section: o.text("section"), authors: o.texts("authors", maxAuthors)}
}

// impliedStatus is the status of a story that does not say its own.
func impliedStatus(publishedAt time.Time) news.StoryStatus {
	if publishedAt.IsZero() {
		return news.StoryDraft
	}
	return news.StoryPublished
}

// body is the Markdown of a story, made of its HTML where it has that instead.
func (o *object) body() string {
	_, hasText := o.fields["body"]
	_, hasHTML := o.fields["bodyHtml"]
	markdown, fragment := o.text("body"), o.text("bodyHtml")
	switch {
	case hasText && hasHTML:
		o.refuse("bodyHtml", "can't be given together with body")
	case hasHTML:
		var err error
		if markdown, err = fromHTML(fragment); err != nil {
			o.refuse("bodyHtml", "%v", err)
		}
	}
	return markdown
}

func (o *object) ticker() record {
	return record{
		entity: &news.TickerEntry{
			ID: news.TickerEntryID(o.text("id")),
			TickerContent: news.TickerContent{
				Headline: o.required("headline"), Body: news.Text(o.text("body")), Priority: news.Priority(o.text("priority")),
				OccurredAt: o.requiredInstant("occurredAt"), KeyEvent: o.truth("keyEvent"), Source: o.source(),
				CoverageOnly: o.truth("coverageOnly"),
			},
			PublishedAt: o.instant("publishedAt"), Status: cmp.Or(news.TickerStatus(o.text("status")), news.TickerPublished),
			Pinned: o.truth("pinned"), PinnedUntil: o.instant("pinnedUntil"), Corrections: o.corrections(),
		},
		tags: o.tagRefs(), story: o.text("story"), coverage: o.text("coverage"),
	}
}

func (o *object) tagRefs() (refs []tagRef) {
	o.list("tags", maxTags, func(field string, raw json.RawMessage) {
		if raw[0] == '"' {
			refs = append(refs, tagRef{field: field, slug: o.aText(field, raw)})
			return
		}
		object := o.anObject(field, raw)
		tag := object.tag()
		object.rest()
		refs = append(refs, tagRef{field: field, slug: tag.Slug, tag: &tag})
	})
	return refs
}

func (o *object) image() *news.Image {
	image := o.object("image")
	if image == nil {
		return nil
	}
	i := &news.Image{
		URL: news.URL(image.required("url")), Alt: image.required("alt"), Caption: news.Text(image.text("caption")),
		Credit: image.required("credit"), Width: image.pixels("width"), Height: image.pixels("height"),
	}
	if point := image.object("focalPoint"); point != nil {
		i.FocalPoint = &news.FocalPoint{X: point.requiredNumber("x"), Y: point.requiredNumber("y")}
		point.rest()
	}
	image.rest()
	return i
}

func (o *object) source() *news.Source {
	source := o.object("source")
	if source == nil {
		return nil
	}
	s := &news.Source{Name: source.required("name"), URL: news.URL(source.text("url"))}
	source.rest()
	return s
}

func (o *object) corrections() (all []news.Correction) {
	o.list("corrections", maxCorrections, func(field string, raw json.RawMessage) {
		c := o.anObject(field, raw)
		all = append(all, news.Correction{
			At: c.requiredInstant("at"), Note: c.required("note"),
			Kind: cmp.Or(news.CorrectionKind(c.text("kind")), news.Correcting),
		})
		c.rest()
	})
	return all
}
