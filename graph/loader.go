package graph

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"depeche/graph/model"
	"depeche/internal/desk"
	"depeche/internal/news"
)

// A loader reads values by key in batches. Whoever makes a list announces the
// keys that its items will ask for; the first load then reads all that have been
// announced in one call, and the others find their values there. No timer is
// involved, so a list takes the same store calls each time.
type loader[K comparable, V any] struct {
	fetch func(context.Context, []K) (map[K]V, error)

	mu        sync.Mutex
	announced []K                 // some may be known by now
	batches   map[K]*loaded[K, V] // of keys that have been read, or are being read
}

type loaded[K comparable, V any] struct {
	done   chan struct{}
	values map[K]V
	err    error
}

func newLoader[K comparable, V any](fetch func(context.Context, []K) (map[K]V, error)) *loader[K, V] {
	return &loader[K, V]{fetch: fetch, batches: map[K]*loaded[K, V]{}}
}

// announce says that keys may be asked for. What is to be read in one call has to be
// announced in one call: somebody may load in between.
func (l *loader[K, V]) announce(keys ...K) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.announced = append(l.announced, keys...)
}

// load reads what is not known of keys, along with all that has been announced, and
// writes to in where each key is found.
func (l *loader[K, V]) load(ctx context.Context, keys []K, in []*loaded[K, V]) error {
	var own *loaded[K, V]
	var batch []K
	l.mu.Lock()
	for i, key := range keys {
		if l.batches[key] == nil {
			own = &loaded[K, V]{done: make(chan struct{})}
			batch = slices.Concat(l.announced, keys[i:])
			l.announced = nil
			batch = slices.DeleteFunc(batch, func(key K) bool {
				if l.batches[key] != nil {
					return true
				}
				l.batches[key] = own
				return false
			})
		}
		in[i] = l.batches[key]
	}
	l.mu.Unlock()

	if own != nil {
		l.read(ctx, own, batch)
	}
	var before *loaded[K, V]
	for _, wait := range in {
		if wait == before {
			continue
		}
		before = wait
		select {
		case <-wait.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if wait.err != nil {
			return wait.err
		}
	}
	return nil
}

// one returns the value of a key, and whether it exists.
func (l *loader[K, V]) one(ctx context.Context, key K) (v V, exists bool, err error) {
	var in [1]*loaded[K, V]
	if err := l.load(ctx, []K{key}, in[:]); err != nil {
		return v, false, err
	}
	v, exists = in[0].values[key]
	return v, exists, nil
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
	return l.batches[key] != nil || slices.Contains(l.announced, key)
}

// loadAll returns the values of keys in their order, without those that don't
// exist.
func (l *loader[K, V]) loadAll(ctx context.Context, keys []K) ([]V, error) {
	if len(keys) == 0 {
		return []V{}, nil
	}
	var room [8]*loaded[K, V] // nearly always enough, and no allocation
	in := room[:]
	if len(keys) > len(in) {
		in = make([]*loaded[K, V], len(keys))
	}
	if err := l.load(ctx, keys, in[:len(keys)]); err != nil {
		return nil, err
	}
	values := make([]V, 0, len(keys))
	for i, key := range keys {
		if v, ok := in[i].values[key]; ok {
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
	bodies    *loader[news.StoryID, string] // of stories that lists show in brief
	locks     *loader[news.StoryID, desk.HeldLock]
	delivered *loader[news.WebhookID, news.Seq]

	mu       sync.Mutex
	siblings map[*news.Story][][]*news.Story // the lists that a story is shown in
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
	l := &loaders{siblings: map[*news.Story][][]*news.Story{}}
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
	l.bodies = newLoader(func(ctx context.Context, ids []news.StoryID) (map[news.StoryID]string, error) {
		found, err := store.StoriesByID(ctx, who(ctx), ids)
		bodies := make(map[news.StoryID]string, len(found))
		for id, s := range found {
			bodies[id] = s.Body
		}
		return bodies, err
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
	l := newLoaders(r.Store, func(ctx context.Context) news.Audience { return r.actor(ctx).Audience() })
	l.locks = newLoader(r.locksOn)
	l.delivered = newLoader(r.Delivered)
	return context.WithValue(ctx, loadersKey{}, l)
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
	for _, s := range stories {
		l.announceTagsOf(s)
	}
	one := [][]*news.Story{stories}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range stories {
		lists := l.siblings[s]
		switch n := len(lists); {
		case n == 0:
			l.siblings[s] = one
		case &lists[n-1][0] != &stories[0]: // it is not in this list once more
			l.siblings[s] = append(lists, stories)
		}
	}
}

// siblingsOf are the stories of the lists that s is shown in, which are asked for
// what s is asked for. Lists of two levels that have a story in common are told
// apart as far as the store gives each a copy of it.
func (l *loaders) siblingsOf(s *news.Story) []*news.Story {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Concat(l.siblings[s]...)
}

func (l *loaders) announceTagsOf(s *news.Story) {
	l.tags.announce(s.Tags...)
	l.tags.announce(s.Authors...)
}

// relatedStories reads what is related to a story, along with what is related
// to the others of its lists: how many are wanted is not known before.
func (l *loaders) relatedStories(ctx context.Context, s *news.Story, first int) ([]*news.Story, error) {
	key := relatedKey{s.ID, first}
	if !l.related.known(key) {
		var keys []relatedKey
		for _, sibling := range l.siblingsOf(s) {
			keys = append(keys, relatedKey{sibling.ID, first})
		}
		l.related.announce(keys...)
	}
	found, _, err := l.related.one(ctx, key)
	return found, err
}

// body reads the body of a story that is in brief, along with those of the others
// of its lists: nobody knows before whether they are wanted. It is the body of the
// newest version, and empty where the story can no longer be seen.
func (l *loaders) body(ctx context.Context, s *news.Story) (string, error) {
	if !s.Brief {
		return s.Body, nil
	}
	if !l.bodies.known(s.ID) {
		var ids []news.StoryID
		for _, sibling := range l.siblingsOf(s) {
			if sibling.Brief {
				ids = append(ids, sibling.ID)
			}
		}
		l.bodies.announce(ids...)
	}
	found, _, err := l.bodies.one(ctx, s.ID)
	return found, err
}

// lock finds the lock that is held on a story, along with those on the others of its
// lists; nil where nobody holds it, or who asks may not know.
func (l *loaders) lock(ctx context.Context, s *news.Story) (*model.StoryLock, error) {
	if !l.locks.known(s.ID) {
		var ids []news.StoryID
		for _, sibling := range l.siblingsOf(s) {
			ids = append(ids, sibling.ID)
		}
		l.locks.announce(ids...)
	}
	held, exists, err := l.locks.one(ctx, s.ID)
	if err != nil || !exists {
		return nil, err
	}
	return storyLock(held, nil)
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

func (l *loaders) announceWebhooks(webhooks ...*news.Webhook) {
	ids := make([]news.WebhookID, len(webhooks))
	for i, w := range webhooks {
		ids[i] = w.ID
	}
	l.delivered.announce(ids...)
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
