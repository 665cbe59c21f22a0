package cache

import (
	"cmp"
	"slices"
	"strings"

	"depeche/internal/news"
)

// An effect is what a line of the log does, as far as answers depend on it.
type effect struct {
	kind    news.Kind
	id      news.EntityID
	slugs   []string
	was, is standing
}

// A standing is how an entity is listed, and where.
type standing struct {
	exists bool
	news.Listing
	at place
}

func effectOf(line news.Line) effect {
	ref := line.Doc.Ref()
	e := effect{kind: ref.Kind, id: ref.ID, slugs: line.Doc.Slugs()}
	e.is = standing{true, line.Doc.Listing(), place{}}
	e.is.at = placeOf(ref.ID, e.is.Listing)
	if line.Before != nil {
		e.was = standing{true, *line.Before, placeOf(ref.ID, *line.Before)}
	}
	return e
}

// public tells whether everybody may see what stands so. Whatever else happens must
// drop no answer: that would tell of it.
func (e *effect) public(s *standing) bool {
	switch e.kind {
	case news.KindStory:
		return s.exists && (s.Status == string(news.StoryPublished) || s.Status == string(news.StoryRetracted))
	case news.KindTag:
		return s.exists && s.Status == string(news.TagInUse)
	}
	return s.exists && !e.kind.Private()
}

// shows tells whether the public could see the entity before or sees it now.
func (e *effect) shows() bool { return e.public(&e.was) || e.public(&e.is) }

// turns tells whether another tag may answer for this one than before, and for those
// that were merged into it. As long as it was in use, it answered itself.
func (e *effect) turns() bool {
	return e.kind == news.KindTag && e.was.exists && !e.public(&e.was)
}

// terms are those under which the entity is listed or was.
func (e *effect) terms() []string {
	terms := e.is.Terms
	for _, term := range e.was.Terms {
		if !e.is.Has(term) {
			terms = append(slices.Clip(terms), term)
		}
	}
	return terms
}

// retags tells whether the entity has not the tags any more that it had.
func (e *effect) retags() bool {
	was, is := tagTerms(e.was.Terms), tagTerms(e.is.Terms)
	slices.Sort(was)
	slices.Sort(is)
	return !slices.Equal(was, is)
}

func tagTerms(terms []string) []string {
	var tags []string
	for _, term := range terms {
		if strings.HasPrefix(term, news.TagID("").Term()) {
			tags = append(tags, term)
		}
	}
	return tags
}

// A place is a position in the list of one kind.
type place struct {
	ms   int64  // since 1970; of the kinds that are listed by time
	name string // of those that are listed by name
	id   string
}

func placeOf(id news.EntityID, l news.Listing) place {
	return place{ms: l.At.UnixMilli(), name: l.Name, id: string(id)}
}

// compare is below zero where p comes before q in the list of kind, which is by
// name or newest first.
func compare(kind news.Kind, p, q place) int {
	if kind == news.KindTag {
		return cmp.Or(cmp.Compare(p.name, q.name), cmp.Compare(p.id, q.id))
	}
	return cmp.Or(cmp.Compare(q.ms, p.ms), cmp.Compare(q.id, p.id))
}
