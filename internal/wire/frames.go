package wire

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// defaultMaxMessage is used where Frames.MaxMessage is not set.
const defaultMaxMessage = 1 << 20

// A Message is what a client sent: a whole text or binary message, or a control
// frame.
type Message struct {
	Op      Op
	Payload []byte // valid during the call it is given to; of a Close, code and reason as they came
	Code    int    // of a Close; CodeNoCode where it has none
	Reason  string // of a Close
}

// Frames decodes what a WebSocket client sends, fed in chunks of any size. It
// holds no memory but for a message that is incomplete. It is used by one
// goroutine at a time. The zero value is ready.
type Frames struct {
	// MaxMessage is how many bytes a message may have, over all its fragments;
	// 1 MiB where it is zero.
	MaxMessage int

	head    [maxHead]byte // of the frame that is read, as far as it has come
	headLen uint8
	inFrame bool // head is complete, and left bytes of the payload are to come
	frame   header
	taken   int // bytes of the payload that have come

	fragments Op     // what the fragments of message will be; 0 where there are none
	message   []byte // of a text or binary message that is incomplete
	control   []byte // of a control frame that is incomplete
	err       error
	closed    bool
}

// maxHead is the longest head of a frame: two bytes, eight of length, the mask.
const maxHead = 2 + 8 + 4

type header struct {
	fin    bool
	op     Op
	mask   [4]byte
	length int
}

// Held is how many bytes of memory a message or control frame that is
// incomplete takes now.
func (f *Frames) Held() int { return cap(f.message) + cap(f.control) }

// Feed decodes chunk, which it may change, and hands each message to handle, in
// order; control frames come between the fragments of a message. What follows a
// Close is thrown away. Errors: handle's, or *CloseError where the client breaks
// the rules of RFC 6455, with the code that tells it so: CodeProtocolError,
// CodeInvalidText, or CodeTooLarge, for which the head of a frame is enough.
// After an error Feed gives the same one again.
func (f *Frames) Feed(chunk []byte, handle func(Message) error) error {
	for f.err == nil && !f.closed {
		if !f.inFrame {
			var done bool
			if chunk, done = f.readHead(chunk); !done {
				break
			}
			continue
		}
		payload := chunk[:min(len(chunk), f.frame.length-f.taken)]
		chunk = chunk[len(payload):]
		ws.Cipher(payload, f.frame.mask, f.taken)
		f.taken += len(payload)
		if f.taken < f.frame.length {
			f.keep(payload)
			break
		}
		f.inFrame = false
		f.err = f.finishFrame(payload, handle)
	}
	if f.err != nil || f.closed {
		f.message, f.control = nil, nil
	}
	return f.err
}

// readHead takes the head of a frame from chunk and tells whether it is
// complete, or has turned out to be wrong.
func (f *Frames) readHead(chunk []byte) (left []byte, done bool) {
	for f.err == nil && !f.inFrame {
		size := headSize(f.head[:f.headLen])
		n := copy(f.head[f.headLen:size], chunk)
		f.headLen += uint8(n)
		chunk = chunk[n:]
		switch {
		case int(f.headLen) < size:
			return chunk, false
		case size == 2:
			// A client that masks nothing may send no more than this.
			f.err = f.checkHead(f.head[0], f.head[1])
		default:
			f.err = f.begin(f.head[:size])
			f.headLen = 0
		}
	}
	return chunk, true
}

// headSize is how long the head is that begins with b, as far as b tells.
func headSize(b []byte) int {
	const mask = 4
	switch {
	case len(b) < 2:
		return 2
	case b[1]&^maskBit == 126:
		return 2 + 2 + mask
	case b[1]&^maskBit == 127:
		return 2 + 8 + mask
	default:
		return 2 + mask
	}
}

// checkHead checks the first two bytes of a frame.
func (f *Frames) checkHead(first, second byte) error {
	fin, op := first&finBit != 0, Op(first&0x0f)
	switch {
	case first&0x70 != 0:
		return breach("a reserved bit is set")
	case second&maskBit == 0:
		return breach("a frame is not masked")
	}
	switch op {
	case Close, Ping, Pong:
		if !fin {
			return breach("a control frame is fragmented")
		}
		if second&^maskBit > maxControl {
			return breach("a control frame has more than 125 bytes")
		}
	case continuation:
		if f.fragments == 0 {
			return breach("a continuation continues nothing")
		}
	case Text, Binary:
		if f.fragments != 0 {
			return breach("a message begins within another")
		}
	default:
		return breach(fmt.Sprintf("the opcode %d is not known", op))
	}
	return nil
}

// begin prepares for what follows the head of a frame.
func (f *Frames) begin(head []byte) error {
	length, err := payloadLength(head)
	if err != nil {
		return err
	}
	most := f.MaxMessage
	if most == 0 {
		most = defaultMaxMessage
	}
	h := header{fin: head[0]&finBit != 0, op: Op(head[0] & 0x0f)}
	if !h.op.isControl() && length > uint64(max(0, most-len(f.message))) {
		return &CloseError{CodeTooLarge, fmt.Sprintf("a message has more than %d bytes", most)}
	}
	copy(h.mask[:], head[len(head)-4:])
	h.length = int(length)
	f.frame, f.taken, f.inFrame = h, 0, true
	return nil
}

// payloadLength reads the length of RFC 6455, section 5.2, which is to be written
// as short as it can be.
func payloadLength(head []byte) (uint64, error) {
	switch short := head[1] &^ maskBit; short {
	case 126:
		length := uint64(binary.BigEndian.Uint16(head[2:]))
		if length < 126 {
			return 0, breach("a length is longer than it need be")
		}
		return length, nil
	case 127:
		length := binary.BigEndian.Uint64(head[2:])
		if length <= 0xffff || length>>63 != 0 {
			return 0, breach("a length is longer than it need be")
		}
		return length, nil
	default:
		return uint64(short), nil
	}
}

func breach(reason string) error { return &CloseError{CodeProtocolError, reason} }

// keep holds a part of a payload until the rest of it comes.
func (f *Frames) keep(payload []byte) {
	if f.frame.op.isControl() {
		f.control = grow(f.control, len(payload), f.frame.length)
		f.control = append(f.control, payload...)
		return
	}
	whole := len(f.message) + len(payload) + f.frame.length - f.taken
	f.message = grow(f.message, len(payload), whole)
	f.message = append(f.message, payload...)
}

// grow makes room for n more bytes: twice as much as there was, but never more
// than the whole that is to come, and never on a client's word alone.
func grow(b []byte, n, whole int) []byte {
	if len(b)+n <= cap(b) {
		return b
	}
	size := min(whole, max(len(b)+n, 2*cap(b)))
	return append(make([]byte, 0, size), b...)
}

// finishFrame is given the last part of a frame's payload.
func (f *Frames) finishFrame(payload []byte, handle func(Message) error) error {
	h := f.frame
	if h.op.isControl() {
		if len(f.control) > 0 {
			f.keep(payload)
			payload, f.control = f.control, nil
		}
		return f.finishControl(payload, handle)
	}
	op := h.op
	if op == continuation {
		op = f.fragments
	}
	if !h.fin {
		f.fragments = op
		f.keep(payload)
		return nil
	}
	if len(f.message) > 0 {
		f.keep(payload)
		payload = f.message
	}
	f.fragments, f.message = 0, nil
	if op == Text && !utf8.Valid(payload) {
		return &CloseError{CodeInvalidText, "a text is not UTF-8"}
	}
	return handle(Message{Op: op, Payload: payload})
}

func (f *Frames) finishControl(payload []byte, handle func(Message) error) error {
	m := Message{Op: f.frame.op, Payload: payload}
	if m.Op != Close {
		return handle(m)
	}
	f.closed = true
	switch len(payload) {
	case 0:
		m.Code = CodeNoCode
	case 1:
		return breach("a close has half a code")
	default:
		m.Code, m.Reason = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
		if !mayBeSent(m.Code) {
			return breach(fmt.Sprintf("the close code %d is not one to send", m.Code))
		}
		if !utf8.ValidString(m.Reason) {
			return &CloseError{CodeInvalidText, "a close reason is not UTF-8"}
		}
	}
	return handle(m)
}

// mayBeSent tells whether a Close may have the code: those of RFC 6455, section
// 7.4.1, and of its registry, and the ranges of section 7.4.2.
func mayBeSent(code int) bool {
	switch {
	case code == 1004, code == CodeNoCode, code == 1006:
		return false
	case code >= 1000 && code <= 1014:
		return true
	default:
		return code >= 3000 && code <= 4999
	}
}
