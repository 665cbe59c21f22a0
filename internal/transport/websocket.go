package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"

	"depeche/internal/news"
)

const (
	subprotocol = "graphql-transport-ws"

	maxMessage  = 1 << 20          // of what a client sends
	initWithin  = 10 * time.Second // for connection_init after the upgrade
	writeWithin = 10 * time.Second // for a frame; a reader slower than that is cut off
	pingEvery   = 25 * time.Second // below the idle time-outs of common proxies
	closeWithin = 2 * time.Second  // for the close when the server drains

	// The codes that the protocol has for what a client does wrong.
	closeBadFrame   = 4400
	closeNotBegun   = 4401
	closeForbid     = 4403
	closeInitLate   = 4408
	closeTaken      = 4409
	closeBegunTwice = 4429

	maxOperations = 100 // that run on one connection at a time

	tooManyOperations = `[{"message":"at most 100 operations may run on one connection","extensions":{"code":"RATE_LIMITED","retryable":true}}]`
)

// serveSocket speaks graphql-transport-ws as gqlgen does, with bounds on what a
// connection may hold up, until the connection ends.
func serveSocket(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor, o Options) {
	limit := int64(maxMessage)
	accepted := &upgrader{}
	defer accepted.close()
	transport.Websocket{
		Implementation:   accepted,
		InitTimeout:      initWithin,
		PingPongInterval: pingEvery,
		PayloadReadLimit: &limit,
		InitFunc: func(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
			who, err := initBearer(o.Verify, payload)
			if err != nil {
				return transport.WithWebsocketCloseCode(transport.AppendCloseReason(ctx, message(err)), closeForbid), nil, errors.New(message(err))
			}
			if who.Name != "" {
				ctx = news.WithActor(ctx, who)
			}
			return ctx, nil, nil
		},
		ErrorFunc: func(ctx context.Context, err error) {
			o.Logger.DebugContext(ctx, "a socket failed", "op", "websocket", "requestId", RequestID(ctx), "error", err)
		},
	}.Do(w, r, exec)
}

// initBearer tells who opens a socket. A browser can't set headers on one, so the
// token comes in connection_init.
func initBearer(verify func(string) (news.Actor, error), payload transport.InitPayload) (news.Actor, error) {
	for _, name := range []string{"Authorization", "authorization"} {
		if v, ok := payload[name]; ok {
			authorization, isText := v.(string)
			if !isText {
				return news.Actor{}, fmt.Errorf("the Authorization must be a string: %w", news.ErrUnauthenticated)
			}
			return bearer(verify, authorization)
		}
	}
	return news.Actor{}, nil
}

// upgradable refuses what can't become a WebSocket of ours.
func upgradable(r *http.Request, allowed func(origin string) bool) *refusal {
	switch {
	case !sameOrigin(r) && !allowed(r.Header.Get("Origin")):
		return &refusal{http.StatusForbidden, "pages of this origin may not connect: see --origins"}
	case !offers(r, subprotocol):
		return &refusal{http.StatusBadRequest, "the WebSocket must offer the subprotocol " + subprotocol}
	}
	return nil
}

// upgrader accepts one WebSocket for gqlgen, which has been found upgradable.
type upgrader struct{ socket *socket }

// Accept implements transport.WebsocketImplementation.
func (u *upgrader) Accept(w http.ResponseWriter, r *http.Request, _ transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{subprotocol},
		InsecureSkipVerify: true, // upgradable has checked the origin
	})
	if err != nil {
		return nil, err
	}
	u.socket = &socket{conn: conn, ctx: r.Context(), active: map[string]bool{}}
	// A peer that does not read holds up writes, and with them the close.
	u.socket.drained = context.AfterFunc(r.Context(), func() {
		time.AfterFunc(closeWithin, func() { conn.CloseNow() }) //nolint:errcheck // it is gone either way
	})
	return u.socket, nil
}

// close ends the connection where gqlgen has left it open.
func (u *upgrader) close() {
	if u.socket != nil {
		u.socket.drained()
		u.socket.Close() //nolint:errcheck // it may be closed already
	}
}

func offers(r *http.Request, protocol string) bool {
	for _, header := range r.Header.Values("Sec-Websocket-Protocol") {
		for offered := range strings.SplitSeq(header, ",") {
			if strings.TrimSpace(offered) == protocol {
				return true
			}
		}
	}
	return false
}

// A socket is a WebSocket whose writes end in time, whatever its peer does.
type socket struct {
	conn *websocket.Conn
	ctx  context.Context // of the request; ends when the server drains

	drained func() bool // stops waiting for ctx

	mu       sync.Mutex
	deadline *time.Timer
	begun    bool            // connection_init has come
	active   map[string]bool // the ids of the operations that run
}

var (
	_ transport.WebsocketConn          = (*socket)(nil)
	_ transport.WebsocketReadLimiter   = (*socket)(nil)
	_ transport.WebsocketReadDeadliner = (*socket)(nil)
)

// NextReader implements transport.WebsocketConn. It closes the connection over
// what breaks the protocol, with the code that the protocol has for it, and hands
// on the rest.
func (s *socket) NextReader() (int, io.Reader, error) {
	for {
		kind, text, err := s.conn.Read(context.WithoutCancel(s.ctx))
		switch websocket.CloseStatus(err) {
		case websocket.StatusNormalClosure, websocket.StatusGoingAway, websocket.StatusNoStatusRcvd:
			return int(kind), nil, transport.ErrWebsocketClosed
		}
		if err != nil {
			return int(kind), nil, err
		}
		var head frameHead
		if kind != websocket.MessageText || json.Unmarshal(text, &head) != nil {
			return int(kind), nil, s.refuse(closeBadFrame, "Invalid message received")
		}
		code, reason, surplus := s.take(head)
		if code != 0 {
			return int(kind), nil, s.refuse(code, reason)
		}
		if surplus {
			if err := s.write(frameHead{ID: head.ID, Type: "error", Payload: json.RawMessage(tooManyOperations)}); err != nil {
				return int(kind), nil, err
			}
			continue
		}
		return int(kind), bytes.NewReader(text), nil
	}
}

// refuse closes the connection for good reason.
func (s *socket) refuse(code int, reason string) error {
	s.conn.Close(websocket.StatusCode(code), reason) //nolint:errcheck // it is gone either way
	return transport.ErrWebsocketClosed
}

// A frameHead is what is looked at of a message of the protocol.
type frameHead struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// take follows the protocol through a message of the client: with which code and
// reason to close over it, 0 for none, and whether it is an operation too many.
func (s *socket) take(head frameHead) (code int, reason string, surplus bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch head.Type {
	case "connection_init":
		if s.begun {
			return closeBegunTwice, "Too many initialisation requests", false
		}
		s.begun = true
	case "subscribe":
		switch {
		case head.ID == "":
			return closeBadFrame, "Invalid message received", false
		case !s.begun:
			return closeNotBegun, "Unauthorized", false
		case s.active[head.ID]:
			return closeTaken, "Subscriber for " + cutReason(head.ID) + " already exists", false
		case len(s.active) >= maxOperations:
			return 0, "", true
		}
		s.active[head.ID] = true
	case "complete":
		delete(s.active, head.ID)
	case "ping", "pong":
	default:
		return closeBadFrame, "Invalid message received", false
	}
	return 0, "", false
}

// tells tells whether a message of the server may go out. What gqlgen says of an
// operation that has ended, by an error or by its client, may not. And nothing
// may when the server drains: operations seem complete then that are not, and a
// client that was told so would not come back for the rest.
func (s *socket) tells(message []byte) bool {
	if s.ctx.Err() != nil {
		return false
	}
	complete := bytes.HasSuffix(message, []byte(`"type":"complete"}`))
	if !complete && !bytes.HasSuffix(message, []byte(`"type":"error"}`)) {
		return true
	}
	var head frameHead
	if json.Unmarshal(message, &head) != nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if complete && !s.active[head.ID] {
		return false
	}
	delete(s.active, head.ID)
	return true
}

// cutReason keeps a close reason within what a control frame holds.
func cutReason(id string) string {
	const most = 60
	if len(id) > most {
		return strings.ToValidUTF8(id[:most], "") + "…"
	}
	return id
}

// WriteJSON implements transport.WebsocketConn.
func (s *socket) WriteJSON(v any) error {
	message, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if !s.tells(message) {
		return nil
	}
	return s.send(message)
}

func (s *socket) write(f frameHead) error {
	message, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return s.send(message)
}

func (s *socket) send(message []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), writeWithin)
	defer cancel()
	// A write that times out closes the connection.
	return s.conn.Write(ctx, websocket.MessageText, message)
}

// WriteClose implements transport.WebsocketConn.
func (s *socket) WriteClose(code int, reason string) error {
	switch {
	case code == transport.WebsocketCloseProtocolError && reason == "connection initialisation timeout":
		code, reason = closeInitLate, "Connection initialisation timeout"
	case code == transport.WebsocketCloseNormalClosure && s.ctx.Err() != nil:
		// 1000 would tell clients that all is said, and stock ones come back at once.
		code, reason = int(websocket.StatusGoingAway), "the server is shutting down"
	}
	return s.conn.Close(websocket.StatusCode(code), reason)
}

// Close implements transport.WebsocketConn.
func (s *socket) Close() error {
	s.SetReadDeadline(time.Time{}) //nolint:errcheck // it never fails
	return s.conn.CloseNow()
}

// Subprotocol implements transport.WebsocketConn.
func (s *socket) Subprotocol() string { return s.conn.Subprotocol() }

// SetReadLimit implements transport.WebsocketReadLimiter.
func (s *socket) SetReadLimit(limit int64) { s.conn.SetReadLimit(limit) }

// SetReadDeadline implements transport.WebsocketReadDeadliner: it is how gqlgen
// ends a connection whose pong is overdue.
func (s *socket) SetReadDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deadline != nil {
		s.deadline.Stop()
		s.deadline = nil
	}
	if !t.IsZero() {
		s.deadline = time.AfterFunc(time.Until(t), func() { s.conn.CloseNow() }) //nolint:errcheck // it is gone either way
	}
	return nil
}
