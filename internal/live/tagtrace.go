package live

import (
	"context"
	"fmt"
	"slices"
	"sort"

	"depeche/internal/news"
)

// A TagStore knows what tags were. A news.Store is one.
type TagStore interface {
	TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error)
	Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error)
	news.Lister
}

// A TagTrace is what some names of tags stand for along the log: behind the line
// that merges a tag it is the one that the tag was merged into, until the merge is
// undone. It never changes, and is right up to the first line that Reopens behind
// the head that the log had when it was begun.
type TagTrace struct {
	eras []era               // oldest first; the first one begins with the log
	tags map[news.TagID]bool // whose lines decide what the names stand for
}

// An era is a part of the log in which the names stand for the same.
type era struct {
	behind news.Seq // the line that ended the one before
	tags   []news.TagID
}

// TraceTags looks into the log for what names of tags, their slugs or else their
// ids, stand for. One that never was any tag's, or is the slug of a deleted one,
// stands for the tag "". Errors: ErrUnavailable, ctx's.
func TraceTags(ctx context.Context, store TagStore, names []string) (*TagTrace, error) {
	own, err := ownTags(ctx, store, names)
	if err != nil {
		return nil, err
	}
	histories := map[news.TagID]history{}
	for ahead := slices.Clone(own); len(ahead) > 0; ahead = ahead[1:] {
		id := ahead[0]
		if _, known := histories[id]; known || id == "" {
			continue
		}
		if histories[id], err = historyOf(ctx, store, id); err != nil {
			return nil, err
		}
		for _, turn := range histories[id] {
			ahead = append(ahead, turn.into)
		}
	}
	return traced(own, histories), nil
}

// traced finds the eras of names that belong to tags.
func traced(own []news.TagID, histories map[news.TagID]history) *TagTrace {
	t := &TagTrace{tags: map[news.TagID]bool{}}
	ends := []news.Seq{0}
	for id, h := range histories {
		t.tags[id] = true
		for _, turn := range h {
			ends = append(ends, turn.at)
		}
	}
	slices.Sort(ends)
	for _, end := range ends {
		e := era{behind: end}
		for _, id := range own {
			e.tags = append(e.tags, survivor(id, histories, end))
		}
		if n := len(t.eras); n == 0 || !slices.Equal(t.eras[n-1].tags, e.tags) {
			t.eras = append(t.eras, e)
		}
	}
	return t
}

// survivor is what stands for a tag behind a line.
func survivor(id news.TagID, histories map[news.TagID]history, line news.Seq) news.TagID {
	for range histories { // no chain is longer
		into := histories[id].mergedInto(line)
		if into == "" {
			break
		}
		id = into
	}
	return id
}

// Tags are what the names stand for by now, in their order.
func (t *TagTrace) Tags() []news.TagID { return t.eras[len(t.eras)-1].tags }

// Wants is wants of the tags that the names stand for at each line: what
// Operation.Wants has to be. wants is called once for each time in which they stand
// for the same.
func (t *TagTrace) Wants(wants func(tags []news.TagID) func(news.Line) bool) func(news.Line) bool {
	of := make([]func(news.Line) bool, len(t.eras))
	for i, e := range t.eras {
		of[i] = wants(slices.Clone(e.tags))
	}
	return func(line news.Line) bool {
		i := sort.Search(len(t.eras), func(i int) bool { return t.eras[i].behind >= line.Seq })
		return of[i-1](line)
	}
}

// Reopens tells whether the names may stand for something else behind a line: what
// Reopener.Reopens has to be.
func (t *TagTrace) Reopens(line news.Line) bool {
	tag, ok := line.Doc.(*news.Tag)
	return ok && t.tags[tag.ID] && line.Before != nil && line.Before.Status != string(tag.Status)
}

// ownTags finds the tags that names belong to, whatever stands for them by now.
func ownTags(ctx context.Context, store TagStore, names []string) ([]news.TagID, error) {
	const tries = 10
	for range tries {
		own, sure, err := ownTagsOnce(ctx, store, names)
		if err != nil || sure {
			return own, err
		}
	}
	return nil, fmt.Errorf("find whose names %q are: tags were merged meanwhile %d times: %w", names, tries, news.ErrUnavailable)
}

// ownTagsOnce is not sure where tags are merged, or taken out of a merge, meanwhile.
func ownTagsOnce(ctx context.Context, store TagStore, names []string) (own []news.TagID, sure bool, err error) {
	found, err := store.TagsBySlug(ctx, names)
	if err != nil {
		return nil, false, fmt.Errorf("find tags by slug: %w", err)
	}
	var merged map[string]news.TagID
	for _, name := range names {
		tag := found[name]
		switch {
		case tag == nil:
			lines, err := store.Versions(ctx, news.EntityID(name), 0, 1)
			if err != nil {
				return nil, false, fmt.Errorf("find tag %s: %w", name, err)
			}
			own = append(own, "")
			if len(lines) > 0 && lines[0].Doc.Ref().Kind == news.KindTag {
				own[len(own)-1] = news.TagID(name)
			}
		case slices.Contains(tag.Slugs(), name):
			own = append(own, tag.ID)
		default:
			if merged == nil {
				if merged, err = mergedTags(ctx, store); err != nil {
					return nil, false, err
				}
			}
			id, ok := merged[name]
			if !ok {
				return nil, false, nil
			}
			own = append(own, id)
		}
	}
	return own, true, nil
}

// mergedTags are the tags that others stand for, by slug. There are few of them, and
// readers seldom name one.
func mergedTags(ctx context.Context, store TagStore) (map[string]news.TagID, error) {
	bySlug := map[string]news.TagID{}
	sel := news.Selection{Kind: news.KindTag, Shelves: []news.Shelf{{Status: string(news.TagMerged)}}}
	for merged, err := range news.Walk(ctx, store, sel, news.MaxPage) {
		if err != nil {
			return nil, fmt.Errorf("list the tags that were merged: %w", err)
		}
		for _, e := range merged {
			for _, slug := range e.Slugs() {
				bySlug[slug] = news.TagID(e.Ref().ID)
			}
		}
	}
	return bySlug, nil
}

// A history is when a tag was merged, and taken out again, oldest first.
type history []turn

type turn struct {
	at   news.Seq
	into news.TagID // what it was merged into; empty: it stands for itself
}

func historyOf(ctx context.Context, store TagStore, id news.TagID) (history, error) {
	var h history
	for before, limit := 0, 4; ; limit = 100 {
		lines, err := store.Versions(ctx, news.EntityID(id), before, limit)
		if err != nil {
			return nil, fmt.Errorf("read the versions of tag %s: %w", id, err)
		}
		for _, line := range lines {
			if tag, ok := line.Doc.(*news.Tag); ok && tag.Status == news.TagMerged {
				h = append(h, turn{line.Seq, tag.MergedInto})
			} else {
				h = append(h, turn{line.Seq, ""})
			}
			before = line.Doc.Ref().Version
		}
		if len(lines) < limit || before == 1 {
			break
		}
	}
	slices.Reverse(h)
	return slices.CompactFunc(h, func(a, b turn) bool { return a.into == b.into }), nil
}

// mergedInto is what the tag is merged into behind a line.
func (h history) mergedInto(line news.Seq) news.TagID {
	i := sort.Search(len(h), func(i int) bool { return h[i].at > line })
	if i == 0 {
		return ""
	}
	return h[i-1].into
}
