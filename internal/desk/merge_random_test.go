package desk_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A filing is a room with a few tags and a lot that carries them.
type filing struct {
	*room
	random   *rand.Rand
	tags     []news.TagID
	entities []news.EntityID
}

func fileAtRandom(t *testing.T, seed uint64) *filing {
	f := &filing{room: open(t), random: rand.New(rand.NewPCG(seed, 0))}
	for i := range 6 {
		f.tags = append(f.tags, news.TagID(fmt.Sprintf("t%d", i)))
	}
	f.topics(t, f.tags...)
	for i := range 24 {
		id := fmt.Sprintf("e%02d", i)
		f.entities = append(f.entities, news.EntityID(id))
		switch i % 4 {
		case 0:
			_, err := f.PublishTickerEntry(t.Context(), editor, id, false, func(e *desk.TickerEdit) { e.Headline, e.TagRefs = id, f.some() })
			must(t, err)
		case 1:
			_, err := f.CreateCoverage(t.Context(), editor, id, func(e *desk.CoverageEdit) {
				e.Title, e.Status, e.StartsAt, e.TagRefs = id, news.CoverageLive, noon, f.some()
			})
			must(t, err)
		default:
			f.tagged(t, id, f.some()...)
		}
	}
	return f
}

// some picks tags in any order.
func (f *filing) some() []string {
	var refs []string
	for _, i := range f.random.Perm(len(f.tags))[:f.random.IntN(5)] {
		refs = append(refs, string(f.tags[i]))
	}
	return refs
}

// state is all that there is, but for versions and times.
func (f *filing) state(t *testing.T) map[news.EntityID]news.Entity {
	state := map[news.EntityID]news.Entity{}
	for _, id := range slices.Concat(f.entities, toIDs(f.tags)) {
		switch e := f.itself(t, id).(type) {
		case *news.Story:
			e = e.Clone()
			e.Version, e.UpdatedAt = 0, time.Time{}
			state[id] = e
		case *news.TickerEntry:
			e = e.Clone()
			e.Version, e.UpdatedAt = 0, time.Time{}
			state[id] = e
		case *news.Coverage:
			e = e.Clone()
			e.Version = 0
			state[id] = e
		case *news.Tag:
			e = e.Clone()
			e.Version, e.Settled = 0, false
			state[id] = e
		}
	}
	return state
}

func toIDs(tags []news.TagID) (ids []news.EntityID) {
	for _, tag := range tags {
		ids = append(ids, news.EntityID(tag))
	}
	return ids
}

func tagsIn(e news.Entity) []news.TagID {
	switch e := e.(type) {
	case *news.Story:
		return e.Tags
	case *news.TickerEntry:
		return e.Tags
	case *news.Coverage:
		return e.Tags
	}
	return nil
}

// retitle changes something else than the tags, or, with refs, the tags too.
func (f *filing) retitle(t *testing.T, id news.EntityID, title string, refs []string) {
	ctx := t.Context()
	var err error
	switch e := f.itself(t, id).(type) {
	case *news.Story:
		_, err = f.UpdateStory(ctx, editor, e.ID, e.Version, func(e *desk.StoryEdit) { e.Title, e.TagRefs = title, refs })
	case *news.TickerEntry:
		_, err = f.CorrectTickerEntry(ctx, editor, e.ID, e.Version, "A note.", news.Clarifying, func(e *desk.TickerEdit) { e.TagRefs = refs })
	case *news.Coverage:
		_, err = f.UpdateCoverage(ctx, editor, e.ID, e.Version, func(e *desk.CoverageEdit) { e.Title, e.TagRefs = title, refs })
	}
	must(t, err)
}

// TestAMergeIsUndoneExactly merges two tags, has editors work on, and undoes it:
// what nobody has filed elsewhere meanwhile is as it was.
func TestAMergeIsUndoneExactly(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := fileAtRandom(t, seed)
			before := f.state(t)
			f.merge(t, "t0", "t1")
			titled, refiled := map[news.EntityID]bool{}, map[news.EntityID][]news.TagID{}
			for i := range 12 {
				f.advance(time.Second)
				id := f.entities[f.random.IntN(len(f.entities))]
				if i%3 > 0 {
					titled[id] = true
					f.retitle(t, id, fmt.Sprint("Title ", i), nil)
					continue
				}
				f.retitle(t, id, fmt.Sprint("Title ", i), f.some())
				refiled[id] = tagsIn(f.itself(t, id))
			}
			if f.random.IntN(2) == 0 {
				f.advance(time.Hour)
				_, err := desk.SettleMerges(f.Desk, t.Context())
				must(t, err)
			}
			m := f.unmerge(t, "t0")
			moved := 0
			for id, now := range f.state(t) {
				was := before[id]
				given := slices.Contains(tagsIn(was), "t0")
				tags, isRefiled := refiled[id]
				switch {
				case isRefiled:
					given = given && slices.Contains(tags, "t1")
					if slices.Contains(tagsIn(now), "t0") != given {
						t.Errorf("%s had %v, was given %v, and has %v", id, tagsIn(was), tags, tagsIn(now))
					}
				case titled[id]:
					if !slices.Equal(tagsIn(was), tagsIn(now)) {
						t.Errorf("%s had %v, and has %v", id, tagsIn(was), tagsIn(now))
					}
				case !reflect.DeepEqual(was, now):
					t.Errorf("%s was\n%+v, and is\n%+v", id, was, now)
				}
				if given {
					moved++
				}
			}
			if m.Moved.Total() != moved {
				t.Errorf("%+v were moved back, want %d", m.Moved, moved)
			}
		})
	}
}

// TestManyMergesAreUndone merges tags at random, also those that others were merged
// into, and undoes it all: backwards, so that everything is as it was; or in any
// order that there is, so that everything carries what it did.
func TestManyMergesAreUndone(t *testing.T) {
	for seed := range uint64(4) {
		for _, backwards := range []bool{true, false} {
			t.Run(fmt.Sprint(seed, backwards), func(t *testing.T) {
				f := fileAtRandom(t, seed)
				before := f.state(t)
				var merged []news.TagID
				left := slices.Clone(f.tags)
				for len(left) > 1 {
					f.advance(time.Minute)
					f.random.Shuffle(len(left), func(i, j int) { left[i], left[j] = left[j], left[i] })
					f.merge(t, left[0], left[1])
					merged, left = append(merged, left[0]), left[1:]
					if f.random.IntN(2) == 0 {
						_, err := desk.SettleMerges(f.Desk, t.Context())
						must(t, err)
					}
				}
				for len(merged) > 0 {
					i := len(merged) - 1
					if !backwards {
						i = f.random.IntN(len(merged))
						if f.tagItself(t, f.tagItself(t, merged[i]).MergedInto).Status != news.TagInUse {
							continue
						}
					}
					f.unmerge(t, merged[i])
					merged = slices.Delete(merged, i, i+1)
				}
				for id, now := range f.state(t) {
					was := before[id]
					if backwards && !reflect.DeepEqual(was, now) {
						t.Errorf("%s was\n%+v, and is\n%+v", id, was, now)
					}
					if got, want := slices.Sorted(slices.Values(tagsIn(now))), slices.Sorted(slices.Values(tagsIn(was))); !slices.Equal(got, want) {
						t.Errorf("%s had %v, and has %v", id, want, got)
					}
				}
			})
		}
	}
}
