package graph_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"log/slog"
	"strings"
	"testing"
	"time"

	"depeche/internal/news"
)

// broken is a store that fails where it is told to.
type broken struct {
	*counting
	nodes func() error // of Nodes
	tags  func() error // of TagsByID
}

func (b *broken) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	if b.nodes != nil {
		return nil, b.nodes()
	}
	return b.counting.Nodes(ctx, who, ids)
}

func (b *broken) TagsByID(ctx context.Context, ids []news.TagID) (map[news.TagID]*news.Tag, error) {
	if b.tags != nil {
		return nil, b.tags()
	}
	return b.counting.TagsByID(ctx, ids)
}

// breakdown makes a newsroom whose store is broken, and the log of its server.
func breakdown(t *testing.T) (*newsroom, *broken, *bytes.Buffer) {
	t.Helper()
	n := open(t)
	n.fill(t)
	store := &broken{counting: n.store}
	n.resolver.Store = store
	var log bytes.Buffer
	n.resolver.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelInfo}))
	return n, store, &log
}

type reply struct {
	Data   json.RawMessage
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
}

func (n *newsroom) reply(t *testing.T, text string) reply {
	t.Helper()
	var r reply
	must(t, json.Unmarshal(n.run(t, operation{text: text})[0], &r))
	return r
}

// sentinels are the error values that package news declares.
func sentinels(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../internal/news/errors.go", nil, 0)
	must(t, err)
	var names []string
	for _, decl := range file.Decls {
		vars, ok := decl.(*ast.GenDecl)
		if !ok || vars.Tok != token.VAR {
			continue
		}
		for _, spec := range vars.Specs {
			for _, name := range spec.(*ast.ValueSpec).Names {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

func TestEveryErrorOfTheDomainHasACode(t *testing.T) {
	cases := map[string]struct {
		err       error
		code      string
		retryable bool
	}{
		"ErrInvalid":         {news.ErrInvalid, "INVALID_ARGUMENT", false},
		"ErrNotFound":        {news.ErrNotFound, "NOT_FOUND", false},
		"ErrConflict":        {news.ErrConflict, "CONFLICT", false},
		"ErrTaken":           {news.ErrTaken, "INVALID_ARGUMENT", false},
		"ErrUnauthenticated": {news.ErrUnauthenticated, "UNAUTHENTICATED", false},
		"ErrForbidden":       {news.ErrForbidden, "FORBIDDEN", false},
		"ErrBadCursor":       {news.ErrBadCursor, "BAD_CURSOR", false},
		"ErrCursorExpired":   {news.ErrCursorExpired, "CURSOR_EXPIRED", false},
		"ErrTooComplex":      {news.ErrTooComplex, "TOO_COMPLEX", false},
		"ErrRateLimited":     {news.ErrRateLimited, "RATE_LIMITED", true},
		"ErrUnavailable":     {news.ErrUnavailable, "UNAVAILABLE", true},
	}
	n, store, log := breakdown(t)
	names := sentinels(t)
	if len(names) != len(cases) {
		t.Errorf("package news has %d errors, the table has %d", len(names), len(cases))
	}
	for _, name := range names {
		c, ok := cases[name]
		if !ok {
			t.Errorf("news.%s is not in the table: what code does a client get?", name)
			continue
		}
		store.nodes = func() error { return fmt.Errorf("what happened: %w", c.err) }
		r := n.reply(t, `{ node(id: "x") { id } }`)
		if len(r.Errors) != 1 {
			t.Errorf("%s: got %d errors, want 1", name, len(r.Errors))
			continue
		}
		got := r.Errors[0].Extensions
		if got["code"] != c.code || (got["retryable"] == true) != c.retryable {
			t.Errorf("%s: got %v, want the code %s, retryable %v", name, got, c.code, c.retryable)
		}
	}
	// Only of the store's failure is the client told less than there is to know.
	if got := strings.Count(log.String(), "\n"); got != 1 || !strings.Contains(log.String(), "the store failed") {
		t.Errorf("want the store's failure in the log and nothing else:\n%s", log)
	}
}

func TestErrorsTellWhatHelps(t *testing.T) {
	n, store, _ := breakdown(t)
	oldest := n.follower.Cursor(7)
	for _, c := range []struct {
		name string
		err  error
		want string // the message and the extensions
	}{
		{"conflict", &news.ConflictError{ID: "story_1", Current: 4}, `story_1 is in version 4 by now map[code:CONFLICT currentVersion:4]`},
		{
			"held", &news.HeldError{Story: "story_1", Holder: "marie", Since: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)},
			`marie is at work on story_1 map[code:CONFLICT holder:marie since:2026-03-02T09:00:00.000Z]`,
		},
		{"held by nobody", &news.HeldError{Story: "story_1"}, `the lock of story_1 is not held any more map[code:CONFLICT]`},
		{"invalid", news.Invalid("ids", "must be %s", "nice"), `ids must be nice map[argument:ids code:INVALID_ARGUMENT]`},
		{"taken", &news.TakenError{Slug: "a", Owner: "story_1"}, `the slug "a" belongs to story_1 map[code:INVALID_ARGUMENT]`},
		{"wrapped", fmt.Errorf("there is no such thing: %w", news.ErrNotFound), `there is no such thing map[code:NOT_FOUND]`},
		{"bad cursor", news.BadCursor("after", "it is odd"), `the cursor after can't be used: it is odd map[argument:after code:BAD_CURSOR]`},
		{
			"expired cursor", &news.CursorError{Field: "after", Reason: "it is old", Oldest: &oldest},
			`the cursor after has expired: it is old map[argument:after code:CURSOR_EXPIRED oldest:LOG:7]`,
		},
		{
			"unavailable", fmt.Errorf("dial tcp 10.0.0.7:27017: connection refused: %w", news.ErrUnavailable),
			`the newsroom can't be reached at the moment; try again map[code:UNAVAILABLE retryable:true]`,
		},
		{
			"out of time", fmt.Errorf("SELECT * FROM story: %w", context.DeadlineExceeded),
			`the newsroom can't be reached at the moment; try again map[code:UNAVAILABLE retryable:true]`,
		},
		{
			"given up", fmt.Errorf("SELECT * FROM story: %w", context.Canceled),
			`the newsroom can't be reached at the moment; try again map[code:UNAVAILABLE retryable:true]`,
		},
		{"long", news.Invalid("ids", "%s", strings.Repeat("é", 600)), "ids " + strings.Repeat("é", 496) + "… map[argument:ids code:INVALID_ARGUMENT]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store.nodes = func() error { return c.err }
			var r reply
			must(t, json.Unmarshal(n.readable(n.run(t, operation{text: `{ node(id: "x") { id } }`})[0]), &r))
			if len(r.Errors) != 1 {
				t.Fatalf("got %d errors, want 1", len(r.Errors))
			}
			if got := fmt.Sprint(r.Errors[0].Message, " ", r.Errors[0].Extensions); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

const (
	inside   = "SQLITE_IOERR: /var/lib/depeche/depeche.db: disk I/O error"
	internal = "something went wrong on our side"
)

// checkInternal wants the answer to be that something went wrong, and nothing of
// what it was.
func checkInternal(t *testing.T, r reply, errs int) {
	t.Helper()
	if len(r.Errors) != errs {
		t.Fatalf("got %d errors, want %d: %v", len(r.Errors), errs, r.Errors)
	}
	for _, e := range r.Errors {
		if got, want := fmt.Sprint(e.Message, e.Extensions), internal+"map[code:INTERNAL requestId:REQUEST]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestAnUnknownErrorStaysInside(t *testing.T) {
	n, store, log := breakdown(t)
	store.nodes = func() error { return errors.New(inside) }
	checkInternal(t, n.reply(t, `query Broken { first: node(id: "x") { id } }`), 1)
	if got := strings.Count(log.String(), inside); got != 1 {
		t.Errorf("the cause was logged %d times, want once:\n%s", got, log)
	}
	for _, want := range []string{"op=Broken", "path=first", "requestId=REQUEST"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing from the log:\n%s", want, log)
		}
	}
}

// gqlgen wraps what a resolver returns; an error that it makes itself must not
// slip through the table as one of the parser's.
func TestAnErrorInABatchStaysInside(t *testing.T) {
	n, store, _ := breakdown(t)
	store.tags = func() error { return errors.New(inside) }
	checkInternal(t, n.reply(t, `{ story(slug: "le-senat-vote-le-budget") { tags { slug } } }`), 1)
}

func TestAPanicIsAnsweredAndLoggedOnce(t *testing.T) {
	n, store, log := breakdown(t)
	store.nodes = func() error { panic(inside) }
	checkInternal(t, n.reply(t, `query Broken { node(id: "x") { id } }`), 1)
	if got := strings.Count(log.String(), "level=ERROR"); got != 1 {
		t.Errorf("the panic was logged %d times, want once:\n%s", got, log)
	}
	for _, want := range []string{"op=Broken", "requestId=REQUEST", "SQLITE_IOERR", "errors_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%s is missing from the log:\n%s", want, log)
		}
	}
}

// A batch that panics is waited for by others than the one that reads it.
func TestAPanicInABatchIsAnsweredToAllWhoWaitForIt(t *testing.T) {
	n, store, log := breakdown(t)
	store.tags = func() error { panic(inside) }
	r := n.reply(t, `{ ticker { nodes { id tags { slug } } } }`)
	if len(r.Errors) == 0 {
		t.Fatal("there is no error")
	}
	checkInternal(t, r, len(r.Errors))
	if got := strings.Count(log.String(), "level=ERROR"); got != 1 {
		t.Errorf("the panic was logged %d times, want once:\n%s", got, log)
	}
	store.tags = nil
	if r := n.reply(t, `{ ticker { nodes { tags { slug } } } }`); len(r.Errors) > 0 {
		t.Errorf("the next operation failed: %v", r.Errors)
	}
}
