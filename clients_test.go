package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

// A line is what a reader of the ticker gets of one.
type line struct {
	Cursor string
	Kind   string
	Entry  struct{ Headline string }
}

const followTicker = `subscription($after: Cursor) { ticker(after: $after) { cursor kind entry { headline } } }`

// afterCursor is the variables of followTicker. With an empty cursor it follows
// what is to come.
func afterCursor(after string) map[string]any {
	if after == "" {
		return map[string]any{}
	}
	return map[string]any{"after": after}
}

// following is the payload of followTicker.
func following(after string) json.RawMessage {
	payload, _ := json.Marshal(map[string]any{"query": followTicker, "variables": afterCursor(after)}) // strings can always be written
	return payload
}

// decodeLine decodes a response of followTicker.
func decodeLine(response []byte) (line, error) {
	var answer struct {
		Data   struct{ Ticker line }
		Errors json.RawMessage
	}
	if err := json.Unmarshal(response, &answer); err != nil || answer.Errors != nil || answer.Data.Ticker.Kind != "PUBLISHED" {
		return line{}, fmt.Errorf("got %s (%v)", response, err)
	}
	return answer.Data.Ticker, nil
}

// errBroken says that a connection came to an end that a client gets over by
// connecting again. Whatever else is told is a fault.
var errBroken = errors.New("the connection is gone")

// A client follows the ticker in its own way: one call is one connection. It hands
// on what it hears until that ends.
type client func(ctx context.Context, api string, hear func(line)) error

// resuming is a client that subscribes again after the last cursor that it got.
func resuming(after string) client {
	n := 0
	return func(ctx context.Context, api string, hear func(line)) error {
		n++
		return overWebSocket(ctx, api, fmt.Sprint("operation-", n), following(after), func(l line) {
			after = l.Cursor
			hear(l)
		})
	}
}

// stock is a client that knows nothing of cursors: as long as it lives it says the
// same, with the UUID that it gave the operation.
func stock(number int, after string) client {
	id, payload := fmt.Sprintf("0f0e0d0c-0b0a-4908-8706-%012d", number), following(after)
	return func(ctx context.Context, api string, hear func(line)) error {
		return overWebSocket(ctx, api, id, payload, hear)
	}
}

// eventSource is the EventSource of a browser: it says the same again too, but for
// the last id that it got. It does not rest before it comes back.
func eventSource(after string) client {
	lastID := ""
	return func(ctx context.Context, api string, hear func(line)) error {
		return overEvents(ctx, http.DefaultClient, api, after, lastID, func(id string, l line) {
			lastID = id
			hear(l)
		})
	}
}

func overWebSocket(ctx context.Context, api, id string, payload json.RawMessage, hear func(line)) error {
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(api, "http"), &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
	if err != nil {
		return errBroken // by a node that is about to end, if not by the balancer
	}
	defer conn.CloseNow() //nolint:errcheck // it may be closed already
	for _, m := range []message{{Type: "connection_init"}, {ID: id, Type: "subscribe", Payload: payload}} {
		if err := wsjson.Write(ctx, conn, m); err != nil {
			return errBroken
		}
	}
	for acknowledged := false; ; {
		var m message
		err := wsjson.Read(ctx, conn, &m)
		switch code := websocket.CloseStatus(err); {
		case acknowledged && code == websocket.StatusGoingAway, !acknowledged && code == websocket.StatusServiceRestart:
			return errBroken
		case err != nil:
			return fmt.Errorf("a WebSocket ends with %w", err)
		case m.Type == "connection_ack":
			acknowledged = true
		case m.Type == "next":
			l, err := decodeLine(m.Payload)
			if err != nil {
				return err
			}
			hear(l)
		default:
			return fmt.Errorf("got %s %s", m.Type, m.Payload)
		}
	}
}

func overEvents(ctx context.Context, over *http.Client, api, after, lastID string, hear func(id string, l line)) error {
	events, err := openEvents(ctx, over, api, after, lastID)
	if err != nil {
		return errBroken
	}
	defer events.close()
	for {
		e, err := events.next()
		switch {
		case errors.Is(err, io.EOF):
			return errBroken
		case err != nil:
			return fmt.Errorf("an event stream ends with %w", err)
		case e.name == "" && e.data == "":
			// A comment, or when to come back.
		case e.name == "next":
			l, err := decodeLine([]byte(e.data))
			if err != nil {
				return err
			}
			hear(e.id, l)
		default:
			return fmt.Errorf("got the event %+v", e)
		}
	}
}

// An event is a block of an event stream.
type event struct{ id, name, data, retry string }

// events is an event stream that is open.
type events struct {
	response *http.Response
	lines    *bufio.Scanner
}

// openEvents follows the ticker by an event stream.
func openEvents(ctx context.Context, over *http.Client, api, after, lastID string) (*events, error) {
	variables, _ := json.Marshal(afterCursor(after)) // strings can always be written
	question := url.Values{"query": {followTicker}, "variables": {string(variables)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, api+"?"+question.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "text/event-stream")
	if lastID != "" {
		request.Header.Set("Last-Event-ID", lastID)
	}
	response, err := over.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("open an event stream: %s", response.Status)
	}
	return &events{response, bufio.NewScanner(response.Body)}, nil
}

func (e *events) close() { e.response.Body.Close() }

// next waits for the next block; io.EOF when there is none.
func (e *events) next() (event, error) {
	var next event
	for e.lines.Scan() {
		if e.lines.Text() == "" {
			return next, nil
		}
		name, value, _ := strings.Cut(e.lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			next.id = value
		case "event":
			next.name = value
		case "data":
			next.data = value
		case "retry":
			next.retry = value
		}
	}
	if err := e.lines.Err(); err != nil {
		return next, err
	}
	return next, io.EOF
}

// line waits for the next line, and returns it and its id.
func (e *events) line(t *testing.T) (id string, l line) {
	t.Helper()
	for {
		next, err := e.next()
		if err != nil {
			t.Fatalf("the event stream ends with %v", err)
		}
		if next.data == "" {
			continue
		}
		l, err := decodeLine([]byte(next.data))
		if next.name != "next" || err != nil {
			t.Fatalf("got the event %+v (%v)", next, err)
		}
		return next.id, l
	}
}

// end waits for the end, and wants the reader to be told to come back.
func (e *events) end(t *testing.T) {
	t.Helper()
	var told []event
	for {
		next, err := e.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the event stream ends with %v", err)
		}
		told = append(told, next)
	}
	if len(told) == 0 {
		t.Fatal("the event stream ends without a word")
	}
	if after, err := strconv.Atoi(told[len(told)-1].retry); err != nil || after < 1000 || after > 3000 || told[len(told)-1].data != "" {
		t.Errorf("at the end an event stream says %+v, want it to be opened again after 1 to 3 s", told)
	}
}
