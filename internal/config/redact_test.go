package config_test

import (
	"fmt"
	"strings"
	"testing"

	"depeche/internal/config"
)

func TestRedact(t *testing.T) {
	for _, row := range [][2]string{
		{"mongodb://localhost", "mongodb://localhost"},
		{"mongodb://localhost:27017/", "mongodb://localhost:27017"},
		{"mongodb://a.example:27017,b-2.example/news?replicaSet=rs0&tlsCertificateKeyFilePassword=p", "mongodb://a.example:27017,b-2.example/news?***"},
		{"mongodb://u:p@a.example/news", "mongodb://***@a.example/news"},
		{"mongodb://u:p%40%2F@[::1]:27017,[::2]/news_1", "mongodb://***@[::1]:27017,[::2]/news_1"},
		{"mongodb://u:p:q@h", "mongodb://***@h"},
		{"mongodb+srv://u@cluster.example/?w=majority", "mongodb+srv://***@cluster.example?***"},
		{"mongodb://h?authMechanism=PLAIN", "mongodb://h?***"},
		// Where the hosts begin is not certain.
		{"mongodb://u:p@q@h/news", "mongodb://***"},
		{"mongodb://u:p/q@h/news", "mongodb://***"},
		{"mongodb://u:p?q@h/news", "mongodb://***"},
		{"mongodb://u:12/news@h", "mongodb://***"},
		{"mongodb://u@h/news?appName=a@b", "mongodb://***"},
		{"mongodb://h/news?appName=a@b", "mongodb://***"},
		{"mongodb://user:pass", "mongodb://***"},
		{"mongodb://user:70000", "mongodb://***"},
		{"mongodb://u:p%40h", "mongodb://***"},
		{"mongodb://%2Ftmp%2Fmongodb.sock/news", "mongodb://***"},
		{"mongodb://[fe80::1%secret]/news", "mongodb://***"},
		{"mongodb://[::1]secret/news", "mongodb://***"},
		{"mongodb://h/news;password=p", "mongodb://***"},
		{"mongodb://h/news#p", "mongodb://***"},
		{"mongodb://", "mongodb://***"},
		{"mongodb://@", "mongodb://***"},
		// Others.
		{"MongoDB://u:p@h", "***"},
		{"mongodb:/u:p@h", "***"},
		{" mongodb://u:p@h", "***"},
		{"postgres://u:p@h", "***"},
		{"sqlite:data/depeche.db", "sqlite:data/depeche.db"},
		{"sqlite:mongodb://u:p@h", "***"},
		{"archive.ndjson", "archive.ndjson"},
		{"mongodb.ndjson", "mongodb.ndjson"},
		{"", ""},
	} {
		if got := config.Redact(row[0]); got != row[1] {
			t.Errorf("%q: got %q, want %q", row[0], got, row[1])
		}
	}
}

func TestPlace(t *testing.T) {
	for _, row := range []struct {
		place        config.Place
		store, shown string
	}{
		{config.Place{Data: "./data"}, "sqlite:data/depeche.db", "./data"},
		{config.Place{Data: "a b?c"}, "sqlite:a b?c/depeche.db", "a b?c"},
		{config.Place{Data: "./data", MongoDB: "mongodb://u:p@h/d?x=y"}, "mongodb://u:p@h/d?x=y", "mongodb://***@h/d?***"},
	} {
		if got := row.place.Store(); got != row.store {
			t.Errorf("got %s, want %s", got, row.store)
		}
		if got := row.place.Shown(); got != row.shown {
			t.Errorf("got %s, want %s", got, row.shown)
		}
		for _, verb := range []string{"%s", "%v", "%+v", "%#v"} {
			if got := fmt.Sprintf(verb, row.place); strings.Contains(got, "u:p") {
				t.Errorf("%s tells %s", verb, got)
			}
		}
	}
}

// A command that uses the database alone is not to be told of two.
func TestPlaceIsNamedOnce(t *testing.T) {
	for _, row := range []struct {
		args, environ []string
		want          string
	}{
		{[]string{"--data", "d"}, nil, ""},
		{nil, []string{"DEPECHE_DATA=d", "MONGODB_URI=mongodb://u:p@h"}, ""},
		{[]string{"--mongodb-uri=mongodb://u:p@h"}, []string{"DEPECHE_DATA=d"}, ""},
		{[]string{"--data", "d"}, []string{"MONGODB_URI="}, ""},
		{[]string{"--data", "d"}, []string{"MONGODB_URI=mongodb://u:p@h"}, "--data names a database in a folder, and MONGODB_URI one in MongoDB: leave one of them out"},
		{[]string{"--data", "d", "--mongodb-uri=mongodb://u:p@h"}, nil, "--data names a database in a folder, and --mongodb-uri one in MongoDB: leave one of them out"},
	} {
		var place config.Place
		table := &config.Table{Settings: place.Settings()}
		problems := table.Parse(row.args, row.environ)
		place.Check(table, problems)
		got := ""
		if err := problems.Err(); err != nil {
			got = err.Error()
		}
		if got != row.want {
			t.Errorf("%q, %q: got %q, want %q", row.args, row.environ, got, row.want)
		}
	}
}

// Wherever the URI is given, by whatever name and however badly, its password is
// not shown.
func FuzzPasswordIsNotShown(f *testing.F) {
	const sentinel = "Sentinel7"
	for _, seed := range [][4]string{
		{"mongodb://u:", "", "", "@h/d"},
		{"mongodb://u:", "p@", "", "@h/d"},
		{"mongodb://u:", "", "@q", "@h/d?w=1"},
		{"mongodb://u:", "/", "/", "@h/d"},
		{"mongodb://u:", "?", "?", "@h"},
		{"mongodb://u:", ":", "%", "@h,g:1"},
		{"mongodb://u:", "12,[::1]:3/", "", "@h"},
		{"mongodb+srv://u:", "%zz", "#", "@h/?appName=a@b"},
		{"mongodb://h/d?tlsCertificateKeyFilePassword=", "", "&", ""},
		{"mongodb://h?x=", "@/", "@", "h/d"},
		{"MongoDB://u:", "", "", "@h"},
		{"mongodb:/u:", "", "", "@h"},
		{"mongo://u:", " ", "\n", "@h"},
		{" mongodb://u:", "", "", "@h"},
		{"-mongodb://u:", "=", "", "@h"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	f.Fuzz(func(t *testing.T, head, before, behind, tail string) {
		uri := head + before + sentinel + behind + tail
		for _, given := range []struct{ args, environ []string }{
			{[]string{"--mongodb-uri", uri}, nil},
			{[]string{"--mongodb-uri=" + uri, "--nope"}, nil},
			{[]string{"--mongodb-uri=" + uri, "--demo"}, nil},
			{nil, []string{"MONGODB_URI=" + uri}},
			{[]string{"--demo", "--listen=x"}, []string{"MONGODB_URI=" + uri}},
		} {
			c, err := config.Parse(given.args, given.environ)
			var shown strings.Builder
			fmt.Fprintf(&shown, "%v %+v %#v %s\n", err, c.Place, c.Place, c.MongoDB)
			if err := c.Print(&shown); err != nil {
				t.Fatal(err)
			}
			if isSecret(uri, sentinel) && strings.Contains(shown.String(), sentinel) {
				t.Errorf("%q is shown:\n%s", uri, shown.String())
			}
		}
		if got := config.Redact(uri); isSecret(uri, sentinel) && strings.Contains(got, sentinel) {
			t.Errorf("%q is shown as %q", uri, got)
		}
	})
}

// isSecret tells whether secret is where a URI has its secrets: before an @ that
// may end the user, or behind a ? that may begin the options. Elsewhere it is a
// host or a database.
func isSecret(uri, secret string) bool {
	at := strings.Index(uri, secret)
	return strings.Contains(uri, "://") && (strings.Contains(uri[at:], "@") || strings.Contains(uri[:at], "?"))
}
