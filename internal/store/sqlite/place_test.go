package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/store/storetest"
)

func place(key string) news.Place {
	return news.Place{Key: key, Seq: 1, Until: storetest.Noon()}
}

// TestPlacesInOlderFile has a file of the time when there were no places.
func TestPlacesInOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	commit(t, s, storetest.Tag("tag_a"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := rawDB(t, path).Exec(`DROP TABLE places`); err != nil {
		t.Fatal(err)
	}
	reader := openToRead(t, path)
	audit(t, reader, path)
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s = open(t, path)
		if err := s.LeavePlaces(t.Context(), storetest.Noon(), []news.Place{place("anna")}); err != nil {
			t.Error(err)
		}
		got, err := s.TakePlaces(t.Context(), storetest.Noon(), []string{"anna"})
		if err != nil || got["anna"] != 1 {
			t.Errorf("got %v, %v; want the place of anna", got, err)
		}
		audit(t, s, path)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	var format int
	if err := rawDB(t, path).QueryRow(`PRAGMA user_version`).Scan(&format); err != nil || format != 1 {
		t.Errorf("the file has format %d, %v; want 1, which an older depeche opens", format, err)
	}
}

func TestPlacesOfReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "news.db")
	s := open(t, path)
	defer s.Close()
	if err := s.LeavePlaces(t.Context(), storetest.Noon(), []news.Place{place("anna")}); err != nil {
		t.Fatal(err)
	}
	reader := openToRead(t, path)
	defer reader.Close()
	if err := reader.LeavePlaces(t.Context(), storetest.Noon(), nil); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("leave: got %v, want ErrReadOnly", err)
	}
	if got, err := reader.TakePlaces(t.Context(), storetest.Noon(), []string{"anna"}); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("take: got %v, %v; want ErrReadOnly", got, err)
	}
}

func BenchmarkPlaces(b *testing.B) {
	s := open(b, filepath.Join(b.TempDir(), "news.db"))
	defer s.Close()
	places := make([]news.Place, news.MaxPlaces)
	keys := make([]string, len(places))
	for i := range places {
		keys[i] = fmt.Sprintf("%064d", i*7919)
		places[i] = place(keys[i])
	}
	leave := func(b *testing.B) {
		if err := s.LeavePlaces(b.Context(), storetest.Noon(), places); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("leave 10000", func(b *testing.B) {
		for b.Loop() {
			leave(b)
		}
	})
	b.Run("take 1000", func(b *testing.B) {
		for b.Loop() {
			b.StopTimer()
			leave(b)
			b.StartTimer()
			if got, err := s.TakePlaces(b.Context(), storetest.Noon(), keys[:news.MaxPlaceKeys]); err != nil || len(got) != news.MaxPlaceKeys {
				b.Fatalf("took %d: %v", len(got), err)
			}
		}
	})
}
