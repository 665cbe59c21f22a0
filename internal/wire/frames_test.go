package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"depeche/internal/wire"
)

// client makes a client's frame.
func client(fin bool, op ws.OpCode, payload string) []byte {
	f := ws.NewFrame(op, fin, []byte(payload))
	return ws.MustCompileFrame(ws.MaskFrameInPlaceWith(f, [4]byte{0x37, 0xfa, 0x21, 0x3d}))
}

func text(s string) []byte { return client(true, ws.OpText, s) }

func closing(code int, reason string) []byte {
	return client(true, ws.OpClose, string(binary.BigEndian.AppendUint16(nil, uint16(code)))+reason)
}

// feed feeds stream in chunks of sizes that cut gives, and returns what came of
// it, in words.
func feed(f *wire.Frames, stream []byte, cut func(left int) int) ([]string, error) {
	var got []string
	for {
		n := min(cut(len(stream)), len(stream))
		chunk := bytes.Clone(stream[:n])
		err := f.Feed(chunk, func(m wire.Message) error {
			got = append(got, fmt.Sprintf("%d %q %d %q", m.Op, m.Payload, m.Code, m.Reason))
			return nil
		})
		clear(chunk)
		stream = stream[n:]
		if err != nil || len(stream) == 0 {
			return got, err
		}
	}
}

func whole(left int) int { return left }
func bytewise(int) int   { return 1 }

func TestFrames(t *testing.T) {
	k64 := strings.Repeat("x", 1<<16)
	tests := []struct {
		name   string
		stream []byte
		want   []string
		code   int // of the *CloseError; 0 for none
	}{
		{"nothing", nil, nil, 0},
		// RFC 6455, section 5.7.
		{"text", []byte("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), []string{`1 "Hello" 0 ""`}, 0},
		{"texts", slices.Concat(text("a"), text(""), text("b")), []string{`1 "a" 0 ""`, `1 "" 0 ""`, `1 "b" 0 ""`}, 0},
		{"binary", client(true, ws.OpBinary, "\xff"), []string{`2 "\xff" 0 ""`}, 0},
		{"126 bytes", text(k64[:126]), []string{fmt.Sprintf(`1 %q 0 ""`, k64[:126])}, 0},
		{"64 KiB", text(k64), []string{fmt.Sprintf(`1 %q 0 ""`, k64)}, 0},
		{"as much as may be", text(k64 + k64), []string{fmt.Sprintf(`1 %q 0 ""`, k64+k64)}, 0},
		{"fragments", slices.Concat(client(false, ws.OpText, "a\xe2"), client(false, ws.OpContinuation, "\x82"), client(true, ws.OpContinuation, "\xacb")),
			[]string{`1 "a€b" 0 ""`}, 0},
		{"empty fragments", slices.Concat(client(false, ws.OpText, ""), client(false, ws.OpContinuation, ""), client(true, ws.OpContinuation, ""), text("x")),
			[]string{`1 "" 0 ""`, `1 "x" 0 ""`}, 0},
		{"control within fragments", slices.Concat(client(false, ws.OpBinary, "a"), client(true, ws.OpPing, "p"), client(true, ws.OpPong, ""), client(true, ws.OpContinuation, "b")),
			[]string{`9 "p" 0 ""`, `10 "" 0 ""`, `2 "ab" 0 ""`}, 0},
		{"pings", append(client(true, ws.OpPing, "one"), client(true, ws.OpPing, "two")...), []string{`9 "one" 0 ""`, `9 "two" 0 ""`}, 0},
		{"close", closing(1000, "bye"), []string{`8 "\x03\xe8bye" 1000 "bye"`}, 0},
		{"close without a code", client(true, ws.OpClose, ""), []string{`8 "" 1005 ""`}, 0},
		{"close of an application", closing(4999, ""), []string{`8 "\x13\x87" 4999 ""`}, 0},
		{"nothing counts after a close", append(closing(1001, ""), "rubbish"...), []string{`8 "\x03\xe9" 1001 ""`}, 0},

		{"not masked", wire.AppendText(nil, []byte("x")), nil, 1002},
		{"a reserved bit", []byte("\xc1\x80\x00\x00\x00\x00"), nil, 1002},
		{"another reserved bit", []byte("\x91\x80\x00\x00\x00\x00"), nil, 1002},
		{"an unknown opcode", []byte("\x83\x80\x00\x00\x00\x00"), nil, 1002},
		{"an unknown control opcode", []byte("\x8b\x80\x00\x00\x00\x00"), nil, 1002},
		{"a fragmented control frame", client(false, ws.OpPing, ""), nil, 1002},
		{"a long control frame", client(true, ws.OpPing, k64[:126]), nil, 1002},
		{"a continuation of nothing", client(true, ws.OpContinuation, ""), nil, 1002},
		{"a continuation of what is complete", append(text("x"), client(true, ws.OpContinuation, "")...), []string{`1 "x" 0 ""`}, 1002},
		{"a message within fragments", append(client(false, ws.OpText, ""), text("x")...), nil, 1002},
		{"a length longer than need be", []byte("\x81\xfe\x00\x7d\x00\x00\x00\x00"), nil, 1002},
		{"a long length longer than need be", []byte("\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00"), nil, 1002},
		{"a length with the highest bit", []byte("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), nil, 1002},
		{"too large", text(k64 + k64 + "x"), nil, 1009},
		{"much too large by its head", []byte("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"), nil, 1009},
		{"too large in fragments", slices.Concat(client(false, ws.OpText, k64), client(false, ws.OpContinuation, k64), client(true, ws.OpContinuation, "x")), nil, 1009},
		{"a text that is not UTF-8", text("\xff"), nil, 1007},
		{"fragments that are not UTF-8", slices.Concat(client(false, ws.OpText, "\xe2"), client(true, ws.OpContinuation, "x")), nil, 1007},
		{"a close with half a code", client(true, ws.OpClose, "\x03"), nil, 1002},
		{"a close reason that is not UTF-8", closing(1000, "\xff"), nil, 1007},
		{"a close with 999", closing(999, ""), nil, 1002},
		{"a close with 1004", closing(1004, ""), nil, 1002},
		{"a close with 1005", closing(1005, ""), nil, 1002},
		{"a close with 1006", closing(1006, ""), nil, 1002},
		{"a close with 1015", closing(1015, ""), nil, 1002},
		{"a close with 2999", closing(2999, ""), nil, 1002},
		{"a close with 5000", closing(5000, ""), nil, 1002},
	}
	for _, test := range tests {
		for name, cut := range map[string]func(int) int{"whole": whole, "byte by byte": bytewise} {
			t.Run(test.name+" "+name, func(t *testing.T) {
				f := wire.Frames{MaxMessage: 1 << 17}
				got, err := feed(&f, test.stream, cut)
				if !slices.Equal(got, test.want) {
					t.Errorf("got %.80q, want %.80q", got, test.want)
				}
				var breach *wire.CloseError
				switch {
				case test.code == 0 && err != nil:
					t.Errorf("got the error %v", err)
				case test.code != 0 && (!errors.As(err, &breach) || breach.Code != test.code):
					t.Errorf("got the error %v, want one with the code %d", err, test.code)
				case test.code != 0:
					if again := f.Feed(text("x"), nil); again != err {
						t.Errorf("then %v, want the same again", again)
					}
				}
				if f.Held() != 0 {
					t.Errorf("%d bytes are held", f.Held())
				}
			})
		}
	}
}

func TestFramesHandleFails(t *testing.T) {
	var f wire.Frames
	calls := 0
	stop := errors.New("stop")
	for range 2 {
		if err := f.Feed(append(text("x"), text("y")...), func(wire.Message) error {
			calls++
			return stop
		}); err != stop {
			t.Errorf("got %v, want %v", err, stop)
		}
	}
	if calls != 1 {
		t.Errorf("%d calls, want 1", calls)
	}
}

func TestFramesHold(t *testing.T) {
	var f wire.Frames
	none := func(m wire.Message) error {
		t.Errorf("a message of %d bytes", len(m.Payload))
		return nil
	}
	// The head promises many bytes, and they come one after the other.
	const size = 1 << 17
	stream := text(strings.Repeat("x", size))
	if err := f.Feed(bytes.Clone(stream[:14]), none); err != nil || f.Held() != 0 {
		t.Errorf("%d bytes held after the head, %v, want none", f.Held(), err)
	}
	for n := 15; n < len(stream); n++ {
		if err := f.Feed(bytes.Clone(stream[n-1:n]), none); err != nil {
			t.Fatal(err)
		}
		if came := n - 14; f.Held() < came || f.Held() > min(size, 2*came) {
			t.Fatalf("%d bytes held of %d that came", f.Held(), came)
		}
	}
	if err := f.Feed(stream[len(stream)-1:], func(m wire.Message) error {
		if len(m.Payload) != size {
			t.Errorf("a message of %d bytes, want %d", len(m.Payload), size)
		}
		return nil
	}); err != nil || f.Held() != 0 {
		t.Errorf("%d bytes held in the end, %v, want none", f.Held(), err)
	}
}

func TestFramesInPlace(t *testing.T) {
	var f wire.Frames
	stream := slices.Concat(text("hello"), client(true, ws.OpPing, "p"))
	chunk := make([]byte, len(stream))
	if n := testing.AllocsPerRun(100, func() {
		copy(chunk, stream)
		if err := f.Feed(chunk, func(wire.Message) error { return nil }); err != nil {
			t.Error(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// seeds are streams that fuzzing begins with.
func seeds(f *testing.F) {
	for _, stream := range [][]byte{
		text("hello"),
		slices.Concat(client(false, ws.OpText, "a"), client(true, ws.OpPing, "p"), client(true, ws.OpContinuation, "b"), closing(1000, "bye")),
		client(true, ws.OpBinary, strings.Repeat("x", 300)),
		text(strings.Repeat("x", 70_000)),
		[]byte("\x81\xff\x00\x00\x00\x00\x00\x10\x00\x00\x00\x00\x00\x00x"),
		closing(1005, ""),
	} {
		f.Add(stream, uint64(1))
	}
}

// FuzzFramesSplit holds that chunks don't matter, that nothing makes it panic,
// and that no more is held than came.
func FuzzFramesSplit(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		one := wire.Frames{MaxMessage: 1 << 16}
		want, wantErr := feed(&one, stream, whole)
		r := rand.New(rand.NewPCG(seed, 0))
		most := 1 + r.IntN(100)
		many := wire.Frames{MaxMessage: 1 << 16}
		came := 0
		got, err := feed(&many, stream, func(left int) int {
			if many.Held() > min(2*came, 1<<16+125) {
				t.Fatalf("%d bytes held of %d that came", many.Held(), came)
			}
			n := min(left, r.IntN(most+1))
			came += n
			return n
		})
		if !slices.Equal(got, want) {
			t.Errorf("in chunks %q, in one %q", got, want)
		}
		if fmt.Sprint(err) != fmt.Sprint(wantErr) {
			t.Errorf("in chunks %v, in one %v", err, wantErr)
		}
		if one.Held() != many.Held() && (one.Held() == 0 || many.Held() == 0) {
			t.Errorf("in chunks %d bytes held, in one %d", many.Held(), one.Held())
		}
	})
}

// FuzzFramesAsOthers holds that what is accepted, another server's decoder reads
// likewise.
func FuzzFramesAsOthers(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, stream []byte, _ uint64) {
		var ours wire.Frames
		got, err := feed(&ours, stream, whole)
		want, wantErr := others(stream)
		if err != nil {
			// What we refuse, it may read; but not before that.
			if len(got) > len(want) || !slices.Equal(got, want[:len(got)]) {
				t.Errorf("got %q before %v, want %q", got, err, want)
			}
			return
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q (%v)", got, want, wantErr)
		}
		// It looks at a text before it is complete.
		early := wantErr == wsutil.ErrInvalidUTF8 && ours.Held() > 0
		if wantErr != io.EOF && wantErr != io.ErrUnexpectedEOF && !early {
			t.Errorf("accepted what is refused with %v", wantErr)
		}
	})
}

// others decodes stream with another decoder, as feed does.
func others(stream []byte) (got []string, err error) {
	say := func(op ws.OpCode, payload []byte) {
		code, reason := ws.StatusCode(0), ""
		if op == ws.OpClose {
			if code = wire.CodeNoCode; len(payload) > 0 {
				code, reason = ws.ParseCloseFrameData(payload)
			}
		}
		got = append(got, fmt.Sprintf("%d %q %d %q", op, payload, code, reason))
	}
	r := wsutil.Reader{
		Source: bytes.NewReader(stream), State: ws.StateServerSide, CheckUTF8: true, MaxFrameSize: 1 << 20,
	}
	r.OnIntermediate = func(h ws.Header, in io.Reader) error {
		payload, err := io.ReadAll(in)
		if err != nil {
			return err
		}
		if int64(len(payload)) < h.Length {
			return io.ErrUnexpectedEOF
		}
		say(h.OpCode, payload)
		if h.OpCode == ws.OpClose {
			return io.EOF
		}
		return nil
	}
	for {
		h, err := r.NextFrame()
		if err != nil {
			return got, err
		}
		payload, err := io.ReadAll(&r)
		if err != nil {
			return got, err
		}
		say(h.OpCode, payload)
		if h.OpCode == ws.OpClose {
			return got, io.EOF
		}
	}
}
