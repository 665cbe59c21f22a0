package cache

import (
	"context"
	"slices"
	"strings"
	"time"

	"depeche/internal/news"
)

// noting is a store whose readings are noted. It embeds no Reading and no Log: a
// method that is added to either does not pass by without a note.
type noting struct {
	news.Handover
	news.Leasing
	store news.Store
	cache *Cache
}

var _ news.Store = (*noting)(nil)

// Commit implements news.Store.
func (s *noting) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	lines, err := s.store.Commit(ctx, changes)
	s.cache.committed(lines)
	return lines, err
}

// Close implements news.Store.
func (s *noting) Close() error { return s.store.Close() }

// Epoch implements news.Log.
func (s *noting) Epoch() news.Epoch { return s.store.Epoch() }

// Head implements news.Log.
func (s *noting) Head(ctx context.Context) (news.Seq, error) {
	notesOf(ctx).everything()
	return s.store.Head(ctx)
}

// Lines implements news.Log.
func (s *noting) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	notesOf(ctx).everything()
	return s.store.Lines(ctx, after, limit)
}

// Version implements news.Log.
func (s *noting) Version(ctx context.Context, id news.EntityID, version int) (news.Line, error) {
	notesOf(ctx).everything() // it knows no audience
	return s.store.Version(ctx, id, version)
}

// Versions implements news.Log.
func (s *noting) Versions(ctx context.Context, id news.EntityID, before, limit int) ([]news.Line, error) {
	notesOf(ctx).everything() // it knows no audience
	return s.store.Versions(ctx, id, before, limit)
}

// Watch implements news.Log.
func (s *noting) Watch(ctx context.Context, wake func()) error { return s.store.Watch(ctx, wake) }

// Nodes implements news.Reading.
func (s *noting) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	found, err := s.store.Nodes(ctx, who, ids)
	return noteTagIDs(ctx, who, ids, found, err)
}

// StoriesByID implements news.Reading.
func (s *noting) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	found, err := s.store.StoriesByID(ctx, who, ids)
	return noteIDs(ctx, who, ids, found, err)
}

// TagsByID implements news.Reading.
func (s *noting) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	found, err := s.store.TagsByID(ctx, ids)
	return noteTagIDs(ctx, news.Audience{}, ids, found, err)
}

// TickerEntriesByID implements news.Reading.
func (s *noting) TickerEntriesByID(ctx context.Context, ids []news.TickerEntryID) (map[news.TickerEntryID]*news.TickerEntry, error) {
	found, err := s.store.TickerEntriesByID(ctx, ids)
	return noteIDs(ctx, news.Audience{}, ids, found, err)
}

// CoveragesByID implements news.Reading.
func (s *noting) CoveragesByID(ctx context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	found, err := s.store.CoveragesByID(ctx, ids)
	return noteIDs(ctx, news.Audience{}, ids, found, err)
}

// StoriesBySlug implements news.Reading.
func (s *noting) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	found, err := s.store.StoriesBySlug(ctx, who, slugs)
	return noteSlugs(ctx, who, news.KindStory, slugs, found, err)
}

// TagsBySlug implements news.Reading.
func (s *noting) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	found, err := s.store.TagsBySlug(ctx, slugs)
	for _, s := range slugs {
		if tag := found[s]; tag == nil || !slices.Contains(tag.Slugs(), s) {
			notesOf(ctx).turning()
		}
	}
	return noteSlugs(ctx, news.Audience{}, news.KindTag, slugs, found, err)
}

// CoveragesBySlug implements news.Reading.
func (s *noting) CoveragesBySlug(ctx context.Context, slugs []string) (map[string]*news.Coverage, error) {
	found, err := s.store.CoveragesBySlug(ctx, slugs)
	return noteSlugs(ctx, news.Audience{}, news.KindCoverage, slugs, found, err)
}

// Stories implements news.Reading.
func (s *noting) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	p, err := s.store.Stories(ctx, who, f, w)
	return notePage(ctx, who, f.Selection, w, p, err)
}

// Tags implements news.Reading.
func (s *noting) Tags(ctx context.Context, f news.TagFilter, w news.Window) (news.Page[*news.Tag], error) {
	p, err := s.store.Tags(ctx, f, w)
	return notePage(ctx, news.Audience{}, forAll(f), w, p, err)
}

// TickerEntries implements news.Reading.
func (s *noting) TickerEntries(ctx context.Context, f news.TickerFilter, w news.Window) (news.Page[*news.TickerEntry], error) {
	p, err := s.store.TickerEntries(ctx, f, w)
	return notePage(ctx, news.Audience{}, forAll(f), w, p, err)
}

// Coverages implements news.Reading.
func (s *noting) Coverages(ctx context.Context, f news.CoverageFilter, w news.Window) (news.Page[*news.Coverage], error) {
	p, err := s.store.Coverages(ctx, f, w)
	return notePage(ctx, news.Audience{}, forAll(f), w, p, err)
}

// StoryCounts implements news.Reading.
func (s *noting) StoryCounts(ctx context.Context, tags []news.TagID) (map[news.TagID]int, error) {
	counts, err := s.store.StoryCounts(ctx, tags)
	n := answered(ctx, news.Audience{}, err)
	n.take(func() {
		for _, tag := range tags {
			n.part(list{Selection: publishedStories(tag.Term())}, part{})
		}
	})
	return counts, err
}

// TrendingTags implements news.Reading.
func (s *noting) TrendingTags(ctx context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	counts, err := s.store.TrendingTags(ctx, since, kinds, limit)
	n := answered(ctx, news.Audience{}, err)
	n.take(func() {
		recent := publishedStories()
		recent.From = since
		n.part(list{Selection: recent, tags: true}, part{})
		// A tag that has come to one of the kinds may be carried already, and what
		// is carried as often as another one is ranked by name.
		n.part(list{Selection: news.TagFilter{Kinds: kinds}.Selection()}, part{})
		for _, count := range counts {
			n.entity(count.Tag)
		}
	})
	return counts, err
}

// RelatedStories implements news.Reading.
func (s *noting) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	found, err := s.store.RelatedStories(ctx, who, ids, limit)
	n := answered(ctx, who, err)
	n.take(func() {
		for _, id := range ids {
			n.asked(news.EntityID(id))
			for _, story := range found[id] {
				n.entity(story)
			}
			n.related = append(n.related, related{id, found[id], limit})
		}
	})
	return found, err
}

// Entities implements news.Reading.
func (s *noting) Entities(ctx context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	notesOf(ctx).everything() // it knows no audience
	return s.store.Entities(ctx, kind, after, limit)
}

// Listed implements news.Reading.
func (s *noting) Listed(ctx context.Context, sel news.Selection, w news.Window) (news.Page[news.Entity], error) {
	notesOf(ctx).everything() // it knows no audience
	return s.store.Listed(ctx, sel, w)
}

// TagUses implements news.Reading.
func (s *noting) TagUses(ctx context.Context, tags []news.TagID) (map[news.TagID]news.TagUse, error) {
	notesOf(ctx).everything() // it knows no audience
	return s.store.TagUses(ctx, tags)
}

// answered is the notes of ctx. What failed, or was not for everybody, is noted as
// something that nobody else may get.
func answered(ctx context.Context, who news.Audience, err error) *notes {
	n := notesOf(ctx)
	if err != nil || who != (news.Audience{}) {
		n.everything()
	}
	return n
}

func noteIDs[ID ~string, E news.Entity](ctx context.Context, who news.Audience, ids []ID, found map[ID]E, err error) (map[ID]E, error) {
	n := answered(ctx, who, err)
	n.take(func() {
		for _, id := range ids {
			if e, ok := found[id]; ok {
				n.entity(e)
			} else {
				n.asked(news.EntityID(id))
			}
		}
	})
	return found, err
}

// noteTagIDs is noteIDs where some of ids may be of tags that others stand for.
func noteTagIDs[ID ~string, E news.Entity](ctx context.Context, who news.Audience, ids []ID, found map[ID]E, err error) (map[ID]E, error) {
	for _, id := range ids {
		if e, ok := found[id]; !ok || e.Ref().ID != news.EntityID(id) {
			notesOf(ctx).turning()
		}
	}
	return noteIDs(ctx, who, ids, found, err)
}

func noteSlugs[E news.Entity](ctx context.Context, who news.Audience, kind news.Kind, slugs []string, found map[string]E, err error) (map[string]E, error) {
	n := answered(ctx, who, err)
	n.take(func() {
		for _, s := range slugs {
			// A slug never goes over to another entity; which tag stands for one is noted
			// elsewhere.
			if e, ok := found[s]; ok {
				n.entity(e)
			} else {
				n.absent[slug{kind, strings.Clone(s)}] = struct{}{}
			}
		}
	})
	return found, err
}

func notePage[E news.Entity](ctx context.Context, who news.Audience, sel func(news.Audience) news.Selection, w news.Window, p news.Page[E], err error) (news.Page[E], error) {
	n := answered(ctx, who, err)
	n.take(func() {
		n.part(list{Selection: sel(who)}, partOf(w, p))
		for _, e := range p.Items {
			n.entity(e)
		}
	})
	return p, err
}

// forAll is the selection of a filter that is the same for everybody.
func forAll(f interface{ Selection() news.Selection }) func(news.Audience) news.Selection {
	return func(news.Audience) news.Selection { return f.Selection() }
}
