package libraries

import (
	"context"
	"net/http"

	"github.com/coder/websocket"
)

type coderClient struct{ conn *websocket.Conn }

func (c *coderClient) send(m message) error {
	return c.conn.Write(context.Background(), websocket.MessageText, m.text)
}

func coder(h *hub) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol}, InsecureSkipVerify: true})
		if err != nil {
			return
		}
		// The handler returns, so that what net/http holds for the request goes.
		go func() {
			c := &coderClient{conn}
			defer h.leave(c)
			defer conn.CloseNow() //nolint:errcheck // it is gone either way
			for {
				_, text, err := conn.Read(context.Background())
				if err != nil || h.take(c, text) != nil {
					return
				}
			}
		}()
	})
}
