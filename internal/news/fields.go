package news

import "reflect"

// Differences names the fields in which two versions of an entity differ, as the
// schema calls them and in its order. What no editor writes and no rule of the trade
// decides is not among them: the version and when it was made, what merges of tags
// leave behind, what is secret. It is nil for entities of different kinds.
func Differences(a, b Entity) []string {
	x, _ := a.(fielded)
	y, _ := b.(fielded)
	if x == nil || y == nil || a.Ref().Kind != b.Ref().Kind {
		return nil
	}
	var names []string
	was, is := x.fields(), y.fields()
	for i := range was {
		if !same(reflect.ValueOf(was[i].value), reflect.ValueOf(is[i].value)) {
			names = append(names, was[i].name)
		}
	}
	return names
}

type fielded interface{ fields() []field }

// A field is one of an entity, by its name in the schema.
type field struct {
	name  string
	value any
}

// same takes an empty list for the same as none: a store may give either.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}

func (s *Story) fields() []field {
	var schedule Schedule
	if s.Schedule != nil {
		schedule = *s.Schedule
	}
	return []field{
		{"slug", s.Slug}, {"title", s.Title}, {"summary", s.Summary}, {"body", s.Body}, {"status", s.Status},
		{"language", s.Language}, {"breaking", s.Breaking}, {"priority", s.Priority}, {"tags", s.Tags}, {"authors", s.Authors},
		{"image", s.Image}, {"corrections", s.Corrections}, {"canonicalUrl", s.CanonicalURL}, {"source", s.Source},
		{"publishedAt", s.PublishedAt}, {"scheduledFor", schedule.At}, {"schedule", [2]string{schedule.Local, schedule.Zone}},
		{"embargoedUntil", s.EmbargoedUntil},
	}
}

func (t *Tag) fields() []field {
	return []field{
		{"slug", t.Slug}, {"name", t.Name}, {"kind", t.Kind}, {"description", t.Description}, {"aliases", t.Aliases},
		{"code", t.Code}, {"uri", t.URI},
	}
}

func (e *TickerEntry) fields() []field {
	return []field{
		{"headline", e.Headline}, {"body", e.Body}, {"priority", e.Priority}, {"status", e.Status}, {"occurredAt", e.OccurredAt},
		{"publishedAt", e.PublishedAt}, {"pinned", e.Pinned}, {"pinnedUntil", e.PinnedUntil}, {"keyEvent", e.KeyEvent},
		{"tags", e.Tags}, {"story", e.Story}, {"coverage", e.Coverage}, {"coverageOnly", e.CoverageOnly}, {"source", e.Source},
		{"corrections", e.Corrections},
	}
}

func (c *Coverage) fields() []field {
	return []field{
		{"slug", c.Slug}, {"title", c.Title}, {"summary", c.Summary}, {"status", c.Status}, {"startsAt", c.StartsAt},
		{"endsAt", c.EndsAt}, {"tags", c.Tags},
	}
}

func (l *Lock) fields() []field {
	return []field{{"held", l.Status}, {"holder", l.Holder}, {"since", l.Since}, {"from", l.From}}
}

func (t *ServiceToken) fields() []field {
	return []field{{"name", t.Name}, {"role", t.Role}, {"revokedAt", t.RevokedAt}}
}

func (w *Webhook) fields() []field {
	return []field{{"url", w.URL}, {"description", w.Description}, {"kinds", w.Kinds}, {"status", w.Status}, {"failure", w.Failure}}
}
