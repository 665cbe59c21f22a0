package desk_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/text"
)

// A slugged kind is one whose entities have slugs.
type sluggedKind struct {
	name     string
	numbered bool // a slug that is taken gets a number
	create   func(id, title, slug string) (news.Entity, error)
	change   func(id string, version int, title, slug string) (news.Entity, error)
	bySlug   func(slugs []string) (map[string]news.EntityID, error)
}

func (r *room) sluggedKinds(t *testing.T) []sluggedKind {
	ctx := t.Context()
	return []sluggedKind{
		{
			"story", true,
			func(id, title, slug string) (news.Entity, error) {
				return r.CreateStory(ctx, editor, id, func(e *desk.StoryEdit) { e.Title, e.Language, e.Slug = title, "fr", slug })
			},
			func(id string, version int, title, slug string) (news.Entity, error) {
				return r.UpdateStory(ctx, editor, news.StoryID(id), version, func(e *desk.StoryEdit) { e.Title, e.Slug = title, slug })
			},
			func(slugs []string) (map[string]news.EntityID, error) {
				found, err := r.store.StoriesBySlug(ctx, news.Audience{Staff: true}, slugs)
				return owners(found), err
			},
		},
		{
			"tag", false,
			func(id, title, slug string) (news.Entity, error) {
				return r.CreateTag(ctx, editor, id, news.TagContent{Name: title, Slug: slug, Kind: news.TagTopic})
			},
			func(id string, version int, title, slug string) (news.Entity, error) {
				return r.UpdateTag(ctx, editor, news.TagID(id), version, func(c *news.TagContent) { c.Name, c.Slug = title, slug })
			},
			func(slugs []string) (map[string]news.EntityID, error) {
				found, err := r.store.TagsBySlug(ctx, slugs)
				return owners(found), err
			},
		},
		{
			"coverage", true,
			func(id, title, slug string) (news.Entity, error) {
				return r.CreateCoverage(ctx, editor, id, func(e *desk.CoverageEdit) {
					e.Title, e.Status, e.StartsAt, e.Slug = title, news.CoverageLive, noon, slug
				})
			},
			func(id string, version int, title, slug string) (news.Entity, error) {
				return r.UpdateCoverage(ctx, editor, news.CoverageID(id), version, func(e *desk.CoverageEdit) { e.Title, e.Slug = title, slug })
			},
			func(slugs []string) (map[string]news.EntityID, error) {
				found, err := r.store.CoveragesBySlug(ctx, slugs)
				return owners(found), err
			},
		},
	}
}

func owners[E news.Entity](found map[string]E) map[string]news.EntityID {
	list := map[string]news.EntityID{}
	for slug, e := range found {
		list[slug] = e.Ref().ID
	}
	return list
}

func TestSlugsOfEveryScript(t *testing.T) {
	r := open(t)
	for _, kind := range r.sluggedKinds(t) {
		for i, c := range []struct{ title, slug string }{
			{"L’été à l'Élysée", "l-ete-a-l-elysee"},
			{"北京奥运会", "bei-jing-ao-yun-hui"},
			{"القاهرة", "lqhr"},
			{"Выборы в Москве", "vybory-v-moskve"},
			{"Αθήνα", "athena"},
			{"서울", "seoul"},
			{"東京 2026", "dong-jing-2026"},
			{"דער בונד", "dr-bvnd"},
			{"🔴🔴🔴", "untitled"},
			{"🔴 Direct", "direct"},
			{"«\u00A0?\u00A0»", "untitled-2"},
			{"l’été à l’Élysée", "l-ete-a-l-elysee-2"},
		} {
			e, err := kind.create("", c.title, "")
			if text.Slug(c.title) == "" && !kind.numbered || i == 11 && !kind.numbered {
				wantInvalid(t, err, "slug") // a tag has the slug of its name, or one that somebody chose
				continue
			}
			must(t, err)
			if got := e.Slugs()[0]; got != c.slug {
				t.Errorf("%s %q: got %s, want %s", kind.name, c.title, got, c.slug)
			}
		}
	}
}

// TestASlugBelongsToOneForEver makes and renames entities at random, and holds what
// becomes of them against what is written down beside.
func TestASlugBelongsToOneForEver(t *testing.T) {
	for seed := range uint64(3) {
		r := open(t)
		for _, kind := range r.sluggedKinds(t) {
			t.Run(fmt.Sprint(kind.name, seed), func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				titles := []string{"Paris", "paris !", "巴黎", "Париж", "🔴", "Météo", "Meteo 2", "Météo-2"}
				slugs := []string{"", "", "paris", "paris-2", "meteo", "meteo-2", "ba-li", "untitled", "a", "b"}
				owner := map[string]news.EntityID{}
				history := map[news.EntityID][]string{} // the slug in force last
				for i := range 120 {
					title, slug := titles[random.IntN(len(titles))], slugs[random.IntN(len(slugs))]
					if i%3 == 0 || len(history) == 0 {
						id := fmt.Sprintf("%s-%d", kind.name, i)
						e, err := kind.create(id, title, slug)
						wanted := slug
						if wanted == "" {
							wanted = text.Slug(title)
						}
						switch {
						case err == nil:
							got := e.Slugs()
							if len(got) != 1 || owner[got[0]] != "" || slug != "" && got[0] != slug || !text.ValidSlug(got[0]) {
								t.Fatalf("created with %q: got the slugs %v, which belong to %v", slug, got, owner[got[0]])
							}
							owner[got[0]], history[news.EntityID(id)] = news.EntityID(id), got
						case (slug != "" || !kind.numbered) && (wanted == "" || owner[wanted] != ""):
							wantInvalid(t, err, "slug")
						default:
							t.Fatalf("%q with the slug %q: %v", title, slug, err)
						}
						continue
					}
					ids := slices.Sorted(func(yield func(news.EntityID) bool) {
						for id := range history {
							if !yield(id) {
								return
							}
						}
					})
					id := ids[random.IntN(len(ids))]
					before := history[id]
					e, err := kind.change(string(id), r.itself(t, id).Ref().Version, title, slug)
					switch {
					case owner[slug] != "" && owner[slug] != id:
						wantInvalid(t, err, "slug")
						continue
					case err != nil:
						t.Fatalf("%s with the slug %q: %v", id, slug, err)
					}
					if slug == "" {
						slug = before[len(before)-1]
					}
					owner[slug] = id
					history[id] = append(slices.DeleteFunc(slices.Clone(before), func(s string) bool { return s == slug }), slug)
					want := append([]string{slug}, history[id][:len(history[id])-1]...)
					if got := e.Slugs(); !slices.Equal(got, want) {
						t.Fatalf("%s: got the slugs %v, want %v", id, got, want)
					}
				}
				var all []string
				for slug := range owner {
					all = append(all, slug)
				}
				found, err := kind.bySlug(append(all, "nobody-s"))
				must(t, err)
				for _, slug := range all {
					if found[slug] != owner[slug] {
						t.Errorf("%s answers with %s, want %s", slug, found[slug], owner[slug])
					}
				}
				if len(found) != len(all) {
					t.Errorf("%d slugs answer, want %d", len(found), len(all))
				}
			})
		}
	}
}

// TestASlugIsGivenOnce has many ask for one slug at the same time.
func TestASlugIsGivenOnce(t *testing.T) {
	r := open(t)
	for _, kind := range r.sluggedKinds(t) {
		for i := range 4 {
			_, err := kind.create(fmt.Sprintf("%s-%d", kind.name, i), fmt.Sprint("Title ", i), "")
			must(t, err)
		}
		errs := make([]error, 8)
		together(len(errs), func(i int) {
			if i < 4 {
				_, errs[i] = kind.change(fmt.Sprintf("%s-%d", kind.name, i), 1, "New", "wanted")
			} else {
				_, errs[i] = kind.create("", "New", "wanted")
			}
		})
		won := 0
		for _, err := range errs {
			var invalid *news.InvalidError
			switch {
			case err == nil:
				won++
			case !errors.As(err, &invalid) || invalid.Field != "slug":
				t.Errorf("%s: got %v", kind.name, err)
			}
		}
		if won != 1 {
			t.Errorf("%s: %d got the slug", kind.name, won)
		}
	}
}
