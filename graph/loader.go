package graph

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"depeche/internal/news"
)

// A loader reads values by key in batches. Whoever makes a list announces the
// keys that its items will ask for; the first load then reads all that have been
// announced in one call, and the others find their values there. No timer is
// involved, so a list takes the same store calls each time.
type loader[K comparable, V any] struct {
	fetch func(context.Context, []K) (map[K]V, error)

	mu        sync.Mutex
	announced []K
	batches   map[K]*loaded[K, V] // of announced keys: nil until it is read
}

type loaded[K comparable, V any] struct {
	done   chan struct{}
	values map[K]V
	err    error
}

func newLoader[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *loader[K, V] {
	return &loader[K, V]{fetch: fetch, batches: map[K]*loaded[K, V]{}}
}

// announce says that keys may be asked for.
func (l *loader[K, V]) announce(keys ...K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.add(keys)
}

func (l *loader[K, V]) add(keys []K) {
	for _, key := range keys {
		if _, known := l.batches[key]; !known {
			l.batches[key] = nil
			l.announced = append(l.announced, key)
		}
	}
}

// load returns the values of keys; one that does not exist is left out.
func (l *loader[K, V]) load(ctx context.Context, keys ...K) (map[K]V, error) {
	l.mu.Lock()
	l.add(keys)
	var own *loaded[K, V]
	var batch []K
	waits := map[*loaded[K, V]]bool{}
	for _, key := range keys {
		if l.batches[key] == nil {
			own = &loaded[K, V]{done: make(chan struct{})}
			batch, l.announced = l.announced, nil
			for _, k := range batch {
				l.batches[k] = own
			}
		}
		waits[l.batches[key]] = true
	}
	l.mu.Unlock()

	if own != nil {
		l.read(ctx, own, batch)
	}
	for wait := range waits {
		select {
		case <-wait.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if wait.err != nil {
			return nil, wait.err
		}
	}
	values := make(map[K]V, len(keys))
	for _, key := range keys {
		l.mu.Lock()
		from := l.batches[key]
		l.mu.Unlock()
		if v, ok := from.values[key]; ok {
			values[key] = v
		}
	}
	return values, nil
}

// read fills a batch. Those who wait for it are let go even when fetch panics.
func (l *loader[K, V]) read(ctx context.Context, b *loaded[K, V], keys []K) {
	b.err = errPanic
	defer close(b.done)
	b.values, b.err = l.fetch(ctx, keys)
}

// known tells whether key has been announced or loaded.
func (l *loader[K, V]) known(key K) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, known := l.batches[key]
	return known
}

// loadAll returns the values of keys in their order, without those that don't
// exist.
func (l *loader[K, V]) loadAll(ctx context.Context, keys []K) ([]V, error) {
	if len(keys) == 0 {
		return []V{}, nil
	}
	found, err := l.load(ctx, keys...)
	if err != nil {
		return nil, err
	}
	values := make([]V, 0, len(keys))
	for _, key := range keys {
		if v, ok := found[key]; ok {
			values = append(values, v)
		}
	}
	return values, nil
}

// loaders belong to one answer, or one event of a subscription, and show the
// store as its audience may see it.
type loaders struct {
	tags      *loader[news.TagID, *news.Tag]
	counts    *loader[news.TagID, int]
	stories   *loader[news.StoryID, *news.Story]
	coverages *loader[news.CoverageID, *news.Coverage]
	related   *loader[relatedKey, []*news.Story]

	mu       sync.Mutex
	siblings map[news.StoryID][][]news.StoryID // the lists that a story is shown in
}

type relatedKey struct {
	story news.StoryID
	first int
}

// newLoaders makes the loaders of an answer. who is asked at each reading: the
// loaders of an event are made before it comes, and a token may end meanwhile.
// What one of them reads may ask the
// others for more, so it is announced before anybody sees it: a level of an
// operation then takes one call, however many lists it is spread over.
func newLoaders(store news.Reading, who func(context.Context) news.Audience) *loaders {
	l := &loaders{siblings: map[news.StoryID][][]news.StoryID{}}
	l.counts = newLoader(store.StoryCounts)
	l.tags = newLoader(announcing(store.TagsByID, l.announceTags))
	l.coverages = newLoader(announcing(store.CoveragesByID, l.announceCoverages))
	l.stories = newLoader(announcing(func(ctx context.Context, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
		return store.StoriesByID(ctx, who(ctx), ids)
	}, l.announceStories))
	l.related = newLoader(func(ctx context.Context, keys []relatedKey) (map[relatedKey][]*news.Story, error) {
		found, err := fetchRelated(ctx, store, who(ctx), keys)
		l.announceStories(slices.Concat(slices.Collect(maps.Values(found))...)...)
		return found, err
	})
	return l
}

func announcing[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error), announce func(...V)) func(context.Context, []K) (map[K]V, error) {
	return func(ctx context.Context, keys []K) (map[K]V, error) {
		found, err := fetch(ctx, keys)
		announce(slices.Collect(maps.Values(found))...)
		return found, err
	}
}

// fetchRelated asks once for each number of stories that is wanted, which is
// once for nearly every operation.
func fetchRelated(ctx context.Context, store news.Reading, who news.Audience, keys []relatedKey) (map[relatedKey][]*news.Story, error) {
	byFirst := map[int][]news.StoryID{}
	for _, key := range keys {
		byFirst[key.first] = append(byFirst[key.first], key.story)
	}
	related := map[relatedKey][]*news.Story{}
	for first, ids := range byFirst {
		found, err := store.RelatedStories(ctx, who, ids, first)
		if err != nil {
			return nil, err
		}
		for id, stories := range found {
			related[relatedKey{id, first}] = stories
		}
	}
	return related, nil
}

type loadersKey struct{}

// withLoaders begins an answer.
func (r *Resolver) withLoaders(ctx context.Context) context.Context {
	return context.WithValue(ctx, loadersKey{}, newLoaders(r.Store, func(ctx context.Context) news.Audience {
		return r.actor(ctx).Audience()
	}))
}

func loadersFrom(ctx context.Context) *loaders { return ctx.Value(loadersKey{}).(*loaders) }

// actor is who asks, as of now: an open socket outlives its token.
func (r *Resolver) actor(ctx context.Context) news.Actor {
	who := news.ActorFrom(ctx)
	if expired(who, r.Now()) {
		return news.Actor{Name: who.Name, Role: news.Reader, Expires: who.Expires}
	}
	return who
}

func expired(who news.Actor, now time.Time) bool {
	return !who.Expires.IsZero() && !now.Before(who.Expires)
}

// The announce functions say what the items of a list may ask for.

func (l *loaders) announceStories(stories ...*news.Story) {
	ids := make([]news.StoryID, len(stories))
	for i, s := range stories {
		ids[i] = s.ID
		l.announceTagsOf(s)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids {
		l.siblings[id] = append(l.siblings[id], ids)
	}
}

func (l *loaders) announceTagsOf(s *news.Story) {
	l.tags.announce(s.Tags...)
	l.tags.announce(s.Authors...)
}

// relatedStories reads what is related to a story, along with what is related
// to the others of its lists: how many are wanted is not known before.
func (l *loaders) relatedStories(ctx context.Context, id news.StoryID, first int) ([]*news.Story, error) {
	key := relatedKey{id, first}
	if !l.related.known(key) {
		l.mu.Lock()
		siblings := slices.Concat(l.siblings[id]...)
		l.mu.Unlock()
		for _, sibling := range siblings {
			l.related.announce(relatedKey{sibling, first})
		}
	}
	found, err := l.related.load(ctx, key)
	return found[key], err
}

func (l *loaders) announceEntries(entries ...*news.TickerEntry) {
	for _, e := range entries {
		l.tags.announce(e.Tags...)
		if e.Story != "" {
			l.stories.announce(e.Story)
		}
		if e.Coverage != "" {
			l.coverages.announce(e.Coverage)
		}
	}
}

func (l *loaders) announceTags(tags ...*news.Tag) {
	for _, t := range tags {
		l.counts.announce(t.ID)
	}
}

func (l *loaders) announceCoverages(coverages ...*news.Coverage) {
	for _, c := range coverages {
		l.tags.announce(c.Tags...)
	}
}

func (l *loaders) announceEntities(entities ...news.Entity) {
	var stories []*news.Story
	for _, e := range entities {
		switch e := e.(type) {
		case *news.Story:
			stories = append(stories, e)
		case *news.Tag:
			l.announceTags(e)
		case *news.TickerEntry:
			l.announceEntries(e)
		case *news.Coverage:
			l.announceCoverages(e)
		}
	}
	l.announceStories(stories...)
}
