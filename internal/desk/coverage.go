package desk

import (
	"cmp"
	"context"
	"reflect"
	"time"

	"depeche/internal/news"
)

// A CoverageEdit is a coverage's content while somebody edits it. Its Tags are
// what they were; set the refs to change them.
type CoverageEdit struct {
	news.CoverageContent
	TagRefs []string // slugs or ids; nil leaves the tags as they are
}

// CreateCoverage makes a coverage of what edit fills in; it is public at once.
// id may be empty; with an id, a creation that is asked for again answers with
// the coverage that is there. Errors: ErrInvalid, ErrConflict (the id belongs to
// something else), and those of Authorize.
func (d *Desk) CreateCoverage(ctx context.Context, who news.Actor, id string, edit func(*CoverageEdit)) (*news.Coverage, error) {
	if err := d.Authorize(who, WriteCoverages); err != nil {
		return nil, err
	}
	var e CoverageEdit
	edit(&e)
	endGiven, slugGiven := !e.EndsAt.IsZero(), e.Slug != ""
	var rules rulebook
	rules.id(id)
	content, err := d.coverageContent(ctx, &rules, e)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = d.newID(news.KindCoverage.IDPrefix())
	}
	c := creation[*news.Coverage]{kind: news.KindCoverage, op: news.OpCreated, id: news.EntityID(id)}
	if !slugGiven {
		c.slugFrom = content.Title
	}
	c.make = func(slug string) *news.Coverage {
		made := &news.Coverage{ID: news.CoverageID(id), Version: 1, CoverageContent: content}
		if slug != "" {
			made.Slug = slug
		}
		return made
	}
	c.same = func(first *news.Coverage) bool {
		asked := content
		if !slugGiven {
			asked.Slug = first.Slug
		}
		if !endGiven {
			asked.EndsAt = first.EndsAt
		}
		return reflect.DeepEqual(first.CoverageContent, asked)
	}
	return create(ctx, d, who, c)
}

// UpdateCoverage changes a coverage as edit does; an emptied slug stays what it
// is, and one that had ended and goes on again loses its end. It changes nothing,
// and makes no new version, when edit leaves everything as it is. Errors:
// ErrNotFound, ErrConflict (the coverage is in another version than expected),
// ErrInvalid, and those of Authorize.
func (d *Desk) UpdateCoverage(ctx context.Context, who news.Actor, id news.CoverageID, expected int, edit func(*CoverageEdit)) (*news.Coverage, error) {
	if err := d.Authorize(who, WriteCoverages); err != nil {
		return nil, err
	}
	found, err := d.store.CoveragesByID(ctx, []news.CoverageID{id})
	if err != nil {
		return nil, err
	}
	current, err := inVersion(found, "coverage", id, expected)
	if err != nil {
		return nil, err
	}
	e := CoverageEdit{CoverageContent: current.Clone().CoverageContent}
	edit(&e)
	if current.Status == news.CoverageEnded && e.Status != news.CoverageEnded && e.EndsAt.Equal(current.EndsAt) {
		e.EndsAt = time.Time{} // what goes on again has not ended
	}
	content, err := d.coverageContent(ctx, &rulebook{}, e)
	if err != nil {
		return nil, err
	}
	content.Slug = cmp.Or(content.Slug, current.Slug)
	if reflect.DeepEqual(content, current.CoverageContent) {
		return current, nil
	}
	next := current.Clone()
	next.Version++
	next.CoverageContent = content
	next.PreviousSlugs = renamed(next.PreviousSlugs, current.Slug, next.Slug)
	made, err := commitOne[*news.Coverage](ctx, d, who, news.OpUpdated, next, current)
	return made, slugError(who, err)
}

// coverageContent checks an edit and finds what its refs name.
func (d *Desk) coverageContent(ctx context.Context, rules *rulebook, e CoverageEdit) (news.CoverageContent, error) {
	content := rules.coverage(e.CoverageContent, d.now())
	if rules.err != nil {
		return content, rules.err
	}
	if e.TagRefs != nil {
		var err error
		if content.Tags, err = d.tags(ctx, "tags", e.TagRefs, "", maxTags); err != nil {
			return content, err
		}
	}
	return content, nil
}
