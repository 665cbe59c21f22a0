package intake

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxLine is the length in bytes up to which a line of an archive is read. The
// longest story takes about 3 MB when every character of it is escaped.
const maxLine = 4 << 20

// errTooLong stands for a line above maxLine, which has been passed over.
var errTooLong = fmt.Errorf("is longer than %d MiB", maxLine>>20)

// An archiveReader reads an archive line by line. It unpacks what gzip has
// packed, and passes over a byte order mark at the beginning.
type archiveReader struct {
	r      *bufio.Reader
	packed bool
	buf    []byte
	number int // of the line that was read last, from 1
}

func readArchive(r io.Reader) (*archiveReader, error) {
	const size = 64 << 10
	a := &archiveReader{r: bufio.NewReaderSize(r, size)}
	// A file of one byte is a line like any other.
	if magic, _ := a.r.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) { // RFC 1952, section 2.3.1
		unpacked, err := gzip.NewReader(a.r)
		if err != nil {
			return nil, fmt.Errorf("unpack the archive: %w", cutShort(err))
		}
		a.packed = true
		a.r = bufio.NewReaderSize(unpacked, size)
	}
	if mark, _ := a.r.Peek(3); string(mark) == "\uFEFF" {
		_, _ = a.r.Discard(3)
	}
	return a, nil
}

// next returns the next line, without its end, until the next call. Errors:
// io.EOF, errTooLong (the line has been passed over), or what has befallen the
// archive; the beginning of a line that it has cut off is not returned.
func (a *archiveReader) next() ([]byte, error) {
	a.buf = a.buf[:0]
	a.number++
	for tooLong := false; ; {
		part, err := a.r.ReadSlice('\n')
		tooLong = tooLong || len(a.buf)+len(part) > maxLine
		if !tooLong {
			a.buf = append(a.buf, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (tooLong || len(a.buf) > 0), err == nil:
		case errors.Is(err, io.EOF):
			return nil, io.EOF
		case a.packed:
			return nil, fmt.Errorf("unpack the archive at line %d: %w", a.number, cutShort(err))
		default:
			return nil, fmt.Errorf("read the archive at line %d: %w", a.number, err)
		}
		if tooLong {
			return nil, errTooLong
		}
		return bytes.TrimSuffix(bytes.TrimSuffix(a.buf, []byte("\n")), []byte("\r")), nil
	}
}

// cutShort says what an unexpected end means for a packed archive.
func cutShort(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)
	}
	return err
}
