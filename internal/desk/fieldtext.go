package desk

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"depeche/internal/news"
)

// fieldText is a field of a story, by its name in the schema, as editors read it;
// empty where there is none. What differs reads differently.
func fieldText(s *news.Story, field string, names map[news.TagID]string) string {
	switch field {
	case "slug":
		return s.Slug
	case "title":
		return s.Title
	case "summary":
		return string(s.Summary)
	case "body":
		return s.Body
	case "status":
		return string(s.Status)
	case "language":
		return s.Language
	case "breaking":
		return strconv.FormatBool(s.Breaking)
	case "priority":
		return string(s.Priority)
	case "tags":
		return tagsText(s.Tags, names)
	case "authors":
		return tagsText(s.Authors, names)
	case "image":
		return imageText(s.Image)
	case "corrections":
		return correctionsText(s.Corrections)
	case "canonicalUrl":
		return string(s.CanonicalURL)
	case "source":
		return sourceText(s.Source)
	case "publishedAt":
		return instantText(s.PublishedAt)
	case "embargoedUntil":
		return instantText(s.EmbargoedUntil)
	}
	if s.Schedule != nil && field == "scheduledFor" {
		return instantText(s.Schedule.At)
	}
	if s.Schedule != nil && field == "schedule" && s.Schedule.Local != "" {
		return s.Schedule.Local + " " + s.Schedule.Zone
	}
	return ""
}

func instantText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func tagsText(tags []news.TagID, names map[news.TagID]string) string {
	list := make([]string, len(tags))
	for i, id := range tags {
		list[i] = names[id]
	}
	return strings.Join(list, "\n")
}

func imageText(i *news.Image) string {
	if i == nil {
		return ""
	}
	lines := []string{string(i.URL), "alt: " + i.Alt}
	if i.Caption != "" {
		lines = append(lines, "caption: "+string(i.Caption))
	}
	lines = append(lines, "credit: "+i.Credit)
	if i.Width != 0 || i.Height != 0 {
		lines = append(lines, fmt.Sprintf("size: %d × %d", i.Width, i.Height))
	}
	if p := i.FocalPoint; p != nil {
		lines = append(lines, fmt.Sprintf("focal point: %v, %v", p.X, p.Y))
	}
	return strings.Join(lines, "\n")
}

func correctionsText(list []news.Correction) string {
	lines := make([]string, len(list))
	for i, c := range list {
		lines[i] = fmt.Sprintf("%s %s (version %d to %d): %s", instantText(c.At), c.Kind, c.FromVersion, c.ToVersion, c.Note)
	}
	return strings.Join(lines, "\n")
}

func sourceText(s *news.Source) string {
	switch {
	case s == nil:
		return ""
	case s.URL == "":
		return s.Name
	}
	return s.Name + "\n" + string(s.URL)
}

// tagNames tells what tags are called, the merged and the deleted ones too: Sénat
// (senat). Two tags may have one name, but never one slug.
func (d *Desk) tagNames(ctx context.Context, lists ...[]news.TagID) (map[news.TagID]string, error) {
	names := make(map[news.TagID]string)
	var ids []news.TagID
	for _, list := range lists {
		for _, id := range list {
			if _, known := names[id]; !known {
				names[id] = string(id)
				ids = append(ids, id)
			}
		}
	}
	found, err := d.store.TagsByID(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("read the names of tags: %w", err)
	}
	for _, id := range ids {
		tag := found[id]
		if tag == nil || tag.ID != id {
			if _, tag, err = d.tagItself(ctx, id); err != nil {
				return nil, fmt.Errorf("read the names of tags: %w", err)
			}
		}
		names[id] = fmt.Sprintf("%s (%s)", tag.Name, tag.Slug)
	}
	return names, nil
}
