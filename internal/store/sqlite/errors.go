package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"depeche/internal/news"
)

// translate puts the driver's errors into the words of the domain. An error
// that came from the end of ctx becomes ctx's.
func translate(ctx context.Context, err error) error {
	switch code := resultCode(err); code {
	case lib.SQLITE_OK:
	case lib.SQLITE_INTERRUPT:
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%w: %w", news.ErrUnavailable, err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL,
		lib.SQLITE_IOERR, lib.SQLITE_FULL, lib.SQLITE_CANTOPEN, lib.SQLITE_NOMEM,
		lib.SQLITE_READONLY, lib.SQLITE_PERM,
		lib.SQLITE_CORRUPT, lib.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", news.ErrUnavailable, err)
	}
	if errors.Is(err, sql.ErrConnDone) || errors.Is(err, driver.ErrBadConn) {
		return fmt.Errorf("%w: %w", news.ErrUnavailable, err)
	}
	return err
}

// resultCode is SQLite's primary result code, SQLITE_OK where err is not
// SQLite's.
func resultCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return lib.SQLITE_OK
}

// isOfDomain tells whether err is an answer, not a failure.
func isOfDomain(err error) bool {
	for _, answer := range []error{
		news.ErrNotFound, news.ErrConflict, news.ErrTaken, news.ErrTooComplex,
	} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}
