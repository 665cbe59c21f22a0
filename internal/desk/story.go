package desk

import (
	"cmp"
	"context"
	"reflect"

	"depeche/internal/news"
)

// A StoryEdit is a story's content while somebody edits it. Its Tags and Authors
// are what they were; set the refs to change them.
type StoryEdit struct {
	news.StoryContent
	TagRefs    []string // slugs or ids; nil leaves the tags as they are
	AuthorRefs []string // slugs or ids; nil leaves the authors as they are
}

// CreateStory makes a draft of what edit fills in. id may be empty; with an id, a
// creation that is asked for again answers with the story that is there. Errors:
// ErrInvalid, ErrConflict (the id belongs to something else), and those of Authorize.
func (d *Desk) CreateStory(ctx context.Context, who news.Actor, id string, edit func(*StoryEdit)) (*news.Story, error) {
	if err := d.Authorize(who, CreateStory); err != nil {
		return nil, err
	}
	var e StoryEdit
	edit(&e)
	slugGiven := e.Slug != ""
	var rules rulebook
	rules.id(id)
	content, err := d.storyContent(ctx, &rules, e)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = d.newID(news.KindStory.IDPrefix())
	}
	c := creation[*news.Story]{kind: news.KindStory, op: news.OpCreated, id: news.EntityID(id)}
	if !slugGiven {
		c.slugFrom = content.Title
	}
	c.make = func(slug string) *news.Story {
		now := d.now()
		s := &news.Story{
			ID: news.StoryID(id), Version: 1, Status: news.StoryDraft, StoryContent: content,
			CreatedBy: who.Name, CreatedAt: now, UpdatedAt: now,
		}
		if slug != "" {
			s.Slug = slug
		}
		return s
	}
	c.same = func(first *news.Story) bool {
		asked := content
		if !slugGiven {
			asked.Slug = first.Slug
		}
		return first.CreatedBy == who.Name && reflect.DeepEqual(first.StoryContent, asked)
	}
	return create(ctx, d, who, c)
}

// UpdateStory changes a story as edit does; an emptied slug stays what it is. It
// changes nothing, and makes no new version, when edit leaves everything as it is. Errors: ErrNotFound, ErrConflict
// (the story is in another version than expected), ErrInvalid, and those of
// Authorize.
func (d *Desk) UpdateStory(ctx context.Context, who news.Actor, id news.StoryID, expected int, edit func(*StoryEdit)) (*news.Story, error) {
	if err := d.Authorize(who, UpdateStory); err != nil {
		return nil, err
	}
	current, err := d.story(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	if err := ownDraft(who, current); err != nil {
		return nil, err
	}
	e := StoryEdit{StoryContent: current.Clone().StoryContent}
	edit(&e)
	content, err := d.storyContent(ctx, &rulebook{}, e)
	if err != nil {
		return nil, err
	}
	content.Slug = cmp.Or(content.Slug, current.Slug)
	if reflect.DeepEqual(content, current.StoryContent) {
		return current, nil
	}
	next := d.nextStory(current)
	next.StoryContent = content
	next.PreviousSlugs = renamed(next.PreviousSlugs, current.Slug, next.Slug)
	made, err := commitOne[*news.Story](ctx, d, who, news.OpUpdated, next, current)
	return made, slugError(who, err)
}

// PublishStory makes a story public now. Errors: as UpdateStory.
func (d *Desk) PublishStory(ctx context.Context, who news.Actor, id news.StoryID, expected int) (*news.Story, error) {
	if err := d.Authorize(who, PublishStory); err != nil {
		return nil, err
	}
	current, err := d.story(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	if current.Status == news.StoryPublished {
		return nil, news.Invalid("id", "names a story that is published already")
	}
	next := d.nextStory(current)
	next.Status = news.StoryPublished
	if next.PublishedAt.IsZero() {
		next.PublishedAt = next.UpdatedAt
	}
	return commitOne[*news.Story](ctx, d, who, news.OpPublished, next, current)
}

// UnpublishStory takes a story out of the public view. Errors: as UpdateStory.
func (d *Desk) UnpublishStory(ctx context.Context, who news.Actor, id news.StoryID, expected int) (*news.Story, error) {
	if err := d.Authorize(who, UnpublishStory); err != nil {
		return nil, err
	}
	current, err := d.story(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	if current.Status != news.StoryPublished {
		return nil, news.Invalid("id", "names a story that is not published")
	}
	next := d.nextStory(current)
	next.Status = news.StoryUnpublished
	next.WithdrawnIn = next.Version
	return commitOne[*news.Story](ctx, d, who, news.OpUnpublished, next, current)
}

// story reads the story that who wants to change.
func (d *Desk) story(ctx context.Context, who news.Actor, id news.StoryID, expected int) (*news.Story, error) {
	found, err := d.store.StoriesByID(ctx, who.Audience(), []news.StoryID{id})
	if err != nil {
		return nil, err
	}
	return inVersion(found, "story", id, expected)
}

func (d *Desk) nextStory(current *news.Story) *news.Story {
	next := current.Clone()
	next.Version++
	next.UpdatedAt = d.later(current.UpdatedAt)
	return next
}

// storyContent checks an edit and finds what its refs name.
func (d *Desk) storyContent(ctx context.Context, rules *rulebook, e StoryEdit) (news.StoryContent, error) {
	content := rules.story(e.StoryContent)
	if rules.err != nil {
		return content, rules.err
	}
	var err error
	if e.TagRefs != nil {
		if content.Tags, err = d.tags(ctx, "tags", e.TagRefs, "", maxTags); err != nil {
			return content, err
		}
	}
	if e.AuthorRefs != nil {
		if content.Authors, err = d.tags(ctx, "authors", e.AuthorRefs, news.TagContributor, maxAuthors); err != nil {
			return content, err
		}
	}
	return content, nil
}
