package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/news"
	"depeche/internal/wire"
)

// message takes what the client says. Its error ends the connection.
func (k *socket) message(m wire.Message) error {
	var what said
	if m.Op == wire.Text {
		// Not under the lock: a long message must not keep those waiting who have
		// something for this reader.
		var err error
		if what, err = k.dialect.read(m.Payload); err != nil {
			return badMessage
		}
		if what.Type == "connection_init" { // which may take longer still
			what.who, what.refused = k.identify(what.Payload)
		}
	}
	k.conn.Lock()
	defer k.conn.Unlock()
	if k.conn.Ended() {
		return nil // nobody listens any more
	}
	switch m.Op {
	case wire.Ping:
		k.say(wire.AppendPong(nil, m.Payload))
		return nil
	case wire.Pong:
		k.ponged(m.Payload)
		return nil
	case wire.Close:
		k.conn.End(wire.AppendClose(nil, m.Code, ""))
		return nil
	case wire.Text:
		k.partial = time.Time{}
		return k.said(what)
	}
	return badMessage
}

var badMessage = &wire.CloseError{Code: closeBadFrame, Reason: "Invalid message received"}

// A said is a message of the protocol.
type said struct {
	ID      *string            `json:"id"`
	Type    string             `json:"type"`
	Payload json.RawMessage    `json:"payload"`
	params  *graphql.RawParams // of an operation
	who     news.Actor         // who says connection_init; refused tells why nobody does
	refused error
}

// read reads a message.
func (d *dialect) read(text []byte) (m said, err error) {
	if err := json.Unmarshal(text, &m); err != nil {
		return said{}, err
	}
	if m.Type == d.subscribe {
		m.params, err = parameters(m.Payload)
	}
	return m, err
}

// said does what a message asks for.
func (k *socket) said(m said) error {
	d := k.dialect
	switch {
	case m.Type == "connection_init":
		return k.begin(m)
	case m.Type == d.subscribe:
		return k.start(m)
	case m.Type == d.complete && m.ID != nil:
		k.stop(*m.ID)
		return nil
	case d.terminate != "" && m.Type == d.terminate:
		k.conn.End(wire.AppendClose(nil, closeNormal, ""))
		return nil
	case d.pings && m.Type == "ping" && isObject(m.Payload):
		if len(m.Payload) == 0 || bytes.Equal(m.Payload, null) {
			k.say(pongFrame)
		} else {
			k.say(wire.AppendText(nil, []byte(`{"type":"pong","payload":`), m.Payload, closeObject))
		}
		return nil
	case d.pings && m.Type == "pong" && isObject(m.Payload):
		return nil
	}
	return badMessage
}

var null = []byte("null")

// isObject tells whether an optional payload is one, or none.
func isObject(payload json.RawMessage) bool {
	return len(payload) == 0 || payload[0] == '{' || bytes.Equal(payload, null)
}

// identify tells who says connection_init. A browser can't set headers on a WebSocket,
// so the token comes in its payload.
func (k *socket) identify(payload json.RawMessage) (news.Actor, error) {
	return initBearer(context.WithValue(k.c.ctx, requestIDKey{}, k.request), k.c.verify, payload)
}

// begin takes connection_init.
func (k *socket) begin(m said) error {
	switch {
	case !isObject(m.Payload):
		return badMessage
	case k.introduced:
		return &wire.CloseError{Code: closeBegunTwice, Reason: "Too many initialisation requests"}
	case m.refused != nil:
		k.c.failures.tell(failed{m.refused, k.request, "websocket", k.peer, k.from, k.known})
		why := reason(m.refused)
		if errors.Is(m.refused, news.ErrUnavailable) { // clients come back after this
			return &wire.CloseError{Code: closeTryAgain, Reason: why}
		}
		if k.dialect.tellsInit {
			text, _ := json.Marshal(map[string]string{"message": why}) // a string can always be written
			k.say(wire.AppendText(nil, []byte(`{"type":"connection_error","payload":`), text, closeObject))
		}
		return &wire.CloseError{Code: closeForbidden, Reason: why}
	}
	if m.who.Name != "" {
		k.who = m.who
	}
	k.introduced, k.peer = true, ""
	k.c.admission.introduced()
	k.say(append(slices.Clone(ackFrame), k.dialect.keepAlive...))
	return nil
}
