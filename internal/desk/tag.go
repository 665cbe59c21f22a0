package desk

import (
	"cmp"
	"context"
	"errors"
	"reflect"

	"depeche/internal/news"
	"depeche/internal/text"
)

// CreateTag makes a tag. id may be empty; with an id, a creation that is asked
// for again answers with the tag that is there. Without a slug, one is made of
// the name; unlike a story's it is never numbered, because a second tag of one
// name is a mistake. Errors: ErrInvalid, ErrConflict (the id belongs to something
// else), and those of Authorize.
func (d *Desk) CreateTag(ctx context.Context, who news.Actor, id string, content news.TagContent) (*news.Tag, error) {
	if err := d.Authorize(who, WriteTags); err != nil {
		return nil, err
	}
	var rules rulebook
	rules.id(id)
	content = rules.tag(content)
	if rules.err != nil {
		return nil, rules.err
	}
	if content.Slug == "" {
		if content.Slug = text.Slug(content.Name); content.Slug == "" {
			return nil, news.Invalid("slug", "can't be made of the name; choose one")
		}
	}
	if id == "" {
		id = d.newID(news.KindTag.IDPrefix())
	} else if err := d.notDeleted(ctx, news.TagID(id)); err != nil {
		return nil, err
	}
	return create(ctx, d, who, creation[*news.Tag]{
		kind: news.KindTag, op: news.OpCreated, id: news.EntityID(id),
		make: func(string) *news.Tag { return newTag(news.TagID(id), content) },
		same: func(first *news.Tag) bool { return reflect.DeepEqual(first.TagContent, content) },
	})
}

func newTag(id news.TagID, content news.TagContent) *news.Tag {
	return &news.Tag{ID: id, Version: 1, TagContent: content, SortName: text.Fold(content.Name)}
}

// notDeleted refuses the id of a tag that has been deleted, which only RestoreTag
// brings back.
func (d *Desk) notDeleted(ctx context.Context, id news.TagID) error {
	_, tag, err := d.tagItself(ctx, id)
	switch {
	case errors.Is(err, news.ErrNotFound):
		return nil
	case err != nil:
		return err
	case tag.Status == news.TagDeleted:
		return news.Invalid("id", "belongs to a tag that has been deleted")
	}
	return nil
}

// UpdateTag changes a tag as edit does; an emptied slug stays what it is. It
// changes nothing, and makes no new version, when edit leaves everything as it is.
// Errors: ErrNotFound, ErrConflict (the tag is in another version than expected),
// ErrInvalid (also when it was merged into another one), and those of Authorize.
func (d *Desk) UpdateTag(ctx context.Context, who news.Actor, id news.TagID, expected int, edit func(*news.TagContent)) (*news.Tag, error) {
	if err := d.Authorize(who, WriteTags); err != nil {
		return nil, err
	}
	current, err := d.tagInUse(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	next := current.Clone()
	edit(&next.TagContent)
	var rules rulebook
	next.TagContent = rules.tag(next.TagContent)
	if rules.err != nil {
		return nil, rules.err
	}
	next.Slug = cmp.Or(next.Slug, current.Slug)
	if current.Kind == news.TagContributor && next.Kind != news.TagContributor {
		return nil, news.Invalid("kind", "must stay CONTRIBUTOR: stories may be signed with the tag")
	}
	if reflect.DeepEqual(next.TagContent, current.TagContent) {
		return current, nil
	}
	next.Version++
	next.SortName = text.Fold(next.Name)
	next.PreviousSlugs = renamed(next.PreviousSlugs, current.Slug, next.Slug)
	made, err := commitOne[*news.Tag](ctx, d, who, news.OpUpdated, next, current)
	return made, slugError(who, err)
}
