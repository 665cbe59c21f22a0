package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"depeche/graph"
	"depeche/internal/auth"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/store/sqlite"
	"depeche/internal/text"
	"depeche/internal/transport"
)

// patience is how long the tests wait for what must come.
const patience = 30 * time.Second

var editor = news.Actor{Name: "marie", Role: news.Editor}

// A room is a server on a loopback port over a newsroom of its own.
type room struct {
	*httptest.Server
	desk     *desk.Desk
	handler  *transport.Handler
	key      *auth.Key
	follower *live.Follower
	away     atomic.Bool  // whether the store says that it can't be reached
	ahead    atomic.Int64 // how far its clock is ahead, in nanoseconds
}

func open(t testing.TB) *room {
	t.Helper()
	return openOver(t, func(s news.Store) news.Store { return s }, live.Options{Ring: 16})
}

// openOver opens a room whose server sees its store as through a pane.
func openOver(t testing.TB, pane func(news.Store) news.Store, o live.Options) *room {
	t.Helper()
	folder := t.TempDir()
	file, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(folder, "depeche.db")})
	must(t, err)
	t.Cleanup(func() { file.Close() }) //nolint:errcheck // nothing is written by then
	store := pane(file)
	r := &room{}
	clock := func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }
	r.desk = desk.New(store, clock)
	r.key, err = auth.OpenKey(folder, "", clock)
	must(t, err)
	r.follower, err = live.Follow(t.Context(), store, o)
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.follower.Run(ctx) //nolint:errcheck // it ends with its context alone
	}()
	t.Cleanup(func() { stop(); <-done })
	logger := slog.New(slog.DiscardHandler) // gqlgen may log after the test has ended
	r.handler = transport.New(transport.Options{
		Executor: graph.NewExecutor(&graph.Resolver{
			Store: store, Desk: r.desk, Live: r.follower, Text: text.NewRenderer(), Zone: time.UTC,
			Now: r.desk.Now, Logger: logger, RequestID: transport.RequestID,
		}),
		Verify: r.key.Verify,
		Ready: func(context.Context) error {
			if r.away.Load() {
				return errors.New("no route to 10.0.0.7")
			}
			return nil
		},
		Origins: []string{"https://news.example", "http://localhost:*"},
		Logger:  logger,
	})
	r.Server = httptest.NewServer(r.handler)
	t.Cleanup(r.Server.Close)
	return r
}

func (r *room) token(t testing.TB, role news.Role) string {
	t.Helper()
	token, err := r.key.Sign(news.Actor{Name: "marie", Role: role, Expires: time.Now().Add(time.Hour)})
	must(t, err)
	return token
}

func (r *room) publish(t testing.TB, headline string) {
	t.Helper()
	_, err := r.desk.PublishTickerEntry(context.Background(), editor, "", false, func(e *desk.TickerEdit) { e.Headline = headline })
	must(t, err)
}

// send sends a request with headers as "Name: value".
func (r *room) send(t testing.TB, method, path, body string, headers ...string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.URL+path, strings.NewReader(body))
	must(t, err)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		request.Header.Set(name, value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	must(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(t, err)
	return response, string(text)
}

type frame struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// A client speaks graphql-transport-ws.
type client struct {
	t    testing.TB
	conn *websocket.Conn
	ctx  context.Context
}

func (r *room) dial(t testing.TB, init string) *client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(r.URL, "http")+transport.PathGraphQL, &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
	})
	must(t, err)
	t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed already
	c := &client{t, conn, ctx}
	c.send(frame{Type: "connection_init", Payload: json.RawMessage(init)})
	return c
}

func (c *client) send(f frame) {
	c.t.Helper()
	must(c.t, wsjson.Write(c.ctx, c.conn, f))
}

// next returns the next frame that is no ping or pong.
func (c *client) next() (frame, error) {
	for {
		var f frame
		if err := wsjson.Read(c.ctx, c.conn, &f); err != nil {
			return f, err
		}
		if f.Type != "ping" && f.Type != "pong" {
			return f, nil
		}
	}
}

func (c *client) expect(kind string) frame {
	c.t.Helper()
	f, err := c.next()
	must(c.t, err)
	if f.Type != kind {
		c.t.Fatalf("got %s %s, want %s", f.Type, f.Payload, kind)
	}
	return f
}

func (c *client) subscribe(id, query string, variables map[string]any) {
	c.t.Helper()
	payload, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	must(c.t, err)
	c.send(frame{ID: id, Type: "subscribe", Payload: payload})
}

func code(t testing.TB, body string) string {
	t.Helper()
	var answer struct {
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(body))).Decode(&answer); err != nil || len(answer.Errors) != 1 {
		t.Fatalf("got %q, want one GraphQL error (%v)", body, err)
	}
	return answer.Errors[0].Extensions.Code
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
