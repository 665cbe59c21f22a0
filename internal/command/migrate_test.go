package command_test

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"depeche/internal/command"
	"depeche/internal/news"
	"depeche/internal/store"
	"depeche/internal/store/storetest"
)

// A pane is a store seen through something that does something before it reads
// or writes.
type pane struct {
	news.Store
	lines, commit func()
}

func (p pane) Lines(ctx context.Context, after news.Seq, limit int) ([]news.Line, error) {
	if p.lines != nil {
		p.lines()
	}
	return p.Store.Lines(ctx, after, limit)
}

func (p pane) Commit(ctx context.Context, changes []news.Change) ([]news.Line, error) {
	if p.commit != nil {
		p.commit()
	}
	return p.Store.Commit(ctx, changes)
}

func TestMigrateThatIsDisturbed(t *testing.T) {
	at := func() string { return "sqlite:" + filepath.Join(t.TempDir(), "depeche.db") }
	open := func(o store.Options) news.Store {
		t.Helper()
		s, err := store.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() }) //nolint:errcheck // nothing is written by then
		return s
	}
	source := open(store.Options{At: at()})
	add := func(id news.TagID) {
		t.Helper()
		if _, err := source.Commit(t.Context(), []news.Change{storetest.Change(storetest.Tag(id), nil)}); err != nil {
			t.Fatal(err)
		}
	}
	add("tag_1")
	target := open(store.Options{At: at(), Epoch: source.Epoch()})
	var stdout, stderr bytes.Buffer
	e := command.Env{Stdout: &stdout, Stderr: &stderr, Now: time.Now}

	ctx, cancel := context.WithCancel(t.Context())
	err := command.Migrate(ctx, e, source, pane{Store: target, commit: cancel})
	if err == nil || !strings.HasPrefix(err.Error(), "migrate: interrupted; run it again to go on: ") || stdout.Len() > 0 {
		t.Errorf("interrupted: got %v, %s", err, &stdout)
	}

	if err := target.Close(); err != nil {
		t.Fatal(err)
	}
	err = command.Migrate(t.Context(), e, source, target)
	if err == nil || !strings.HasPrefix(err.Error(), "migrate: a store can't be reached; run it again to go on: ") || stdout.Len() > 0 {
		t.Errorf("out of reach: got %v, %s", err, &stdout)
	}

	// The source moves on when it has been copied.
	reads := 0
	moving := pane{Store: source, lines: func() {
		if reads++; reads == 3 {
			add("tag_2")
		}
	}}
	err = command.Migrate(t.Context(), e, moving, open(store.Options{At: at(), Epoch: source.Epoch()}))
	if err == nil || !strings.Contains(err.Error(), "the source is at line 2 by now: stop what writes to it and run this again") {
		t.Errorf("moved on: got %v", err)
	}
	if want := "The target holds the same as the source up to line 1.\n"; !strings.HasSuffix(stdout.String(), want) {
		t.Errorf("moved on: got %s", &stdout)
	}
}
