package sqlite

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gofrs/flock"
	_ "modernc.org/sqlite" // the driver named sqlite

	"depeche/internal/news"
)

// readerConns is the number of readings that run at a time.
const readerConns = 8

// cacheBytes bounds what the cache keeps: some ten thousand stories as lists show
// them. A front page of 20 stories with their tags costs 0.02 ms with it and
// 0.5 ms without (BenchmarkStore). A store that is open for reading only keeps
// nothing, since it does not hear of what is written.
const cacheBytes = 24 << 20

// Open opens the store in the file that o names. It fails when another process
// writes the file, when the file is not one of depeche's or is of a format that
// this version does not know, when its log has another epoch than o wants, and
// when what it holds is plainly damaged: the header, the newest line of the log
// and its entity are looked at. It does not read the whole file: SQLite's log of
// its own (WAL) survives a kill, and damage elsewhere shows when it is met.
func Open(ctx context.Context, o Options) (*Store, error) {
	s, err := open(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", o.Path, err)
	}
	return s, nil
}

func open(ctx context.Context, o Options) (_ *Store, err error) {
	if o.Path == "" {
		return nil, errors.New("no file is named")
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	path, err := resolve(o.Path)
	if err != nil {
		return nil, err
	}
	s := &Store{cache: newCache(0), closed: make(chan struct{})}
	s.end = sync.OnceValue(s.close)
	defer func() {
		if err != nil {
			_ = s.release() // err says why
		}
	}()
	if !o.ReadOnly {
		if s.lock, err = claim(path); err != nil {
			return nil, err
		}
	}
	has, err := inspect(ctx, path)
	if err != nil {
		return nil, describe(err)
	}
	switch {
	case o.ReadOnly && has == blank:
		return nil, errors.New("there is no store yet")
	case o.ReadOnly:
		s.readers, err = openPool(path, "ro")
	default:
		var db *sql.DB
		if db, err = openForWriting(ctx, path, has == blank, o.Epoch); err != nil {
			return nil, describe(err)
		}
		s.cache = newCache(cacheBytes)
		s.writer = startWriter(db, o.Logger, s.cache, s.watchers.Wake)
		s.readers, err = openPool(path, "rw")
	}
	if err != nil {
		return nil, describe(err)
	}
	if err := s.verify(ctx); err != nil {
		return nil, describe(err)
	}
	if o.Epoch != "" && o.Epoch != s.epoch {
		return nil, fmt.Errorf("it holds another newsroom: its epoch is %s, not %s", s.epoch, o.Epoch)
	}
	if !o.ReadOnly && has != blank && has < format {
		// Not before it is known to be the right file, and whole.
		if err := s.run(ctx, func(ctx context.Context, c *session) error { return modernise(ctx, c.conn) }); err != nil {
			return nil, describe(fmt.Errorf("bring it from format %d to %d: %w", has, format, err))
		}
	}
	return s, nil
}

// resolve is the one name of the file, so that it is locked under one name.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real, nil
	}
	return path, nil
}

// claim makes the folder of path and takes the lock of the process that writes.
// The lock's file stays for ever: removing it would let two processes hold a
// lock on two files of one name.
func claim(path string) (*flock.Flock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	lock := flock.New(path + ".lock")
	held, err := lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock it: %w", err)
	}
	if !held {
		return nil, fmt.Errorf("another depeche holds it open for writing (lock %s)", lock.Path())
	}
	return lock, nil
}

// dsn names the file for the driver. mode is ro or rw. SQLite's cache of a
// connection takes about twice its nominal size in memory, and a larger one makes
// reading no faster, since the operating system keeps the file too.
func dsn(path, mode string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	q := url.Values{"mode": {mode}, "_error_rc": {"1"}}
	q["_pragma"] = append([]string{"busy_timeout(5000)", "cache_size(-2048)", "temp_store(MEMORY)"}, pragmas...)
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

func openPool(path, mode string) (*pool, error) {
	db, err := sql.Open("sqlite", dsn(path, mode, "query_only(1)"))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readerConns)
	db.SetMaxIdleConns(-1) // the pool keeps them
	return newPool(db, readerConns), nil
}

// openForWriting opens the file for the writer, who has claimed it, and makes
// a store of it where it is blank.
func openForWriting(ctx context.Context, path string, isBlank bool, epoch news.Epoch) (_ *sql.DB, err error) {
	if isBlank {
		// What is not published yet is nobody else's business.
		f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	db, err := sql.Open("sqlite", dsn(path, "rw",
		"cache_size(-8192)", "journal_mode(WAL)", "synchronous(FULL)", "journal_size_limit(67108864)"))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	db.SetMaxOpenConns(1)
	db.SetMaxIdleConns(-1) // closed is closed, with a transaction that hangs
	c, err := newSession(ctx, db)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return db, c.transact(ctx, "BEGIN IMMEDIATE", func(*session) error {
		if isBlank {
			return create(ctx, c.conn, cmp.Or(epoch, news.Epoch(rand.Text())))
		}
		// SQLite opens a file that it may not write to for reading, and says so
		// at the first attempt.
		return c.exec(ctx, `UPDATE meta SET value = value WHERE key = 'epoch'`)
	})
}

func create(ctx context.Context, conn *sql.Conn, epoch news.Epoch) error {
	if _, err := conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; %s", applicationID, schema)); err != nil {
		return err
	}
	if err := modernise(ctx, conn); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, `INSERT INTO meta (key, value) VALUES ('epoch', ?)`, string(epoch))
	return err
}

// modernise gives a file what the newest format has beside the first. Nothing that
// is in the file is touched, so it takes no time.
func modernise(ctx context.Context, conn *sql.Conn) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("%s; PRAGMA user_version = %d", laterSchema, format))
	return err
}
