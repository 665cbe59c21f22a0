package corpus

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
)

// Benchmark measures what front ends ask most of a store that Fill filled with n
// stories.
func Benchmark(b *testing.B, s news.Store, n int) {
	// As a server's requests have it, ctx may end, which costs the driver a
	// goroutine for each statement.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var public news.Audience
	first := news.Window{First: 20}
	story := func(i int) news.StoryID { return StoryID(i * 7919 % n) }
	middle := &news.PageCursor{List: news.KindStory, At: Time(n / 2), ID: news.EntityID(StoryID(n / 2))}

	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	page := func(p news.Page[*news.Story], err error) news.Page[*news.Story] {
		must(err)
		if len(p.Items) == 0 {
			b.Fatal("an empty page")
		}
		return p
	}
	for _, bench := range []struct {
		name string
		run  func(i int)
	}{
		{"front page of 20 with tags", func(i int) {
			p := page(s.Stories(ctx, public, news.StoryFilter{}, first))
			var tags []news.TagID
			for _, story := range p.Items {
				tags = append(tags, story.Tags...)
			}
			_, err := s.TagsByID(ctx, tags)
			must(err)
		}},
		{"page of a common tag", func(i int) {
			page(s.Stories(ctx, public, news.StoryFilter{Tags: []news.TagID{TagID(i % 3)}}, first))
		}},
		{"page of two tags and a language", func(i int) {
			page(s.Stories(ctx, public, news.StoryFilter{Tags: []news.TagID{TagID(i % 3), TagID(3)}, Language: "fr"}, first))
		}},
		{"page of any of five tags", func(i int) {
			tags := []news.TagID{TagID(i % 10), TagID(20), TagID(40), TagID(80), TagID(160)}
			page(s.Stories(ctx, public, news.StoryFilter{Tags: tags, AnyTag: true}, first))
		}},
		{"page for the staff", func(i int) {
			page(s.Stories(ctx, news.Audience{Staff: true}, news.StoryFilter{}, first))
		}},
		{"page from the middle", func(i int) {
			page(s.Stories(ctx, public, news.StoryFilter{}, news.Window{First: 20, After: middle}))
		}},
		{"story by slug", func(i int) {
			slug := "s-" + string(story(i))
			found, err := s.StoriesBySlug(ctx, news.Audience{Staff: true}, []string{slug})
			if err != nil || len(found) != 1 {
				b.Fatal(found, err)
			}
		}},
		{"20 stories by id", func(i int) {
			var ids []news.StoryID
			for j := range 20 {
				ids = append(ids, story(i*20+j))
			}
			_, err := s.StoriesByID(ctx, public, ids)
			must(err)
		}},
		{"ticker page of 20", func(i int) {
			_, err := s.TickerEntries(ctx, news.TickerFilter{}, first)
			must(err)
		}},
		{"catch-up of 100 lines", func(i int) {
			lines, err := s.Lines(ctx, news.Seq(n), 100)
			if err != nil || len(lines) != 100 {
				b.Fatal(len(lines), err)
			}
		}},
		{"related to one story", func(i int) {
			_, err := s.RelatedStories(ctx, public, []news.StoryID{story(i)}, 5)
			must(err)
		}},
		{"related to 20 stories", func(i int) {
			var ids []news.StoryID
			for j := range 20 {
				ids = append(ids, StoryID(n-1-j))
			}
			_, err := s.RelatedStories(ctx, public, ids, 5)
			must(err)
		}},
		{"counts of 20 tags", func(i int) {
			var tags []news.TagID
			for j := range 20 {
				tags = append(tags, TagID((i*20+j)%Tags))
			}
			_, err := s.StoryCounts(ctx, tags)
			must(err)
		}},
		{"trending tags of 3 days", func(i int) {
			_, err := s.TrendingTags(ctx, Time(n-1).Add(-3*24*time.Hour), nil, 10)
			must(err)
		}},
		{"trending tags of all time", func(i int) {
			_, err := s.TrendingTags(ctx, time.Time{}, nil, 10)
			must(err)
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				bench.run(i)
			}
		})
	}
}

// BenchmarkCommits measures commits of one new entity, each acknowledged when it
// is durable, by writers that share the stores, which are of one newsroom.
func BenchmarkCommits[E news.Entity](b *testing.B, make func(g *Generator, i int) E, writers int, stores ...news.Store) {
	g := New(1)
	var changes []news.Change
	for i := range b.N {
		changes = append(changes, news.Change{Op: news.OpCreated, At: Time(i), Doc: make(g, i)})
	}
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for writer := range writers {
		s := stores[writer%len(stores)]
		wg.Go(func() {
			for {
				i := next.Add(1) - 1
				if i >= int64(b.N) {
					return
				}
				if _, err := s.Commit(context.Background(), changes[i:i+1]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}
