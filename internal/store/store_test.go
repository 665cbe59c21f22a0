package store_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store"
	"depeche/internal/store/storetest"
)

// open opens a store until the end of the test.
func open(t *testing.T, o store.Options) news.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() }) //nolint:errcheck // it may be closed already
	return s
}

// file is the place of a store that is not there yet.
func file(t *testing.T) string {
	t.Helper()
	return "sqlite:" + filepath.Join(t.TempDir(), "depeche.db")
}

// filled is a store with a history of about 13 lines a round: every kind, drafts,
// versions, former slugs, corrections.
func filled(t *testing.T, at string, rounds int) news.Store {
	t.Helper()
	s := open(t, store.Options{At: at})
	for i := range rounds {
		fill(t, s, i)
	}
	return s
}

func fill(t *testing.T, s news.Store, round int) {
	t.Helper()
	name := func(kind string) string { return fmt.Sprintf("%s_%d", kind, round) }
	at := storetest.Noon()
	tag := storetest.Tag(news.TagID(name("tag")))
	renamed := storetest.Next(tag, func(t *news.Tag) {
		t.PreviousSlugs, t.Slug = []string{t.Slug}, t.Slug+"-new"
	})
	coverage := storetest.Coverage(news.CoverageID(name("cov")), func(c *news.Coverage) { c.Tags = []news.TagID{tag.ID} })
	ended := storetest.Next(coverage, func(c *news.Coverage) { c.Status, c.EndsAt = news.CoverageEnded, at })
	draft := storetest.Story(news.StoryID(name("story")), func(s *news.Story) {
		s.Status, s.PublishedAt, s.CreatedBy = news.StoryDraft, time.Time{}, "zoé"
		s.Tags, s.Image = []news.TagID{tag.ID}, &news.Image{URL: "https://x.example/i", FocalPoint: &news.FocalPoint{X: 0.1, Y: 1}}
	})
	published := storetest.Next(draft, func(s *news.Story) { s.Status, s.PublishedAt = news.StoryPublished, at })
	corrected := storetest.Next(published, func(s *news.Story) {
		s.Corrections = []news.Correction{{At: at, Note: "C’était faux", Kind: news.Correcting, FromVersion: 2, ToVersion: 3}}
	})
	entry := storetest.TickerEntry(news.TickerEntryID(name("tick")), func(e *news.TickerEntry) {
		e.Tags, e.Coverage, e.Story = []news.TagID{tag.ID}, coverage.ID, draft.ID
	})
	pinned := storetest.Next(entry, func(e *news.TickerEntry) { e.Pinned = true })
	changes := []news.Change{
		storetest.Change(tag, nil), storetest.Change(renamed, tag), storetest.Change(coverage, nil),
		storetest.Change(draft, nil), storetest.Change(published, draft), storetest.Change(corrected, published),
		storetest.Change(entry, nil), storetest.Change(pinned, entry), storetest.Change(ended, coverage),
	}
	changes[4].Op, changes[5].Op, changes[5].By = news.OpPublished, news.OpCorrected, ""
	if _, err := s.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func TestOpenRefuses(t *testing.T) {
	const secret = "Sentinel7"
	for _, row := range []struct{ at, says string }{
		{"", "must be sqlite:PATH, mongodb://… or mongodb+srv://…"},
		{secret, "must be sqlite:PATH"},
		{"postgres://u:" + secret + "@h", "must be sqlite:PATH"},
		{"MongoDB://u:" + secret + "@h", "must be sqlite:PATH"},
		{"sqlite:", "must name a file"},
		{"sqlite:mongodb://u:" + secret + "@h", "not both"},
		{"sqlite:mongodb+srv://u:" + secret + "@h", "not both"},
	} {
		_, err := store.Open(t.Context(), store.Options{At: row.at})
		if err == nil || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), secret) {
			t.Errorf("%q: got %v, want an error that says %q", row.at, err, row.says)
		}
	}
}

// What the driver has to say of a URI that is wrong does not tell its password.
func TestOpenTellsNoPassword(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	const secret = "Sentinel7"
	for _, uri := range []string{
		"mongodb://u:" + secret + "@127.0.0.1:1/d",
		"mongodb://u:" + secret + "@q@127.0.0.1:1/d",
		"mongodb://u:x@" + secret + "@127.0.0.1:1/d",
		"mongodb://u:" + secret + "/q@127.0.0.1:1/d",
		"mongodb://u:1/" + secret + "@127.0.0.1:1/d",
		"mongodb://u:" + secret + "?q@127.0.0.1:1/d",
		"mongodb://u:1?" + secret + "@127.0.0.1:1/d",
		"mongodb://u:1?x=" + secret + "@127.0.0.1:1/d",
		"mongodb://u:%zz" + secret + "@127.0.0.1:1/d",
		"mongodb://u:" + secret + "%4@127.0.0.1:1/d",
		"mongodb://u:q:" + secret + "@127.0.0.1:1/d",
		"mongodb://u:" + secret + "@127.0.0.1:x/d",
		"mongodb://127.0.0.1:1/d?tlsCertificateKeyFilePassword=" + secret,
		"mongodb://127.0.0.1:1/d?tlsCertificateKeyFile=" + secret,
		"mongodb://127.0.0.1:1/d?authMechanism=" + secret,
		"mongodb://127.0.0.1:1/d?" + secret,
		"mongodb://127.0.0.1:1/d?x=%zz" + secret,
		"mongodb://127.0.0.1:1/d?connectTimeoutMS=" + secret,
		"mongodb://u:" + secret + "@/d",
		"mongodb+srv://u:" + secret + "@127.0.0.1:1/d",
		"mongodb+srv://u:" + secret + "@localhost/d",
	} {
		_, err := store.Open(ctx, store.Options{At: uri})
		if err == nil {
			t.Errorf("%s was opened", uri)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error tells the password: %v", uri, err)
		}
	}
}

// All behind the colon is the path.
func TestOpenTakesAnyPath(t *testing.T) {
	for _, name := range []string{"a b", "50%", "%41", "x?mode=ro", "a#b", "a:b", "é\u0301", "sqlite:", "it's", `q"q`, "a;b&c=d", "[::1]", "-"} {
		at := "sqlite:" + filepath.Join(t.TempDir(), name)
		s := open(t, store.Options{At: at})
		epoch := s.Epoch()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, store.Options{At: at, ReadOnly: true, Epoch: epoch})
		if err := again.Close(); err != nil {
			t.Error(err)
		}
		if found, err := filepath.Glob(strings.NewReplacer("[", "\\[", "?", "\\?").Replace(strings.TrimPrefix(at, "sqlite:"))); err != nil || len(found) != 1 {
			t.Errorf("%q: got the files %q, %v", name, found, err)
		}
		if _, err := store.Open(t.Context(), store.Options{At: at, Epoch: epoch + "x"}); err == nil || !strings.Contains(err.Error(), "another newsroom") {
			t.Errorf("%q: got %v with another epoch", name, err)
		}
	}
}

func TestSame(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	if err := open(t, store.Options{At: "sqlite:a.db"}).Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, store.Options{At: "sqlite:b.db"}).Close(); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		a, b string
		want bool
	}{
		{"sqlite:a.db", "sqlite:a.db", true},
		{"sqlite:a.db", "sqlite:./x/../a.db", true},
		{"sqlite:a.db", "sqlite:" + folder + "/a.db", true},
		{"sqlite:a.db", "sqlite:b.db", false},
		{"sqlite:a.db", "sqlite:none.db", false},
		{"sqlite:none.db", "sqlite:a.db", false},
		{"sqlite:a.db", "mongodb://h", false},
		{"mongodb://h", "mongodb://H:27017/depeche?w=1", true},
		{"mongodb://u:p@h/d", "mongodb://v:q@h/d", true},
		{"mongodb://a,b/d", "mongodb://b:27017,c/d", true},
		{"mongodb://[::1]/d", "mongodb://[::1]:27017/d", true},
		{"mongodb://h/d", "mongodb://h/e", false},
		{"mongodb://h:1/d", "mongodb://h:2/d", false},
		{"mongodb://h/d", "mongodb://g/d", false},
		{"mongodb+srv://c/d", "mongodb+srv://c/d?w=1", true},
		{"mongodb+srv://h/d", "mongodb://h/d", false},
	} {
		if got := store.Same(row.a, row.b); got != row.want {
			t.Errorf("%s, %s: got %t", row.a, row.b, got)
		}
	}
}
