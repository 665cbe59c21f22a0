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

// UpdateCoverage changes a coverage as edit does; an emptied slug stays what it is.
// A change of its status is StartCoverage or EndCoverage, by the same rules. It
// changes nothing, and makes no new version, when edit leaves everything as it is.
// Errors: ErrNotFound, ErrConflict (the coverage is in another version than
// expected), ErrInvalid, and those of Authorize.
func (d *Desk) UpdateCoverage(ctx context.Context, who news.Actor, id news.CoverageID, expected int, edit func(*CoverageEdit)) (*news.Coverage, error) {
	if err := d.Authorize(who, WriteCoverages); err != nil {
		return nil, err
	}
	current, err := d.coverage(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	return d.changeCoverage(ctx, who, current, edit)
}

// StartCoverage has a coverage go live that is upcoming, or one that had ended go
// on. A start that was announced for later is now; an end that has passed is no
// more. Errors: as UpdateCoverage.
func (d *Desk) StartCoverage(ctx context.Context, who news.Actor, id news.CoverageID, expected int) (*news.Coverage, error) {
	return d.moveCoverage(ctx, who, id, expected, news.CoverageLive)
}

// EndCoverage ends a coverage that is live, as of now. Errors: as UpdateCoverage.
func (d *Desk) EndCoverage(ctx context.Context, who news.Actor, id news.CoverageID, expected int) (*news.Coverage, error) {
	return d.moveCoverage(ctx, who, id, expected, news.CoverageEnded)
}

func (d *Desk) moveCoverage(ctx context.Context, who news.Actor, id news.CoverageID, expected int, to news.CoverageStatus) (*news.Coverage, error) {
	if err := d.Authorize(who, WriteCoverages); err != nil {
		return nil, err
	}
	current, err := d.coverage(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	switch {
	case current.Status == to:
		return nil, news.Invalid("id", "names a coverage that is %s already", to)
	case to == news.CoverageEnded && current.Status != news.CoverageLive:
		return nil, news.Invalid("id", "names a coverage that has not been live")
	}
	return d.changeCoverage(ctx, who, current, func(e *CoverageEdit) { e.Status = to })
}

// coverage reads the coverage that somebody wants to change.
func (d *Desk) coverage(ctx context.Context, who news.Actor, id news.CoverageID, expected int) (*news.Coverage, error) {
	found, err := d.store.CoveragesByID(ctx, []news.CoverageID{id})
	if err != nil {
		return nil, err
	}
	return inVersion(ctx, d, who, found, "coverage", id, expected)
}

func (d *Desk) changeCoverage(ctx context.Context, who news.Actor, current *news.Coverage, edit func(*CoverageEdit)) (*news.Coverage, error) {
	e := CoverageEdit{CoverageContent: current.Clone().CoverageContent}
	edit(&e)
	op := news.OpUpdated
	if e.Status != current.Status {
		var err error
		if op, err = d.turn(current, &e.CoverageContent); err != nil {
			return nil, err
		}
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
	made, err := commitOne[*news.Coverage](ctx, d, who, op, next, current)
	return made, slugError(who, err)
}

// turn is what a change of status means: which operation it is, and what it does
// to the times, where they were not changed with it.
func (d *Desk) turn(current *news.Coverage, next *news.CoverageContent) (news.Op, error) {
	now := d.now()
	switch {
	case next.Status == news.CoverageLive:
		if next.StartsAt.Equal(current.StartsAt) && next.StartsAt.After(now) {
			next.StartsAt = now
		}
		if next.EndsAt.Equal(current.EndsAt) && !next.EndsAt.After(now) {
			next.EndsAt = time.Time{}
		}
		return news.OpStarted, nil
	case next.Status == news.CoverageEnded && current.Status == news.CoverageLive:
		if next.EndsAt.Equal(current.EndsAt) {
			next.EndsAt = time.Time{} // the rules make it now
		}
		return news.OpEnded, nil
	case next.Status == news.CoverageEnded:
		return "", news.Invalid("status", "can't be ENDED before the coverage has been LIVE")
	case next.Status == news.CoverageUpcoming:
		return "", news.Invalid("status", "can't be UPCOMING again")
	}
	return news.OpUpdated, nil // the rules refuse it
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
