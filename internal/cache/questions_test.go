package cache_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"depeche/internal/cache"
	"depeche/internal/news"
)

// A question is some readings, one after the other.
type question struct {
	name     string
	readings []reading
}

// A reading reads something from a store.
type reading struct {
	name   string
	read   func(context.Context, news.Store) (any, error)
	method int // of methodNames
}

func (q question) key() cache.Key { return cache.KeyOf([]byte(q.name)) }

// answer is what the readings find, in full.
func (q question) answer(ctx context.Context, s news.Store) cache.Made {
	var body []byte
	for _, r := range q.readings {
		found, err := r.read(ctx, s)
		if err != nil {
			return cache.Made{Answer: &cache.Answer{Status: 503, Body: []byte(err.Error())}, Away: true}
		}
		data, err := json.Marshal(found)
		if err != nil {
			panic(err)
		}
		body = append(append(body, data...), '\n')
	}
	return cache.Made{Answer: &cache.Answer{Status: 200, Body: body}, Keep: true}
}

// ask asks q as a server does.
func ask(ctx context.Context, c *cache.Cache, s news.Store, q question) (string, cache.Outcome) {
	a, outcome := c.Do(ctx, q.key(), func(ctx context.Context) cache.Made { return q.answer(ctx, s) })
	if a == nil {
		return "", outcome
	}
	return string(a.Body), outcome
}

// fresh is what q finds without a cache.
func fresh(ctx context.Context, s news.Store, q question) string {
	return string(q.answer(ctx, s).Answer.Body)
}

// found names the versions of what was found.
func found[K ~string, E news.Entity](entities map[K]E, err error) (any, error) {
	named := make(map[K]news.Ref, len(entities))
	for key, e := range entities {
		named[key] = e.Ref()
	}
	return named, err
}

// page names the versions on a page. It forgets which line the page reflects: it
// is true for longer than that.
func page[E news.Entity](p news.Page[E], err error) (any, error) {
	return []any{refs(p.Items), p.HasPrevious, p.HasNext}, err
}

func refs[E news.Entity](entities []E) []news.Ref {
	var refs []news.Ref
	for _, e := range entities {
		refs = append(refs, e.Ref())
	}
	return refs
}

// A newsroom is where things happen at random, to few enough entities that most of
// it matters to most questions.
type newsroom struct {
	*rand.Rand
	entities map[news.EntityID]news.Entity
	ids      []news.EntityID // of entities, in the order in which they came
}

func newNewsroom(seed uint64) *newsroom {
	return &newsroom{Rand: rand.New(rand.NewPCG(seed, 5)), entities: make(map[news.EntityID]news.Entity)}
}

func pick[E any](r *newsroom, list []E) E { return list[r.IntN(len(list))] }

func (r *newsroom) chance(percent int) bool { return r.IntN(100) < percent }

var dawn = time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC)

// time is one of few enough that some are the same.
func (r *newsroom) time() time.Time { return dawn.Add(time.Duration(r.IntN(40)) * time.Hour) }

const (
	manyStories, manyTags, manyEntries, manyCoverages = 40, 9, 30, 5
)

func (r *newsroom) storyID() news.StoryID {
	return news.StoryID(fmt.Sprintf("story_%d", r.IntN(manyStories)))
}
func (r *newsroom) tagID() news.TagID { return news.TagID(fmt.Sprintf("tag_%d", r.IntN(manyTags))) }
func (r *newsroom) entryID() news.TickerEntryID {
	return news.TickerEntryID(fmt.Sprintf("tick_%d", r.IntN(manyEntries)))
}
func (r *newsroom) coverageID() news.CoverageID {
	return news.CoverageID(fmt.Sprintf("cov_%d", r.IntN(manyCoverages)))
}

// slug is one that an entity of a kind may have or have had, or will have.
func (r *newsroom) slug(id news.EntityID) string { return fmt.Sprintf("%s-%d", id, r.IntN(3)) }

func (r *newsroom) tagIDs(most int) []news.TagID {
	var ids []news.TagID
	for range r.IntN(most + 1) {
		if id := r.tagID(); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (r *newsroom) priority() news.Priority {
	return pick(r, []news.Priority{news.Flash, news.Alert, news.Urgent, news.Routine, news.Routine})
}

func (r *newsroom) language() string { return pick(r, []string{"fr", "fr-CA", "en"}) }

// change is something that happens to some entity. It has happened when it returns.
func (r *newsroom) change() news.Change {
	ch := news.Change{Op: news.OpUpdated, At: r.time(), By: "marie"}
	switch n := r.IntN(100); {
	case n < 45:
		ch.Doc = r.story(&ch)
	case n < 50:
		ch.Doc = r.lock(&ch)
	case n < 70:
		ch.Doc = r.entry()
	case n < 90:
		ch.Doc = r.tag()
	default:
		ch.Doc = r.coverage()
	}
	id := ch.Doc.Ref().ID
	if before := r.entities[id]; before != nil {
		l := before.Listing()
		ch.Before = &l
	} else {
		ch.Op = news.OpCreated
		r.ids = append(r.ids, id)
	}
	r.entities[id] = ch.Doc
	return ch
}

// revert is before ch again, since it was refused.
func (r *newsroom) revert(ch news.Change, before news.Entity) {
	id := ch.Doc.Ref().ID
	r.entities[id] = before
	if before == nil {
		delete(r.entities, id)
		r.ids = slices.DeleteFunc(r.ids, func(other news.EntityID) bool { return other == id })
	}
}

func (r *newsroom) story(ch *news.Change) *news.Story {
	id := r.storyID()
	s, there := r.entities[news.EntityID(id)].(*news.Story)
	if !there {
		s = &news.Story{ID: id, Status: news.StoryDraft, CreatedBy: pick(r, []string{"jo", "marie"}), CreatedAt: r.time()}
		s.Slug, s.Language, s.Priority, s.Tags = string(id)+"-0", r.language(), r.priority(), r.tagIDs(4)
	}
	s = s.Clone()
	s.Version++
	switch r.IntN(9) {
	case 0, 1:
		s.Title = fmt.Sprintf("titre %d", s.Version)
	case 2:
		s.Tags = r.tagIDs(4)
	case 3:
		s.Authors = r.tagIDs(1)
	case 4:
		s.Language, s.Priority, s.Breaking = r.language(), r.priority(), r.chance(30)
	case 5:
		s.Slug, s.PreviousSlugs = rename(r.slug(news.EntityID(id)), s.Slug, s.PreviousSlugs)
	default:
		ch.Op = r.move(s)
	}
	return s
}

// move takes a story to another state.
func (r *newsroom) move(s *news.Story) news.Op {
	switch {
	case s.Status == news.StoryRetracted:
		s.Status, s.Body = news.StoryUnpublished, "restored"
		return news.OpRestored
	case s.Public() && r.chance(70):
		s.Status, s.WithdrawnIn = news.StoryUnpublished, s.Version
		return news.OpUnpublished
	case (s.Public() || s.Status == news.StoryUnpublished) && r.chance(40):
		s.Status, s.WithdrawnIn, s.Body, s.EmbargoedUntil = news.StoryRetracted, s.Version, "", time.Time{}
		s.Corrections = []news.Correction{{Note: fmt.Sprintf("faux %d", s.Version), Kind: news.Retracting}}
		return news.OpRetracted
	case s.Status == news.StoryScheduled && r.chance(40):
		s.Status, s.Schedule = news.StoryDraft, nil
		return news.OpUnscheduled
	case !s.Public() && r.chance(25):
		s.Status, s.Schedule = news.StoryScheduled, &news.Schedule{At: r.time()}
		return news.OpScheduled
	case !s.Public() && r.chance(25):
		s.EmbargoedUntil = r.time()
		return news.OpEmbargoed
	case s.Status == news.StoryPublished: // and under embargo
		s.EmbargoedUntil = time.Time{}
		r.first(s)
		return news.OpReleased
	default:
		s.Status, s.Schedule = news.StoryPublished, nil
		r.first(s)
		return news.OpPublished
	}
}

// first has a story that has become public know since when.
func (r *newsroom) first(s *news.Story) {
	if s.Public() && s.PublishedAt.IsZero() {
		s.PublishedAt = r.time()
	}
}

// lock is something that nobody outside hears of, and that an id may be guessed of.
func (r *newsroom) lock(ch *news.Change) *news.Lock {
	id := news.LockOf(r.storyID())
	l, there := r.entities[news.EntityID(id)].(*news.Lock)
	if !there {
		l = &news.Lock{ID: id, Status: news.LockFree}
	}
	l = l.Clone()
	l.Version++
	ch.Op = news.OpLocked
	if l.Status = news.LockHeld; r.chance(50) {
		ch.Op, l.Status = news.OpUnlocked, news.LockFree
	}
	return l
}

func (r *newsroom) entry() *news.TickerEntry {
	id := r.entryID()
	e, there := r.entities[news.EntityID(id)].(*news.TickerEntry)
	if !there {
		e = &news.TickerEntry{ID: id, Status: news.TickerPublished, PublishedAt: r.time()}
		e.OccurredAt, e.Priority, e.Tags = r.time(), r.priority(), r.tagIDs(2)
		if r.chance(50) {
			e.Coverage = r.coverageID()
		}
	}
	e = e.Clone()
	e.Version++
	switch r.IntN(6) {
	case 0:
		e.Headline = fmt.Sprintf("dépêche %d", e.Version)
	case 1:
		e.Pinned, e.PinnedUntil = !e.Pinned, time.Time{}
		if e.Pinned && r.chance(50) {
			e.PinnedUntil = r.time()
		}
	case 2:
		e.OccurredAt = r.time()
		if e.Coverage != "" && r.chance(70) {
			e.CoverageOnly = !e.CoverageOnly
		}
	case 3:
		e.Tags, e.Coverage = r.tagIDs(2), r.coverageID()
	case 4:
		e.KeyEvent, e.Priority = !e.KeyEvent, r.priority()
	case 5:
		e.Status, e.Body = news.TickerRetracted, ""
	}
	return e
}

func (r *newsroom) tag() *news.Tag {
	id := r.tagID()
	t, there := r.entities[news.EntityID(id)].(*news.Tag)
	if !there {
		t = &news.Tag{ID: id}
		t.Slug, t.Kind = string(id)+"-0", pick(r, news.TagKinds()[:3])
	}
	t = t.Clone()
	t.Version++
	if there && r.chance(50) {
		r.turn(t)
		return t
	}
	switch r.IntN(4) {
	case 0:
		t.Description = news.Text(fmt.Sprintf("au sujet %d", t.Version))
	case 1:
		t.Kind = pick(r, news.TagKinds()[:3])
	case 2:
		t.Slug, t.PreviousSlugs = rename(r.slug(news.EntityID(id)), t.Slug, t.PreviousSlugs)
	}
	if !there || r.chance(25) {
		t.Name = pick(r, []string{"Art", "Arts", "Asie", "Bourse", "Brest", "Climat"})
		t.SortName = strings.ToLower(t.Name)
	}
	return t
}

// turn merges a tag into another one, or deletes it, or brings it back. The rules of
// the desk that keep chains from going round are not kept here, but that there is one
// to merge it into.
func (r *newsroom) turn(t *news.Tag) {
	switch {
	case t.Status == news.TagMerged && !t.Settled && r.chance(30):
		t.Settled = true
	case t.Status != news.TagInUse && r.chance(80):
		t.Status, t.MergedInto, t.Settled = news.TagInUse, "", false
	case r.chance(30):
		t.Status, t.MergedInto, t.Settled = news.TagDeleted, "", false
	default:
		if into := r.tagID(); r.entities[news.EntityID(into)] != nil {
			t.Status, t.MergedInto, t.Settled = news.TagMerged, into, false
		}
	}
}

func (r *newsroom) coverage() *news.Coverage {
	id := r.coverageID()
	c, there := r.entities[news.EntityID(id)].(*news.Coverage)
	if !there {
		c = &news.Coverage{ID: id}
		c.Slug, c.Status, c.StartsAt = string(id)+"-0", news.CoverageUpcoming, r.time()
	}
	c = c.Clone()
	c.Version++
	switch r.IntN(4) {
	case 0:
		c.Title = fmt.Sprintf("en direct %d", c.Version)
	case 1:
		c.Status = pick(r, news.CoverageStatuses())
	case 2:
		c.StartsAt = r.time()
	case 3:
		c.Slug, c.PreviousSlugs = rename(r.slug(news.EntityID(id)), c.Slug, c.PreviousSlugs)
	}
	return c
}

func rename(to, from string, previous []string) (string, []string) {
	if to == from {
		return from, previous
	}
	if !slices.Contains(previous, from) {
		previous = append(slices.Clone(previous), from)
	}
	return to, slices.DeleteFunc(previous, func(s string) bool { return s == to })
}

// window is some window of the lists of a kind.
func (r *newsroom) window(kind news.Kind) news.Window {
	var w news.Window
	if n := 1 + r.IntN(6); r.chance(60) {
		w.First = n
	} else {
		w.Last = n
	}
	if r.chance(40) {
		w.After = r.cursor(kind)
	}
	if r.chance(25) {
		w.Before = r.cursor(kind)
	}
	return w
}

// cursor is where an entity of the kind stands, or some other place.
func (r *newsroom) cursor(kind news.Kind) *news.PageCursor {
	for range 20 {
		if len(r.ids) == 0 {
			break
		}
		if e := r.entities[pick(r, r.ids)]; e.Ref().Kind == kind {
			c := news.CursorOf(e)
			return &c
		}
	}
	if kind == news.KindTag {
		return &news.PageCursor{List: kind, Name: pick(r, []string{"a", "b", "c"}), ID: "tag_4"}
	}
	return &news.PageCursor{List: kind, At: r.time(), ID: "x"}
}

func (r *newsroom) maybe() *bool {
	if r.chance(70) {
		return nil
	}
	yes := r.chance(50)
	return &yes
}

func (r *newsroom) since() time.Time {
	if r.chance(75) {
		return time.Time{}
	}
	return r.time()
}

func (r *newsroom) storyFilter() news.StoryFilter {
	var f news.StoryFilter
	if r.chance(20) {
		return f
	}
	f.Tags, f.AnyTag = r.tagIDs(2), r.chance(40)
	if r.chance(20) {
		f.Within = r.tagID()
	}
	if r.chance(20) {
		f.Language = pick(r, []string{"fr", "FR-ca", "en"})
	}
	if r.chance(20) {
		f.MinPriority = r.priority()
	}
	f.Breaking, f.PublishedAfter, f.PublishedBefore = r.maybe(), r.since(), r.since()
	if r.chance(10) {
		f.Status = []news.StoryStatus{pick(r, news.StoryStatuses())}
	}
	return f
}

func (r *newsroom) tickerFilter() news.TickerFilter {
	var f news.TickerFilter
	if r.chance(20) {
		return f
	}
	f.Tags, f.Pinned, f.KeyEvents = r.tagIDs(1), r.chance(15), r.chance(15)
	if r.chance(30) {
		f.Coverage = r.coverageID()
	}
	if r.chance(30) {
		f.MinPriority = r.priority()
	}
	f.OccurredAfter, f.OccurredBefore = r.since(), r.since()
	return f
}

func (r *newsroom) tagFilter() news.TagFilter {
	var f news.TagFilter
	if r.chance(50) {
		f.Kinds = r.kinds()
	}
	if r.chance(50) {
		f.NamePrefix = pick(r, []string{"a", "art", "b"})
	}
	return f
}

func (r *newsroom) kinds() []news.TagKind {
	kinds := slices.Clone(news.TagKinds()[:3])
	r.Shuffle(3, func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return kinds[:r.IntN(3)]
}

// reading is some reading by the method of news.Reading with that number.
func (r *newsroom) reading(method int) reading {
	var public news.Audience
	switch method {
	case 0:
		ids := []news.EntityID{
			news.EntityID(news.LockOf(r.storyID())), news.EntityID(r.storyID()), news.EntityID(r.tagID()), news.EntityID(r.entryID()), news.EntityID(r.coverageID()),
		}
		ids = ids[r.IntN(5):]
		return reading{name: fmt.Sprint("nodes ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.Nodes(ctx, public, ids))
		}}
	case 1:
		ids := []news.StoryID{r.storyID(), r.storyID()}
		return reading{name: fmt.Sprint("stories ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.StoriesByID(ctx, public, ids))
		}}
	case 2:
		ids := []news.TagID{r.tagID()}
		return reading{name: fmt.Sprint("tags ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.TagsByID(ctx, ids))
		}}
	case 3:
		ids := []news.TickerEntryID{r.entryID(), r.entryID()}
		return reading{name: fmt.Sprint("entries ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.TickerEntriesByID(ctx, ids))
		}}
	case 4:
		ids := []news.CoverageID{r.coverageID()}
		return reading{name: fmt.Sprint("coverages ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.CoveragesByID(ctx, ids))
		}}
	case 5:
		slugs := []string{r.slug(news.EntityID(r.storyID())), r.slug(news.EntityID(r.storyID()))}
		return reading{name: fmt.Sprint("stories named ", slugs), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.StoriesBySlug(ctx, public, slugs))
		}}
	case 6:
		slugs := []string{r.slug(news.EntityID(r.tagID()))}
		return reading{name: fmt.Sprint("tags named ", slugs), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.TagsBySlug(ctx, slugs))
		}}
	case 7:
		slugs := []string{r.slug(news.EntityID(r.coverageID()))}
		return reading{name: fmt.Sprint("coverages named ", slugs), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return found(s.CoveragesBySlug(ctx, slugs))
		}}
	case 8:
		f, w := r.storyFilter(), r.window(news.KindStory)
		return reading{name: fmt.Sprint("stories of ", inFull(f), inFull(w)), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Stories(ctx, public, f, w))
		}}
	case 9:
		f, w := r.tagFilter(), r.window(news.KindTag)
		return reading{name: fmt.Sprint("tags of ", inFull(f), inFull(w)), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Tags(ctx, f, w))
		}}
	case 10:
		f, w := r.tickerFilter(), r.window(news.KindTickerEntry)
		return reading{name: fmt.Sprint("entries of ", inFull(f), inFull(w)), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return page(s.TickerEntries(ctx, f, w))
		}}
	case 11:
		f, w := news.CoverageFilter{}, r.window(news.KindCoverage)
		if r.chance(50) {
			f.Status = []news.CoverageStatus{pick(r, news.CoverageStatuses())}
		}
		return reading{name: fmt.Sprint("coverages of ", inFull(f), inFull(w)), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Coverages(ctx, f, w))
		}}
	case 12:
		ids := append(r.tagIDs(2), r.tagID())
		return reading{name: fmt.Sprint("counts of ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return s.StoryCounts(ctx, ids)
		}}
	case 13:
		since, kinds, limit := r.since(), r.kinds(), 1+r.IntN(4)
		return reading{name: fmt.Sprint(limit, " trending ", kinds, since), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			ranking, err := s.TrendingTags(ctx, since, kinds, limit)
			var named []any
			for _, count := range ranking {
				named = append(named, count.Tag.Ref(), count.Stories)
			}
			return named, err
		}}
	case 14:
		id, seen, limit := r.storyID(), r.chance(60), 1+r.IntN(4)
		return reading{name: fmt.Sprint(limit, " related to ", id, seen), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			if seen { // as a front end does
				if _, err := s.StoriesByID(ctx, public, []news.StoryID{id}); err != nil {
					return nil, err
				}
			}
			related, err := s.RelatedStories(ctx, public, []news.StoryID{id}, limit)
			return refs(related[id]), err
		}}
	case 15:
		return reading{name: "all coverages", method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return s.Entities(ctx, news.KindCoverage, "", 10)
		}}
	case 16:
		return reading{name: "what waits", method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return page(s.Listed(ctx, news.Waiting(time.Time{}), news.Window{Last: 5}))
		}}
	case 17:
		ids := []news.TagID{r.tagID()}
		return reading{name: fmt.Sprint("uses of ", ids), method: method, read: func(ctx context.Context, s news.Store) (any, error) {
			return s.TagUses(ctx, ids)
		}}
	}
	panic("no such method")
}

const methods = 18

// methodNames are the methods of news.Reading, by number.
var methodNames = [methods]string{
	"Nodes", "StoriesByID", "TagsByID", "TickerEntriesByID", "CoveragesByID",
	"StoriesBySlug", "TagsBySlug", "CoveragesBySlug",
	"Stories", "Tags", "TickerEntries", "Coverages",
	"StoryCounts", "TrendingTags", "RelatedStories", "Entities", "Listed", "TagUses",
}

// question is some question of up to a few readings.
func (r *newsroom) question(most int) question {
	var q question
	var names []string
	for range 1 + r.IntN(most) {
		method := r.IntN(methods)
		if r.chance(30) {
			method = 8
		}
		reading := r.reading(method)
		q.readings = append(q.readings, reading)
		names = append(names, reading.name)
	}
	q.name = strings.Join(names, "; ")
	return q
}

func inFull(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}
