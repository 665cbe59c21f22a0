package desk

import (
	"context"
	"fmt"
	"iter"

	"depeche/internal/news"
	"depeche/internal/text"
)

// tagItself reads a tag, also a merged or a deleted one, where Reading gives the
// tag that stands for it or none. Errors: ErrNotFound.
func (d *Desk) tagItself(ctx context.Context, id news.TagID) (news.Line, *news.Tag, error) {
	line, tag, ok, err := newest[*news.Tag](ctx, d, news.EntityID(id))
	if err != nil || ok {
		return line, tag, err
	}
	return news.Line{}, nil, fmt.Errorf("there is no tag %s: %w", text.Quote(string(id)), news.ErrNotFound)
}

// tagInUse reads the tag that somebody wants to change. Errors: ErrNotFound,
// *news.ConflictError, and *news.InvalidError where another one stands for it.
func (d *Desk) tagInUse(ctx context.Context, who news.Actor, id news.TagID, expected int) (*news.Tag, error) {
	found, err := d.store.TagsByID(ctx, []news.TagID{id})
	if err != nil {
		return nil, err
	}
	if tag := found[id]; tag != nil && tag.ID != id {
		return nil, mergedInto("id", tag)
	}
	return inVersion(ctx, d, who, found, "tag", id, expected)
}

// mergedAlready refuses a tag that was merged, and names the one that stands for
// it.
func (d *Desk) mergedAlready(ctx context.Context, field string, tag *news.Tag) error {
	found, err := d.store.TagsByID(ctx, []news.TagID{tag.ID})
	if err != nil {
		return err
	}
	if survivor := found[tag.ID]; survivor != nil {
		return mergedInto(field, survivor)
	}
	return news.Invalid(field, "names a tag that was merged into %s", tag.MergedInto)
}

// mergedInto refuses a tag that survivor stands for.
func mergedInto(field string, survivor *news.Tag) error {
	return news.Invalid(field, "names a tag that was merged into %s", named(survivor))
}

// named is how errors speak of a tag.
func named(tag *news.Tag) string { return fmt.Sprintf("%s (%s)", text.Quote(tag.Name), tag.ID) }

func nextTag(current *news.Tag) *news.Tag {
	next := current.Clone()
	next.Version++
	return next
}

// history walks the versions of an entity from the newest on. The first few are
// read alone: what is looked for is seldom far back.
func (d *Desk) history(ctx context.Context, id news.EntityID) iter.Seq2[news.Line, error] {
	return func(yield func(news.Line, error) bool) {
		for before, limit := 0, 2; ; limit = 16 {
			lines, err := d.store.Versions(ctx, id, before, limit)
			if err != nil {
				yield(news.Line{}, err)
				return
			}
			for _, line := range lines {
				if !yield(line, nil) {
					return
				}
				before = line.Doc.Ref().Version
			}
			if len(lines) == 0 || before == 1 {
				return
			}
		}
	}
}
