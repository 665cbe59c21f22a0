package wire

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gobwas/ws"
)

// answerWithin is how long the 101 may take to be written.
const answerWithin = 10 * time.Second

// Upgrade makes a WebSocket of a request (RFC 6455, section 4.2) and answers 101
// with the headers that w has already and the subprotocol, which the client must
// have offered; with none where it is "". No extension is agreed on. The
// connection is the caller's, without deadlines, and early is what the client
// has sent on it so far. Nothing of w and r is kept; the handler should return,
// since as long as it runs its goroutine and buffers are. A request that can't be
// upgraded is answered here, with 400, 405 or 426, and is an error.
func Upgrade(w http.ResponseWriter, r *http.Request, subprotocol string) (conn net.Conn, early []byte, err error) {
	key, refusal := check(r, subprotocol)
	if refusal != nil {
		refusal.answer(w)
		return nil, nil, fmt.Errorf("upgrade to WebSocket: %w", refusal)
	}
	upgrader := ws.HTTPUpgrader{
		Timeout:  answerWithin,
		Header:   extraHeaders(w.Header()),
		Protocol: func(offered string) bool { return subprotocol != "" && offered == subprotocol },
	}
	// It has a narrower idea of what a correct request is than the RFC, so it is
	// given what has been found correct, in the usual spelling.
	usual := &http.Request{
		Method: r.Method, Host: r.Host, Proto: r.Proto, ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor,
		Header: http.Header{
			"Upgrade":               {"websocket"},
			"Connection":            {"Upgrade"},
			"Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Key":     {key},
		},
	}
	if subprotocol != "" {
		usual.Header["Sec-Websocket-Protocol"] = []string{subprotocol}
	}
	conn, rw, _, err := upgrader.Upgrade(usual, w)
	if err != nil {
		if conn != nil {
			conn.Close()
		}
		return nil, nil, fmt.Errorf("upgrade to WebSocket: %w", err)
	}
	if n := rw.Reader.Buffered(); n > 0 {
		buffered, err := rw.Reader.Peek(n)
		if err != nil {
			conn.Close()
			return nil, nil, fmt.Errorf("upgrade to WebSocket: take what was sent early: %w", err)
		}
		early = bytes.Clone(buffered)
	}
	return conn, early, nil
}

// extraHeaders are those of h that may be in the answer beside its own.
func extraHeaders(h http.Header) http.Header {
	h = h.Clone()
	for _, name := range []string{
		"Connection", "Upgrade", "Content-Length", "Content-Type", "Transfer-Encoding", "Trailer",
		"Sec-Websocket-Accept", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions", "Sec-Websocket-Version",
	} {
		h.Del(name)
	}
	return h
}

// A refusal is the answer to a request that can't be upgraded.
type refusal struct {
	status int
	reason string
	header http.Header
}

func (e *refusal) Error() string { return e.reason }

func (e *refusal) answer(w http.ResponseWriter) {
	for name, values := range e.header {
		w.Header()[name] = values
	}
	http.Error(w, e.reason, e.status)
}

// check returns the key of a correct request.
func check(r *http.Request, subprotocol string) (key string, _ *refusal) {
	if r.Method != http.MethodGet {
		return "", &refusal{http.StatusMethodNotAllowed, "the method is not GET", http.Header{"Allow": {"GET"}}}
	}
	if r.ProtoMajor != 1 || r.ProtoMinor < 1 {
		return "", &refusal{status: http.StatusBadRequest, reason: "the protocol is not HTTP/1.1"}
	}
	if r.ContentLength != 0 {
		return "", &refusal{status: http.StatusBadRequest, reason: "the request has a body"}
	}
	// RFC 6455, section 4.4, and RFC 9110, section 15.5.22.
	usable := http.Header{"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"}}
	if !hasToken(r.Header.Values("Upgrade"), "websocket") || !hasToken(r.Header.Values("Connection"), "upgrade") {
		return "", &refusal{http.StatusUpgradeRequired, "only WebSocket is spoken here", usable}
	}
	if v := r.Header.Values("Sec-Websocket-Version"); !slices.Equal(v, []string{"13"}) {
		return "", &refusal{http.StatusUpgradeRequired, "the version of WebSocket is not 13", usable}
	}
	keys := r.Header.Values("Sec-Websocket-Key")
	if len(keys) != 1 {
		return "", &refusal{status: http.StatusBadRequest, reason: "there is not one Sec-WebSocket-Key"}
	}
	if nonce, err := base64.StdEncoding.DecodeString(keys[0]); err != nil || len(nonce) != 16 || len(keys[0]) != 24 {
		return "", &refusal{status: http.StatusBadRequest, reason: "the Sec-WebSocket-Key is not 16 bytes in base64"}
	}
	if subprotocol != "" && !slices.Contains(Subprotocols(r), subprotocol) {
		return "", &refusal{status: http.StatusBadRequest, reason: fmt.Sprintf("the subprotocol %q is not offered", subprotocol)}
	}
	return keys[0], nil
}

// Subprotocols are those that a request for a WebSocket offers to speak, the one
// that it likes best first (RFC 6455, section 11.3.4).
func Subprotocols(r *http.Request) []string {
	return tokens(r.Header.Values("Sec-Websocket-Protocol"))
}

// hasToken tells whether a header lists token, in upper or lower case.
func hasToken(values []string, token string) bool {
	return slices.ContainsFunc(tokens(values), func(t string) bool { return strings.EqualFold(t, token) })
}

// tokens are what the lines of a header list, separated by commas.
func tokens(values []string) []string {
	var all []string
	for _, line := range values {
		for t := range strings.SplitSeq(line, ",") {
			all = append(all, strings.TrimSpace(t))
		}
	}
	return all
}
