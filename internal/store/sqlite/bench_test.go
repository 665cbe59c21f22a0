package sqlite_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

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
		b.Run(fmt.Sprintf("stories=%d", n), func(b *testing.B) {
			s := open(b, file(b, n))
			b.Cleanup(func() { s.Close() })
			corpus.Benchmark(b, s, n)
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
			corpus.BenchmarkCommits(b, (*corpus.Generator).Story, writers, s)
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
