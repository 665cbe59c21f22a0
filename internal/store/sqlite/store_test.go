package sqlite_test

import (
	"path/filepath"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, storetest.Harness{Open: func(tb testing.TB, dir string) news.Store {
		return open(tb, filepath.Join(dir, "news.db"))
	}})
}

// open opens the store at path, made where it is missing. It fails tb on an
// error. The caller closes the store.
func open(tb testing.TB, path string) *sqlite.Store {
	tb.Helper()
	s, err := sqlite.Open(tb.Context(), sqlite.Options{Path: path})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
