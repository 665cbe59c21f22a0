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
