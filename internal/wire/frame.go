package wire

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf8"
)

// An Op is what a WebSocket frame is, by the numbers of RFC 6455, section 11.8.
type Op byte

// The kinds of messages.
const (
	Text   Op = 1
	Binary Op = 2
	Close  Op = 8
	Ping   Op = 9
	Pong   Op = 10

	continuation Op = 0
)

func (op Op) isControl() bool { return op >= Close }

// The codes of RFC 6455, section 7.4.1, that this package gives or tells of.
const (
	CodeProtocolError = 1002
	CodeNoCode        = 1005 // a Close without a code
	CodeInvalidText   = 1007 // what should be UTF-8 is not
	CodeTooLarge      = 1009
)

// maxControl is what a control frame may carry (RFC 6455, section 5.5).
const maxControl = 125

const (
	finBit  = 0x80
	maskBit = 0x80
)

// A CloseError says why a connection is to be closed, in the words of the Close
// that is to be sent.
type CloseError struct {
	Code   int
	Reason string
}

func (e *CloseError) Error() string {
	return fmt.Sprintf("close with %d: %s", e.Code, e.Reason)
}

// AppendHeader appends the head of a server's frame that is a whole message of
// length bytes. The bytes are to follow, unmasked.
func AppendHeader(b []byte, op Op, length int) []byte {
	first := finBit | byte(op)
	switch {
	case length <= 125:
		return append(b, first, byte(length))
	case length <= 0xffff:
		return binary.BigEndian.AppendUint16(append(b, first, 126), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(b, first, 127), uint64(length))
	}
}

// AppendText appends a server's text frame of the parts joined, which must be
// UTF-8 together.
func AppendText(b []byte, parts ...[]byte) []byte {
	length := 0
	for _, part := range parts {
		length += len(part)
	}
	b = AppendHeader(b, Text, length)
	for _, part := range parts {
		b = append(b, part...)
	}
	return b
}

// AppendPing appends a server's Ping with the first 125 bytes of payload.
func AppendPing(b, payload []byte) []byte { return appendControl(b, Ping, payload) }

// AppendPong appends a server's Pong with the first 125 bytes of payload, which
// is that of the Ping it answers.
func AppendPong(b, payload []byte) []byte { return appendControl(b, Pong, payload) }

func appendControl(b []byte, op Op, payload []byte) []byte {
	payload = payload[:min(len(payload), maxControl)]
	return append(AppendHeader(b, op, len(payload)), payload...)
}

// AppendClose appends a server's Close. The reason is cut to the 123 bytes that
// there is room for, between characters, and what is not UTF-8 in it is replaced.
// With CodeNoCode, which must not be sent, neither code nor reason is.
func AppendClose(b []byte, code int, reason string) []byte {
	if code == CodeNoCode {
		return AppendHeader(b, Close, 0)
	}
	reason = cut(strings.ToValidUTF8(reason, "\uFFFD"), maxControl-2)
	b = AppendHeader(b, Close, 2+len(reason))
	b = binary.BigEndian.AppendUint16(b, uint16(code))
	return append(b, reason...)
}

// cut cuts s to at most n bytes, between characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
