// Package libraries has the same broadcast once on each WebSocket library: no
// GraphQL, one payload, and the id of each subscriber's operation laid before it.
// One goroutine reads each connection where the library lets it; a broadcast
// writes to all of them in a row.
package libraries

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"depeche/bench/live/event"
	"depeche/bench/serve"
)

const protocol = "graphql-transport-ws"

// Names are the libraries.
func Names() []string { return []string{"coder", "gorilla", "gws", "gobwas", "nbio"} }

// Serve serves with the library on a free port of the loopback interface, which it
// prints, until ctx ends.
func Serve(ctx context.Context, stdout io.Writer, library string) error {
	h := &hub{subscribers: map[client]string{}}
	mux := http.NewServeMux()
	mux.Handle("POST /publish", event.Publish(h.publish))
	upgrade, ok := map[string]func(*hub) http.Handler{"coder": coder, "gorilla": gorilla, "gws": gwsLibrary, "gobwas": gobwas, "nbio": nbio}[library]
	if !ok {
		return fmt.Errorf("there is no library %q", library)
	}
	mux.Handle("/graphql", upgrade(h))
	if library == "nbio" {
		return serveNBIO(ctx, stdout, mux)
	}
	return serve.HTTP(ctx, stdout, mux)
}

// A client is a connection. The hub calls send from one goroutine at a time.
type client interface {
	send(message) error
}

// A message is a text message, alone and with the head of its only frame.
type message struct{ text, frame []byte }

const headSize = 4

// room is the beginning of a message to which text is to be appended.
func room(buf []byte) []byte { return append(buf[:0], make([]byte, headSize)...) }

// messageOf makes a message of what room and text have become.
func messageOf(buf []byte) message {
	n := len(buf) - headSize
	head := headSize - 2
	if n > 125 {
		head = 0
		buf[1] = 126
		binary.BigEndian.PutUint16(buf[2:], uint16(n))
	} else {
		buf[3] = byte(n)
	}
	buf[head] = 0x81
	return message{text: buf[headSize:], frame: buf[head:]}
}

// A hub knows who is subscribed.
type hub struct {
	mu          sync.Mutex
	number      uint64
	subscribers map[client]string // with the ids of their operations
	scratch     []byte
}

func (h *hub) publish(headline, body string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.number++
	payload := event.Payload(h.number, headline, body, time.Now())
	for c, id := range h.subscribers {
		h.scratch = append(room(h.scratch), `{"id":"`...)
		h.scratch = append(h.scratch, id...)
		h.scratch = append(h.scratch, `","type":"next","payload":`...)
		h.scratch = append(append(h.scratch, payload...), '}')
		if c.send(messageOf(h.scratch)) != nil {
			delete(h.subscribers, c)
		}
	}
}

// take answers a message of a client.
func (h *hub) take(c client, text []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch field(text, "type") {
	case "connection_init":
		return c.send(messageOf(append(room(nil), `{"type":"connection_ack"}`...)))
	case "subscribe":
		h.subscribers[c] = field(text, "id")
	}
	return nil
}

// leave forgets a client.
func (h *hub) leave(c client) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subscribers, c)
}

func field(text []byte, name string) string {
	// There is no more JSON in here than that.
	_, rest, _ := bytes.Cut(text, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}
