package transport_test

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// documented are the codes with which a server may close: of RFC 6455, of
// graphql-transport-ws, and 1000, with which the fuzzer says goodbye.
var documented = []int{1000, 1002, 1007, 1009, 4400, 4401, 4403, 4409, 4429}

// FuzzConversation says anything to a server, in text messages, a line each, or, where it
// begins with "raw ", as it is.
func FuzzConversation(f *testing.F) {
	const ask = `{"id":"1","type":"subscribe","payload":{"query":"{viewer{role}}"}}`
	for _, seed := range []string{
		begin, begin + "\n" + begin, "", "x", begin + "\n" + ask, begin + "\n" + ask + "\n" + ask, ask,
		begin + "\n" + subscribe + "\n" + `{"id":"a","type":"complete"}` + "\n" + subscribe,
		begin + "\n" + subscribe + "\n" + subscribe,
		begin + "\n" + strings.Replace(subscribe, `"a"`, `"`+uuid+`"`, 1),
		`{"type":"connection_init","payload":{"Authorization":"Bearer x"}}`,
		`{"type":"ping","payload":{"x":[1,"\ud800"]}}` + "\n" + `{"type":"pong"}`,
		begin + "\n" + `{"id":"1","type":"start","payload":{"query":"subscription{ticker{cursor}}"}}` + "\n" + `{"id":"1","type":"stop"}`,
		begin + "\n" + `{"id":"1","type":"start","payload":{"query":"{"}}` + "\n" + `{"type":"connection_terminate"}`,
		begin + "\n" + `{"id":"1","type":"subscribe","payload":{"query":"subscription($after:Cursor){ticker(after:$after){kind}}","variables":{"after":"x"}}}`,
		"raw \x81\x80\x00\x00\x00\x00", "raw \x88\x82\x00\x00\x00\x00\x03\xe9", "raw \x01\x81\x00\x00\x00\x00{", "raw \x89\x80\x00\x00\x00\x00", "raw \x81\xff",
	} {
		f.Add(false, []byte(seed))
		f.Add(true, []byte(seed))
	}
	r := open(f)
	f.Fuzz(func(t *testing.T, old bool, said []byte) {
		protocol := modern
		if old {
			protocol = legacy
		}
		conn := r.handshake(t, protocol)
		defer conn.Close()
		must(t, conn.SetDeadline(time.Now().Add(patience)))
		in := bufio.NewReader(conn)
		if response, err := http.ReadResponse(in, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("got %v, %v", response, err)
		}
		text, raw := strings.CutPrefix(string(said), "raw ")
		if raw {
			conn.Write([]byte(text)) //nolint:errcheck // the server may have closed
		} else {
			for message := range strings.SplitSeq(text, "\n") {
				ws.WriteFrame(conn, ws.MaskFrame(ws.NewTextFrame([]byte(message)))) //nolint:errcheck // likewise
			}
		}
		ws.WriteFrame(conn, ws.MaskFrame(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "")))) //nolint:errcheck // likewise
		if raw {
			conn.(*net.TCPConn).CloseWrite() //nolint:errcheck // likewise: there may be a frame that wants more
		}
		for {
			frame, err := readFrame(in)
			if err != nil {
				if !raw || !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
					t.Errorf("the server ends without a word: %v", err)
				}
				return
			}
			switch frame.Header.OpCode {
			case ws.OpText:
				var m struct{ Type string }
				if err := json.Unmarshal(frame.Payload, &m); err != nil || m.Type == "" {
					t.Errorf("got %q: %v", frame.Payload, err)
				}
			case ws.OpClose:
				if len(frame.Payload) < 2 && !raw {
					t.Errorf("closed with %x", frame.Payload)
				}
				if len(frame.Payload) >= 2 && !raw && !slices.Contains(documented, int(binary.BigEndian.Uint16(frame.Payload))) {
					t.Errorf("closed with %d %s", binary.BigEndian.Uint16(frame.Payload), frame.Payload[2:])
				}
				return
			}
		}
	})
}

// readFrame reads a frame of the server, which is never larger than this.
func readFrame(from io.Reader) (f ws.Frame, err error) {
	if f.Header, err = ws.ReadHeader(from); err != nil {
		return f, err
	}
	if f.Header.Length > 1<<20 {
		return f, fmt.Errorf("a frame of %d bytes", f.Header.Length)
	}
	f.Payload = make([]byte, f.Header.Length)
	_, err = io.ReadFull(from, f.Payload)
	return f, err
}
