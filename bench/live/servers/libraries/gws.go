package libraries

import (
	"net/http"

	"github.com/lxzan/gws"
)

type gwsClient struct{ conn *gws.Conn }

func (c gwsClient) send(m message) error { return c.conn.WriteMessage(gws.OpcodeText, m.text) }

type gwsEvents struct {
	gws.BuiltinEventHandler
	hub *hub
}

// OnMessage implements gws.Event.
func (e gwsEvents) OnMessage(conn *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = e.hub.take(gwsClient{conn}, m.Bytes()) // its end is told to OnClose
}

// OnClose implements gws.Event.
func (e gwsEvents) OnClose(conn *gws.Conn, _ error) { e.hub.leave(gwsClient{conn}) }

// OnPing implements gws.Event.
func (e gwsEvents) OnPing(conn *gws.Conn, payload []byte) { _ = conn.WritePong(payload) }

func gwsLibrary(h *hub) http.Handler {
	upgrader := gws.NewUpgrader(gwsEvents{hub: h}, &gws.ServerOption{SubProtocols: []string{protocol}, ReadBufferSize: 512})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r)
		if err != nil {
			return
		}
		go conn.ReadLoop()
	})
}
