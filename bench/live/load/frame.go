package load

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
)

// The opcodes of RFC 6455, section 5.2.
const (
	opContinuation = 0x0
	opText         = 0x1
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xA
)

// maxFrame bounds what a server may send in one frame.
const maxFrame = 1 << 20

var errFrame = errors.New("not a frame of a server")

// A frame is one WebSocket frame that a server sent.
type frame struct {
	final   bool
	op      byte
	payload []byte // of the buffer that it was read from
}

// nextFrame takes the frame at the beginning of buf and tells how long it is. The
// size is 0 while buf has only a part of it.
func nextFrame(buf []byte) (f frame, size int, err error) {
	if len(buf) < 2 {
		return f, 0, nil
	}
	if buf[0]&0x70 != 0 || buf[1]&0x80 != 0 { // extensions, and masks, which servers may not use: 5.1, 5.2
		return f, 0, errFrame
	}
	head, length := 2, int(buf[1])
	switch length {
	case 126:
		if head = 4; len(buf) < head {
			return f, 0, nil
		}
		length = int(binary.BigEndian.Uint16(buf[2:]))
	case 127:
		if head = 10; len(buf) < head {
			return f, 0, nil
		}
		long := binary.BigEndian.Uint64(buf[2:])
		if long > maxFrame {
			return f, 0, errFrame
		}
		length = int(long)
	}
	if len(buf) < head+length {
		return f, 0, nil
	}
	return frame{buf[0]&0x80 != 0, buf[0] & 0xF, buf[head : head+length]}, head + length, nil
}

// appendFrame adds a frame of a client, masked as 5.3 wants it, to out.
func appendFrame(out []byte, op byte, payload []byte) []byte {
	out = append(out, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	var mask [4]byte
	binary.LittleEndian.PutUint32(mask[:], rand.Uint32())
	out = append(out, mask[:]...)
	for i, c := range payload {
		out = append(out, c^mask[i&3])
	}
	return out
}
