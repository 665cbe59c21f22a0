package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	lib "modernc.org/sqlite/lib"

	"depeche/internal/news"
)

// smallestFile is the size of the smallest database that is not empty, one page
// of the smallest size.
const smallestFile = 512

// blank is the format of a file that nobody has made a store yet.
const blank = 0

// inspect tells the format of the file, which is one that this version knows, or
// blank of a file that may be made a store; everything else is an error. It changes
// nothing.
func inspect(ctx context.Context, path string) (has int64, err error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		// SQLite would throw it away, with the last commits of a file that was
		// moved without it.
		if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
			return 0, fmt.Errorf("the file is missing, but its journal %s is there", wal.Name())
		}
		return blank, nil
	}
	if err != nil {
		return 0, err
	}
	if info.IsDir() {
		return 0, errors.New("it is a folder")
	}
	// SQLite takes a file of one byte for an empty one.
	if size := info.Size(); size > 0 && size < smallestFile {
		return 0, fmt.Errorf("it is not a SQLite database: it has %d bytes", size)
	}
	// The file is not opened by hand: closing it would drop the locks that
	// other connections of this process hold on it (sqlite.org/howtocorrupt).
	db, err := sql.Open("sqlite", dsn(path, "ro"))
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var id, version, tables int64
	for _, q := range []struct {
		text string
		dest *int64
	}{
		{"PRAGMA application_id", &id},
		{"PRAGMA user_version", &version},
		{"SELECT count(*) FROM sqlite_schema", &tables},
	} {
		if err := db.QueryRowContext(ctx, q.text).Scan(q.dest); err != nil {
			return 0, err
		}
	}
	switch {
	case id == 0 && version == 0 && tables == 0:
		return blank, nil
	case id != applicationID:
		return 0, fmt.Errorf("it is the SQLite database of another application (application_id %#x)", id)
	case version > format:
		return 0, fmt.Errorf("it was written by a newer depeche: it has format %d, this one knows formats up to %d", version, format)
	case version < 1:
		return 0, fmt.Errorf("it has format %d, which there never was", version)
	}
	return version, nil
}

// verify reads the epoch and looks whether the newest line is in force.
func (s *Store) verify(ctx context.Context) error {
	return s.readers.with(ctx, func(c *session) error {
		return c.transact(ctx, "BEGIN", func(*session) error {
			found, err := c.row(ctx, `SELECT value FROM meta WHERE key = 'epoch'`, nil, &s.epoch)
			if err != nil {
				return err
			}
			if !found || s.epoch == "" {
				return errors.New("it is damaged: it has lost its epoch")
			}
			var (
				seq, current news.Seq
				id           news.EntityID
			)
			found, err = c.row(ctx, `
				SELECT l.seq, l.entity, coalesce(e.seq, 0) FROM log l LEFT JOIN entities e ON e.id = l.entity
				WHERE l.seq = (SELECT max(seq) FROM log)`, nil, &seq, &id, &current)
			if err != nil {
				return err
			}
			if found && seq != current {
				return fmt.Errorf("it is damaged: line %d of the log made %s what line %d shows", seq, id, current)
			}
			return nil
		})
	})
}

// describe says what SQLite's result codes mean for a file that is being
// opened.
func describe(err error) error {
	switch resultCode(err) {
	case lib.SQLITE_NOTADB:
		return fmt.Errorf("it is not a SQLite database: %w", err)
	case lib.SQLITE_CORRUPT, lib.SQLITE_ERROR: // the latter: tables are missing
		return fmt.Errorf("it is damaged: %w", err)
	case lib.SQLITE_READONLY, lib.SQLITE_PERM:
		return fmt.Errorf("it can't be written to: %w", err)
	case lib.SQLITE_CANTOPEN:
		return fmt.Errorf("it or its folder can't be read or written to: %w", err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return fmt.Errorf("another program uses it: %w", err)
	}
	return err
}
