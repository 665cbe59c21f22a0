package mongo_test

import (
	"errors"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"depeche/internal/news"
	"depeche/internal/store/mongo"
	"depeche/internal/store/mongo/mongotest"
	"depeche/internal/store/storetest"
)

// TestPlacesOnLossyConnection loses a command that writes places, or its reply.
// Whoever is told so makes the call again.
func TestPlacesOnLossyConnection(t *testing.T) {
	for _, tt := range []struct {
		name, command string
		action        mongotest.Action
		calls         int // of LeavePlaces at most, until one succeeds
	}{
		{"reply to what is left", "insert", mongotest.DropReply, 2},
		{"reply to the deletion of old ones", "delete", mongotest.DropReply, 2},
		{"request to mark", "update", mongotest.DropRequest, 1},
		{"reply to a mark", "update", mongotest.DropReply, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			proxy := mongotest.NewProxy(t, mongotest.Database(t, mongotest.URI(t)))
			s := opened(t, proxy.URI())
			var lost atomic.Bool
			proxy.On(func(c *mongotest.Command) mongotest.Action {
				if c.Collection == "places" && c.Name == tt.command && !lost.Swap(true) {
					return tt.action
				}
				return mongotest.Pass
			})
			places := []news.Place{{Key: "anna", Seq: 1, Until: storetest.Noon()}, {Key: "otto", Seq: 2, Until: storetest.Noon()}}
			for n := 1; ; n++ {
				err := s.LeavePlaces(t.Context(), storetest.Noon(), places)
				if err == nil {
					break
				}
				if !errors.Is(err, news.ErrUnavailable) || n == tt.calls {
					t.Fatalf("leave, call %d: got %v", n, err)
				}
			}
			for _, want := range []map[string]news.Seq{{"anna": 1, "otto": 2}, {}} {
				got, err := s.TakePlaces(t.Context(), storetest.Noon(), []string{"anna", "otto"})
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("take: %v (-want +got):\n%s", err, diff)
				}
			}
			if !lost.Load() {
				t.Error("nothing was lost")
			}
		})
	}
}

// TestPlacesThatCannotBeDeleted has them taken all the same, and once.
func TestPlacesThatCannotBeDeleted(t *testing.T) {
	proxy := mongotest.NewProxy(t, mongotest.Database(t, mongotest.URI(t)))
	s := opened(t, proxy.URI())
	anna := []news.Place{{Key: "anna", Seq: 1, Until: storetest.Noon()}}
	take := func(want map[string]news.Seq) {
		t.Helper()
		got, err := s.TakePlaces(t.Context(), storetest.Noon(), []string{"anna"})
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("take: %v (-want +got):\n%s", err, diff)
		}
	}
	leave := func() {
		t.Helper()
		if err := s.LeavePlaces(t.Context(), storetest.Noon(), anna); err != nil {
			t.Error(err)
		}
	}
	leave()
	proxy.On(func(c *mongotest.Command) mongotest.Action {
		if c.Collection == "places" && c.Name == "delete" {
			return mongotest.Fail(11601, "Interrupted")
		}
		return mongotest.Pass
	})
	take(map[string]news.Seq{"anna": 1})
	take(map[string]news.Seq{})
	proxy.On(nil)
	leave() // what is left replaces it
	take(map[string]news.Seq{"anna": 1})
}

func TestPlacesOfReader(t *testing.T) {
	uri := mongotest.Database(t, mongotest.URI(t))
	s := opened(t, uri)
	if err := s.LeavePlaces(t.Context(), storetest.Noon(), []news.Place{{Key: "anna", Until: storetest.Noon()}}); err != nil {
		t.Fatal(err)
	}
	reader := opened(t, uri, func(o *mongo.Options) { o.ReadOnly = true })
	if err := reader.LeavePlaces(t.Context(), storetest.Noon(), nil); !errors.Is(err, mongo.ErrReadOnly) {
		t.Errorf("leave: got %v, want ErrReadOnly", err)
	}
	if got, err := reader.TakePlaces(t.Context(), storetest.Noon(), []string{"anna"}); !errors.Is(err, mongo.ErrReadOnly) {
		t.Errorf("take: got %v, %v; want ErrReadOnly", got, err)
	}
}
