package mongo_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/news"
)

// database is the database of uri, without the store.
func database(tb testing.TB, uri string) *driver.Database {
	tb.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := driver.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = client.Disconnect(tb.Context()) })
	return client.Database(strings.Trim(u.Path, "/"))
}

// documents are all of a collection, by _id.
func documents(tb testing.TB, db *driver.Database, collection string) map[any]bson.M {
	tb.Helper()
	found, err := db.Collection(collection).Find(tb.Context(), bson.D{})
	if err != nil {
		tb.Fatal(err)
	}
	var list []bson.M
	if err := found.All(tb.Context(), &list); err != nil {
		tb.Fatal(err)
	}
	all := make(map[any]bson.M)
	for _, d := range list {
		all[d["_id"]] = d
	}
	return all
}

// unprojected compares the collections with what the log says they should hold,
// and tells the first difference. The log has to be gapless, with the versions
// of each entity one after the other.
func unprojected(tb testing.TB, db *driver.Database) error {
	tb.Helper()
	lines := documents(tb, db, "log")
	newest := make(map[string]bson.M)
	for seq := int64(1); seq <= int64(len(lines)); seq++ {
		line, ok := lines[seq]
		if !ok {
			tb.Fatalf("the log has %d lines and none numbered %d", len(lines), seq)
		}
		id := line["entity"].(string)
		want := int32(1)
		if was := newest[id]; was != nil {
			want = was["version"].(int32) + 1
		}
		if got := line["version"].(int32); got != want {
			tb.Fatalf("line %d: version %d of %s, want %d", seq, got, id, want)
		}
		newest[id] = line
	}
	found := make(map[any]bson.M)
	for _, collection := range []string{"stories", "tags", "ticker", "coverages", "locks", "tokens", "webhooks"} {
		for id, d := range documents(tb, db, collection) {
			found[id] = d
		}
	}
	if len(found) > len(newest) {
		return fmt.Errorf("there are %d entities, and %d in the log", len(found), len(newest))
	}
	for id, line := range newest {
		d := found[id]
		if d == nil {
			return fmt.Errorf("%s is not projected", id)
		}
		if d["line"] != line["_id"] {
			return fmt.Errorf("%s is projected from line %v, and line %v is its newest", id, d["line"], line["_id"])
		}
		delete(d, "line")
		delete(d, "listing")
		if diff := cmp.Diff(line["slugs"], d["slugs"]); diff != "" {
			return fmt.Errorf("the slugs of %s (-log +projection):\n%s", id, diff)
		}
		delete(d, "slugs")
		if diff := cmp.Diff(asMap(line["doc"]), d); diff != "" {
			return fmt.Errorf("%s (-log +projection):\n%s", id, diff)
		}
	}
	return nil
}

// asMap makes an embedded document comparable.
func asMap(d any) bson.M {
	m := make(bson.M)
	for _, e := range d.(bson.D) {
		m[e.Key] = e.Value
	}
	return m
}

// audit fails the test when the projection is not what the log says.
func audit(tb testing.TB, db *driver.Database) {
	tb.Helper()
	if err := unprojected(tb, db); err != nil {
		tb.Error(err)
	}
}

// logged are the lines of a log by entity and version.
func logged(tb testing.TB, s news.Log) map[news.Ref]news.Line {
	tb.Helper()
	all := make(map[news.Ref]news.Line)
	for after := news.Seq(0); ; {
		lines, err := s.Lines(tb.Context(), after, 200)
		if err != nil {
			tb.Fatal(err)
		}
		if len(lines) == 0 {
			return all
		}
		for _, line := range lines {
			all[line.Doc.Ref()] = line
		}
		after = lines[len(lines)-1].Seq
	}
}

// acknowledgements are the lines that Commit has returned.
type acknowledgements []news.Line

// check compares them with the log.
func (a acknowledgements) check(tb testing.TB, log map[news.Ref]news.Line) {
	tb.Helper()
	for _, line := range a {
		if got := log[line.Doc.Ref()].Seq; got != line.Seq {
			tb.Errorf("%+v was acknowledged as line %d, and is line %d", line.Doc.Ref(), line.Seq, got)
		}
	}
	if !slices.IsSortedFunc(a, func(x, y news.Line) int { return int(x.Seq - y.Seq) }) {
		tb.Error("the acknowledgements of one writer are not in the order of the log")
	}
}
