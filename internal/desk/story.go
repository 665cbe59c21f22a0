package desk

import (
	"cmp"
	"context"
	"fmt"
	"reflect"

	"depeche/internal/news"
	"depeche/internal/text"
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
// changes nothing, and makes no new version, when edit leaves everything as it is.
// Errors: ErrNotFound, ErrConflict (the story is in another version than expected),
// ErrInvalid (also when the state of the story forbids it), and those of Authorize.
func (d *Desk) UpdateStory(ctx context.Context, who news.Actor, id news.StoryID, expected int, edit func(*StoryEdit)) (*news.Story, error) {
	if err := d.Authorize(who, UpdateStory); err != nil {
		return nil, err
	}
	found, err := d.store.StoriesByID(ctx, who.Audience(), []news.StoryID{id})
	if err != nil {
		return nil, err
	}
	// Who may not write it is not told how it has changed either.
	if s := found[id]; s != nil {
		if err := d.authorizeOn(who, UpdateStory, s); err != nil {
			return nil, err
		}
	}
	current, err := inVersion(ctx, d, who, found, "story", id, expected)
	switch {
	case err != nil:
		return nil, err
	case current.Status == news.StoryRetracted:
		return nil, isRetracted()
	}
	content, err := d.edited(ctx, current, edit)
	if err != nil {
		return nil, err
	}
	if reflect.DeepEqual(content, current.StoryContent) {
		return current, nil
	}
	next := d.nextStory(current)
	setContent(next, content)
	made, err := commitOne[*news.Story](ctx, d, who, news.OpUpdated, next, current)
	return made, slugError(who, err)
}

// edited is the content of a story as edit leaves it.
func (d *Desk) edited(ctx context.Context, current *news.Story, edit func(*StoryEdit)) (news.StoryContent, error) {
	e := StoryEdit{StoryContent: current.Clone().StoryContent}
	edit(&e)
	content, err := d.storyContent(ctx, &rulebook{}, e)
	content.Slug = cmp.Or(content.Slug, current.Slug)
	return content, err
}

// setContent gives a story another content. A slug that it had stays its own.
func setContent(s *news.Story, content news.StoryContent) {
	s.PreviousSlugs = renamed(s.PreviousSlugs, s.Slug, content.Slug)
	s.StoryContent = content
}

// story reads the story that who wants to change.
func (d *Desk) story(ctx context.Context, who news.Actor, id news.StoryID, expected int) (*news.Story, error) {
	found, err := d.store.StoriesByID(ctx, who.Audience(), []news.StoryID{id})
	if err != nil {
		return nil, err
	}
	return inVersion(ctx, d, who, found, "story", id, expected)
}

// storyTo is story for somebody who may do act to it.
func (d *Desk) storyTo(ctx context.Context, who news.Actor, act Act, id news.StoryID, expected int) (*news.Story, error) {
	if err := d.Authorize(who, act); err != nil {
		return nil, err
	}
	return d.story(ctx, who, id, expected)
}

// storyVersion reads a version of a story. Errors: ErrNotFound.
func (d *Desk) storyVersion(ctx context.Context, id news.StoryID, version int) (*news.Story, error) {
	line, err := d.store.Version(ctx, news.EntityID(id), version)
	if err != nil {
		return nil, err
	}
	s, ok := line.Doc.(*news.Story)
	if !ok {
		return nil, fmt.Errorf("there is no story %s: %w", text.Quote(string(id)), news.ErrNotFound)
	}
	return s, nil
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
