package load

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// Where a connection of a reader is.
type state uint8

const (
	apart        state = iota // no connection
	connecting                // TCP
	upgrading                 // the WebSocket handshake
	initialising              // connection_init is sent
	following                 // subscribe is sent
)

// A pace is how a reader reads.
type pace uint8

const (
	atOnce pace = iota
	slowly
	never
)

// A reader is one client that follows the ticker, through all its connections.
type reader struct {
	index int32
	pace  pace

	// Of the connection.
	fd      int
	round   int32 // counts connections, so that events of an old one are known
	state   state
	id      string // of the operation
	rest    []byte // the beginning of a frame
	message []byte // the fragments of a message so far
	find    finder
	tries   int // connections in a row that did not come to follow

	// Of the reader.
	next      uint64 // number of the event that is due; 0 for whichever comes first
	cursor    [80]byte
	cursorLen int
	events    uint64
	end       string // why it is no longer served, as far as it was told; empty while it is
}

// handshake is the part of the handshake that is the same for all readers.
type handshake struct{ request, accept []byte }

func newHandshake(address, path string) handshake {
	const key, guid = "ZGVwZWNoZSBiZW5jaCBsaQ==", "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" // RFC 6455, 1.3
	sum := sha1.Sum([]byte(key + guid))
	return handshake{
		request: fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", path, address, key),
		accept: []byte(base64.StdEncoding.EncodeToString(sum[:])),
	}
}

// dial begins a connection.
func (l *Loop) dial(r *reader) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open a socket: %w", err)
	}
	// A port belongs to source and target together, so many sources have room for all.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if l.o.ReceiveBuffer > 0 && r.pace != atOnce {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, l.o.ReceiveBuffer)
	}
	source := &unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, 1 + byte(r.index%sources)}}
	if err := unix.Bind(fd, source); err != nil {
		unix.Close(fd)
		return fmt.Errorf("bind a socket to a source address: %w", err)
	}
	if err := unix.Connect(fd, l.address); err != nil && err != unix.EINPROGRESS {
		unix.Close(fd)
		return fmt.Errorf("connect: %w", err)
	}
	r.fd, r.state = fd, connecting
	r.round++
	r.rest, r.message = r.rest[:0], r.message[:0]
	l.dialling++
	return l.watch(unix.EPOLL_CTL_ADD, r, unix.EPOLLOUT)
}

// connected goes on when TCP has connected, or has not.
func (l *Loop) connected(r *reader) {
	if code, err := unix.GetsockoptInt(r.fd, unix.SOL_SOCKET, unix.SO_ERROR); err != nil || code != 0 {
		l.lose(r, "connect: "+unix.Errno(code).Error())
		return
	}
	if l.send(r, l.handshake.request) {
		r.state = upgrading
		l.watchOrLose(r, unix.EPOLLIN)
	}
}

// upgraded reads the answer to the handshake, and tells how long it is, 0 for not
// all there yet.
func (l *Loop) upgraded(r *reader, text []byte) (size int, refused string) {
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		return 0, ""
	}
	status, _, _ := bytes.Cut(text[:end], []byte("\r\n"))
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 101 ")) || !bytes.Contains(text[:end], l.handshake.accept) {
		return 0, string(status)
	}
	return end + 4, ""
}

// take takes what has come in on a connection and keeps the rest for the next
// time. It returns false when the connection is gone.
func (l *Loop) take(r *reader, text []byte, now int64) bool {
	if r.state == upgrading {
		size, refused := l.upgraded(r, text)
		if refused != "" {
			l.lose(r, refused)
			return false
		}
		if size > 0 {
			text = text[size:]
			r.state = initialising
			if !l.write(r, opText, []byte(`{"type":"connection_init"}`)) {
				return false
			}
		}
	}
	for r.state >= initialising {
		f, size, err := nextFrame(text)
		if err != nil {
			l.fault(r, err.Error())
			l.lose(r, err.Error())
			return false
		}
		if size == 0 {
			break
		}
		text = text[size:]
		if !l.takeFrame(r, f, now) {
			return false
		}
	}
	r.rest = append(r.rest[:0], text...)
	return true
}

func (l *Loop) takeFrame(r *reader, f frame, now int64) bool {
	switch {
	case f.op == opPing:
		return l.write(r, opPong, f.payload)
	case f.op == opPong:
		return true
	case f.op == opClose:
		reason := "close"
		if len(f.payload) >= 2 {
			reason = fmt.Sprintf("close %d %s", binary.BigEndian.Uint16(f.payload), f.payload[2:])
		}
		l.write(r, opClose, f.payload)
		l.lose(r, reason)
		return false
	case f.final && f.op == opText:
		return l.takeMessage(r, f.payload, now)
	default: // a fragment
		r.message = append(r.message, f.payload...)
		if !f.final {
			return true
		}
		whole := r.message
		r.message = r.message[:0]
		return l.takeMessage(r, whole, now)
	}
}

func (l *Loop) takeMessage(r *reader, text []byte, now int64) bool {
	if r.state == following {
		if number, at, cursor, ok := r.find.find(text); ok {
			l.takeEvent(r, number, now-at, cursor, text)
			return true
		}
	}
	var message struct {
		Type    string          `json:"type"`
		Payload json.RawMessage `json:"payload"`
	}
	if err := json.Unmarshal(text, &message); err != nil {
		l.fault(r, "a message is no JSON: "+err.Error())
		return true
	}
	switch message.Type {
	case "connection_ack":
		return l.subscribe(r)
	case "ping":
		return l.write(r, opText, []byte(`{"type":"pong"}`))
	case "pong":
		return true
	case "error", "complete", "next": // a next without an event is one of errors
		l.lose(r, strings.TrimSpace(message.Type+" "+string(message.Payload)))
		return false
	}
	l.fault(r, "a message of unknown type "+message.Type)
	return true
}

func (l *Loop) subscribe(r *reader) bool {
	r.id = uuid.NewString()
	after := l.o.After
	if r.cursorLen > 0 {
		after = string(r.cursor[:r.cursorLen])
	}
	message, err := json.Marshal(map[string]any{
		"id": r.id, "type": "subscribe",
		"payload": map[string]any{"query": l.o.Query, "variables": map[string]any{"after": after}},
	})
	if err != nil {
		l.fault(r, err.Error())
		return true
	}
	if !l.write(r, opText, message) {
		return false
	}
	r.state, r.tries = following, 0
	l.dialling--
	l.Following++
	if r.pace != atOnce {
		return l.watchOrLose(r, 0)
	}
	return true
}

// takeEvent checks an event against the one that is due.
func (l *Loop) takeEvent(r *reader, number uint64, age int64, cursor, text []byte) {
	switch {
	case r.next == 0 || number == r.next:
	case number > r.next:
		l.Lost += number - r.next
		l.faults.add("events lost")
	default:
		l.Again++
		l.faults.add("events again or out of order")
		return
	}
	if !bytes.Contains(text, []byte(r.id)) {
		l.fault(r, "an event bears the id of another operation")
	}
	r.next = number + 1
	r.events++
	r.cursorLen = copy(r.cursor[:], cursor)
	l.Deliveries++
	l.Bytes += uint64(len(text))
	if r.pace == atOnce {
		l.Latency.Add(time.Duration(age))
	}
	if l.OnEvent != nil {
		l.OnEvent(int(r.index), number)
	}
}

// write sends a frame.
func (l *Loop) write(r *reader, op byte, payload []byte) bool {
	l.out = appendFrame(l.out[:0], op, payload)
	return l.send(r, l.out)
}

// send writes what is short enough to fit the buffer of a socket.
func (l *Loop) send(r *reader, text []byte) bool {
	n, err := unix.Write(r.fd, text)
	if err != nil {
		l.lose(r, "write: "+err.Error())
		return false
	}
	if n < len(text) {
		l.fault(r, "the server does not take what a client says")
		l.lose(r, "write: short")
		return false
	}
	return true
}

// lose ends a connection that the server has ended or broken.
func (l *Loop) lose(r *reader, reason string) {
	followed := r.state == following
	l.drop(r, false)
	l.Ends.add(reason)
	if followed && !l.o.Return {
		r.end = reason
		return
	}
	// It tries again a while later, like a client.
	if r.tries++; r.tries > maxTries {
		r.end = reason
		return
	}
	l.later = append(l.later, appointment{time.Now().Add(retryAfter), r.index})
}

// drop closes a connection: with a reset, or in TCP's good manner.
func (l *Loop) drop(r *reader, reset bool) {
	switch r.state {
	case apart:
		return
	case following:
		l.Following--
	default:
		l.dialling--
	}
	if reset {
		_ = unix.SetsockoptLinger(r.fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(r.fd)
	r.fd, r.state = -1, apart
	r.round++
}
