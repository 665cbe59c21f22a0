package store_test

import (
	"errors"
	"testing"

	"depeche/internal/news"
	"depeche/internal/store"
	"depeche/internal/store/mongo/mongotest"
)

// A newsroom goes from a file to MongoDB, on the way of which it is cut, and back
// into a file: it is the same each time.
func TestCopyBetweenEngines(t *testing.T) {
	from := filled(t, file(t), 3)
	fillOwn(t, from)
	keep(t, from, lease("webhook:hook_own", "node 1", "20"))
	const lines = 3*round + ownLines
	at := mongotest.Database(t, mongotest.URI(t))
	there := open(t, store.Options{At: at, Epoch: from.Epoch()})
	cut := altered{Store: there, commit: func(changes []news.Change) ([]news.Line, error) {
		lines, err := there.Commit(t.Context(), changes[:13])
		return lines, errors.Join(news.ErrUnavailable, err)
	}}
	if _, err := store.Copy(t.Context(), from, cut, quiet); !errors.Is(err, news.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	head, err := store.Copy(t.Context(), from, there, quiet)
	if err != nil || head != lines {
		t.Fatalf("got %d, %v", head, err)
	}
	want := compared(t, from, there, head)

	if _, err := store.Open(t.Context(), store.Options{At: at, Epoch: "another"}); err == nil {
		t.Error("the store was opened with another epoch")
	}
	read := open(t, store.Options{At: at, ReadOnly: true, Epoch: from.Epoch()})
	back := emptyFor(t, read)
	if head, err = store.Copy(t.Context(), read, back, quiet); err != nil {
		t.Fatal(err)
	}
	for _, s := range []news.Store{there, read, back} {
		wantLeases(t, s, map[string]string{"webhook:hook_own": "node 1 20"}, "webhook:hook_own")
	}
	for _, pair := range [][2]news.Store{{read, back}, {from, back}} {
		if got := compared(t, pair[0], pair[1], head); got.Checksum != want.Checksum {
			t.Errorf("got the checksum %s, want %s", got.Checksum, want.Checksum)
		}
	}
	// Both go on from there alike.
	for _, s := range []news.Store{from, there} {
		fill(t, s, 3)
	}
	compared(t, from, there, lines+round)
}
