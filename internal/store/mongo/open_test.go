package mongo_test

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// refused opens a store that can't be opened, and wants the error to say why.
func refused(t *testing.T, o mongo.Options, why string) {
	t.Helper()
	o.Logger = logger(t)
	s, err := mongo.Open(t.Context(), o)
	if err == nil {
		s.Close()
		t.Errorf("it was opened; want an error of %q", why)
		return
	}
	if !strings.Contains(err.Error(), why) {
		t.Errorf("got %v, want an error of %q", err, why)
	}
}

func TestOpenByManyAtOnce(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	stores := make([]*mongo.Store, 5)
	var wg sync.WaitGroup
	for i := range stores {
		wg.Go(func() {
			s, err := mongo.Open(t.Context(), mongo.Options{URI: uri, Logger: logger(t)})
			if err != nil {
				t.Error(err)
				return
			}
			stores[i] = s
		})
	}
	wg.Wait()
	for _, s := range stores {
		if s == nil {
			continue
		}
		if s.Epoch() != stores[0].Epoch() {
			t.Errorf("epochs %s and %s in one database", s.Epoch(), stores[0].Epoch())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenWithEpoch(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	refused(t, mongo.Options{URI: uri, ReadOnly: true}, "no store yet")
	for _, epoch := range []news.Epoch{"GIVEN", "GIVEN", ""} {
		s, err := mongo.Open(t.Context(), mongo.Options{URI: uri, Epoch: epoch, Logger: logger(t)})
		if err != nil {
			t.Fatal(err)
		}
		if s.Epoch() != "GIVEN" {
			t.Errorf("got the epoch %s", s.Epoch())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	refused(t, mongo.Options{URI: uri, Epoch: "ANOTHER"}, "its epoch is GIVEN, not ANOTHER")
	refused(t, mongo.Options{URI: uri, Epoch: "ANOTHER", ReadOnly: true}, "its epoch is GIVEN, not ANOTHER")
}

func TestOpenReadOnly(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	a := opened(t, uri)
	put(t, a, storetest.Tag("tag_a"))
	b, err := mongo.Open(t.Context(), mongo.Options{URI: uri, ReadOnly: true, Logger: logger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	put(t, a, storetest.Tag("tag_b"))
	tags, err := b.Tags(t.Context(), news.TagFilter{}, news.Window{First: 5})
	if err != nil || len(tags.Items) != 2 {
		t.Errorf("got %d tags, %v; want 2", len(tags.Items), err)
	}
	if _, err := b.Commit(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "reading only") {
		t.Errorf("commit: got %v, want ErrReadOnly", err)
	}
}

func TestOpenForeignDatabases(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	db := database(t, uri)
	if _, err := db.Collection("stories").InsertOne(t.Context(), bson.D{{Key: "title", Value: "not ours"}}); err != nil {
		t.Fatal(err)
	}
	refused(t, mongo.Options{URI: uri}, "another application's")
	names, err := db.ListCollectionNames(t.Context(), bson.D{})
	if err != nil || len(names) != 1 {
		t.Errorf("it was changed: it has the collections %v, %v", names, err)
	}

	uri = mongotest.Database(t, mongotest.URI(t))
	if _, err := database(t, uri).Collection("meta").InsertOne(t.Context(),
		bson.D{{Key: "_id", Value: "log"}, {Key: "epoch", Value: "E"}, {Key: "format", Value: 3}}); err != nil {
		t.Fatal(err)
	}
	refused(t, mongo.Options{URI: uri}, "newer depeche")
}

// TestOpenEarlierFormat opens what a depeche of format 1 has left: a reader leaves it
// as it is, and who writes brings it up to date.
func TestOpenEarlierFormat(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	s := open(t, uri)
	put(t, s, storetest.Tag("tag_a"), storetest.Coverage("cov_a", func(c *news.Coverage) { c.Tags = []news.TagID{"tag_a"} }))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := database(t, uri)
	for _, name := range []string{"locks", "tokens", "webhooks", "leases"} {
		if err := db.Collection(name).Drop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Collection("coverages").Indexes().DropOne(t.Context(), "listing_terms_at"); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Collection("meta").UpdateByID(t.Context(), "log", bson.D{{Key: "$set", Value: bson.D{{Key: "format", Value: 1}}}}); err != nil {
		t.Fatal(err)
	}
	format := func() any { return documents(t, db, "meta")["log"]["format"] }

	reader := opened(t, uri, func(o *mongo.Options) { o.ReadOnly = true })
	held := func(s news.Store, want int) {
		t.Helper()
		p, err := s.Listed(t.Context(), news.HeldLocks(), news.Window{First: 5})
		if err != nil || len(p.Items) != want {
			t.Errorf("held locks: got %d, %v; want %d", len(p.Items), err, want)
		}
		leases, err := s.Leases(t.Context(), []string{"turn"})
		if err != nil || len(leases) != want {
			t.Errorf("leases: got %d, %v; want %d", len(leases), err, want)
		}
	}
	held(reader, 0)
	if got := format(); got != int32(1) {
		t.Errorf("a reader has made it format %v", got)
	}

	s = opened(t, uri)
	if got := format(); got != int32(2) {
		t.Errorf("got the format %v, want 2", got)
	}
	specs, err := db.Collection("coverages").Indexes().ListSpecifications(t.Context())
	if err != nil || !slices.ContainsFunc(specs, func(i driver.IndexSpecification) bool { return i.Name == "listing_terms_at" }) {
		t.Errorf("got the indexes %v, %v; want listing_terms_at among them", specs, err)
	}
	uses, err := s.TagUses(t.Context(), []news.TagID{"tag_a"})
	if err != nil || uses["tag_a"] != (news.TagUse{Coverages: 1}) {
		t.Errorf("uses: got %+v, %v; want one coverage", uses["tag_a"], err)
	}
	held(s, 0)
	put(t, s, storetest.Lock("story_a"))
	take(t, s, storetest.Noon(), turn("anna"), turn("anna"))
	held(s, 1)
	held(reader, 1)
}

func TestOpenDamagedLog(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	s := open(t, uri)
	put(t, s, storetest.Tag("tag_a"), storetest.Tag("tag_b"), storetest.Tag("tag_c"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := database(t, uri).Collection("log").DeleteOne(t.Context(), bson.D{{Key: "_id", Value: 2}}); err != nil {
		t.Fatal(err)
	}
	refused(t, mongo.Options{URI: uri}, "line 3 where line 2 is due")
}

// TestOlderBackup takes the newest line away from under a running store, as who
// restores an older backup does.
func TestOlderBackup(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	s := opened(t, uri)
	put(t, s, storetest.Tag("tag_a"), storetest.Tag("tag_b"))
	if _, err := database(t, uri).Collection("log").DeleteOne(t.Context(), bson.D{{Key: "_id", Value: 2}}); err != nil {
		t.Fatal(err)
	}
	await(t, "the store to notice", func() bool {
		_, err := s.Head(t.Context())
		return err != nil && strings.Contains(err.Error(), "backup")
	})
	_, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag("tag_c"), nil)})
	if err == nil || !strings.Contains(err.Error(), "Restart depeche") {
		t.Errorf("commit: got %v, want to be told to restart", err)
	}
}

func TestIndexThatDiffers(t *testing.T) {
	for _, tt := range []struct {
		collection, name string
		keys             bson.D
		fatal            bool
	}{
		{"stories", "listing_at", bson.D{{Key: "listing.at", Value: 1}}, false},
		{"tags", "slugs", bson.D{{Key: "slug", Value: 1}}, false},
		{"places", "until", bson.D{{Key: "until", Value: -1}}, false},
		{"log", "entity_version", bson.D{{Key: "entity", Value: 1}, {Key: "version", Value: 1}}, true}, // not unique
	} {
		uri := mongotest.Database(t, mongotest.URI(t))
		if s := open(t, uri); s.Close() != nil {
			t.Fatal("close")
		}
		there := database(t, uri).Collection(tt.collection).Indexes()
		if err := there.DropOne(t.Context(), tt.name); err != nil {
			t.Fatal(err)
		}
		if _, err := there.CreateOne(t.Context(), driver.IndexModel{Keys: tt.keys, Options: options.Index().SetName(tt.name)}); err != nil {
			t.Fatal(err)
		}
		if tt.fatal {
			refused(t, mongo.Options{URI: uri}, "the index "+tt.name+" differs")
			continue
		}
		var log bytes.Buffer
		s, err := mongo.Open(t.Context(), mongo.Options{URI: uri, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), "index="+tt.name) {
			t.Errorf("%s.%s is not reported:\n%s", tt.collection, tt.name, log.String())
		}
		specs, err := there.ListSpecifications(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range specs {
			if spec.Name == tt.name && strings.Contains(spec.KeysDocument.String(), "_id") {
				t.Errorf("%s.%s was made anew", tt.collection, tt.name)
			}
		}
	}
}

// TestDebugLog looks at what is logged of commands: their names and durations,
// and nothing that they carry.
func TestDebugLog(t *testing.T) {
	var log syncBuffer
	uri := mongotest.Database(t, mongotest.URI(t))
	s, err := mongo.Open(t.Context(), mongo.Options{URI: uri,
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, storetest.Story("story_a", func(s *news.Story) { s.Title = "Zanzibar"; s.Slug = "zanzibar" }))
	if _, err := s.StoriesBySlug(t.Context(), news.Audience{}, []string{"zanzibar"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), []news.Change{storetest.Change(storetest.Story("story_b", func(s *news.Story) { s.Slug = "zanzibar" }), nil)}); err == nil {
		t.Error("the slug was taken twice")
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	text := log.String()
	wanted := []string{"command=insert", "command=find", "duration="}
	if !mongotest.Real() {
		wanted = append(wanted, "error=NotImplemented") // it has no validators
	}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("the log says nothing of %s", want)
		}
	}
	if strings.Contains(strings.ToLower(text), "zanzibar") {
		t.Errorf("the log shows what a document holds:\n%s", text)
	}
}

// A syncBuffer is a bytes.Buffer for many goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
