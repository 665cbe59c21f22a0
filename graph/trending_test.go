package graph_test

import (
	"context"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/cache"
	"depeche/internal/news"
)

// spans notes how far back trending tags are looked for.
type spans struct {
	news.Store
	since []time.Time
}

func (s *spans) TrendingTags(ctx context.Context, since time.Time, kinds []news.TagKind, limit int) ([]news.TagCount, error) {
	s.since = append(s.since, since)
	return s.Store.TrendingTags(ctx, since, kinds, limit)
}

// TestTrendingTagsOfAMinute asks at several moments: what trends is counted from
// whole minutes, and an answer that is kept ends with its minute.
func TestTrendingTagsOfAMinute(t *testing.T) {
	n := open(t)
	n.fill(t)
	minute := time.Date(2026, 3, 2, 10, 7, 0, 0, time.UTC)
	at := func(after time.Duration) {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.now = minute.Add(after)
	}
	answers := cache.New(cache.Options{Lifetime: time.Hour, Now: n.clock})
	asked := &spans{Store: n.store}
	n.resolver.Store = answers.Over(asked)
	ask := func(query string) {
		t.Helper()
		answers.Do(t.Context(), cache.KeyOf([]byte(query)), func(ctx context.Context) cache.Made {
			ctx = graphql.StartOperationTrace(ctx)
			oc, errs := n.executor.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
			if errs != nil {
				t.Error(errs)
				return cache.Made{}
			}
			responses, ctx := n.executor.DispatchOperation(ctx, oc)
			return cache.Made{Answer: &cache.Answer{Body: encode(t, responses(ctx))}, Keep: true}
		})
	}
	const trending, list = `{ trendingTags(withinHours: 1) { tag { name } } }`, `{ stories { nodes { title } } }`
	kept := func(query string) bool { return answers.Get(cache.KeyOf([]byte(query))) != nil }

	for _, row := range []struct {
		after time.Duration
		since time.Duration // from the minute
	}{
		{0, -time.Hour}, {time.Millisecond, -time.Hour}, {time.Minute - time.Millisecond, -time.Hour}, {time.Minute, time.Minute - time.Hour},
	} {
		at(row.after)
		asked.since = nil
		n.run(t, operation{text: trending})
		if len(asked.since) != 1 || !asked.since[0].Equal(minute.Add(row.since)) {
			t.Errorf("%v into the minute: asked for the time since %v, want %v", row.after, asked.since, minute.Add(row.since))
		}
	}

	at(7 * time.Second)
	ask(trending)
	ask(list)
	for _, row := range []struct {
		after time.Duration
		want  bool
	}{{8 * time.Second, true}, {time.Minute - time.Millisecond, true}, {time.Minute, false}} {
		at(row.after)
		if got := kept(trending); got != row.want {
			t.Errorf("%v into the minute: the answer is kept: %v, want %v", row.after, got, row.want)
		}
	}
	if !kept(list) {
		t.Error("a list ended with the minute too")
	}
}
