package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest/corpus"
)

// BenchmarkStore measures what the front ends ask most over a small and a large
// newsroom. The corpora are made once and kept in the folder for temporary
// files; remove depeche-bench-* there to make them anew. With -short there is
// only one of 1,000 stories.
func BenchmarkStore(b *testing.B) {
	sizes := []int{10_000, 100_000}
	if testing.Short() {
		sizes = []int{1_000}
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("stories=%d", n), func(b *testing.B) { benchmark(b, n) })
	}
}

func benchmark(b *testing.B, n int) {
	s := open(b, file(b, n))
	b.Cleanup(func() { s.Close() })
	// As a server's requests have it, ctx may end, which costs the driver a
	// goroutine for each statement.
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var public news.Audience
	first := news.Window{First: 20}
	story := func(i int) news.StoryID { return corpus.StoryID(i * 7919 % n) }
	middle := &news.PageCursor{List: news.KindStory, At: corpus.Time(n / 2), ID: news.EntityID(corpus.StoryID(n / 2))}

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
			page(s.Stories(ctx, public, news.StoryFilter{Tags: []news.TagID{corpus.TagID(i % 3)}}, first))
		}},
		{"page of two tags and a language", func(i int) {
			page(s.Stories(ctx, public, news.StoryFilter{Tags: []news.TagID{corpus.TagID(i % 3), corpus.TagID(3)}, Language: "fr"}, first))
		}},
		{"page of any of five tags", func(i int) {
			tags := []news.TagID{corpus.TagID(i % 10), corpus.TagID(20), corpus.TagID(40), corpus.TagID(80), corpus.TagID(160)}
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
				ids = append(ids, corpus.StoryID(n-1-j))
			}
			_, err := s.RelatedStories(ctx, public, ids, 5)
			must(err)
		}},
		{"counts of 20 tags", func(i int) {
			var tags []news.TagID
			for j := range 20 {
				tags = append(tags, corpus.TagID((i*20+j)%corpus.Tags))
			}
			_, err := s.StoryCounts(ctx, tags)
			must(err)
		}},
		{"trending tags of 3 days", func(i int) {
			_, err := s.TrendingTags(ctx, corpus.Time(n-1).Add(-3*24*time.Hour), nil, 10)
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

// BenchmarkCommit measures commits of one change, each acknowledged when it is
// on the disk.
func BenchmarkCommit(b *testing.B) {
	for _, writers := range []int{1, 8} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			s := open(b, filepath.Join(b.TempDir(), "news.db"))
			b.Cleanup(func() { s.Close() })
			g := corpus.New(1)
			stories := make([]*news.Story, b.N)
			for i := range stories {
				stories[i] = g.Story(i)
			}
			b.ResetTimer()
			var next atomic.Int64
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for {
						i := next.Add(1) - 1
						if i >= int64(b.N) {
							return
						}
						ch := news.Change{Op: news.OpCreated, At: stories[i].CreatedAt, Doc: stories[i]}
						if _, err := s.Commit(context.Background(), []news.Change{ch}); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
		})
	}
}

// BenchmarkImport measures commits of a thousand stories.
func BenchmarkImport(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "news.db"))
	b.Cleanup(func() { s.Close() })
	g := corpus.New(1)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		changes := make([]news.Change, 1000)
		for j := range changes {
			story := g.Story(i*len(changes) + j)
			changes[j] = news.Change{Op: news.OpCreated, At: story.CreatedAt, Doc: story}
		}
		b.StartTimer()
		if _, err := s.Commit(context.Background(), changes); err != nil {
			b.Fatal(err)
		}
	}
}

// file is the path of a store of n stories, n ticker entries and their tags.
func file(b *testing.B, n int) string {
	b.Helper()
	return corpus.File(b, n, func(path string) (news.Store, error) {
		return sqlite.Open(b.Context(), sqlite.Options{Path: path})
	})
}
