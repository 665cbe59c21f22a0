package wire_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"depeche/internal/wire"
)

// The key and the answer to it are those of RFC 6455, section 1.3.
const (
	key    = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// serve serves what upgrades with subprotocol and then echoes messages, over TLS
// or not, and returns how to connect to it and the errors of Upgrade.
func serve(t *testing.T, subprotocol string, secure bool) (dial func() net.Conn, upgraded <-chan error) {
	t.Helper()
	t.Cleanup(func() { settle(t) })
	errs := make(chan error, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Request-Id", "42")
		w.Header().Add("Vary", "Origin")
		w.Header().Add("Vary", "Accept")
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Sec-WebSocket-Extensions", "permessage-deflate")
		nc, early, err := wire.Upgrade(w, r, subprotocol)
		if err == nil {
			go echo(wire.New(nc, nothing{}, wire.Options{}), early)
		}
		errs <- err
	}))
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return func() net.Conn {
		c, err := net.Dial("tcp", s.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		if secure {
			return tls.Client(c, &tls.Config{RootCAs: s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"})
		}
		return c
	}, errs
}

// echo sends back what it receives, and a Close for a Close.
func echo(c *wire.Conn, early []byte) {
	var f wire.Frames
	_ = c.Receive(early, func(chunk []byte) error {
		c.Lock()
		defer c.Unlock()
		defer c.Flush()
		return f.Feed(chunk, func(m wire.Message) error {
			if m.Op == wire.Close {
				c.End(wire.AppendClose(nil, m.Code, m.Reason))
				return nil
			}
			return c.Append(append(wire.AppendHeader(nil, m.Op, len(m.Payload)), m.Payload...))
		})
	})
	c.Cut(nil)
}

// request is a correct one; change replaces lines of it.
func request(change ...string) string {
	return "GET /live HTTP/1.1\r\n" + strings.NewReplacer(change...).Replace(
		"Host: example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Key: "+key+"\r\nSec-WebSocket-Version: 13\r\n"+
			"Sec-WebSocket-Protocol: other, graphql-transport-ws\r\n\r\n")
}

func TestUpgrade(t *testing.T) {
	tests := []struct {
		name        string
		request     string
		subprotocol string
		secure      bool
		want        string // the subprotocol in the answer
	}{
		{name: "plain", request: request()},
		{name: "with a subprotocol", request: request(), subprotocol: "graphql-transport-ws", want: "graphql-transport-ws"},
		{name: "over TLS", request: request(), subprotocol: "other", want: "other", secure: true},
		{name: "in another spelling", request: request(
			"Upgrade: websocket", "upgrade: h2c, WebSocket",
			"Connection: Upgrade", "connection: keep-alive\r\nCONNECTION: foo , upgrade",
			"Sec-WebSocket-Protocol: other, graphql-transport-ws", "sec-websocket-protocol: one\r\nsec-websocket-protocol: two ,three",
		), subprotocol: "three", want: "three"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dial, upgraded := serve(t, test.subprotocol, test.secure)
			c := dial()
			// The first messages come along with the request.
			stream := append([]byte(test.request), text("early")...)
			stream = append(stream, text("bird")[:4]...)
			if _, err := c.Write(stream); err != nil {
				t.Fatal(err)
			}
			if err := <-upgraded; err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(c)
			answer, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if answer.StatusCode != http.StatusSwitchingProtocols {
				t.Errorf("status %s, want 101", answer.Status)
			}
			for name, want := range map[string]string{
				"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": accept,
				"Sec-WebSocket-Protocol": test.want, "Sec-WebSocket-Extensions": "",
				"X-Request-Id": "42", "Vary": "Origin, Accept", "Content-Type": "",
			} {
				if got := strings.Join(answer.Header.Values(name), ", "); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if _, err := c.Write(append(text("bird")[4:], closing(1000, "bye")...)); err != nil {
				t.Fatal(err)
			}
			want := append(wire.AppendText(wire.AppendText(nil, []byte("early")), []byte("bird")), wire.AppendClose(nil, 1000, "bye")...)
			got, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("got %q, %v, want %q", got, err, want)
			}
			c.Close()
		})
	}
}

func TestUpgradeRefuses(t *testing.T) {
	usable := map[string]string{"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
	tests := []struct {
		name    string
		request string
		status  int
		header  map[string]string
	}{
		{"another method", strings.Replace(request(), "GET", "POST", 1), 405, map[string]string{"Allow": "GET"}},
		{"HTTP/1.0", strings.Replace(request(), "HTTP/1.1", "HTTP/1.0", 1), 400, nil},
		{"a body", request("Host:", "Content-Length: 1\r\nHost:") + "x", 400, nil},
		{"no Upgrade", request("Upgrade: websocket\r\n", ""), 426, usable},
		{"an Upgrade to something else", request("Upgrade: websocket", "Upgrade: h2c"), 426, usable},
		{"no Connection", request("Connection: Upgrade\r\n", ""), 426, usable},
		{"a Connection for something else", request("Connection: Upgrade", "Connection: keep-alive"), 426, usable},
		{"no version", request("Sec-WebSocket-Version: 13\r\n", ""), 426, usable},
		{"another version", request("Version: 13", "Version: 8"), 426, usable},
		{"two versions", request("Version: 13", "Version: 13, 8"), 426, usable},
		{"no key", request("Sec-WebSocket-Key: "+key+"\r\n", ""), 400, nil},
		{"two keys", request("Sec-WebSocket-Key: "+key, "Sec-WebSocket-Key: "+key+"\r\nSec-WebSocket-Key: "+key), 400, nil},
		{"a key that is too short", request(key, "dGhlIHNhbXBsZQ=="), 400, nil},
		{"a key that is not base64", request(key, strings.Repeat("*", 24)), 400, nil},
		{"another subprotocol", request("graphql-transport-ws", "graphql-ws"), 400, nil},
		{"no subprotocol", request("Sec-WebSocket-Protocol: other, graphql-transport-ws\r\n", ""), 400, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dial, upgraded := serve(t, "graphql-transport-ws", false)
			c := dial()
			if _, err := io.WriteString(c, test.request); err != nil {
				t.Fatal(err)
			}
			if err := <-upgraded; err == nil {
				t.Error("no error")
			}
			answer, err := http.ReadResponse(bufio.NewReader(c), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer answer.Body.Close()
			if answer.StatusCode != test.status {
				t.Errorf("status %s, want %d", answer.Status, test.status)
			}
			for name, want := range test.header {
				if got := answer.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if got := answer.Header.Get("X-Request-Id"); got != "42" {
				t.Errorf("X-Request-Id: %q, want 42", got)
			}
		})
	}
}

func TestUpgradeOfWhatCannotBeTaken(t *testing.T) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request())))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if _, _, err := wire.Upgrade(w, r, ""); err == nil || w.Code != http.StatusInternalServerError {
		t.Errorf("got %d, %v, want 500 and an error", w.Code, err)
	}
}

func TestUpgradeOverHTTP2(t *testing.T) {
	r := httptest.NewRequest("GET", "/live", nil)
	r.ProtoMajor, r.ProtoMinor = 2, 0
	w := httptest.NewRecorder()
	if _, _, err := wire.Upgrade(w, r, ""); err == nil || w.Code != http.StatusBadRequest {
		t.Errorf("got %d, %v, want 400 and an error", w.Code, err)
	}
}
