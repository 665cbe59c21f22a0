package transport

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
)

func TestFailuresAreBounded(t *testing.T) {
	now := time.Unix(0, 0)
	var log bytes.Buffer
	f := &failures{logger: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	wrong := failed{err: fmt.Errorf("the token is odd: %w", news.ErrUnauthenticated), request: "R1", way: "http", peer: "192.0.2.1:80"}
	wantLines := func(when string, want int) {
		t.Helper()
		if got := strings.Count(log.String(), "\n"); got != want {
			t.Errorf("%s: got %d lines, want %d:\n%s", when, got, want, log.String())
		}
		log.Reset()
	}
	for range 1000 {
		f.tell(wrong)
	}
	wantLines("at once", 10)
	f.tick()
	if got := log.String(); !strings.Contains(got, "level=WARN") || !strings.Contains(got, "op=authenticate more=990") {
		t.Errorf("got %s", got)
	}
	wantLines("of those that were left out", 1)
	f.tick()
	wantLines("when nobody was left out", 0)
	f.tell(wrong)
	wantLines("in the same second", 0)
	now = now.Add(time.Second)
	f.tell(wrong)
	wantLines("a second later", 1)
	now = now.Add(-time.Hour)
	f.tell(failed{err: errors.Join(news.ErrUnavailable, errors.New("no route"))})
	if got := log.String(); !strings.Contains(got, "can't be checked") || !strings.Contains(got, "no route") {
		t.Errorf("got %s", got)
	}
	wantLines("when the clock has been set back", 1)
	f.tick()
	wantLines("of the one before that", 1)
}
