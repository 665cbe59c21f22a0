package transport

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// compressFrom is the size from which an answer is compressed, in bytes: below
	// that it fits into one packet anyway.
	compressFrom = 1 << 10
	// zstdWindow bounds what a decoder has to keep, in bytes. Browsers refuse more
	// than 8 MiB (RFC 9659).
	zstdWindow = 1 << 20
)

// A compression compresses answers. Safe for many goroutines.
type compression struct {
	zstd *zstd.Encoder
	gzip sync.Pool // of *gzip.Writer
}

func newCompression() *compression {
	encoder, err := zstd.NewWriter(nil, zstd.WithWindowSize(zstdWindow), zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(fmt.Sprintf("transport: the options of zstd: %v", err)) // they are constants
	}
	return &compression{zstd: encoder, gzip: sync.Pool{New: func() any { return gzip.NewWriter(nil) }}}
}

// compress is body in a coding; nil where that would not save a quarter.
func (c *compression) compress(coding string, body []byte) []byte {
	if len(body) < compressFrom {
		return nil
	}
	var form []byte
	switch coding {
	case codingZstd:
		form = c.zstd.EncodeAll(body, make([]byte, 0, len(body)/2))
	case codingGzip:
		b := bytes.NewBuffer(make([]byte, 0, len(body)/2))
		w := c.gzip.Get().(*gzip.Writer)
		w.Reset(b)
		w.Write(body) //nolint:errcheck // a Buffer takes everything
		w.Close()     //nolint:errcheck // likewise
		c.gzip.Put(w)
		form = b.Bytes()
	}
	if len(form) == 0 || len(form) > len(body)-len(body)/4 {
		return nil
	}
	return form
}
