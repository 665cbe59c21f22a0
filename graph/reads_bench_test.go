package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/graph"
	"depeche/graph/scalar"
	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest/corpus"
)

// BenchmarkReads measures what front ends ask most, from the parameters of a
// request to the data of its answer: on the short way and by gqlgen alone, over
// SQLite and over a store that takes no time.
func BenchmarkReads(b *testing.B) {
	stories := 10_000
	if testing.Short() {
		stories = 1_000
	}
	store, err := sqlite.Open(b.Context(), sqlite.Options{Path: corpus.File(b, stories, func(path string) (news.Store, error) {
		return sqlite.Open(b.Context(), sqlite.Options{Path: path})
	})})
	must(b, err)
	b.Cleanup(func() { store.Close() })
	still := newStill(store)
	for _, in := range []struct {
		name  string
		store news.Store
	}{{"sqlite", store}, {"still", still}} {
		for _, way := range []struct {
			name    string
			options graph.ExecutorOptions
		}{{"short", graph.ExecutorOptions{}}, {"gqlgen", graph.ExecutorOptions{NoShortWay: true}}} {
			newsroom := desk.New(in.store, time.Now)
			exec := graph.NewExecutor(&graph.Resolver{
				Store: in.store, Desk: newsroom, Text: renderer(), Zone: time.UTC, Now: newsroom.Now,
				Logger: slog.New(slog.DiscardHandler), RequestID: func(context.Context) string { return "" },
				Sign: func(news.Actor) (string, error) { return "", nil },
				Delivered: func(context.Context, []news.WebhookID) (map[news.WebhookID]news.Seq, error) {
					return nil, nil
				},
			}, way.options)
			for _, page := range frontEnd(b, store, stories) {
				b.Run(fmt.Sprintf("%s/%s/%s", page.name, in.name, way.name), func(b *testing.B) {
					benchmarkQuery(b, exec, page.text, page.variables)
				})
			}
		}
	}
}

type pageOf struct {
	name, text string
	variables  map[string]any
}

// frontEnd is what front ends ask.
func frontEnd(b *testing.B, store news.Store, stories int) []pageOf {
	b.Helper()
	found, err := store.StoriesByID(b.Context(), news.Audience{}, []news.StoryID{corpus.StoryID(stories / 2)})
	must(b, err)
	tags, err := store.TagsByID(b.Context(), []news.TagID{corpus.TagID(1)})
	must(b, err)
	middle := found[corpus.StoryID(stories/2)]
	const nodes = `nodes { id slug title summary publishedAt priority tags { slug name kind } image { url alt credit } }
		pageInfo { hasNextPage endCursor } liveCursor`
	return []pageOf{
		{"front page", `query FrontPage { stories(first: 20) { ` + nodes + ` } }`, nil},
		{"tag page", `query TagPage($slug: String!) { tag(slug: $slug) { name kind description storyCount stories(first: 20) { ` + nodes + ` } } }`,
			map[string]any{"slug": tags[corpus.TagID(1)].Slug}},
		{"story page", `query StoryPage($slug: String!) { story(slug: $slug) { id slug title summary publishedAt updatedAt body { markdown }
			tags { slug name kind } authors { slug name } image { url alt caption credit width height }
			corrections { at note } related(first: 5) { slug title publishedAt tags { slug name } } } }`,
			map[string]any{"slug": middle.Slug}},
		{"deep page", `query DeepPage($after: Cursor) { stories(first: 20, after: $after) { ` + nodes + ` } }`,
			map[string]any{"after": string(scalar.OfPage(news.CursorOf(middle)))}},
	}
}

func benchmarkQuery(b *testing.B, exec graphql.GraphExecutor, text string, variables map[string]any) {
	ctx, cancel := context.WithCancel(graphql.StartOperationTrace(b.Context()))
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		oc, errs := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: text, Variables: variables})
		if errs != nil {
			b.Fatal(errs)
		}
		responses, ctx := exec.DispatchOperation(ctx, oc)
		if r := responses(ctx); len(r.Errors) > 0 || len(r.Data) < 500 {
			b.Fatalf("got %s %v", r.Data, r.Errors)
		}
	}
}

// BenchmarkOperationContext measures what a query takes before it is executed, with
// its document kept.
func BenchmarkOperationContext(b *testing.B) {
	n := open(b)
	ctx := graphql.StartOperationTrace(b.Context())
	for _, row := range []pageOf{
		{"no variables", `query FrontPage { stories(first: 20) { nodes { id slug title tags { slug name kind } } pageInfo { endCursor } } }`, nil},
		{"a variable", `query TagPage($slug: String!) { tag(slug: $slug) { name stories(first: 20) { nodes { id slug title tags { slug } } } } }`, map[string]any{"slug": "senat"}},
		{"a filter", `query List($filter: StoryFilter, $first: Int) { stories(filter: $filter, first: $first) { nodes { id slug } } }`,
			map[string]any{"filter": map[string]any{"tags": []any{"senat"}, "minPriority": "URGENT"}, "first": json.Number("20")}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, errs := n.executor.CreateOperationContext(ctx, &graphql.RawParams{Query: row.text, Variables: row.variables}); errs != nil {
					b.Fatal(errs)
				}
			}
		})
	}
}

// still is a store that gives what it gave the first time, from memory, so that
// what is above it can be measured alone.
type still struct {
	news.Store
	mu      sync.Mutex
	pages   map[string]news.Page[*news.Story]
	slugs   map[string]*news.Story
	tags    map[news.TagID]*news.Tag
	named   map[string]*news.Tag
	counts  map[news.TagID]int
	related map[news.StoryID][]*news.Story
}

func newStill(store news.Store) *still {
	return &still{
		Store: store, pages: map[string]news.Page[*news.Story]{}, slugs: map[string]*news.Story{}, tags: map[news.TagID]*news.Tag{},
		named: map[string]*news.Tag{}, counts: map[news.TagID]int{}, related: map[news.StoryID][]*news.Story{},
	}
}

// again gives what is known of keys, and reads what is not.
func again[K comparable, V any](s *still, known map[K]V, keys []K, read func([]K) (map[K]V, error)) (map[K]V, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := make(map[K]V, len(keys))
	for _, key := range keys {
		v, ok := known[key]
		if !ok {
			fresh, err := read([]K{key})
			if err != nil {
				return nil, err
			}
			v = fresh[key]
			known[key] = v
		}
		found[key] = v
	}
	return found, nil
}

func (s *still) Stories(ctx context.Context, who news.Audience, f news.StoryFilter, w news.Window) (news.Page[*news.Story], error) {
	key := string(f.Within)
	if w.After != nil {
		key = "deep"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page, known := s.pages[key]
	if !known {
		var err error
		if page, err = s.Store.Stories(ctx, who, f, w); err != nil {
			return page, err
		}
		s.pages[key] = page
	}
	return page, nil
}

func (s *still) StoriesBySlug(ctx context.Context, who news.Audience, slugs []string) (map[string]*news.Story, error) {
	return again(s, s.slugs, slugs, func(slugs []string) (map[string]*news.Story, error) { return s.Store.StoriesBySlug(ctx, who, slugs) })
}

func (s *still) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	return again(s, s.tags, ids, func(ids []news.TagID) (map[news.TagID]*news.Tag, error) { return s.Store.TagsByID(ctx, ids) })
}

func (s *still) TagsBySlug(ctx context.Context, slugs []string) (map[string]*news.Tag, error) {
	return again(s, s.named, slugs, func(slugs []string) (map[string]*news.Tag, error) { return s.Store.TagsBySlug(ctx, slugs) })
}

func (s *still) StoryCounts(ctx context.Context, ids []news.TagID) (map[news.TagID]int, error) {
	return again(s, s.counts, ids, func(ids []news.TagID) (map[news.TagID]int, error) { return s.Store.StoryCounts(ctx, ids) })
}

func (s *still) RelatedStories(ctx context.Context, who news.Audience, ids []news.StoryID, limit int) (map[news.StoryID][]*news.Story, error) {
	return again(s, s.related, ids, func(ids []news.StoryID) (map[news.StoryID][]*news.Story, error) {
		return s.Store.RelatedStories(ctx, who, ids, limit)
	})
}
