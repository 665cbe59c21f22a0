package mongo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

// Nodes implements news.Reading.
func (s *Store) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	var found map[news.EntityID]news.Entity
	err := s.call(ctx, func(ctx context.Context) (err error) {
		found, err = answering(ctx, s, func() (map[news.EntityID]news.Entity, error) { return s.nodes(ctx, ids) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %d nodes: %w", len(ids), err)
	}
	for id, e := range found {
		if story, ok := e.(*news.Story); ok && !story.VisibleTo(who) {
			delete(found, id)
		}
	}
	return found, nil
}

// nodes reads entities that are not of private kinds, whoever may see them.
func (s *Store) nodes(ctx context.Context, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	found := make(map[news.EntityID]news.Entity, len(ids))
	c, err := s.asKnown(func() error {
		// First where the ids say that they are, then where they may be too.
		for _, likely := range []bool{true, false} {
			for _, kind := range news.Kinds() {
				var some []news.EntityID
				for _, id := range ids {
					if found[id] == nil && strings.HasPrefix(string(id), kind.IDPrefix()) == likely {
						some = append(some, id)
					}
				}
				err := s.load(ctx, kind, "_id", texts(some), asWhole, func(e news.Entity, _ []string) { found[e.Ref().ID] = e })
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, id := range ids {
		if e := c.newest[id]; e.isNewer(found[id]) && !e.ref.Kind.Private() {
			found[id] = e.Doc
		}
	}
	return found, err
}

// StoriesByID implements news.Reading.
func (s *Store) StoriesByID(ctx context.Context, who news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	return byID(ctx, s, news.KindStory, ids, visibleTo(who))
}

// TagsByID implements news.Reading.
func (s *Store) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	return byID(ctx, s, news.KindTag, ids, public[*news.Tag])
}

// TickerEntriesByID implements news.Reading.
func (s *Store) TickerEntriesByID(ctx context.Context, ids []news.TickerEntryID) (map[news.TickerEntryID]*news.TickerEntry, error) {
	return byID(ctx, s, news.KindTickerEntry, ids, public[*news.TickerEntry])
}

// CoveragesByID implements news.Reading.
func (s *Store) CoveragesByID(ctx context.Context, ids []news.CoverageID) (map[news.CoverageID]*news.Coverage, error) {
	return byID(ctx, s, news.KindCoverage, ids, public[*news.Coverage])
}

// StoriesBySlug implements news.Reading.
func (s *Store) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	return bySlug(ctx, s, news.KindStory, slugs, visibleTo(who))
}

// TagsBySlug implements news.Reading.
func (s *Store) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	return bySlug(ctx, s, news.KindTag, slugs, public[*news.Tag])
}

// CoveragesBySlug implements news.Reading.
func (s *Store) CoveragesBySlug(ctx context.Context, slugs []string) (map[string]*news.Coverage, error) {
	return bySlug(ctx, s, news.KindCoverage, slugs, public[*news.Coverage])
}

// Entities implements news.Reading.
func (s *Store) Entities(ctx context.Context, kind news.Kind, after news.EntityID, limit int) ([]news.Entity, error) {
	limit = min(max(limit, 1), maxLines)
	var list []news.Entity
	err := s.call(ctx, func(ctx context.Context) error {
		c, err := s.asKnown(func() error {
			filter := bson.D{{Key: "_id", Value: bson.D{{Key: "$gt", Value: string(after)}}}}
			return s.each(ctx, kind, filter, asWhole, func(e news.Entity, _ []string) { list = append(list, e) },
				options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}).SetLimit(int64(limit)))
		})
		if err != nil {
			return err
		}
		list = updated(list, c, kind, after, len(list) == limit)
		list = list[:min(limit, len(list))]
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("walk %s after %q: %w", kind, after, err)
	}
	return list, nil
}

// updated is list, which is ordered by id, with the changes. Where there may be
// more behind it, entities that would stand there are left out. No entity ever
// leaves this list.
func updated(list []news.Entity, c changes, kind news.Kind, after news.EntityID, more bool) []news.Entity {
	end := after
	if len(list) > 0 {
		end = list[len(list)-1].Ref().ID
	}
	listed := make(map[news.EntityID]bool)
	for i, was := range list {
		id := was.Ref().ID
		listed[id] = true
		if e := c.newest[id]; e.isNewer(was) {
			list[i] = e.Doc
		}
	}
	for id, e := range c.newest {
		if e.ref.Kind == kind && !listed[id] && id > after && (!more || id <= end) {
			list = append(list, e.Doc)
		}
	}
	slices.SortFunc(list, func(a, b news.Entity) int { return cmp.Compare(a.Ref().ID, b.Ref().ID) })
	return list
}

func visibleTo(who news.Audience) func(*news.Story) bool {
	return func(story *news.Story) bool { return story.VisibleTo(who) }
}

// public is the visibility of the kinds that everybody may see.
func public[E news.Entity](E) bool { return true }

func byID[E news.Entity, ID ~string](ctx context.Context, s *Store, kind news.Kind, ids []ID, visible func(E) bool) (map[ID]E, error) {
	var found map[ID]E
	err := s.call(ctx, func(ctx context.Context) (err error) {
		found, err = answering(ctx, s, func() (map[ID]E, error) {
			return entitiesOf[E, ID](ctx, s, kind, texts(ids), asWhole)
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %d of %s: %w", len(ids), kind, err)
	}
	for id, e := range found {
		if !visible(e) {
			delete(found, id)
		}
	}
	return found, nil
}

// entitiesOf reads entities of one kind, whoever may see them.
func entitiesOf[E news.Entity, ID ~string](ctx context.Context, s *Store, kind news.Kind, ids []string, f form) (map[ID]E, error) {
	found := make(map[ID]E, len(ids))
	c, err := s.asKnown(func() error {
		return s.load(ctx, kind, "_id", ids, f, func(e news.Entity, _ []string) {
			found[ID(e.Ref().ID)] = e.(E)
		})
	})
	for _, id := range ids {
		was, ok := found[ID(id)]
		if e := c.newest[news.EntityID(id)]; e != nil && e.ref.Kind == kind && (!ok || e.isNewer(was)) {
			found[ID(id)] = f.of(e.Doc).(E)
		}
	}
	return found, err
}

func bySlug[E news.Entity](ctx context.Context, s *Store, kind news.Kind, slugs []string, visible func(E) bool) (map[string]E, error) {
	var found map[string]E
	err := s.call(ctx, func(ctx context.Context) (err error) {
		found, err = answering(ctx, s, func() (map[string]E, error) { return ownersOf[E](ctx, s, kind, slugs) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %d slugs of %s: %w", len(slugs), kind, err)
	}
	for slug, e := range found {
		if !visible(e) {
			delete(found, slug)
		}
	}
	return found, nil
}

// ownersOf reads the entities of one kind that slugs belong to, whoever may see
// them.
func ownersOf[E news.Entity](ctx context.Context, s *Store, kind news.Kind, slugs []string) (map[string]E, error) {
	found := make(map[string]E, len(slugs))
	note := func(e news.Entity, owned []string) {
		for _, slug := range slugs {
			if was, ok := found[slug]; slices.Contains(owned, slug) && (!ok || was.Ref().Version < e.Ref().Version) {
				found[slug] = e.(E)
			}
		}
	}
	c, err := s.asKnown(func() error { return s.load(ctx, kind, "slugs", slugs, asWhole, note) })
	for _, e := range c.newest {
		if e.ref.Kind == kind {
			note(e.Doc, e.slugs)
		}
	}
	return found, err
}

// load calls each for the entities of kind whose field has one of values, with
// the slugs that belong to it.
func (s *Store) load(ctx context.Context, kind news.Kind, field string, values []string, f form, each func(news.Entity, []string)) error {
	if len(values) == 0 {
		return nil
	}
	return s.each(ctx, kind, bson.D{{Key: field, Value: in(values)}}, f, each, options.Find())
}

func (s *Store) each(ctx context.Context, kind news.Kind, filter bson.D, f form, each func(news.Entity, []string), o *options.FindOptionsBuilder) error {
	if sent := f.projection(kind); sent != nil {
		o.SetProjection(sent)
	}
	found, err := s.collection(kind).Find(ctx, filter, o)
	if err != nil {
		return err
	}
	defer found.Close(ctx)
	for found.Next(ctx) {
		e, err := decode(kind, found.Current, f)
		if err != nil {
			return err
		}
		slugs, err := slugsOf(found.Current)
		if err != nil {
			return fmt.Errorf("%w: %s %s: %w", errDamaged, kind, e.Ref().ID, err)
		}
		each(e, slugs)
	}
	return found.Err()
}

// slugsOf are the slugs that belong to the entity of a document.
func slugsOf(document bson.Raw) (slugs []string, err error) {
	value, err := document.LookupErr("slugs")
	if err != nil {
		return nil, nil // it has none
	}
	return slugs, value.Unmarshal(&slugs)
}

// texts are ids as plain strings, each once.
func texts[ID ~string](ids []ID) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = string(id)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
