package cache_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"depeche/internal/cache"
	"depeche/internal/news"
	"depeche/internal/store/storetest"
)

// empty is a store of nothing but what is asked for, so that nothing but the cache
// is measured.
type empty struct{ *memory }

func (s empty) StoriesByID(_ context.Context, _ news.Audience, ids []news.StoryID) (map[news.StoryID]*news.Story, error) {
	found := make(map[news.StoryID]*news.Story)
	for _, id := range ids {
		found[id] = storetest.Story(id)
	}
	return found, nil
}

func (s empty) Stories(context.Context, news.Audience, news.StoryFilter, news.Window) (news.Page[*news.Story], error) {
	return news.Page[*news.Story]{HasPrevious: true, HasNext: true}, nil
}

func BenchmarkGet(b *testing.B) {
	c := cache.New(cache.Options{})
	keys := make([]cache.Key, 1000)
	for i := range keys {
		keys[i] = key(fmt.Sprint(i))
		c.Do(b.Context(), keys[i], func(context.Context) cache.Made { return made("a") })
	}
	b.Run("alone", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if c.Get(keys[i%len(keys)]) == nil {
				b.Fatal("it is not there")
			}
		}
	})
	b.Run("the same at once", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if c.Get(keys[0]) == nil {
					b.Error("it is not there")
				}
			}
		})
	})
}

// BenchmarkDo measures what a miss costs beside the making: an answer made of a page
// of 20 stories and their tags.
func BenchmarkDo(b *testing.B) {
	c := cache.New(cache.Options{})
	s := c.Over(empty{newMemory()})
	ids := make([]news.StoryID, 20)
	tags := make([]news.TagID, 20)
	for i := range ids {
		ids[i], tags[i] = news.StoryID(fmt.Sprintf("story_%d", i)), news.TagID(fmt.Sprintf("tag_%d", i))
	}
	body := make([]byte, 8<<10)
	change := storetest.Change(storetest.Story("story_1"), nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		_, outcome := c.Do(b.Context(), key("a"), func(ctx context.Context) cache.Made {
			must(s.Stories(ctx, public, news.StoryFilter{}, news.Window{First: 20}))
			must(s.StoriesByID(ctx, public, ids))
			must(s.TagsByID(ctx, tags))
			return cache.Made{Answer: &cache.Answer{Body: body}, Keep: true}
		})
		if outcome != cache.Miss {
			b.Fatalf("got %v, want a miss", outcome)
		}
		c.Passed([]news.Line{{Seq: news.Seq(i + 1), Change: change}})
	}
}

// BenchmarkPassed measures a line while 50,000 answers are kept: pages of stories,
// pages of tags, and deep pages of the list of all.
func BenchmarkPassed(b *testing.B) {
	const answers = 50_000
	c := cache.New(cache.Options{Bytes: 1 << 30, Lifetime: time.Hour})
	s := c.Over(empty{newMemory()})
	for i := range answers {
		c.Do(b.Context(), key(fmt.Sprint(i)), func(ctx context.Context) cache.Made {
			switch i % 5 {
			case 0:
				f := news.StoryFilter{Tags: []news.TagID{news.TagID(fmt.Sprintf("tag_%d", i%2000))}}
				must(s.Stories(ctx, public, f, news.Window{First: 20}))
			case 1:
				after := &news.PageCursor{List: news.KindStory, At: dawn.Add(-time.Duration(i) * time.Hour), ID: "x"}
				must(s.Stories(ctx, public, news.StoryFilter{}, news.Window{First: 20, After: after}))
			default:
				var ids []news.StoryID
				for j := range 6 {
					ids = append(ids, news.StoryID(fmt.Sprintf("story_%d", i+j)))
				}
				must(s.StoriesByID(ctx, public, ids))
			}
			return made("a")
		})
	}
	if n := c.Stats().Answers; n != answers {
		b.Fatalf("%d answers are kept, want %d", n, answers)
	}
	seq := news.Seq(0)
	for _, bench := range []struct {
		name string
		doc  news.Entity
	}{
		{"ticker entry", entry("tick_1", 1)},
		{"story on top", storetest.Story("new", func(s *news.Story) { s.PublishedAt, s.Tags = dawn.AddDate(1, 0, 0), []news.TagID{"tag_x"} })},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				seq++
				c.Passed([]news.Line{{Seq: seq, Change: storetest.Change(bench.doc, nil)}})
			}
			b.StopTimer()
			if n := c.Stats().Answers; n != answers {
				b.Fatalf("%d answers are left, want all", n)
			}
		})
	}
}
