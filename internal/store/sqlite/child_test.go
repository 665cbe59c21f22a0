package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

// child is this test program in another role, on the store at path. It is not
// started yet.
func child(tb testing.TB, role, path string) *exec.Cmd {
	tb.Helper()
	program, err := os.Executable()
	if err != nil {
		tb.Fatal(err)
	}
	cmd := exec.CommandContext(tb.Context(), program)
	cmd.Env = append(os.Environ(), childEnv+"="+role, childPathEnv+"="+path)
	cmd.Stderr = os.Stderr
	return cmd
}

// writeUntilKilled commits from several goroutines and prints each line that
// has been acknowledged, as "entity version seq".
func writeUntilKilled(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, sqlite.Options{Path: path})
	if err != nil {
		return err
	}
	start, err := s.Head(ctx)
	if err != nil {
		return err
	}
	var wg sync.WaitGroup
	errs := make(chan error, 4)
	for writer := range cap(errs) {
		wg.Go(func() {
			for n := 0; ; n++ {
				id := news.StoryID(fmt.Sprintf("story_%d_%d_%d", start, writer, n))
				one := storetest.Story(id, func(s *news.Story) { s.Tags = []news.TagID{"tag_a", news.TagID(fmt.Sprintf("tag_%d", n%7))} })
				two := storetest.Next(one, func(s *news.Story) {
					s.PreviousSlugs, s.Slug = []string{s.Slug}, s.Slug+"-bis"
					s.Tags = []news.TagID{"tag_b"}
				})
				changes := []news.Change{storetest.Change(one, nil)}
				if n%2 == 0 {
					changes = append(changes, storetest.Change(two, one))
				}
				lines, err := s.Commit(ctx, changes)
				if err != nil {
					errs <- err
					return
				}
				for _, line := range lines {
					ref := line.Doc.Ref()
					fmt.Printf("%s %d %d\n", ref.ID, ref.Version, line.Seq)
				}
			}
		})
	}
	wg.Wait()
	return <-errs
}

// holdUntilKilled opens the store, says so, and keeps it open until its
// standard input ends.
func holdUntilKilled(path string) error {
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: path})
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("open")
	_, _ = os.Stdin.Read(make([]byte, 1))
	return nil
}

// openOnce opens the store and closes it.
func openOnce(path string) error {
	s, err := sqlite.Open(context.Background(), sqlite.Options{Path: path})
	if err != nil {
		return err
	}
	return s.Close()
}
