package transport

import (
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/wire"
)

// A dialect is one of the protocols in which GraphQL comes over a WebSocket: the
// names that it has for the messages, and what it has of its own.
type dialect struct {
	subprotocol string

	// What a client says.
	subscribe, complete, terminate string
	// What the server says.
	next      string
	keepAlive []byte // a whole frame: sent after the acknowledgement and to a connection at rest; nil for none

	replaces  bool // an id that is taken is taken over, and not a breach
	pings     bool // there are messages for ping and pong
	oneError  bool // the payload of an error is one, not a list
	tellsInit bool // what is wrong with connection_init is said in a message
}

// The subprotocols.
const (
	// modern is of the package graphql-ws, github.com/enisdenjo/graphql-ws,
	// PROTOCOL.md.
	modern = "graphql-transport-ws"
	// legacy is of the package subscriptions-transport-ws, whatever its name says.
	legacy = "graphql-ws"
)

var dialects = map[string]*dialect{
	modern: {subprotocol: modern, subscribe: "subscribe", complete: "complete", next: "next", pings: true},
	legacy: {
		subprotocol: legacy, subscribe: "start", complete: "stop", terminate: "connection_terminate", next: "data",
		keepAlive: wire.AppendText(nil, []byte(`{"type":"ka"}`)), replaces: true, oneError: true, tellsInit: true,
	},
}

// The codes with which a WebSocket is closed. Those from 4400 to 4429 are of the
// modern protocol, and used for the other too; 4512 is our own.
const (
	closeNormal     = 1000
	closeGoingAway  = 1001
	closePolicy     = 1008
	closeRestart    = 1012
	closeTryAgain   = 1013
	closeBadFrame   = 4400
	closeNotBegun   = 4401
	closeForbidden  = 4403
	closeNoProtocol = 4406
	closeInitLate   = 4408
	closeTaken      = 4409
	closeBegunTwice = 4429
	closeSlow       = 4512
)

var (
	openID      = []byte(`{"id":`)
	closeObject = []byte(`}`)
	ackFrame    = wire.AppendText(nil, []byte(`{"type":"connection_ack"}`))
	pongFrame   = wire.AppendText(nil, []byte(`{"type":"pong"}`))
)

// appendMessage appends a frame with a message about an operation. id is JSON, and
// so is payload, nil for none.
func appendMessage(b, id []byte, kind string, payload []byte) []byte {
	const typed, withPayload = `,"type":"`, `","payload":`
	n := len(openID) + len(id) + len(typed) + len(kind) + len(closeObject)
	if payload == nil {
		n++
	} else {
		n += len(withPayload) + len(payload)
	}
	b = wire.AppendHeader(b, wire.Text, n)
	b = append(append(b, openID...), id...)
	b = append(append(b, typed...), kind...)
	if payload == nil {
		b = append(b, '"')
	} else {
		b = append(append(b, withPayload...), payload...)
	}
	return append(b, closeObject...)
}

// appendError appends a frame with what is wrong with an operation.
func (d *dialect) appendError(b, id []byte, errs gqlerror.List) []byte {
	var payload any = errs
	if d.oneError && len(errs) > 0 {
		payload = errs[0]
	}
	return appendMessage(b, id, "error", encoded(payload, ""))
}
