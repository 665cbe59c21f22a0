package store

import (
	"encoding/binary"
	"fmt"

	"depeche/internal/news"
	"depeche/internal/store/document"
)

// appendLine appends the canonical form of a line: the same bytes for the same
// line, whatever store keeps it. It is, one after the other,
//
//	seq       8 bytes, big endian
//	at        8 bytes, big endian: milliseconds since 1970, two's complement
//	op, by, kind, before, doc
//
// where each of the latter is its length in 8 bytes, big endian, and its bytes.
// before and doc are as package document encodes them; before is empty where
// there is none.
func appendLine(to []byte, l news.Line) ([]byte, error) {
	doc, err := document.Encode(l.Doc)
	if err != nil {
		return to, fmt.Errorf("line %d: %w", l.Seq, err)
	}
	before, err := document.EncodeListing(l.Before)
	if err != nil {
		return to, fmt.Errorf("line %d: %w", l.Seq, err)
	}
	to = binary.BigEndian.AppendUint64(to, uint64(l.Seq))
	to = binary.BigEndian.AppendUint64(to, uint64(l.At.UnixMilli()))
	for _, field := range [][]byte{[]byte(l.Op), []byte(l.By), []byte(l.Doc.Ref().Kind), before, doc} {
		to = binary.BigEndian.AppendUint64(to, uint64(len(field)))
		to = append(to, field...)
	}
	return to, nil
}
