package wire_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"depeche/internal/wire"
)

func TestAppend(t *testing.T) {
	long := strings.Repeat("x", 126)
	longer := strings.Repeat("x", 1<<16)
	tests := []struct {
		name string
		got  []byte
		want string
	}{
		// RFC 6455, section 5.7, has the first of each.
		{"text", wire.AppendText(nil, []byte("Hello")), "\x81\x05Hello"},
		{"text of parts", wire.AppendText([]byte("<"), []byte("Hel"), nil, []byte("lo")), "<\x81\x05Hello"},
		{"text of none", wire.AppendText(nil), "\x81\x00"},
		{"text of 126", wire.AppendText(nil, []byte(long)), "\x81\x7e\x00\x7e" + long},
		{"text of 65536", wire.AppendText(nil, []byte(longer)), "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00" + longer},
		{"head of 125", wire.AppendHeader(nil, wire.Binary, 125), "\x82\x7d"},
		{"head of 65535", wire.AppendHeader(nil, wire.Text, 65535), "\x81\x7e\xff\xff"},
		{"ping", wire.AppendPing(nil, []byte("Hello")), "\x89\x05Hello"},
		{"ping with too much", wire.AppendPing(nil, []byte(long)), "\x89\x7d" + long[:125]},
		{"pong", wire.AppendPong(nil, []byte("Hello")), "\x8a\x05Hello"},
		{"pong of nothing", wire.AppendPong(nil, nil), "\x8a\x00"},
		{"close", wire.AppendClose(nil, 1000, ""), "\x88\x02\x03\xe8"},
		{"close with a reason", wire.AppendClose(nil, 4400, "bad"), "\x88\x05\x11\x30bad"},
		{"close without a code", wire.AppendClose(nil, wire.CodeNoCode, "no"), "\x88\x00"},
		{"close with a long reason", wire.AppendClose(nil, 1000, long), "\x88\x7d\x03\xe8" + long[:123]},
		{"close cut between characters", wire.AppendClose(nil, 1000, "x"+strings.Repeat("€", 41)), "\x88\x7b\x03\xe8x" + strings.Repeat("€", 40)},
		{"close with what is not UTF-8", wire.AppendClose(nil, 1000, "\xff"), "\x88\x05\x03\xe8\uFFFD"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if string(test.got) != test.want {
				t.Errorf("got %.40q, want %.40q", test.got, test.want)
			}
		})
	}
}

func TestAppendHeaderAllocatesNothing(t *testing.T) {
	b, payload := make([]byte, 0, 1<<10), make([]byte, 300)
	if n := testing.AllocsPerRun(100, func() {
		b = append(wire.AppendHeader(b[:0], wire.Text, len(payload)), payload...)
		b = wire.AppendText(b[:0], payload, payload)
		b = wire.AppendPong(b[:0], payload)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// FuzzAppend holds what is sent against another client's idea of it.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("text"), []byte("ping"), 1000, "reason")
	f.Add(bytes.Repeat([]byte("x"), 1<<16), []byte{}, 4999, strings.Repeat("ü", 100))
	f.Fuzz(func(t *testing.T, payload, control []byte, code int, reason string) {
		b := wire.AppendPing(nil, control)
		b = wire.AppendText(b, payload[:len(payload)/2], payload[len(payload)/2:])
		b = append(wire.AppendHeader(b, wire.Binary, len(payload)), payload...)
		b = wire.AppendClose(b, code, reason)
		r := bytes.NewReader(b)
		control = control[:min(len(control), 125)]
		for _, want := range []struct {
			op      ws.OpCode
			payload []byte
		}{{ws.OpPing, control}, {ws.OpText, payload}, {ws.OpBinary, payload}} {
			h, err := ws.ReadHeader(r)
			if err != nil {
				t.Fatal(err)
			}
			if err := ws.CheckHeader(h, ws.StateClientSide); err != nil || !h.Fin || h.OpCode != want.op {
				t.Fatalf("header %+v: %v", h, err)
			}
			got := make([]byte, h.Length)
			if _, err := io.ReadFull(r, got); err != nil || !bytes.Equal(got, want.payload) {
				t.Fatalf("payload %q, %v, want %q", got, err, want.payload)
			}
		}
		end, err := ws.ReadHeader(r)
		if err != nil || end.OpCode != ws.OpClose || int64(r.Len()) != end.Length {
			t.Fatalf("the close is %+v with %d bytes: %v", end, r.Len(), err)
		}
		last := make([]byte, end.Length)
		if _, err := io.ReadFull(r, last); err != nil {
			t.Fatal(err)
		}
		if code == wire.CodeNoCode {
			if len(last) > 0 {
				t.Errorf("a close without a code has %q", last)
			}
			return
		}
		gotCode, gotReason := ws.ParseCloseFrameData(last)
		if gotCode != ws.StatusCode(uint16(code)) {
			t.Errorf("the code is %d, want %d", gotCode, uint16(code))
		}
		if !utf8.ValidString(gotReason) || len(gotReason) > 123 {
			t.Errorf("the reason is %q", gotReason)
		}
		if utf8.ValidString(reason) && (!strings.HasPrefix(reason, gotReason) || len(gotReason) < min(len(reason), 120)) {
			t.Errorf("the reason is %q, want %q", gotReason, reason)
		}
	})
}
