package sqlite_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

// TestOlderFile has a file of format 1, of the time when there were neither places
// nor leases.
func TestOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	commit(t, s, storetest.Tag("tag_a"))
	commit(t, s, storetest.Story("story_a", func(s *news.Story) { s.Tags = []news.TagID{"tag_a"} }))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := rawDB(t, path).Exec(`DROP TABLE places; DROP TABLE leases; PRAGMA user_version = 1`); err != nil {
		t.Fatal(err)
	}
	wantFormat := func(want int) {
		t.Helper()
		var format int
		if err := rawDB(t, path).QueryRow(`PRAGMA user_version`).Scan(&format); err != nil || format != want {
			t.Errorf("the file has format %d, %v; want %d", format, err, want)
		}
	}

	// Whoever reads changes nothing.
	reader := openToRead(t, path)
	audit(t, reader, path)
	if got, err := reader.Leases(t.Context(), []string{"hook"}); err != nil || len(got) != 0 {
		t.Errorf("leases of a reader: got %v, %v", got, err)
	}
	wantFormat(1)
	// Nor does who wanted another newsroom.
	if _, err := sqlite.Open(t.Context(), sqlite.Options{Path: path, Epoch: "another"}); err == nil {
		t.Error("it was opened with another epoch")
	}
	wantFormat(1)

	lease := news.Lease{Key: "hook", Holder: "anna", Until: storetest.Noon()}
	for range 2 {
		s = open(t, path)
		wantFormat(2)
		if err := s.LeavePlaces(t.Context(), storetest.Noon(), []news.Place{place("anna")}); err != nil {
			t.Error(err)
		}
		got, err := s.TakePlaces(t.Context(), storetest.Noon(), []string{"anna"})
		if err != nil || got["anna"] != 1 {
			t.Errorf("got %v, %v; want the place of anna", got, err)
		}
		if got, err := s.TakeLease(t.Context(), storetest.Noon(), lease); err != nil || got.Holder != "anna" {
			t.Errorf("got %v, %v; want the lease of anna", got, err)
		}
		audit(t, s, path)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// A reader that was there before finds what has come.
	if got, err := reader.Leases(t.Context(), []string{"hook"}); err != nil || got["hook"].Holder != "anna" {
		t.Errorf("leases of a reader: got %v, %v; want that of anna", got, err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestLeasesOfReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	defer s.Close()
	lease := news.Lease{Key: "hook", Holder: "anna", Until: storetest.Noon(), Note: []byte("here")}
	if _, err := s.TakeLease(t.Context(), storetest.Noon(), lease); err != nil {
		t.Fatal(err)
	}
	reader := openToRead(t, path)
	defer reader.Close()
	if got, err := reader.Leases(t.Context(), []string{"hook"}); err != nil || string(got["hook"].Note) != "here" {
		t.Errorf("got %v, %v; want the lease of anna", got, err)
	}
	if _, err := reader.TakeLease(t.Context(), storetest.Noon().Add(time.Hour), lease); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("take: got %v, want ErrReadOnly", err)
	}
	if err := reader.DropLease(t.Context(), "hook", "anna"); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("drop: got %v, want ErrReadOnly", err)
	}
}
