package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// A half is a request that the server has begun to answer and not got all of.
type half struct {
	conn net.Conn
	read *bufio.Reader
	rest string // of its body
}

// publishing begins a request that publishes a line.
func (r *running) publishing(headline string) *half {
	r.t.Helper()
	body, err := json.Marshal(map[string]any{"query": fmt.Sprintf("mutation { publishTickerEntry(input: {headline: %q}) { version } }", headline)})
	if err != nil {
		r.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", r.address())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		r.t.Fatal(err)
	}
	h := &half{conn, bufio.NewReader(conn), string(body[10:])}
	if _, err := fmt.Fprintf(conn, "POST /graphql HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n%s",
		r.address(), r.token, len(body), body[:10]); err != nil {
		r.t.Fatal(err)
	}
	// The server says so when it wants the body.
	if response, err := http.ReadResponse(h.read, nil); err != nil || response.StatusCode != http.StatusContinue {
		r.t.Fatalf("got %+v (%v)", response, err)
	}
	return h
}

// finish sends the rest and waits for the answer.
func (h *half) finish(t *testing.T) (status int, body string) {
	t.Helper()
	if _, err := io.WriteString(h.conn, h.rest); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(h.read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

// awaitNotReady waits until whoever asks on a connection of its own is no longer
// told that the server is ready: as a rule it is not let in.
func (r *running) awaitNotReady() {
	r.t.Helper()
	for deadline := time.Now().Add(patience); ; {
		response, err := r.client.Get(strings.TrimSuffix(r.api, "/graphql") + "/readyz")
		if err != nil {
			return
		}
		response.Body.Close()
		switch {
		case response.StatusCode == http.StatusServiceUnavailable:
			return
		case time.Now().After(deadline):
			r.t.Fatal("a server that drains says that it is ready")
		}
	}
}

// A server that ends lets everybody go who holds a connection open, each in its
// own way, and answers what is under way.
func TestAServerDrains(t *testing.T) {
	for _, over := range []string{"0s", "3s"} {
		t.Run(over, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			folder := t.TempDir()
			token := editor(t, folder)
			r := start(t, "--data", folder, "--drain", over)
			r.token = token

			after := cursor(r)
			events, err := openEvents(ctx, r.client, r.api, after, "")
			if err != nil {
				t.Fatal(err)
			}
			defer events.close()
			heard, gone := make(chan struct{}, 1), make(chan error, 1)
			go func() {
				gone <- overWebSocket(ctx, r.api, "1", following(after), func(line) { heard <- struct{}{} })
			}()
			published := r.publishing("Sous presse")
			r.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if err := r.publish("Avant la fin"); err != nil {
				t.Fatal(err)
			}
			receive(t, heard)
			events.line(t)

			stopped := make(chan error, 1)
			go func() { stopped <- r.stop() }()
			if err := <-gone; !errors.Is(err, errBroken) {
				t.Errorf("over a WebSocket: %v", err)
			}
			r.awaitNotReady()
			if status, body := published.finish(t); status != http.StatusOK || body != `{"data":{"publishTickerEntry":{"version":1}}}` {
				t.Errorf("what is under way is answered %d %s", status, body)
			}
			events.end(t)
			if err := <-stopped; err != nil {
				t.Errorf("the server ended with %v", err)
			}
			r = start(t, "--data", folder)
			hear := r.hear(after)
			for _, want := range []string{"Avant la fin", "Sous presse"} {
				if got := hear(); got != want {
					t.Errorf("after it, the log has %q, want %q", got, want)
				}
			}
			if err := r.stop(); err != nil {
				t.Errorf("the server ended with %v", err)
			}
		})
	}
}

// Clients that do not go are cut off in the end, and keep nobody waiting for ever.
func TestClientsThatDoNotGoAreCutOff(t *testing.T) {
	folder := t.TempDir()
	token := editor(t, folder)
	var out bytes.Buffer
	r := startLogged(t, &out, "--data", folder, "--drain", "0s", "--log-level", "warn")
	r.token = token
	after := cursor(r)

	silent, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(r.api, "http"), &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.CloseNow() //nolint:errcheck // it is closed already
	for _, m := range []message{{Type: "connection_init"}, {ID: "1", Type: "subscribe", Payload: following(after)}} {
		if err := wsjson.Write(t.Context(), silent, m); err != nil {
			t.Fatal(err)
		}
	}
	events, err := openEvents(t.Context(), r.client, r.api, after, "")
	if err != nil {
		t.Fatal(err)
	}
	defer events.close()
	never := r.publishing("Jamais")
	r.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	if err := r.publish("Avant la fin"); err != nil {
		t.Fatal(err)
	}
	events.line(t)

	stopped := make(chan error, 1)
	go func() { stopped <- r.stop() }()
	select {
	case err := <-stopped:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the server does not end")
	}
	events.end(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for err == nil {
		err = wsjson.Read(ctx, silent, new(message))
	}
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("the WebSocket that says nothing ends with %v", err)
	}
	if _, err := io.Copy(io.Discard, never.conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the one that never says all is still connected")
	}
	if !strings.Contains(out.String(), "cut off") {
		t.Errorf("the log does not say that anybody is cut off:\n%s", &out)
	}
}
