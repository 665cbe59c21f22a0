package limit

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"

	"depeche/bench/live/event"
)

// A conn is a connection: of HTTP at first, then perhaps a WebSocket, then
// perhaps subscribed.
type conn struct {
	fd     int
	socket bool
	in     []byte // the beginning of what is not all there yet
	id     []byte // of its operation
	next   uint64 // number of the event that it is due
	place  int    // among the readers; -1 for none
	rest   []byte // what it did not take
	waits  bool   // until it can be written to
}

func (s *server) read(c *conn) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(c.fd), uintptr(unsafe.Pointer(unsafe.SliceData(s.buf))), uintptr(len(s.buf)))
	switch {
	case errno == unix.EAGAIN:
		return
	case errno != 0 || n == 0:
		s.drop(c)
		return
	}
	text := s.buf[:n]
	if len(c.in) > 0 {
		text = append(c.in, text...)
	}
	for s.conns[c.fd] == c {
		size := 0
		if c.socket {
			size = s.takeFrame(c, text)
		} else {
			size = s.takeRequest(c, text)
		}
		if size == 0 {
			break
		}
		text = text[size:]
	}
	if c.in = nil; len(text) > 0 {
		c.in = append(c.in, text...)
	}
}

// takeRequest answers the HTTP request at the beginning of text and tells how long
// it is, 0 for not all there yet.
func (s *server) takeRequest(c *conn, text []byte) int {
	end := bytes.Index(text, []byte("\r\n\r\n"))
	if end < 0 {
		return 0
	}
	size := end + 4
	if key := header(text[:end], "Sec-WebSocket-Key"); key != "" {
		sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) // RFC 6455, 1.3
		s.say(c, fmt.Appendf(nil, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Protocol: graphql-transport-ws\r\nSec-WebSocket-Accept: %s\r\n\r\n", base64.StdEncoding.EncodeToString(sum[:])))
		c.socket = true
		return size
	}
	length, _ := strconv.Atoi(header(text[:end], "Content-Length")) // none is 0
	if len(text) < size+length {
		return 0
	}
	if bytes.HasPrefix(text, []byte("POST /publish ")) {
		s.publish(event.Split(string(text[size : size+length])))
	}
	s.say(c, []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
	return size + length
}

func header(head []byte, name string) string {
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if n, value, ok := bytes.Cut(line, []byte(":")); ok && bytes.EqualFold(n, []byte(name)) {
			return string(bytes.TrimSpace(value))
		}
	}
	return ""
}

// takeFrame takes the frame at the beginning of text and tells how long it is, 0
// for not all there yet. Clients mask their frames, and theirs are short.
func (s *server) takeFrame(c *conn, text []byte) int {
	if len(text) < 2 {
		return 0
	}
	head, length := 6, int(text[1]&0x7F)
	if length == 126 {
		if len(text) < 4 {
			return 0
		}
		head, length = 8, int(binary.BigEndian.Uint16(text[2:]))
	}
	if length > 1<<16 || text[1]&0x80 == 0 {
		s.drop(c)
		return 0
	}
	if len(text) < head+length {
		return 0
	}
	payload, mask := text[head:head+length], text[head-4:head]
	for i := range payload {
		payload[i] ^= mask[i&3]
	}
	switch text[0] & 0xF {
	case 0x1:
		s.takeMessage(c, payload)
	case 0x8:
		s.say(c, append([]byte{0x88, byte(length)}, payload...))
		s.drop(c)
	case 0x9:
		s.say(c, append([]byte{0x8A, byte(length)}, payload...))
	}
	return head + length
}

func (s *server) takeMessage(c *conn, text []byte) {
	switch field(text, "type") {
	case "connection_init":
		s.say(c, message(`{"type":"connection_ack"}`))
	case "ping":
		s.say(c, message(`{"type":"pong"}`))
	case "subscribe":
		s.subscribe(c, field(text, "id"), event.Number(field(text, "after")))
	}
}

// field is the value of the first field of the name, wherever it is: there is no
// more JSON in here than that.
func field(text []byte, name string) string {
	_, rest, ok := bytes.Cut(text, []byte(`"`+name+`":"`))
	if !ok {
		return ""
	}
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(value)
}

func message(text string) []byte { return append([]byte{0x81, byte(len(text))}, text...) }

// say writes what is short enough to fit.
func (s *server) say(c *conn, text []byte) {
	if len(c.rest) > 0 {
		c.rest = append(c.rest, text...)
		return
	}
	if n, err := write(c.fd, text); err != 0 || n < len(text) {
		s.drop(c)
	}
}

// write writes to a socket that does not block, without the scheduler's
// bookkeeping of system calls.
func write(fd int, text []byte) (int, unix.Errno) {
	n, _, err := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(text))), uintptr(len(text)))
	return int(n), err
}
