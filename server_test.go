package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"

	"depeche/internal/auth"
	"depeche/internal/config"
	"depeche/internal/news"
)

// patience is how long the tests wait for what must come.
const patience = 60 * time.Second

// A running is a server in this process.
type running struct {
	t        *testing.T
	api      string
	client   *http.Client // of ask and send
	token    string
	greeting string
	stop     func() error // ends the server as SIGTERM does
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	return startLogged(t, t.Output(), append(args, "--log-level", "error")...)
}

// startLogged starts a server with another standard error and level of log.
func startLogged(t *testing.T, stderr io.Writer, args ...string) *running {
	t.Helper()
	cfg, err := config.Parse(append([]string{"--listen", "127.0.0.1:0"}, args...), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, cfg, in, stderr)
		in.CloseWithError(fmt.Errorf("the server ended: %w", err))
		ended <- err
	}()
	r := &running{t: t, client: http.DefaultClient, stop: sync.OnceValue(func() error { cancel(); return <-ended })}
	t.Cleanup(cancel)
	var greeting strings.Builder
	read := make([]byte, 4096)
	for !strings.Contains(greeting.String(), "token") {
		n, err := out.Read(read)
		greeting.Write(read[:n])
		if err != nil {
			t.Fatalf("%v after %q", err, greeting.String())
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // it ends with the server
	r.greeting = greeting.String()
	r.api = regexp.MustCompile(`https?://\S+/graphql`).FindString(greeting.String())
	if m := regexp.MustCompile(`(?m)^admin token:\s*(\S+)$`).FindStringSubmatch(greeting.String()); m != nil {
		r.token = m[1]
	}
	return r
}

// ask sends an operation and decodes its data into data; it returns the code of
// its first error.
func (r *running) ask(query string, variables map[string]any, data any) (code string) {
	r.t.Helper()
	code, err := r.send(query, variables, data)
	if err != nil {
		r.t.Fatal(err)
	}
	return code
}

// send is ask for any goroutine.
func (r *running) send(query string, variables map[string]any, data any) (code string, err error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, r.api, bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	if r.token != "" {
		request.Header.Set("Authorization", "Bearer "+r.token)
	}
	response, err := r.client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	answer := struct {
		Data   any
		Errors []struct {
			Message    string
			Extensions struct{ Code string }
		}
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return "", err
	}
	for _, e := range answer.Errors {
		r.t.Logf("%s: %s", e.Extensions.Code, e.Message)
		return e.Extensions.Code, nil
	}
	return "", nil
}

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// subscribe returns a function that waits for the next event of a subscription
// and decodes its data.
func (r *running) subscribe(query string, variables map[string]any) func(data any) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	r.t.Cleanup(cancel)
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(r.api, "http"), &websocket.DialOptions{HTTPClient: r.client, Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.CloseNow() }) //nolint:errcheck // it may be closed already
	payload, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range []message{{Type: "connection_init"}, {ID: "1", Type: "subscribe", Payload: payload}} {
		if err := wsjson.Write(ctx, conn, m); err != nil {
			r.t.Fatal(err)
		}
	}
	// It goes on reading when nobody waits, so that it answers when the server
	// closes the socket.
	messages := make(chan message, 1000)
	go func() {
		defer close(messages)
		for {
			var m message
			if err := wsjson.Read(ctx, conn, &m); err != nil {
				return
			}
			messages <- m
		}
	}()
	return func(data any) {
		r.t.Helper()
		for m := range messages {
			switch m.Type {
			case "next":
				answer := struct {
					Data   any
					Errors json.RawMessage
				}{Data: data}
				if err := json.Unmarshal(m.Payload, &answer); err != nil || answer.Errors != nil {
					r.t.Fatalf("got %s (%v)", m.Payload, err)
				}
				return
			case "error", "complete":
				r.t.Fatalf("the subscription ended: %s %s", m.Type, m.Payload)
			}
		}
		r.t.Fatal("the socket was closed")
	}
}

func TestDemoIsANewsroom(t *testing.T) {
	r := start(t, "--demo")
	languages := map[string]int{}
	corrected, withImage, pages := 0, 0, 0
	for after := any(nil); ; pages++ {
		var page struct {
			Stories struct {
				Nodes []struct {
					Title, Language string
					Tags            []struct{ Kind string }
					Corrections     []struct{ Note string }
					Image           *struct{ URL string }
				}
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		if code := r.ask(`query($after: Cursor) { stories(first: 17, after: $after) {
			nodes { title language tags { kind } corrections { note } image { url } }
			pageInfo { hasNextPage endCursor } } }`, map[string]any{"after": after}, &page); code != "" {
			t.Fatal(code)
		}
		for _, s := range page.Stories.Nodes {
			languages[s.Language]++
			corrected += min(1, len(s.Corrections))
			if s.Image != nil {
				withImage++
			}
			if len(s.Tags) < 2 {
				t.Errorf("%q has %d tags, want 2 or more", s.Title, len(s.Tags))
			}
		}
		if !page.Stories.PageInfo.HasNextPage {
			break
		}
		after = page.Stories.PageInfo.EndCursor
	}
	if languages["fr"] < 20 || languages["en"] < 20 || languages["fr"]+languages["en"] < 60 || corrected < 3 || withImage < 30 {
		t.Errorf("got %v stories, %d with corrections, %d with images", languages, corrected, withImage)
	}

	var rest struct {
		Viewer    struct{ Role string }
		Coverages struct{ Nodes []struct{ Status string } }
		Ticker    struct {
			Nodes      []struct{ OccurredAt time.Time }
			LiveCursor string
		}
	}
	if code := r.ask(`{ viewer { role } coverages { nodes { status } } ticker(last: 1) { nodes { occurredAt } liveCursor } }`, nil, &rest); code != "" {
		t.Fatal(code)
	}
	states := map[string]int{}
	for _, c := range rest.Coverages.Nodes {
		states[c.Status]++
	}
	if rest.Viewer.Role != "ADMIN" || states["UPCOMING"] != 1 || states["LIVE"] != 1 || states["ENDED"] != 1 {
		t.Errorf("got viewer %s and coverages %v", rest.Viewer.Role, states)
	}
	if age := time.Since(rest.Ticker.Nodes[0].OccurredAt); age < 48*time.Hour {
		t.Errorf("the ticker goes back %v, want some days", age)
	}

	next := r.subscribe(`subscription($after: Cursor) { ticker(after: $after) { cursor kind } }`, map[string]any{"after": rest.Ticker.LiveCursor})
	for range 2 {
		var event struct {
			Ticker struct{ Cursor, Kind string }
		}
		if next(&event); event.Ticker.Cursor == "" {
			t.Errorf("got %+v", event)
		}
	}
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestNothingIsLostOverARestart(t *testing.T) {
	folder := t.TempDir()
	token := editor(t, folder)
	after := ""
	for round := range 3 {
		r := start(t, "--data", folder)
		r.token = token
		if after == "" {
			after = cursor(r)
		}
		var want []string
		if round > 0 { // the line of which nobody was told before the restart
			want = append(want, fmt.Sprintf("Unheard in round %d", round-1))
		}
		for i := range 3 {
			want = append(want, fmt.Sprintf("Round %d, line %d", round, i))
		}
		publish := func(headline string) {
			if code := r.ask(`mutation($h: String!) { publishTickerEntry(input: {headline: $h}) { id } }`, map[string]any{"h": headline}, new(any)); code != "" {
				t.Fatal(code)
			}
		}
		next := r.subscribe(`subscription($after: Cursor) { ticker(after: $after) { cursor entry { headline } } }`, map[string]any{"after": after})
		for i := range 3 {
			publish(fmt.Sprintf("Round %d, line %d", round, i))
		}
		for _, headline := range want {
			var event struct {
				Ticker struct {
					Cursor string
					Entry  struct{ Headline string }
				}
			}
			next(&event)
			if event.Ticker.Entry.Headline != headline {
				t.Errorf("round %d: got %q, want %q", round, event.Ticker.Entry.Headline, headline)
			}
			after = event.Ticker.Cursor
		}
		publish(fmt.Sprintf("Unheard in round %d", round))
		if err := r.stop(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	}
}

// editor makes a token for the newsroom in a folder.
func editor(t *testing.T, folder string) string {
	t.Helper()
	key, err := auth.OpenKey(folder, "", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	token, err := key.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// cursor is where the log is.
func cursor(r *running) string {
	r.t.Helper()
	var page struct{ Ticker struct{ LiveCursor string } }
	if code := r.ask(`{ ticker { liveCursor } }`, nil, &page); code != "" {
		r.t.Fatal(code)
	}
	return page.Ticker.LiveCursor
}

func TestStartIsRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	noDatabase := t.TempDir()
	if err := os.WriteFile(filepath.Join(noDatabase, "depeche.db"), []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	inUse := t.TempDir()
	r := start(t, "--data", inUse)
	for _, row := range []struct {
		name, listen, data, want string
	}{
		{"port in use", taken.Addr().String(), t.TempDir(), "address already in use"},
		{"not a database", "127.0.0.1:0", noDatabase, "not a SQLite database"},
		{"database in use", "127.0.0.1:0", inUse, "another depeche holds it"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cfg, err := config.Parse([]string{"--listen", row.listen, "--data", row.data}, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = serve(t.Context(), cfg, io.Discard, io.Discard)
			if err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
	if err := r.stop(); err != nil {
		t.Error(err)
	}
}
