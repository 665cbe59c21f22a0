package desk

import (
	"context"
	"fmt"
	"slices"

	"depeche/internal/news"
	"depeche/internal/text"
)

// tags finds the tags that refs name by slug or id, in their order and without
// doubles. kind is what they have to be, empty for any.
func (d *Desk) tags(ctx context.Context, field string, refs []string, kind news.TagKind, most int) ([]news.TagID, error) {
	if len(refs) > most {
		return nil, news.Invalid(field, "may be at most %d", most)
	}
	named, err := news.TagsNamed(ctx, d.store, refs)
	if err != nil {
		return nil, err
	}
	var ids []news.TagID
	for i, ref := range refs {
		tag := named[i]
		switch {
		case tag == nil:
			return nil, news.Invalid(fmt.Sprintf("%s[%d]", field, i), "names no tag: %s", text.Quote(ref))
		case kind != "" && tag.Kind != kind:
			return nil, news.Invalid(fmt.Sprintf("%s[%d]", field, i), "names a tag of kind %s, not %s: %s", tag.Kind, kind, text.Quote(ref))
		case !slices.Contains(ids, tag.ID):
			ids = append(ids, tag.ID)
		}
	}
	return ids, nil
}

func (d *Desk) storyRef(ctx context.Context, ref string) (news.StoryID, error) {
	if ref == "" {
		return "", nil
	}
	staff := news.Audience{Staff: true}
	bySlug, err := d.store.StoriesBySlug(ctx, staff, []string{ref})
	if err != nil {
		return "", err
	}
	if s := bySlug[ref]; s != nil {
		return s.ID, nil
	}
	byID, err := d.store.StoriesByID(ctx, staff, []news.StoryID{news.StoryID(ref)})
	if err != nil {
		return "", err
	}
	if byID[news.StoryID(ref)] == nil {
		return "", news.Invalid("story", "names no story: %s", text.Quote(ref))
	}
	return news.StoryID(ref), nil
}

func (d *Desk) coverageRef(ctx context.Context, ref string) (news.CoverageID, error) {
	if ref == "" {
		return "", nil
	}
	c, err := news.CoverageNamed(ctx, d.store, ref)
	if err != nil {
		return "", err
	}
	if c == nil {
		return "", news.Invalid("coverage", "names no coverage: %s", text.Quote(ref))
	}
	return c.ID, nil
}
