package graph

import (
	"encoding/json"
	"time"

	"depeche/graph/scalar"
	"depeche/internal/news"
)

// explainConflict tells a client what it takes to act on a conflict: the version that
// there is, and, where the client may see it, the document in that version, in the
// one that the client had before it, and what differs.
func explainConflict(extensions map[string]any, c *news.ConflictError) {
	extensions["currentVersion"] = c.Current
	if c.Doc != nil {
		extensions["current"] = documentOf(c.Doc)
	}
	if c.Known != nil {
		extensions["expectedVersion"] = c.Known.Ref().Version
		extensions["known"] = documentOf(c.Known)
		extensions["fields"] = nonNil(c.Fields)
	}
}

// explainHeld tells who holds a lock, where somebody does.
func explainHeld(extensions map[string]any, h *news.HeldError) {
	if h.Holder != "" {
		extensions["holder"] = h.Holder
	}
	if !h.Since.IsZero() {
		extensions["since"] = instant(h.Since)
	}
}

// A fields is an entity as JSON has it, by the names of the schema. What inputs are
// given in one form and answers have in another is in that of the inputs, so that a
// client can send it: tags and what is referred to by id, a body as its Markdown.
type fields map[string]any

// documentOf is an entity with what editors write of it and when they did so; nil for
// one that no conflict is about.
func documentOf(e news.Entity) fields {
	switch e := e.(type) {
	case *news.Story:
		return storyDocument(e)
	case *news.Tag:
		return fields{
			"id": e.ID, "slug": e.Slug, "name": e.Name, "kind": e.Kind, "description": orNull(e.Description),
			"aliases": nonNil(e.Aliases), "code": orNull(e.Code), "uri": orNull(e.URI), "version": e.Version,
		}
	case *news.TickerEntry:
		return entryDocument(e)
	case *news.Coverage:
		return fields{
			"id": e.ID, "slug": e.Slug, "title": e.Title, "summary": orNull(e.Summary), "status": e.Status,
			"startsAt": instant(e.StartsAt), "endsAt": instant(e.EndsAt), "tags": nonNil(e.Tags), "version": e.Version,
		}
	case *news.ServiceToken:
		return fields{
			"id": e.ID, "name": e.Name, "role": e.Role, "createdBy": e.CreatedBy,
			"createdAt": instant(e.CreatedAt), "revokedAt": instant(e.RevokedAt), "version": e.Version,
		}
	case *news.Webhook: // never its secret
		return fields{
			"id": e.ID, "url": orNull(e.URL), "description": orNull(e.Description), "kinds": nonNil(e.Kinds), "status": e.Status,
			"failure": orNull(e.Failure), "createdBy": e.CreatedBy, "createdAt": instant(e.CreatedAt), "version": e.Version,
		}
	}
	return nil
}

func storyDocument(s *news.Story) fields {
	doc := fields{
		"id": s.ID, "slug": s.Slug, "title": s.Title, "summary": orNull(s.Summary), "body": bodyIn(s), "status": s.Status,
		"language": s.Language, "breaking": s.Breaking, "priority": s.Priority, "tags": nonNil(s.Tags), "authors": nonNil(s.Authors),
		"image": nil, "corrections": corrections(s.Corrections), "canonicalUrl": orNull(s.CanonicalURL), "source": source(s.Source),
		"publishedAt": instant(s.PublishedAt), "updatedAt": instant(s.UpdatedAt), "createdAt": instant(s.CreatedAt),
		"scheduledFor": nil, "schedule": nil, "embargoedUntil": instant(s.EmbargoedUntil), "version": s.Version,
	}
	if i := s.Image; i != nil {
		image := fields{
			"url": i.URL, "alt": i.Alt, "caption": orNull(i.Caption), "credit": i.Credit,
			"width": orNull(i.Width), "height": orNull(i.Height), "focalPoint": nil,
		}
		if p := i.FocalPoint; p != nil {
			image["focalPoint"] = fields{"x": p.X, "y": p.Y}
		}
		doc["image"] = image
	}
	if w := s.Schedule; w != nil {
		doc["scheduledFor"] = instant(w.At)
		doc["schedule"] = fields{"at": instant(w.At), "local": orNull(w.Local), "zone": orNull(w.Zone)}
	}
	return doc
}

// longestBody is how long a story's body may be, in bytes, to be in the answer to a
// conflict. An operation may meet twenty of them, with two versions each.
const longestBody = 64 << 10

// bodyIn is the body of a story; nil for one that is too long and has to be asked for.
func bodyIn(s *news.Story) any {
	if len(s.Body) > longestBody {
		return nil
	}
	return s.Body
}

func entryDocument(e *news.TickerEntry) fields {
	return fields{
		"id": e.ID, "headline": e.Headline, "body": orNull(e.Body), "priority": e.Priority, "status": e.Status,
		"occurredAt": instant(e.OccurredAt), "publishedAt": instant(e.PublishedAt), "updatedAt": instant(e.UpdatedAt),
		"pinned": e.Pinned, "pinnedUntil": instant(e.PinnedUntil), "keyEvent": e.KeyEvent, "tags": nonNil(e.Tags),
		"story": orNull(e.Story), "coverage": orNull(e.Coverage), "coverageOnly": e.CoverageOnly,
		"source": source(e.Source), "corrections": corrections(e.Corrections), "version": e.Version,
	}
}

func corrections(list []news.Correction) []fields {
	docs := make([]fields, len(list))
	for i, c := range list {
		docs[i] = fields{
			"at": instant(c.At), "note": c.Note, "kind": c.Kind, "fromVersion": c.FromVersion, "toVersion": c.ToVersion,
		}
	}
	return docs
}

func source(s *news.Source) any {
	if s == nil {
		return nil
	}
	return fields{"name": s.Name, "url": orNull(s.URL)}
}

// orNull is v, or nil where it is empty.
func orNull[T comparable](v T) any {
	var none T
	if v == none {
		return nil
	}
	return v
}

// instant is a time as the schema writes it, or null.
func instant(t time.Time) json.RawMessage { return scalar.AppendDateTime(nil, t) }
