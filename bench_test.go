package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"depeche/graph"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest/corpus"
	"depeche/internal/text"
	"depeche/internal/transport"
)

// BenchmarkFrontPage measures a page of 20 stories with their tags: what the
// store takes for it, and what a whole request over loopback HTTP takes.
func BenchmarkFrontPage(b *testing.B) {
	sizes := []int{10_000, 100_000}
	if testing.Short() {
		sizes = []int{1_000}
	}
	for _, n := range sizes {
		store, err := sqlite.Open(b.Context(), sqlite.Options{Path: corpus.File(b, n, func(path string) (news.Store, error) {
			return sqlite.Open(b.Context(), sqlite.Options{Path: path})
		})})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { store.Close() })
		b.Run(fmt.Sprintf("stories=%d/store", n), func(b *testing.B) { storeFrontPage(b, store) })
		b.Run(fmt.Sprintf("stories=%d/HTTP", n), func(b *testing.B) { httpFrontPage(b, store) })
	}
}

func storeFrontPage(b *testing.B, store news.Store) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	b.ReportAllocs()
	for b.Loop() {
		page, err := store.Stories(ctx, news.Audience{}, news.StoryFilter{}, news.Window{First: 20})
		if err != nil || len(page.Items) != 20 {
			b.Fatal(len(page.Items), err)
		}
		var tags []news.TagID
		for _, s := range page.Items {
			tags = append(tags, s.Tags...)
		}
		if _, err := store.TagsByID(ctx, tags); err != nil {
			b.Fatal(err)
		}
	}
}

func httpFrontPage(b *testing.B, store news.Store) {
	newsroom := desk.New(store, time.Now)
	logger := slog.New(slog.DiscardHandler)
	server := httptest.NewServer(transport.New(transport.Options{
		Executor: graph.NewExecutor(&graph.Resolver{
			Store: store, Desk: newsroom, Text: text.NewRenderer(),
			Zone: time.UTC, Now: newsroom.Now, Logger: logger, RequestID: transport.RequestID,
		}, graph.ExecutorOptions{}),
		Stats:  new(live.Stats),
		Verify: func(context.Context, string) (news.Actor, error) { return news.Actor{}, news.ErrUnauthenticated },
		Ready:  func(context.Context) error { return nil },
		Logger: logger,
	}))
	defer server.Close()
	body, err := json.Marshal(map[string]string{"query": `query FrontPage { stories(first: 20) {
		nodes { id slug title summary publishedAt priority tags { slug name kind } image { url alt credit } }
		pageInfo { hasNextPage endCursor } liveCursor } }`})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		response, err := server.Client().Post(server.URL+transport.PathGraphQL, "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || len(text) < 5000 {
			b.Fatalf("got %d %.300s %v", response.StatusCode, text, err)
		}
	}
}
