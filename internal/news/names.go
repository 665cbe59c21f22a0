package news

import "context"

// TagsNamed finds the tags that refs name, by slug or else by id, in the order of
// refs; nil where there is none.
func TagsNamed(ctx context.Context, store Reading, refs []string) ([]*Tag, error) {
	if len(refs) == 0 {
		return nil, nil
	}
	bySlug, err := store.TagsBySlug(ctx, refs)
	if err != nil {
		return nil, err
	}
	tags := make([]*Tag, len(refs))
	var noSlugs []TagID
	for i, ref := range refs {
		if tags[i] = bySlug[ref]; tags[i] == nil {
			noSlugs = append(noSlugs, TagID(ref))
		}
	}
	if len(noSlugs) == 0 {
		return tags, nil
	}
	byID, err := store.TagsByID(ctx, noSlugs)
	if err != nil {
		return nil, err
	}
	for i, ref := range refs {
		if tags[i] == nil {
			tags[i] = byID[TagID(ref)]
		}
	}
	return tags, nil
}

// CoverageNamed finds the coverage that ref names, by slug or else by id; nil
// where there is none.
func CoverageNamed(ctx context.Context, store Reading, ref string) (*Coverage, error) {
	bySlug, err := store.CoveragesBySlug(ctx, []string{ref})
	if err != nil || bySlug[ref] != nil {
		return bySlug[ref], err
	}
	byID, err := store.CoveragesByID(ctx, []CoverageID{CoverageID(ref)})
	return byID[CoverageID(ref)], err
}
