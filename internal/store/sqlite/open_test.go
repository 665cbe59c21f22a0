package sqlite_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

func TestOpenMakesFolderAndFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b c?d#e%41é")
	path := filepath.Join(folder, "news.db")
	s := open(t, path)
	defer s.Close()
	commit(t, s, storetest.Tag("tag_a"))
	if runtime.GOOS == "windows" {
		return
	}
	for name, want := range map[string]os.FileMode{folder: 0o700 | os.ModeDir, path: 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s: got mode %v, want %v", name, info.Mode(), want)
		}
	}
}

func TestOpenMakesStoreOfEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, path)
	defer s.Close()
	commit(t, s, storetest.Tag("tag_a"))
}

func TestOpenThroughLink(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "news.db"), filepath.Join(dir, "link.db")
	s := open(t, path)
	defer s.Close()
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Path: link}); err == nil {
		t.Error("the store was opened for writing twice, under two names")
	}
}

// TestOpenRefuses has the files that are not, or no longer, a store that this
// version can work with. Open says what is wrong and leaves them as they are.
func TestOpenRefuses(t *testing.T) {
	execute := func(statements string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			db := rawDB(t, path)
			if _, err := db.Exec(statements); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	stored := func(change func(*testing.T, string)) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			s := open(t, path)
			commit(t, s, storetest.Tag("tag_a"))
			for i := range 50 {
				commit(t, s, storetest.Story(news.StoryID(fmt.Sprintf("story_%d", i))))
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			change(t, path)
		}
	}
	cut := func(keep func(size int64) int64) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(path, keep(info.Size())); err != nil {
				t.Fatal(err)
			}
		}
	}
	write := func(text string) func(*testing.T, string) {
		return func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name string
		file func(t *testing.T, path string)
		says []string
	}{
		{"text", write(strings.Repeat("no database ", 1000)), []string{"not a SQLite database"}},
		{"a little text", write("x"), []string{"not a SQLite database"}},
		{"another application's tables", execute(`CREATE TABLE t (x)`), []string{"another application"}},
		{"another application's id", execute(`PRAGMA application_id = 0x1234`), []string{"another application", "0x1234"}},
		{"another application's WAL", execute(`PRAGMA journal_mode = WAL; CREATE TABLE t (x)`), []string{"another application"}},
		{"newer format", stored(execute(`PRAGMA user_version = 7`)), []string{"newer depeche", "format 7", "up to 2"}},
		{"no format", stored(execute(`PRAGMA user_version = 0`)), []string{"format 0"}},
		{"half a file", stored(cut(func(size int64) int64 { return size / 2 })), []string{"damaged"}},
		{"a page of a file", stored(cut(func(int64) int64 { return 4096 })), []string{"damaged"}},
		{"half a header", stored(cut(func(int64) int64 { return 50 })), []string{"not a SQLite database"}},
		{"no epoch", stored(execute(`DELETE FROM meta`)), []string{"damaged", "epoch"}},
		{"no entity", stored(execute(`DELETE FROM entities`)), []string{"damaged", "line 51"}},
		{"projection behind the log", stored(execute(`UPDATE entities SET seq = 1`)), []string{"damaged", "line 51"}},
		{"no tables", stored(execute(`DROP TABLE meta`)), []string{"damaged"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "news.db")
			tt.file(t, path)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, readOnly := range []bool{false, true} {
				_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, ReadOnly: readOnly})
				if err == nil {
					t.Fatalf("read-only %v: it was opened", readOnly)
				}
				for _, want := range append(tt.says, path) {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("read-only %v: the error says %q, nothing of %q", readOnly, err, want)
					}
				}
			}
			after, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(before, after) {
				t.Error("the file has been changed")
			}
			// The lock is free again.
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			removeSidecars(t, path)
			if err := open(t, path).Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func removeSidecars(t *testing.T, path string) {
	t.Helper()
	for _, end := range []string{"-wal", "-shm"} {
		if err := os.Remove(path + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// TestOpenRefusesJournalAlone has a file that was moved away without its
// journal, which holds the last commits.
func TestOpenRefusesJournalAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	journal := []byte("the last commits")
	if err := os.WriteFile(path+"-wal", journal, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err == nil || !strings.Contains(err.Error(), "news.db-wal") {
		t.Errorf("got %v, want an error that names the journal", err)
	}
	if left, err := os.ReadFile(path + "-wal"); err != nil || !bytes.Equal(left, journal) {
		t.Errorf("the journal is %q, %v", left, err)
	}
}

func TestOpenRefusesFolder(t *testing.T) {
	dir := t.TempDir()
	_, err := sqlite.Open(t.Context(), sqlite.Options{Path: dir})
	if err == nil || !strings.Contains(err.Error(), "folder") || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v, want an error that names the folder", err)
	}
	if _, err := sqlite.Open(t.Context(), sqlite.Options{}); err == nil {
		t.Error("a store without a name was opened")
	}
}

// TestDamageInsideIsMet has a file whose damage Open does not look for: it is
// met as an error, never as wrong data.
func TestDamageInsideIsMet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	for i := range 200 {
		commit(t, s, storetest.Story(news.StoryID(fmt.Sprintf("story_%d", i))))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	for at := 12 * page; at+page <= len(data)-4*page; at += page {
		clear(data[at : at+page])
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = sqlite.Open(t.Context(), sqlite.Options{Path: path})
	if err != nil {
		return // also good
	}
	defer s.Close()
	if _, err := s.Lines(t.Context(), 0, 1000); !errors.Is(err, news.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
}

// commit commits version 1 of an entity.
func commit(tb testing.TB, s *sqlite.Store, e news.Entity) {
	tb.Helper()
	if _, err := s.Commit(tb.Context(), []news.Change{storetest.Change(e, nil)}); err != nil {
		tb.Fatal(err)
	}
}

// TestEpoch has a store that is to have the epoch of another one.
func TestEpoch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	for _, row := range []struct {
		name    string
		options sqlite.Options
		says    []string
	}{
		{"nothing to read", sqlite.Options{ReadOnly: true, Epoch: "A"}, []string{"no store yet"}},
		{"made", sqlite.Options{Epoch: "A"}, nil},
		{"again", sqlite.Options{Epoch: "A"}, nil},
		{"whatever it has", sqlite.Options{}, nil},
		{"another", sqlite.Options{Epoch: "B"}, []string{"another newsroom", "epoch is A", "not B"}},
		{"for reading", sqlite.Options{ReadOnly: true, Epoch: "A"}, nil},
		{"another for reading", sqlite.Options{ReadOnly: true, Epoch: "B"}, []string{"another newsroom", "epoch is A", "not B"}},
	} {
		row.options.Path = path
		s, err := sqlite.Open(t.Context(), row.options)
		if err == nil {
			if s.Epoch() != "A" {
				t.Errorf("%s: got the epoch %s, want A", row.name, s.Epoch())
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			err = errors.New("")
		}
		if row.says == nil && err.Error() != "" {
			t.Errorf("%s: got %v", row.name, err)
		}
		for _, want := range row.says {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got the error %q, nothing of %q", row.name, err, want)
			}
		}
	}
}
