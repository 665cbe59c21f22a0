package libraries

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"

	"depeche/bench/serve"
)

type nbioClient struct{ conn *websocket.Conn }

func (c nbioClient) send(m message) error { return c.conn.WriteMessage(websocket.TextMessage, m.text) }

func nbio(h *hub) http.Handler {
	upgrader := websocket.NewUpgrader()
	upgrader.Subprotocols = []string{protocol}
	upgrader.KeepaliveTime = 0 // none
	upgrader.CheckOrigin = func(*http.Request) bool { return true }
	upgrader.OnMessage(func(conn *websocket.Conn, _ websocket.MessageType, text []byte) {
		_ = h.take(nbioClient{conn}, text) // its end is told to OnClose
	})
	upgrader.OnClose(func(conn *websocket.Conn, _ error) { h.leave(nbioClient{conn}) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = upgrader.Upgrade(w, r, nil) // it has answered
	})
}

// serveNBIO serves with the library's own HTTP server: no goroutine belongs to a
// connection.
func serveNBIO(ctx context.Context, stdout io.Writer, handler http.Handler) error {
	logging.SetLevel(logging.LevelError)
	engine := nbhttp.NewEngine(nbhttp.Config{
		Network: "tcp", Addrs: []string{"127.0.0.1:0"}, MaxLoad: 100_000, NPoller: 1, Handler: handler,
		Listen: func(string, string) (net.Listener, error) { return serve.Listen(stdout) },
	})
	if err := engine.Start(); err != nil {
		return fmt.Errorf("start nbio: %w", err)
	}
	<-ctx.Done()
	engine.Stop()
	return nil
}
