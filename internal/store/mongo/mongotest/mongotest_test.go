package mongotest_test

import (
	"context"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/store/mongo/mongotest"
)

// connect is a client that is disconnected after the test.
func connect(t *testing.T, uri string, opts ...*options.ClientOptions) *mongo.Client {
	t.Helper()
	client, err := mongo.Connect(append([]*options.ClientOptions{options.Client().ApplyURI(uri)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // a server that is gone must not be waited for
		_ = client.Disconnect(ended)
	})
	return client
}

func TestURI(t *testing.T) {
	if err := connect(t, mongotest.URI(t)).Ping(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
}

func TestDatabase(t *testing.T) {
	server := mongotest.URI(t)
	client := connect(t, server)
	var name string
	t.Run("lab", func(t *testing.T) {
		uri := mongotest.Database(t, server)
		if other := mongotest.Database(t, server); other == uri {
			t.Errorf("%s twice", uri)
		}
		name = uri[strings.LastIndex(uri, "/")+1:]
		name, _, _ = strings.Cut(name, "?")
		_, err := connect(t, uri).Database(name).Collection("things").InsertOne(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
	})
	names, err := client.ListDatabaseNames(t.Context(), bson.D{{Key: "name", Value: name}})
	if err != nil || len(names) > 0 {
		t.Errorf("%v are left, %v", names, err)
	}
}

func TestDatabaseKeepsTheRest(t *testing.T) {
	for uri, want := range map[string]string{
		"mongodb://a": "mongodb://a/NAME",
		"mongodb://a:1,[::1]:2/?replicaSet=rs&w=2":   "mongodb://a:1,[::1]:2/NAME?replicaSet=rs&w=2",
		"mongodb://a/old?tls=true":                   "mongodb://a/NAME?tls=true",
		"mongodb://u:p%40@a/users":                   "mongodb://u:p%40@a/NAME?authSource=users",
		"mongodb+srv://u:p@a?AuthSource=x&appName=y": "mongodb+srv://u:p@a/NAME?AuthSource=x&appName=y",
		"mongodb://u:p@a":                            "mongodb://u:p@a/NAME?authSource=admin",
	} {
		got := mongotest.Database(t, uri)
		begin := strings.Index(got, "depeche_test_")
		if begin < 0 {
			t.Errorf("%s becomes %s", uri, got)
			continue
		}
		name, _, _ := strings.Cut(got[begin:], "?")
		if got = strings.Replace(got, name, "NAME", 1); got != want {
			t.Errorf("%s becomes %s, want %s", uri, got, want)
		}
	}
}
