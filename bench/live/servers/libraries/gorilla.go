package libraries

import (
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

type gorillaClient struct{ conn *websocket.Conn }

func (c *gorillaClient) send(m message) error {
	return c.conn.WriteMessage(websocket.TextMessage, m.text)
}

func gorilla(h *hub) http.Handler {
	// Small buffers of its own let net/http's go, which are larger.
	upgrader := websocket.Upgrader{
		Subprotocols: []string{protocol}, ReadBufferSize: 512, WriteBufferSize: 4096, WriteBufferPool: &sync.Pool{},
		CheckOrigin: func(*http.Request) bool { return true },
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		go func() {
			c := &gorillaClient{conn}
			defer h.leave(c)
			defer conn.Close()
			for {
				_, text, err := conn.ReadMessage()
				if err != nil || h.take(c, text) != nil {
					return
				}
			}
		}()
	})
}
