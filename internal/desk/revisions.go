package desk

import (
	"context"
	"errors"
	"fmt"

	"depeche/internal/news"
	"depeche/internal/text"
)

// A Revision is one version of a story as the log has it.
type Revision struct {
	news.Line
	Changed []string // the fields that differ from the version before, by their names in the schema
}

// Revisions lists the versions of a story below before, 0 for all, the newest
// first, at most limit of them; more tells whether there are older ones. The first
// version has changed nothing. limit is bounded to 1..news.MaxPage. Errors:
// ErrNotFound and those of Authorize.
func (d *Desk) Revisions(ctx context.Context, who news.Actor, id news.StoryID, before, limit int) (list []Revision, more bool, err error) {
	if err := d.Authorize(who, SeeRevisions); err != nil {
		return nil, false, err
	}
	if _, err := d.visibleStory(ctx, who, id); err != nil {
		return nil, false, err
	}
	limit = min(max(limit, 1), news.MaxPage)
	// One more is what the last of them is compared with.
	lines, err := d.store.Versions(ctx, news.EntityID(id), before, limit+1)
	if err != nil {
		return nil, false, fmt.Errorf("read the versions of %s: %w", id, err)
	}
	for i, line := range lines[:min(limit, len(lines))] {
		r := Revision{Line: line}
		if i+1 < len(lines) {
			r.Changed = news.Differences(lines[i+1].Doc, line.Doc)
		}
		list = append(list, r)
	}
	return list, len(lines) > limit, nil
}

// A FieldDiff is how one field of a story differs between two versions, as text.
type FieldDiff struct {
	Field         string  // its name in the schema
	Before, After *string // nil where there is none
	// Parts are Before and After in one: the parts that are not ADDED, joined, are
	// Before, and those that are not REMOVED are After.
	Parts []DiffPart
}

// A DiffPart is a stretch of text that is in both versions or in one of them.
type DiffPart struct {
	Kind DiffKind
	Text string // never empty
}

// A DiffKind tells in which of two versions a stretch of text is.
type DiffKind string

// The kinds of parts.
const (
	DiffSame    DiffKind = "SAME"
	DiffRemoved DiffKind = "REMOVED"
	DiffAdded   DiffKind = "ADDED"
)

// DiffStory tells how two versions of a story differ, field by field in the order
// of the schema. Errors: ErrNotFound and those of Authorize.
func (d *Desk) DiffStory(ctx context.Context, who news.Actor, id news.StoryID, from, to int) ([]FieldDiff, error) {
	if err := d.Authorize(who, SeeRevisions); err != nil {
		return nil, err
	}
	was, err := d.versionOf(ctx, id, from)
	if err != nil {
		return nil, err
	}
	is, err := d.versionOf(ctx, id, to)
	if err != nil {
		return nil, err
	}
	names, err := d.tagNames(ctx, was.Tags, was.Authors, is.Tags, is.Authors)
	if err != nil {
		return nil, err
	}
	var diffs []FieldDiff
	for _, field := range news.Differences(was, is) {
		before, after := fieldText(was, field, names), fieldText(is, field, names)
		diffs = append(diffs, FieldDiff{
			Field: field, Before: orNone(before), After: orNone(after), Parts: diffParts(field, before, after),
		})
	}
	return diffs, nil
}

// versionOf is storyVersion for who has named it.
func (d *Desk) versionOf(ctx context.Context, id news.StoryID, version int) (*news.Story, error) {
	s, err := d.storyVersion(ctx, id, version)
	if errors.Is(err, news.ErrNotFound) {
		return nil, fmt.Errorf("there is no version %d of a story %s: %w", version, text.Quote(string(id)), news.ErrNotFound)
	}
	return s, err
}

func diffParts(field, before, after string) []DiffPart {
	switch field {
	case "title", "summary", "body":
		return diffText(before, after)
	case "tags", "authors", "image", "source", "corrections":
		return diffList(before, after)
	}
	return diffWhole(before, after)
}

func orNone(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
