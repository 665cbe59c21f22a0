package libraries

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/gobwas/ws"
)

// errBehind ends a client whose socket is full: a real server would keep the rest.
var errBehind = errors.New("the client does not read")

// A gobwasClient is upgraded by the library; its frames are written by hand, by
// one system call that does not wait.
type gobwasClient struct {
	conn net.Conn
	raw  syscall.RawConn
}

func (c *gobwasClient) send(m message) error {
	var n int
	var err error
	failed := c.raw.Write(func(fd uintptr) bool {
		n, err = syscall.Write(int(fd), m.frame)
		return true // do not wait
	})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case n < len(m.frame):
		return errBehind
	}
	return nil
}

// read reads messages until the connection ends.
func (c *gobwasClient) read(h *hub) {
	defer h.leave(c)
	defer c.conn.Close()
	for {
		head, err := ws.ReadHeader(c.conn)
		if err != nil || head.Length > 1<<16 {
			return
		}
		text := make([]byte, head.Length)
		if _, err := io.ReadFull(c.conn, text); err != nil {
			return
		}
		ws.Cipher(text, head.Mask, 0)
		if head.OpCode == ws.OpText && h.take(c, text) != nil || head.OpCode == ws.OpClose {
			return
		}
	}
}

func gobwas(h *hub) http.Handler {
	upgrader := ws.HTTPUpgrader{Protocol: func(offered string) bool { return offered == protocol }}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _, _, err := upgrader.Upgrade(r, w)
		if err != nil {
			return
		}
		raw, err := conn.(syscall.Conn).SyscallConn()
		if err != nil {
			conn.Close()
			return
		}
		go (&gobwasClient{conn, raw}).read(h)
	})
}
