package graph_test

import (
	"log/slog"
	"path/filepath"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/sqlite"
)

// A storeKind is where a newsroom is kept.
type storeKind string

const (
	inSQLite  storeKind = "sqlite"
	inMongoDB storeKind = "mongodb"
)

// inEachStore runs a test for one kind of store after the other, SQLite first.
func inEachStore(t *testing.T, test func(*testing.T, storeKind)) {
	t.Helper()
	for _, in := range []storeKind{inSQLite, inMongoDB} {
		t.Run(string(in), func(t *testing.T) { test(t, in) })
	}
}

// open opens a new store.
func (in storeKind) open(t testing.TB) news.Store {
	t.Helper()
	if in == inMongoDB {
		store, err := mongo.Open(t.Context(), mongo.Options{
			URI:    mongotest.Database(t, mongotest.URI(t)),
			Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		})
		must(t, err)
		return store
	}
	store, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "depeche.db")})
	must(t, err)
	return store
}

// meets tells whether a test that asks much asks as somebody. No store is told
// of those whose token is worth nothing, and one contributor is as another to it, so
// the slow one is not asked again for them.
func (in storeKind) meets(as string) bool {
	return in == inSQLite || as == "" || as == "contributor"
}
