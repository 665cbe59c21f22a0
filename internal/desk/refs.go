package desk

import (
	"context"
	"fmt"
	"slices"

	"depeche/internal/news"
)

// tags finds the tags that refs name by slug or id, in their order and without
// doubles. kind is what they have to be, empty for any.
func (d *Desk) tags(ctx context.Context, field string, refs []string, kind news.TagKind, most int) ([]news.TagID, error) {
	if len(refs) > most {
		return nil, news.Invalid(field, "may be at most %d", most)
	}
	if len(refs) == 0 {
		return nil, nil
	}
	bySlug, err := d.store.TagsBySlug(ctx, refs)
	if err != nil {
		return nil, err
	}
	var noSlugs []news.TagID
	for _, ref := range refs {
		if bySlug[ref] == nil {
			noSlugs = append(noSlugs, news.TagID(ref))
		}
	}
	var byID map[news.TagID]*news.Tag
	if len(noSlugs) > 0 {
		if byID, err = d.store.TagsByID(ctx, noSlugs); err != nil {
			return nil, err
		}
	}
	var ids []news.TagID
	for i, ref := range refs {
		tag := bySlug[ref]
		if tag == nil {
			tag = byID[news.TagID(ref)]
		}
		switch {
		case tag == nil:
			return nil, news.Invalid(fmt.Sprintf("%s[%d]", field, i), "names no tag: %s", short(ref))
		case kind != "" && tag.Kind != kind:
			return nil, news.Invalid(fmt.Sprintf("%s[%d]", field, i), "names a tag of kind %s, not %s: %s", tag.Kind, kind, short(ref))
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
		return "", news.Invalid("story", "names no story: %s", short(ref))
	}
	return news.StoryID(ref), nil
}

func (d *Desk) coverageRef(ctx context.Context, ref string) (news.CoverageID, error) {
	if ref == "" {
		return "", nil
	}
	bySlug, err := d.store.CoveragesBySlug(ctx, []string{ref})
	if err != nil {
		return "", err
	}
	if c := bySlug[ref]; c != nil {
		return c.ID, nil
	}
	byID, err := d.store.CoveragesByID(ctx, []news.CoverageID{news.CoverageID(ref)})
	if err != nil {
		return "", err
	}
	if byID[news.CoverageID(ref)] == nil {
		return "", news.Invalid("coverage", "names no coverage: %s", short(ref))
	}
	return news.CoverageID(ref), nil
}

// short quotes what somebody sent, cut so that an error does not grow with it.
func short(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return fmt.Sprintf("%q…", string(runes[:most]))
	}
	return fmt.Sprintf("%q", s)
}
