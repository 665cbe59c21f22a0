// Package mongotest gives tests a MongoDB: the server that MONGODB_URI names,
// or the stand-in of tools/mongodev. A [Proxy] before it loses, delays and
// answers commands as a test wants, and [Replicas] make the stand-in look like
// a replica set with sessions, retryable writes and change streams.
//
// It is for tests alone.
package mongotest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"os"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// env names a server to test on.
const env = "MONGODB_URI"

// Real says whether tests run on a MongoDB server, rather than the stand-in.
func Real() bool {
	return os.Getenv(env) != ""
}

// URI is where the server is. Without a real one, the first call starts the
// stand-in, which takes minutes where it has never been built, and ends with
// this process.
func URI(tb testing.TB) string {
	tb.Helper()
	if uri := os.Getenv(env); uri != "" {
		return uri
	}
	uri, err := standIn()
	if err != nil {
		tb.Fatalf("start the stand-in for MongoDB: %v", err)
	}
	return uri
}

// Database is uri with the name of a database of its own, which is dropped
// after the test. uri leads to the server of [URI], be it by a proxy.
func Database(tb testing.TB, uri string) string {
	tb.Helper()
	a, err := parseAddress(uri)
	if err != nil {
		tb.Fatal(err)
	}
	if a.credentials != "" && a.option("authSource") == "" {
		source := a.database
		if source == "" {
			source = "admin"
		}
		a.set("authSource", source)
	}
	var suffix [8]byte
	_, _ = rand.Read(suffix[:]) // it never fails
	a.database = "depeche_test_" + hex.EncodeToString(suffix[:])
	// The proxy may be shut by then.
	direct := URI(tb)
	tb.Cleanup(func() {
		if err := drop(direct, a.database); err != nil {
			tb.Errorf("drop the database of the test: %v", err)
		}
	})
	return a.String()
}

func drop(uri, database string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	err = client.Database(database).Drop(ctx)
	cancel() // so that nothing is waited for
	_ = client.Disconnect(ctx)
	return err
}
