package limit

import "encoding/binary"

// idSize is how long the ids of operations mostly are: a UUID.
const idSize = 36

const (
	beforeID      = `{"id":"`
	beforePayload = `","type":"next","payload":`
)

// frames are the frames of some events, with room for the id of an operation.
type frames struct {
	text     []byte
	ids      []int // where the ids go
	payloads [][]byte
	own      []byte // for an id of another size
}

// make makes the frames from one event to another, or to an earlier one when that
// is enough for one write, and returns which it is.
func (f *frames) make(s *server, first, last uint64) uint64 {
	f.text, f.ids, f.payloads = f.text[:0], f.ids[:0], f.payloads[:0]
	for number := first; number <= last; number++ {
		payload := s.payload(number)
		if number > first && len(f.text)+len(payload) > maxWrite {
			return number - 1
		}
		f.payloads = append(f.payloads, payload)
		f.text = appendHead(f.text, idSize, payload)
		f.ids = append(f.ids, len(f.text))
		f.text = appendRest(append(f.text, make([]byte, idSize)...), payload)
	}
	return last
}

// of is the frames for an operation, until the next call.
func (f *frames) of(id []byte) []byte {
	if len(id) == idSize {
		for _, at := range f.ids {
			copy(f.text[at:at+idSize], id)
		}
		return f.text
	}
	f.own = f.own[:0]
	for _, payload := range f.payloads {
		f.own = appendRest(append(appendHead(f.own, len(id), payload), id...), payload)
	}
	return f.own
}

// appendHead adds what comes before the id: the head of a frame (RFC 6455, 5.2)
// and the beginning of the message.
func appendHead(out []byte, id int, payload []byte) []byte {
	out = append(out, 0x81)
	switch n := len(beforeID) + id + len(beforePayload) + len(payload) + len("}"); {
	case n < 126:
		out = append(out, byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 127), uint64(n))
	}
	return append(out, beforeID...)
}

func appendRest(out, payload []byte) []byte {
	return append(append(append(out, beforePayload...), payload...), '}')
}
