package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

// TestOneCallsErrorIsNotTheOthers has calls that fail for a reason that the
// store knows nothing of, and refused ones, among others that wait with them.
// Rolling back ends the transaction of all of them.
func TestOneCallsErrorIsNotTheOthers(t *testing.T) {
	for _, raise := range []string{"ABORT", "ROLLBACK"} {
		t.Run(raise, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "news.db")
			s := open(t, path)
			defer s.Close()
			commit(t, s, storetest.Tag("tag"))
			_, err := rawDB(t, path).Exec(`CREATE TRIGGER bad BEFORE INSERT ON postings
				WHEN new.id LIKE '%bad%' BEGIN SELECT RAISE(` + raise + `, 'bad'); END`)
			if err != nil {
				t.Fatal(err)
			}
			create := func(id string) news.Change { return storetest.Change(storetest.Tag(news.TagID(id)), nil) }
			kinds := []struct {
				ids   []string // to create
				lines int
				want  error
			}{
				{[]string{"a", "b"}, 2, nil},
				{[]string{"c", "bad"}, 0, errAny},
				{[]string{"d", "", "e"}, 1, news.ErrConflict},
				{[]string{"", "f"}, 0, news.ErrConflict},
			}
			const calls = 80
			var wg sync.WaitGroup
			var total atomic.Int64
			for i := range calls {
				kind := kinds[i%len(kinds)]
				var changes []news.Change
				for _, id := range kind.ids {
					if id != "" {
						id = fmt.Sprintf("_%d_%s", i, id)
					}
					changes = append(changes, create("tag"+id))
				}
				wg.Go(func() {
					lines, err := s.Commit(t.Context(), changes)
					if len(lines) != kind.lines {
						t.Errorf("%v: got %d lines, want %d", kind.ids, len(lines), kind.lines)
					}
					if !errors.Is(err, kind.want) && (kind.want != errAny || err == nil) {
						t.Errorf("%v: got error %v, want %v", kind.ids, err, kind.want)
					}
					total.Add(int64(kind.lines))
				})
			}
			wg.Wait()
			if head, err := s.Head(t.Context()); head != news.Seq(total.Load()+1) || err != nil {
				t.Errorf("head: got %d, %v; want %d", head, err, total.Load()+1)
			}
			audit(t, s, path)
		})
	}
}

var errAny = errors.New("any error")

// TestCommitThatIsNotAwaited has a call that waits behind one that takes long,
// and gives up.
func TestCommitThatIsNotAwaited(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	defer s.Close()
	release := holdFile(t, path)

	first := make(chan error, 1)
	go func() {
		_, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_a"), nil)})
		first <- err
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	lines, err := s.Commit(ctx, []news.Change{storetest.Change(storetest.Tag("tag_b"), nil)})
	if len(lines) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v; want context.DeadlineExceeded", lines, err)
	}
	release()
	if err := <-first; err != nil {
		t.Errorf("the call before: %v", err)
	}
	lines, err = s.Submit(ctx, storetest.Change(storetest.Tag("tag_b"), nil))
	if len(lines) != 0 || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at its turn: got %v, %v; want context.DeadlineExceeded", lines, err)
	}
	commit(t, s, storetest.Tag("tag_c"))
	found, err := s.TagsByID(t.Context(), []news.TagID{"tag_a", "tag_b", "tag_c"})
	if err != nil || len(found) != 2 || found["tag_b"] != nil {
		t.Errorf("got %v, %v; want tag_a and tag_c", found, err)
	}
}

func TestCloseAwaitsCalls(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	release := holdFile(t, path)
	const calls = 8
	errs := make(chan error, calls)
	for i := range calls {
		go func() {
			_, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag(news.TagID(fmt.Sprintf("tag_%d", i))), nil)})
			errs <- err
		}()
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	release()
	committed := 0
	for range calls {
		switch err := <-errs; {
		case err == nil:
			committed++
		case !errors.Is(err, news.ErrUnavailable):
			t.Errorf("got %v, want success or ErrUnavailable", err)
		}
	}
	if err := <-closed; err != nil {
		t.Errorf("close: %v", err)
	}
	s = open(t, path)
	defer s.Close()
	if head, err := s.Head(t.Context()); head != news.Seq(committed) || err != nil {
		t.Errorf("head: got %d, %v; want %d", head, err, committed)
	}
}

// TestCloseUnderLoad closes a store that is being read and written: every call
// succeeds or is told that the store is closed.
func TestCloseUnderLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	for round := range 8 {
		s := open(t, path)
		var wg sync.WaitGroup
		started := make(chan struct{}, 16)
		for i := range cap(started) {
			wg.Go(func() {
				for n := 0; ; n++ {
					var err error
					if i%2 == 0 {
						_, err = s.TrendingTags(t.Context(), time.Time{}, nil, 10)
					} else {
						id := news.TagID(fmt.Sprintf("tag_%d_%d_%d", round, i, n))
						_, err = s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag(id), nil)})
					}
					if n == 0 {
						started <- struct{}{}
					}
					if errors.Is(err, news.ErrUnavailable) {
						return
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range cap(started) {
			<-started
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
	}
}

// holdFile locks the file for writing, as the shell of SQLite would.
func holdFile(t *testing.T, path string) (release func()) {
	t.Helper()
	conn, err := rawDB(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if _, err := conn.ExecContext(t.Context(), "ROLLBACK"); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTranslate has SQLite itself make the errors.
func TestTranslate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "some.db")
	db := rawDB(t, path)
	db.SetMaxOpenConns(1)
	exec := func(db *sql.DB, statements string) error {
		_, err := db.ExecContext(t.Context(), statements)
		return err
	}
	if err := exec(db, `CREATE TABLE t (x UNIQUE); INSERT INTO t VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	readOnly, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	locked := func() error {
		release := holdFile(t, path)
		defer release()
		return exec(db, `PRAGMA busy_timeout = 0; INSERT INTO t VALUES (2)`)
	}
	closed := rawDB(t, path)
	conn, err := closed.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()

	for _, tt := range []struct {
		name string
		err  error
		want error // nil: err itself
	}{
		{"busy", locked(), news.ErrUnavailable},
		{"full", exec(db, `PRAGMA max_page_count = 1; CREATE TABLE u AS SELECT zeroblob(100000)`), news.ErrUnavailable},
		{"read-only", exec(readOnly, `INSERT INTO t VALUES (3)`), news.ErrUnavailable},
		{"can't open", exec(rawDB(t, filepath.Join(dir, "no", "such")), `SELECT 1`), news.ErrUnavailable},
		{"closed connection", conn.PingContext(t.Context()), news.ErrUnavailable},
		{"conflict", &news.ConflictError{}, news.ErrConflict},
		{"ended", cancelled.Err(), context.Canceled},
		{"constraint", exec(db, `INSERT INTO t VALUES (1)`), nil},
	} {
		if tt.err == nil {
			t.Errorf("%s: there is no error to translate", tt.name)
			continue
		}
		got := sqlite.Translate(t.Context(), tt.err)
		if tt.want == nil {
			if got != tt.err {
				t.Errorf("%s: got %v, want %v unchanged", tt.name, got, tt.err)
			}
			continue
		}
		if !errors.Is(got, tt.want) || !errors.Is(got, tt.err) {
			t.Errorf("%s: got %v of %v, want a %v", tt.name, got, tt.err, tt.want)
		}
	}
	if got := sqlite.Translate(t.Context(), nil); got != nil {
		t.Errorf("nil: got %v", got)
	}
}
