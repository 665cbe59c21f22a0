package mongotest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// The wire protocol of MongoDB, as far as a driver of today speaks it:
// https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/
const (
	opReply = 1    // answers the first hello of a connection,
	opQuery = 2004 // which comes as this
	opMsg   = 2013

	headerSize     = 16
	maxMessageSize = 48_000_000

	checksumPresent = 1 << 0
	moreToCome      = 1 << 1
)

var order = binary.LittleEndian

// A message is one message of the protocol, with its header.
type message []byte

func readMessage(r io.Reader) (message, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	size := order.Uint32(header[:])
	if size < headerSize || size > maxMessageSize {
		return nil, fmt.Errorf("a message of %d bytes", size)
	}
	m := make(message, size)
	copy(m, header[:])
	_, err := io.ReadFull(r, m[headerSize:])
	return m, err
}

func (m message) id() uint32   { return order.Uint32(m[4:]) }
func (m message) kind() uint32 { return order.Uint32(m[12:]) }

// flags are those of an OP_MSG.
func (m message) flags() uint32 {
	if m.kind() != opMsg || len(m) < headerSize+4 {
		return 0
	}
	return order.Uint32(m[headerSize:])
}

// newMessage makes a message of its parts.
func newMessage(id, responseTo, kind uint32, parts ...[]byte) message {
	m := make(message, headerSize)
	for _, part := range parts {
		m = append(m, part...)
	}
	order.PutUint32(m[0:], uint32(len(m)))
	order.PutUint32(m[4:], id)
	order.PutUint32(m[8:], responseTo)
	order.PutUint32(m[12:], kind)
	return m
}

// newReply makes the message that answers request with document.
func newReply(request message, document bson.Raw) message {
	if request.kind() == opQuery {
		fixed := make([]byte, 20) // flags, cursor and first place are 0
		order.PutUint32(fixed[16:], 1)
		return newMessage(0, request.id(), opReply, fixed, document)
	}
	return newMessage(0, request.id(), opMsg, make([]byte, 5), document)
}

// document is the document of a reply.
func (m message) document() (bson.Raw, error) {
	skip := 5
	switch {
	case m.kind() == opReply:
		skip = 20
	case m.kind() != opMsg:
		return nil, fmt.Errorf("a reply of kind %d", m.kind())
	}
	d, _, err := cutDocument(m[min(len(m), headerSize+skip):])
	return d, err
}

// A sequence is a section of an OP_MSG that holds documents apart from the body.
type sequence struct {
	name      string
	documents []bson.Raw
}

// sections are the body and the sequences of an OP_MSG.
func (m message) sections() (body bson.Raw, sequences []sequence, err error) {
	if len(m) < headerSize+4 {
		return nil, nil, errShort
	}
	rest := []byte(m[headerSize+4:])
	if m.flags()&checksumPresent != 0 && len(rest) >= 4 {
		rest = rest[:len(rest)-4]
	}
	for len(rest) > 0 {
		kind := rest[0]
		rest = rest[1:]
		switch kind {
		case 0:
			if body, rest, err = cutDocument(rest); err != nil {
				return nil, nil, err
			}
		case 1:
			if len(rest) < 4 || uint64(order.Uint32(rest)) > uint64(len(rest)) {
				return nil, nil, errShort
			}
			section := rest[4:max(4, order.Uint32(rest))]
			rest = rest[4+len(section):]
			s, err := parseSequence(section)
			if err != nil {
				return nil, nil, err
			}
			sequences = append(sequences, s)
		default:
			return nil, nil, fmt.Errorf("a section of kind %d", kind)
		}
	}
	if body == nil {
		return nil, nil, errShort
	}
	return body, sequences, nil
}

func parseSequence(section []byte) (sequence, error) {
	name, rest, ok := bytes.Cut(section, []byte{0})
	if !ok {
		return sequence{}, errShort
	}
	s := sequence{name: string(name)}
	for len(rest) > 0 {
		var d bson.Raw
		var err error
		if d, rest, err = cutDocument(rest); err != nil {
			return sequence{}, err
		}
		s.documents = append(s.documents, d)
	}
	return s, nil
}

// query is the database and the document of an OP_QUERY.
func (m message) query() (database string, document bson.Raw, err error) {
	if len(m) < headerSize+4 {
		return "", nil, errShort
	}
	collection, rest, ok := bytes.Cut(m[headerSize+4:], []byte{0})
	if !ok || len(rest) < 8 {
		return "", nil, errShort
	}
	d, _, err := cutDocument(rest[8:])
	return string(bytes.TrimSuffix(collection, []byte(".$cmd"))), d, err
}

// newRequest makes the OP_MSG of a command in place of request.
func newRequest(request message, body bson.Raw, sequences []sequence) message {
	flags := make([]byte, 5)
	order.PutUint32(flags, request.flags()&^checksumPresent)
	parts := [][]byte{flags, body}
	for _, s := range sequences {
		name := append([]byte(s.name), 0)
		size := 4 + len(name)
		for _, d := range s.documents {
			size += len(d)
		}
		parts = append(parts, order.AppendUint32([]byte{1}, uint32(size)), name)
		for _, d := range s.documents {
			parts = append(parts, d)
		}
	}
	return newMessage(request.id(), 0, opMsg, parts...)
}

var errShort = errors.New("a message is cut short")

// cutDocument parts b after the document at its beginning.
func cutDocument(b []byte) (d bson.Raw, rest []byte, err error) {
	if len(b) < 5 || order.Uint32(b) < 5 || uint64(order.Uint32(b)) > uint64(len(b)) {
		return nil, nil, errShort
	}
	size := order.Uint32(b)
	d = bson.Raw(b[:size:size])
	return d, b[size:], d.Validate()
}

// without is document but for some fields.
func without(document bson.Raw, names ...string) (bson.Raw, error) {
	elements, err := document.Elements()
	if err != nil {
		return nil, err
	}
	kept := make(bson.Raw, 4, len(document))
	for _, e := range elements {
		if !slices.Contains(names, e.Key()) {
			kept = append(kept, e...)
		}
	}
	kept = append(kept, 0)
	order.PutUint32(kept, uint32(len(kept)))
	return kept, nil
}

// with is document with fields in place of those of the same names.
func with(document bson.Raw, fields bson.D) (bson.Raw, error) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Key
	}
	kept, err := without(document, names...)
	if err != nil {
		return nil, err
	}
	added, err := bson.Marshal(fields)
	if err != nil {
		return nil, err
	}
	all := append(kept[:len(kept)-1], added[4:]...)
	order.PutUint32(all, uint32(len(all)))
	return all, nil
}
