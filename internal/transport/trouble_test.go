package transport_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/graph/scalar"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/transport"
)

type problem struct {
	Message    string
	Extensions struct {
		Code, Last, Oldest, Argument string
		Retryable                    bool
	}
}

// problems reads the errors of a frame: of an "error", or of a "next" without
// data.
func problems(t testing.TB, f frame) []problem {
	t.Helper()
	var list []problem
	if f.Type == "error" {
		must(t, json.Unmarshal(f.Payload, &list))
		return list
	}
	var answer struct{ Errors []problem }
	must(t, json.Unmarshal(f.Payload, &answer))
	return answer.Errors
}

// batch publishes lines with one call of the store, so that they are there at
// once.
func (r *room) batch(t testing.TB, n int) {
	t.Helper()
	lines := make([]news.Entity, n)
	for i := range lines {
		lines[i] = &news.TickerEntry{Status: news.TickerPublished, TickerContent: news.TickerContent{Headline: "A line", OccurredAt: r.desk.Now()}}
	}
	_, err := r.desk.Adopt(context.Background(), editor, lines)
	must(t, err)
}

func TestErrorsBeforeAnOperationBegins(t *testing.T) {
	r := open(t)
	r.batch(t, 3)
	for _, row := range []struct {
		name, query, code, says string
	}{
		{"not GraphQL", `{`, "INVALID_ARGUMENT", "Expected"},
		{"unknown field", `{ nope }`, "INVALID_ARGUMENT", "nope"},
		{"bad variable", `query($after: Cursor!) { stories(after: $after) { nodes { id } } }`, "INVALID_ARGUMENT", "$after: must be defined"},
		{"too costly", `{ stories(first: 100) { nodes { related(first: 20) { tags { stories(first: 100) { nodes { id } } } } } } }`, "TOO_COMPLEX", "costs"},
		{"too deep", `{ a: ` + strings.Repeat(`story(slug: "x") { related { `, 1) + strings.Repeat(`related { `, 20) + `id` + strings.Repeat(` }`, 22) + ` }`, "TOO_COMPLEX", "deep"},
		{"bad cursor", `subscription { ticker(after: "x") { kind } }`, "BAD_CURSOR", "malformed"},
		{"no such story", `subscription { story(slug: "x") { kind } }`, "NOT_FOUND", "no story"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.dial(t, `{}`)
			c.expect("connection_ack")
			c.subscribe("1", row.query, nil)
			f, err := c.next()
			must(t, err)
			got := problems(t, f)
			if len(got) != 1 || got[0].Extensions.Code != row.code || !strings.Contains(got[0].Message, row.says) {
				t.Errorf("got %s %s, want %s that says %q", f.Type, f.Payload, row.code, row.says)
			}
			// The socket goes on.
			c.subscribe("2", `{ viewer { role } }`, nil)
			for f.ID != "2" {
				f, err = c.next()
				must(t, err)
			}
		})
	}
}

func TestAReaderTooFarBehindIsToldWhereToGoOn(t *testing.T) {
	r := openWith(t, options{follow: live.Options{MaxBehind: 5}})
	r.batch(t, 8)
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	// Whoever gets the last line knows that the follower has seen it.
	c.subscribe("0", follow, map[string]any{"after": scalar.OfLog(r.follower.Cursor(7))})
	headline(t, c.expect("next"))
	c.subscribe("1", follow, map[string]any{"after": scalar.OfLog(r.follower.Cursor(0))})
	f, err := c.next()
	must(t, err)
	got := problems(t, f)
	if len(got) != 1 || got[0].Extensions.Code != "CURSOR_EXPIRED" || got[0].Extensions.Argument != "after" {
		t.Fatalf("got %s", f.Payload)
	}
	c.subscribe("2", follow, map[string]any{"after": got[0].Extensions.Oldest})
	for range 5 {
		headline(t, c.expect("next"))
	}
}

func TestAPanicEndsOneSubscription(t *testing.T) {
	r := openWith(t, options{pane: func(s news.Store) news.Store { return panicking{s} }})
	r.batch(t, 1)
	e, err := r.desk.PublishTickerEntry(t.Context(), editor, "", false, func(e *desk.TickerEdit) { e.Headline = "A" })
	must(t, err)
	_, err = r.desk.PinTickerEntry(t.Context(), editor, e.ID, 1, true, desk.Moment{})
	must(t, err)
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	// Whoever gets the last line knows that the follower has seen it.
	c.subscribe("0", follow, map[string]any{"after": scalar.OfLog(r.follower.Cursor(2))})
	headline(t, c.expect("next"))
	// What has changed since is asked for of the store, which panics.
	c.subscribe("1", follow, map[string]any{"after": scalar.OfLog(r.follower.Cursor(0))})
	f := c.expect("error")
	if got := problems(t, f); len(got) != 1 || got[0].Extensions.Code != "INTERNAL" || strings.Contains(got[0].Message, "secret") {
		t.Errorf("got %s", f.Payload)
	}
	c.subscribe("2", `{ viewer { role } }`, nil)
	c.expect("next")
}

type panicking struct{ news.Store }

func (p panicking) Nodes(ctx context.Context, who news.Audience, ids []news.EntityID) (map[news.EntityID]news.Entity, error) {
	if !who.Staff {
		panic("a secret of the store")
	}
	return p.Store.Nodes(ctx, who, ids)
}

// A panic outside of resolvers is nobody's but the transport's.
func TestAPanicBeforeAnOperationBegins(t *testing.T) {
	handler := transport.New(transport.Options{
		Executor: broken{}, Stats: new(live.Stats), Places: live.NewPlaces(nil, live.PlacesOptions{}), Verify: func(context.Context, string) (news.Actor, error) { return news.Actor{}, nil },
		Ready: func(context.Context) error { return nil }, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	server := httptest.NewServer(handler)
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(t.Output(), nil), slog.LevelError)
	defer server.Close()
	r := &room{Server: server, handler: handler}
	response, body := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON)
	if response.StatusCode != 500 || code(t, body) != "INTERNAL" || strings.Contains(body, "secret") {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	c.subscribe("1", `{viewer{role}}`, nil)
	if got := problems(t, c.expect("error")); len(got) != 1 || got[0].Extensions.Code != "INTERNAL" || strings.Contains(got[0].Message, "secret") {
		t.Errorf("got %+v", got)
	}
	if response, _ := r.send(t, "GET", "/healthz", ""); response.StatusCode != 200 {
		t.Errorf("the server is no longer alive: %d", response.StatusCode)
	}
	drained, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := handler.Drain(drained, 0); err != nil {
		t.Errorf("the socket that panicked is waited for: %v", err)
	}
}

type broken struct{ graphql.GraphExecutor }

func (broken) CreateOperationContext(context.Context, *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	panic("a secret of the executor")
}

func TestATokenThatEnds(t *testing.T) {
	r := open(t)
	token := r.token(t, news.Editor)
	_, err := r.desk.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) { e.Title, e.Language = "A draft", "fr" })
	must(t, err)
	c := r.dial(t, `{"Authorization":"Bearer `+token+`"}`)
	c.expect("connection_ack")
	const drafts = `{ stories { nodes { title } } viewer { role } }`
	c.subscribe("1", drafts, nil)
	if f := c.expect("next"); !strings.Contains(string(f.Payload), "A draft") {
		t.Errorf("with a good token: got %s", f.Payload)
	}
	c.expect("complete")

	r.ahead.Store(int64(2 * time.Hour))
	c.subscribe("2", drafts, nil)
	if f := c.expect("next"); strings.Contains(string(f.Payload), "A draft") || !strings.Contains(string(f.Payload), "READER") {
		t.Errorf("the socket has outlived its token: got %s", f.Payload)
	}
	c.expect("complete")
	c.subscribe("3", `mutation { createTag(input: { name: "x", kind: TOPIC }) { id } }`, nil)
	if got := problems(t, c.expect("next")); len(got) != 1 || got[0].Extensions.Code != "UNAUTHENTICATED" {
		t.Errorf("got %+v", got)
	}

	response, body := r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON, "Authorization: Bearer "+token)
	if response.StatusCode != 401 || code(t, body) != "UNAUTHENTICATED" || !strings.Contains(body, "expired") || response.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("over HTTP: got %d %s", response.StatusCode, body)
	}
	if strings.Contains(body, token) {
		t.Errorf("the answer repeats the token: %s", body)
	}
	c = r.dial(t, `{"Authorization":"Bearer `+token+`"}`)
	for {
		f, err := c.next()
		if err != nil {
			if got := websocket.CloseStatus(err); got != 4403 {
				t.Errorf("closed with %d, want 4403", got)
			}
			break
		}
		if f.Type == "connection_ack" || strings.Contains(string(f.Payload), token) {
			t.Fatalf("got %s %s", f.Type, f.Payload)
		}
	}
}

func TestMessagesThatCantBe(t *testing.T) {
	r := open(t)
	const marker = "MARKER-OF-WHAT-WAS-SENT"
	for _, row := range []struct {
		name, message string
		status        websocket.StatusCode // that it is closed with; 0: any
	}{
		{"rubbish", marker, 0},
		{"unknown type", `{"type":"` + marker + `"}`, 0},
		{"a list", `["` + marker + `"]`, 0},
		{"init again", `{"type":"connection_init"}`, 0},
		{"larger than 1 MB", `{"type":"ping","payload":{"x":"` + strings.Repeat("x", 1<<20) + `"}}`, websocket.StatusMessageTooBig},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := r.dial(t, `{}`)
			c.expect("connection_ack")
			must(t, c.conn.Write(c.ctx, websocket.MessageText, []byte(row.message)))
			for {
				f, err := c.next()
				if err != nil {
					if strings.Contains(err.Error(), marker) {
						t.Errorf("the close repeats what was sent: %v", err)
					}
					if got := websocket.CloseStatus(err); row.status != 0 && got != row.status {
						t.Errorf("closed with %d (%v), want %d", got, err, row.status)
					}
					return
				}
				if strings.Contains(string(f.Payload), marker) {
					t.Errorf("the answer repeats what was sent: %s", f.Payload)
				}
			}
		})
	}
}

// TestAPanicEndsItsTurn: where as many operations as may run at a time have
// panicked, the next still runs.
func TestAPanicEndsItsTurn(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Executions: 1}, executor: func(e graphql.GraphExecutor) graphql.GraphExecutor {
		return sometimes{e}
	}})
	c := r.ready(t)
	c.subscribe("1", `query broken { viewer { role } }`, nil)
	c.expect("error")
	c.subscribe("2", `{viewer{role}}`, nil)
	c.expect("next")
}

// sometimes is an executor that panics when it is asked to.
type sometimes struct{ graphql.GraphExecutor }

func (s sometimes) CreateOperationContext(ctx context.Context, params *graphql.RawParams) (*graphql.OperationContext, gqlerror.List) {
	if strings.Contains(params.Query, "broken") {
		panic("as asked")
	}
	return s.GraphExecutor.CreateOperationContext(ctx, params)
}
