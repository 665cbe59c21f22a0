package mongo_test

import (
	"fmt"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest/corpus"
)

// BenchmarkStore measures what the front ends ask most. The stand-in reads a
// whole collection for each question, so on it only the questions that name ids
// say something about depeche; MONGODB_URI names a real server.
func BenchmarkStore(b *testing.B) {
	sizes := []int{500}
	if mongotest.Real() {
		sizes = []int{10_000, 100_000}
	}
	for _, n := range sizes {
		b.Run(fmt.Sprintf("stories=%d", n), func(b *testing.B) {
			s := opened(b, mongotest.Database(b, mongotest.URI(b)))
			if err := corpus.Fill(b.Context(), s, n); err != nil {
				b.Fatal(err)
			}
			corpus.Benchmark(b, s, n)
		})
	}
}

// BenchmarkCommit measures commits of one ticker entry, by writers that share one
// node or two. (A story costs the stand-in a walk through all stories, to see
// whether its slug is free.)
func BenchmarkCommit(b *testing.B) {
	for _, c := range []struct{ nodes, writers int }{{1, 1}, {1, 8}, {2, 2}, {2, 8}} {
		b.Run(fmt.Sprintf("nodes=%d/writers=%d", c.nodes, c.writers), func(b *testing.B) {
			uri := mongotest.Database(b, mongotest.URI(b))
			var stores []news.Store
			for range c.nodes {
				stores = append(stores, opened(b, uri))
			}
			corpus.BenchmarkCommits(b, (*corpus.Generator).Entry, c.writers, stores...)
		})
	}
}
