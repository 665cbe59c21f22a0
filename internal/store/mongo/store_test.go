package mongo_test

import (
	"log/slog"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// TestContract runs the contract on the server of the tests.
func TestContract(t *testing.T) {
	contract(t, func(tb testing.TB) string { return mongotest.Database(tb, mongotest.URI(tb)) },
		func(tb testing.TB, uri string) news.Store { return open(tb, uri) })
}

// TestContractOfTwoNodes runs the contract on two stores in one database, which
// take turns, with all that a replica set brings: sessions, an operation time,
// retryable writes and change streams.
func TestContractOfTwoNodes(t *testing.T) {
	contract(t, func(tb testing.TB) string { return mongotest.Database(tb, replicaSet(tb)) },
		func(tb testing.TB, uri string) news.Store {
			return &nodes{stores: [2]*mongo.Store{open(tb, uri), open(tb, uri)}}
		})
}

// replicaSet is the server of the tests when it is a real one, and the façade of
// a replica set otherwise.
func replicaSet(tb testing.TB) string {
	tb.Helper()
	uri := mongotest.URI(tb)
	if mongotest.Real() {
		return uri
	}
	return mongotest.ReplicaSet(tb, uri).URI()
}

func contract(t *testing.T, database func(testing.TB) string, open func(testing.TB, string) news.Store) {
	uris := make(map[string]string)
	storetest.Run(t, storetest.Harness{Open: func(tb testing.TB, dir string) news.Store {
		if uris[dir] == "" {
			uris[dir] = database(tb)
		}
		return open(tb, uris[dir])
	}})
}

// open opens a store, which the caller closes.
func open(tb testing.TB, uri string, change ...func(*mongo.Options)) *mongo.Store {
	tb.Helper()
	o := mongo.Options{URI: uri, Logger: logger(tb)}
	for _, f := range change {
		f(&o)
	}
	s, err := mongo.Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// opened opens a store until the end of the test.
func opened(tb testing.TB, uri string, change ...func(*mongo.Options)) *mongo.Store {
	tb.Helper()
	s := open(tb, uri, change...)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func logger(tb testing.TB) *slog.Logger { return slog.New(slog.NewTextHandler(tb.Output(), nil)) }
