package corpus

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"depeche/internal/news"
)

// File is the path of a store of n stories, n ticker entries and Tags tags, which
// open makes and opens at a path. It is made once, kept in the folder for
// temporary files, and the same for whoever asks; remove depeche-bench-* there
// to have it made anew.
func File(tb testing.TB, n int, open func(path string) (news.Store, error)) string {
	tb.Helper()
	path := filepath.Join(os.TempDir(), fmt.Sprintf("depeche-bench-%d-%d.db", version, n))
	if _, err := os.Stat(path); err == nil {
		return path
	}
	unfinished := filepath.Join(tb.TempDir(), "corpus.db")
	s, err := open(unfinished)
	if err == nil {
		err = Fill(tb.Context(), s, n)
	}
	if err == nil {
		err = s.Close()
	}
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		tb.Fatalf("make a newsroom of %d stories: %v", n, err)
	}
	return path
}

// Fill writes n stories, n ticker entries, Tags tags and a coverage to an empty store.
func Fill(ctx context.Context, s news.Store, n int) error {
	g := New(uint64(n))
	commit := func(docs []news.Entity) error {
		changes := make([]news.Change, len(docs))
		for i, doc := range docs {
			changes[i] = news.Change{Op: news.OpCreated, At: Time(0), By: "marie", Doc: doc}
		}
		_, err := s.Commit(ctx, changes)
		return err
	}
	docs := []news.Entity{g.Coverage()}
	for i := range Tags {
		docs = append(docs, g.Tag(i))
	}
	for i := 0; i < n; i += batch {
		if err := commit(docs); err != nil {
			return err
		}
		docs = docs[:0]
		for j := i; j < min(i+batch, n); j++ {
			docs = append(docs, g.Story(j), g.Entry(j))
		}
	}
	return commit(docs)
}

const batch = 500
