package graph

import (
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"depeche/graph/model"
	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/text"
)

const (
	maxFilterTags = 20
	maxNamePrefix = 100
)

// noTag is a tag that nothing carries: what an unknown slug stands for in a
// filter.
const noTag = news.TagID("")

// storyFilter reads the filter of a list or a subscription. who is asked whether
// it may select what it does.
func (r *Resolver) storyFilter(ctx context.Context, in *model.StoryFilter) (news.StoryFilter, error) {
	var f news.StoryFilter
	if in == nil {
		return f, nil
	}
	var err error
	if f.Tags, err = r.filterTags(ctx, in.Tags.Value()); err != nil {
		return f, err
	}
	f.AnyTag = given(in.TagsMode.Value()) == model.TagsModeAny
	if language := in.Language.Value(); language != nil {
		var ok bool
		if f.Language, ok = text.Language(*language); !ok {
			return f, news.Invalid("filter.language", "must be a language as BCP 47, such as fr or en-GB, not %s", text.Quote(*language))
		}
	}
	f.Breaking = in.Breaking.Value()
	f.MinPriority = given(in.MinPriority.Value())
	f.PublishedAfter = given(in.PublishedAfter.Value())
	f.PublishedBefore = given(in.PublishedBefore.Value())
	f.Status = in.Status.Value()
	if slices.ContainsFunc(f.Status, func(s news.StoryStatus) bool { return s != news.StoryPublished }) {
		if err := r.Desk.Authorize(news.ActorFrom(ctx), desk.SeeAllStates); err != nil {
			return f, err
		}
	}
	return f, nil
}

func (r *Resolver) tickerFilter(ctx context.Context, in *model.TickerFilter) (news.TickerFilter, error) {
	var f news.TickerFilter
	if in == nil {
		return f, nil
	}
	var err error
	if f.Tags, err = r.filterTags(ctx, in.Tags.Value()); err != nil {
		return f, err
	}
	if ref := in.Coverage.Value(); ref != nil {
		if f.Coverage, err = r.filterCoverage(ctx, *ref); err != nil {
			return f, err
		}
	}
	f.MinPriority = given(in.MinPriority.Value())
	f.OccurredAfter = given(in.OccurredAfter.Value())
	f.OccurredBefore = given(in.OccurredBefore.Value())
	return f, nil
}

func tagFilter(in *model.TagFilter) (news.TagFilter, error) {
	var f news.TagFilter
	if in == nil {
		return f, nil
	}
	f.Kinds = in.Kind.Value()
	if code := in.Code.Value(); code != nil {
		if f.Code = news.Text(*code); f.Code == "" {
			return f, news.Invalid("filter.code", "must not be empty")
		}
	}
	prefix := given(in.NamePrefix.Value())
	if utf8.RuneCountInString(prefix) > maxNamePrefix {
		return f, news.Invalid("filter.namePrefix", "is longer than %d characters", maxNamePrefix)
	}
	if f.NamePrefix = text.Fold(prefix); f.NamePrefix == "" && prefix != "" {
		return f, news.Invalid("filter.namePrefix", "has nothing in it that a name could begin with")
	}
	return f, nil
}

// filterTags finds the tags that a filter names by slug or id. One that does not
// exist is noTag, so that the filter stays as narrow as it was meant.
func (r *Resolver) filterTags(ctx context.Context, refs []string) ([]news.TagID, error) {
	if len(refs) > maxFilterTags {
		return nil, news.Invalid("filter.tags", "may be at most %d", maxFilterTags)
	}
	named, err := news.TagsNamed(ctx, r.Store, refs)
	if err != nil {
		return nil, err
	}
	ids := make([]news.TagID, len(refs))
	for i, tag := range named {
		if ids[i] = noTag; tag != nil {
			ids[i] = tag.ID
		}
	}
	return ids, nil
}

// noCoverage is a coverage that nothing belongs to. It is no id that could be.
const noCoverage = news.CoverageID(" ")

func (r *Resolver) filterCoverage(ctx context.Context, ref string) (news.CoverageID, error) {
	c, err := news.CoverageNamed(ctx, r.Store, ref)
	if err != nil {
		return "", err
	}
	if c == nil {
		return noCoverage, nil
	}
	return c.ID, nil
}

// A subscription that names what does not exist would be silent for ever, so it
// is refused where a list is merely empty.

func knownTags(refs []string, ids []news.TagID) error {
	for i, id := range ids {
		if id == noTag {
			return news.Invalid(fmt.Sprintf("filter.tags[%d]", i), "names no tag: %s", text.Quote(refs[i]))
		}
	}
	return nil
}

func knownCoverage(ref *string, id news.CoverageID) error {
	if id == noCoverage {
		return news.Invalid("filter.coverage", "names no coverage: %s", text.Quote(*ref))
	}
	return nil
}

// given is what an optional argument says, or the zero value.
func given[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
