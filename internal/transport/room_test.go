package transport_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"depeche/graph"
	"depeche/internal/auth"
	"depeche/internal/cache"
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

// renderer is one for all tests: goldmark counts its own keys without a lock, so
// two can't be made at once.
var renderer = sync.OnceValue(text.NewRenderer)

// A room is a server on a loopback port over a newsroom of its own.
type room struct {
	*httptest.Server
	desk     *desk.Desk
	handler  *transport.Handler
	cache    *cache.Cache
	store    news.Store // as another process has it: past the cache
	key      *auth.Key
	follower *live.Follower
	hub      *live.Hub
	folder   string
	stopHub  func()       // ends the hub alone, and returns when it has ended
	stop     func()       // ends the server and closes its store; once is enough
	away     atomic.Bool  // whether the store says that it can't be reached
	ahead    atomic.Int64 // how far its clock is ahead, in nanoseconds
}

func open(t testing.TB) *room {
	t.Helper()
	return openWith(t, options{follow: live.Options{Ring: 16}})
}

// options are how a room differs from others.
type options struct {
	folder   string                                            // of the store and the key; empty: a new one
	pane     func(news.Store) news.Store                       // through which the server sees its store
	executor func(graphql.GraphExecutor) graphql.GraphExecutor // through which it executes
	follow   live.Options
	hub      live.HubOptions // but for Mark
	limits   transport.Limits
	trusted  []netip.Prefix
	narrow   bool                   // the system takes little of what is written
	server   func(*httptest.Server) // sets the server up before it starts, and starts it
	cache    cache.Options
	serve    func(*transport.Options) // sets what is not set otherwise
}

func openWith(t testing.TB, o options) *room {
	t.Helper()
	folder := o.folder
	if folder == "" {
		folder = t.TempDir()
	}
	file, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(folder, "depeche.db")})
	must(t, err)
	var store news.Store = file
	if o.pane != nil {
		store = o.pane(file)
	}
	r := &room{folder: folder, cache: cache.New(o.cache)}
	r.store = file
	store = r.cache.Over(store)
	services := auth.NewServiceTokens(store, time.Now)
	o.follow.Seen = func(lines []news.Line) {
		r.cache.Passed(lines)
		services.Passed(lines)
	}
	clock := func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }
	r.desk = desk.New(store, clock)
	r.key, err = auth.OpenKey(folder, "", clock)
	must(t, err)
	r.follower, err = live.Follow(t.Context(), store, o.follow)
	must(t, err)
	o.hub.Mark = graph.Mark
	r.hub = live.NewHub(r.follower, o.hub)
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	resolver := &graph.Resolver{
		Store: store, Desk: r.desk, Text: renderer(), Zone: time.UTC,
		Now: r.desk.Now, Logger: logger, RequestID: transport.RequestID,
	}
	executor := graph.NewExecutor(resolver, graph.ExecutorOptions{})
	seen := graphql.GraphExecutor(executor)
	if o.executor != nil {
		seen = o.executor(executor)
	}
	served := transport.Options{
		Cache:      r.cache,
		Executor:   seen,
		Subscriber: graph.NewSubscriptions(resolver, executor, r.hub),
		Places:     live.NewPlaces(store, live.PlacesOptions{}),
		Stats:      r.hub.Stats(),
		Verify:     (&auth.Verifier{Key: r.key, Services: services}).Verify,
		Ready: func(context.Context) error {
			if r.away.Load() {
				return errors.New("no route to 10.0.0.7")
			}
			return nil
		},
		Origins:        []string{"https://news.example", "http://localhost:*"},
		TrustedProxies: o.trusted,
		Limits:         o.limits,
		Logger:         logger,
	}
	if o.serve != nil {
		o.serve(&served)
	}
	r.handler = transport.New(served)
	ctx, stop := context.WithCancel(context.Background())
	var background sync.WaitGroup
	background.Go(func() { r.follower.Run(ctx) }) //nolint:errcheck // it ends with its context alone
	hubCtx, stopHub := context.WithCancel(ctx)
	hubEnded := make(chan struct{})
	r.stopHub = func() { stopHub(); <-hubEnded }
	background.Go(func() {
		defer close(hubEnded)
		r.hub.Run(hubCtx) //nolint:errcheck // likewise
	})
	background.Go(func() { r.handler.Run(ctx) })
	r.Server = httptest.NewUnstartedServer(r.handler)
	r.Config.ErrorLog = slog.NewLogLogger(logger.Handler(), slog.LevelWarn)
	if o.narrow {
		r.Listener = narrow{r.Listener}
	}
	if o.server == nil {
		o.server = (*httptest.Server).Start
	}
	o.server(r.Server)
	r.stop = sync.OnceFunc(func() {
		r.Server.Close()
		stop()
		background.Wait()
		file.Close() //nolint:errcheck // nothing is written by then
	})
	t.Cleanup(r.stop)
	return r
}

// A narrow listener has the system hold little of what is written to whoever does
// not read.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return c, c.(*net.TCPConn).SetWriteBuffer(64 << 10)
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

// The subprotocols.
const (
	modern = "graphql-transport-ws"
	legacy = "graphql-ws"
)

// A client speaks graphql-transport-ws.
type client struct {
	t    testing.TB
	conn *websocket.Conn
	ctx  context.Context
}

// socket is where WebSockets are opened.
func (r *room) socket() string {
	return "ws" + strings.TrimPrefix(r.URL, "http") + transport.PathGraphQL
}

// call opens a WebSocket and says nothing.
func (r *room) call(t testing.TB, o websocket.DialOptions) *client {
	t.Helper()
	if o.Subprotocols == nil {
		o.Subprotocols = []string{modern}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, r.socket(), &o)
	must(t, err)
	t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed already
	conn.SetReadLimit(-1)
	return &client{t, conn, ctx}
}

// raw is call for whoever wants nothing special.
func (r *room) raw(t testing.TB) *client {
	t.Helper()
	return r.call(t, websocket.DialOptions{})
}

func (r *room) dial(t testing.TB, init string) *client {
	t.Helper()
	c := r.raw(t)
	c.send(frame{Type: "connection_init", Payload: json.RawMessage(init)})
	return c
}

// ready opens a WebSocket of somebody who has been let in.
func (r *room) ready(t testing.TB) *client {
	t.Helper()
	c := r.dial(t, `{}`)
	c.expect("connection_ack")
	return c
}

// say sends text.
func (c *client) say(text string) {
	c.t.Helper()
	must(c.t, c.conn.Write(c.ctx, websocket.MessageText, []byte(text)))
}

// hear returns the next text.
func (c *client) hear() string {
	c.t.Helper()
	_, text, err := c.conn.Read(c.ctx)
	must(c.t, err)
	return string(text)
}

// closed passes over what still comes and tells how the connection is closed.
func (c *client) closed() (websocket.StatusCode, error) {
	for {
		if _, _, err := c.conn.Read(c.ctx); err != nil {
			return websocket.CloseStatus(err), err
		}
	}
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

// place is the cursor of a line of the log.
func (r *room) place(seq news.Seq) string { return graph.Mark(r.follower.Cursor(seq)) }

func frameOf(t testing.TB, text string) frame {
	t.Helper()
	var f frame
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		t.Fatalf("got %q: %v", text, err)
	}
	return f
}

// raceEnabled tells whether the tests run with the race detector, which makes
// everything take ten times as long.
func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

func encoded(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	must(t, err)
	return string(text)
}

// handshake is the request for a WebSocket, by hand.
func (r *room) handshake(t testing.TB, subprotocol string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.Listener.Addr().String())
	must(t, err)
	t.Cleanup(func() { conn.Close() })
	header := ""
	if subprotocol != "" {
		header = "Sec-WebSocket-Protocol: " + subprotocol + "\r\n"
	}
	_, err = fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n", header)
	must(t, err)
	return conn
}
