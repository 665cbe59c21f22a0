package load

import (
	"bytes"
	"testing"
)

// unmask undoes the mask of a client's frame and of its length.
func unmask(t *testing.T, text []byte) []byte {
	t.Helper()
	out := bytes.Clone(text)
	head := map[bool]int{true: 2, false: 4}[text[1]&0x7F < 126]
	if text[1]&0x7F == 127 {
		head = 10
	}
	out[1] &= 0x7F
	mask, payload := text[head:head+4], out[head+4:]
	for i := range payload {
		payload[i] ^= mask[i&3]
	}
	return append(out[:head], payload...)
}

func TestFrames(t *testing.T) {
	for _, size := range []int{0, 1, 125, 126, 65535, 65536, 100_000} {
		payload := bytes.Repeat([]byte{'x'}, size)
		text := unmask(t, appendFrame(nil, opText, payload))
		f, n, err := nextFrame(append(text, "more"...))
		if err != nil || n != len(text) || !f.final || f.op != opText || !bytes.Equal(f.payload, payload) {
			t.Errorf("%d bytes: got a frame of %d bytes, %d in all, %v", size, len(f.payload), n, err)
		}
		for _, part := range []int{0, 1, min(3, len(text)-1), len(text) - 1} {
			if _, n, err := nextFrame(text[:part]); n != 0 || err != nil {
				t.Errorf("%d bytes, the first %d of them: got %d, %v, want to wait", size, part, n, err)
			}
		}
	}
}

func FuzzNextFrame(f *testing.F) {
	for _, seed := range []string{"", "\x81\x02hi", "\x81\x7e\x00\x7e", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "\xc1\x00", "\x81\x80", "\x88\x02\x03\xe8"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, size, err := nextFrame(text)
		if size < 0 || size > len(text) || err != nil && size != 0 || len(got.payload) > size {
			t.Errorf("%q: got %d of %d bytes, %v", text, size, len(text), err)
		}
	})
}
