package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/text"
)

// maxRemembered bounds each of the memories of an import.
const maxRemembered = 10_000

// A memory holds what names stand for. It forgets everything when it is full:
// what is forgotten is looked up again.
type memory[ID any] map[string]ID

func (m memory[ID]) keep(name string, id ID) {
	if len(m) >= maxRemembered {
		clear(m)
	}
	m[name] = id
}

// names finds out what the names in an archive stand for.
type names struct {
	desk  *desk.Desk
	store Archive
	who   news.Actor
	// commit makes the entities of a kind that have been read so far findable,
	// and tells whether there were any that were not.
	commit func(context.Context, news.Kind) (bool, error)
	made   func(*news.Tag) // hears of each tag that is made as needed

	tags      memory[news.TagID]                  // by slug
	kinds     map[news.TagKind]memory[news.TagID] // by slug or name, of one kind
	coverages memory[news.CoverageID]
	stories   memory[news.StoryID]
}

// settle puts the ids of what a record names into its entity. Errors: ErrInvalid
// for the record, or what has befallen the store.
func (n *names) settle(ctx context.Context, rec record) error {
	var tags []news.TagID
	add := func(id news.TagID) {
		if !slices.Contains(tags, id) {
			tags = append(tags, id)
		}
	}
	for _, ref := range rec.tags {
		id, err := n.tag(ctx, ref)
		if err != nil {
			return err
		}
		add(id)
	}
	switch e := rec.entity.(type) {
	case *news.Coverage:
		e.Tags = tags
	case *news.Story:
		if rec.section != "" {
			id, err := n.tagOfKind(ctx, "section", rec.section, news.TagSection)
			if err != nil {
				return err
			}
			add(id)
		}
		e.Tags = tags
		for i, author := range rec.authors {
			id, err := n.tagOfKind(ctx, fmt.Sprintf("authors[%d]", i), author, news.TagContributor)
			if err != nil {
				return err
			}
			if !slices.Contains(e.Authors, id) {
				e.Authors = append(e.Authors, id)
			}
		}
	case *news.TickerEntry:
		e.Tags = tags
		var err error
		if e.Story, err = find(ctx, n, "story", rec.story, news.KindStory, n.stories, n.findStory); err != nil {
			return err
		}
		if e.Coverage, err = find(ctx, n, "coverage", rec.coverage, news.KindCoverage, n.coverages, n.findCoverage); err != nil {
			return err
		}
	}
	if len(tags) > maxTags {
		return news.Invalid("tags", "may be at most %d, the section among them", maxTags)
	}
	return nil
}

// find finds what a slug names, also when it has been read but not committed
// yet.
func find[ID ~string](ctx context.Context, n *names, field, slug string, kind news.Kind, known memory[ID], look func(context.Context, string) (ID, error)) (ID, error) {
	if slug == "" || known[slug] != "" {
		return known[slug], nil
	}
	id, err := look(ctx, slug)
	if err == nil && id == "" {
		var some bool
		if some, err = n.commit(ctx, kind); err == nil && some {
			id, err = look(ctx, slug)
		}
	}
	switch {
	case err != nil:
		return "", err
	case id == "":
		return "", news.Invalid(field, "names nothing that is there: %q", cut(slug, 60))
	}
	known.keep(slug, id)
	return id, nil
}

func (n *names) findStory(ctx context.Context, slug string) (news.StoryID, error) {
	found, err := n.store.StoriesBySlug(ctx, news.Audience{Staff: true}, []string{slug})
	if err != nil || found[slug] == nil {
		return "", err
	}
	return found[slug].ID, nil
}

func (n *names) findCoverage(ctx context.Context, slug string) (news.CoverageID, error) {
	found, err := n.store.CoveragesBySlug(ctx, []string{slug})
	if err != nil || found[slug] == nil {
		return "", err
	}
	return found[slug].ID, nil
}

func (n *names) findTag(ctx context.Context, slug string) (news.TagID, error) {
	found, err := n.store.TagsBySlug(ctx, []string{slug})
	if err != nil || found[slug] == nil {
		return "", err
	}
	return found[slug].ID, nil
}

// tag finds a tag, or makes it where the reference tells what it is. A tag that
// is there stays as it is.
func (n *names) tag(ctx context.Context, ref tagRef) (news.TagID, error) {
	id, err := find(ctx, n, ref.field, ref.slug, news.KindTag, n.tags, n.findTag)
	var unknown *news.InvalidError
	if ref.tag == nil || id != "" || !errors.As(err, &unknown) {
		return id, err
	}
	return n.make(ctx, ref.field, *ref.tag)
}

func (n *names) make(ctx context.Context, field string, content news.TagContent) (news.TagID, error) {
	adopted, err := n.desk.Adopt(ctx, n.who, []news.Entity{&news.Tag{TagContent: content}})
	if err != nil {
		return "", err
	}
	if err := adopted[0].Err; err != nil {
		return "", news.Invalid(field, "can't become a tag: %v", err)
	}
	tag := adopted[0].Entity.(*news.Tag)
	n.made(tag)
	n.tags.keep(tag.Slug, tag.ID)
	return tag.ID, nil
}

// tagOfKind finds a section or a contributor by its slug or its name, or makes
// it.
func (n *names) tagOfKind(ctx context.Context, field, called string, kind news.TagKind) (news.TagID, error) {
	known := n.kinds[kind]
	if id := known[called]; id != "" {
		return id, nil
	}
	if _, err := n.commit(ctx, news.KindTag); err != nil {
		return "", err
	}
	id, err := n.lookOfKind(ctx, called, kind)
	if err == nil && id == "" {
		id, err = n.makeOfKind(ctx, field, called, kind)
	}
	if err == nil {
		known.keep(called, id)
	}
	return id, err
}

func (n *names) lookOfKind(ctx context.Context, called string, kind news.TagKind) (news.TagID, error) {
	candidates := []string{called, text.Slug(called)}
	found, err := n.store.TagsBySlug(ctx, candidates)
	if err != nil {
		return "", err
	}
	for _, slug := range candidates {
		// Stories can be signed by contributors only; for a section, any tag
		// that is there will do.
		if tag := found[slug]; tag != nil && (tag.Kind == kind || kind == news.TagSection) {
			return tag.ID, nil
		}
	}
	// Names that begin with this one come after it.
	folded := text.Fold(called)
	same, err := n.store.Tags(ctx, news.TagFilter{Kinds: []news.TagKind{kind}, NamePrefix: folded}, news.Window{First: 1})
	if err != nil || len(same.Items) == 0 || same.Items[0].SortName != folded {
		return "", err
	}
	return same.Items[0].ID, nil
}

// makeOfKind makes a tag under the slug of what it is called; where that belongs
// to another one, such as a person who also writes, under the slug with a number.
func (n *names) makeOfKind(ctx context.Context, field, called string, kind news.TagKind) (news.TagID, error) {
	candidates := slugs(called)
	found, err := n.store.TagsBySlug(ctx, candidates)
	if err != nil {
		return "", err
	}
	free := slices.IndexFunc(candidates, func(slug string) bool { return found[slug] == nil })
	if free < 0 {
		return "", news.Invalid(field, "can't become a tag: %q and its numbers are taken", candidates[0])
	}
	return n.make(ctx, field, news.TagContent{Slug: candidates[free], Name: called, Kind: kind})
}
