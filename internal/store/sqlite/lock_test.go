package sqlite_test

import (
	"bufio"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

func TestOneProcessWrites(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	holder := child(t, "hold", path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	wantLocked(t, path)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := holder.Wait(); err != nil {
		t.Fatal(err)
	}

	// The same within one process.
	s := open(t, path)
	wantLocked(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
}

func wantLocked(t *testing.T, path string) {
	t.Helper()
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err == nil {
		t.Fatal("two processes have the store open for writing")
	}
	for _, want := range []string{path, "another depeche"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error says %q, nothing of %q", err, want)
		}
	}
}

func TestReadOnlyMakesNothing(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{filepath.Join(dir, "news.db"), filepath.Join(dir, "folder", "news.db")} {
		_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, ReadOnly: true})
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("got %v, want an error that names %s", err, path)
		}
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("got %v, %v; want an empty folder", left, err)
	}
}

func TestReadOnlyBesideWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	writer := open(t, path)
	defer writer.Close()
	commit(t, writer, storetest.Story("story_a"))

	reader := openToRead(t, path)
	defer reader.Close()
	if reader.Epoch() != writer.Epoch() {
		t.Errorf("epoch: got %q, want %q", reader.Epoch(), writer.Epoch())
	}
	ctx, cancel := context.WithCancel(t.Context())
	woken, ended := make(chan struct{}, 1), make(chan error, 1)
	go func() {
		ended <- reader.Watch(ctx, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	}()
	deadline := time.After(30 * time.Second)
	for i, waiting := 0, true; waiting; i++ {
		commit(t, writer, storetest.TickerEntry(news.TickerEntryID("tick_"+strings.Repeat("x", i))))
		select {
		case <-woken:
			waiting = false
		case <-time.After(time.Second):
		case <-deadline:
			t.Fatal("the reader has not been woken by another process's lines")
		}
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("watch: got %v, want context.Canceled", err)
	}

	want, err := writer.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := reader.Head(t.Context()); got != want || err != nil {
		t.Errorf("head: got %d, %v; want %d", got, err, want)
	}
	if _, err := reader.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_a"), nil)}); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("commit: got %v, want ErrReadOnly", err)
	}

	// The writer goes and another one comes while the reader reads on.
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	writer = open(t, path)
	commit(t, writer, storetest.Tag("tag_b"))
	if got, err := reader.Head(t.Context()); got != want+1 || err != nil {
		t.Errorf("head: got %d, %v; want %d", got, err, want+1)
	}
	audit(t, reader, path)
}

func TestReadOnlyWithoutWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	writer := open(t, path)
	commit(t, writer, storetest.Story("story_a"))
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		reader := openToRead(t, path)
		audit(t, reader, path)
		if err := reader.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := open(t, path)
	defer s.Close()
	commit(t, s, storetest.Story("story_b"))
}

func openToRead(tb testing.TB, path string) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Options{Path: path, ReadOnly: true})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
