package transport_test

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// past makes a token that is good for the room, whose clock is behind, and at an
// end for the connections, which look at the time themselves.
func (r *room) past(t testing.TB) string {
	t.Helper()
	r.ahead.Store(-int64(2 * time.Hour))
	token, err := r.key.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: time.Now().Add(-time.Hour)})
	must(t, err)
	return token
}

func TestTokenThatEndsOnAnOpenConnection(t *testing.T) {
	r := open(t)
	r.publish(t, "first")
	token := r.past(t)
	const want = websocket.StatusCode(4403)
	for _, protocol := range []string{modern, legacy} {
		c := r.call(t, websocket.DialOptions{Subprotocols: []string{protocol}})
		c.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + token + `"}}`)
		c.expect("connection_ack")
		kind := map[string]string{modern: "subscribe", legacy: "start"}[protocol]
		c.send(frame{ID: "1", Type: kind, Payload: []byte(`{"query":"subscription{ticker(after:\"` + r.place(0) + `\"){entry{headline}}}"}`)})
		for {
			f, err := c.next()
			if err != nil {
				if got := websocket.CloseStatus(err); got != want || !strings.Contains(err.Error(), "expired") {
					t.Errorf("%s: closed with %d (%v), want %d", protocol, got, err, want)
				}
				break
			}
			if strings.Contains(string(f.Payload), "first") {
				t.Errorf("%s: got %s", protocol, f.Payload)
			}
		}
	}
	s := r.stream(t, `"`+r.place(0)+`"`, "Authorization: Bearer "+token)
	e, err := s.event()
	must(t, err)
	if e.kind != "error" || !strings.Contains(e.data, "UNAUTHENTICATED") || !strings.Contains(e.data, "expired") {
		t.Errorf("got %+v", e)
	}
	s.ends()
}

// TestTokenOfTheHandshake: who can set a header need not repeat it, and who says
// somebody else in connection_init is that one.
func TestTokenOfTheHandshake(t *testing.T) {
	r := open(t)
	header := map[string][]string{"Authorization": {"Bearer " + r.token(t, news.Editor)}}
	for _, row := range []struct{ name, init, role string }{
		{"nothing said", begin, "EDITOR"},
		{"another said", `{"type":"connection_init","payload":{"Authorization":"Bearer ` + r.token(t, news.Contributor) + `"}}`, "CONTRIBUTOR"},
	} {
		c := r.call(t, websocket.DialOptions{HTTPHeader: header})
		c.say(row.init)
		c.expect("connection_ack")
		c.subscribe("1", `{viewer{role}}`, nil)
		if f := c.expect("next"); !strings.Contains(string(f.Payload), row.role) {
			t.Errorf("%s: got %s, want %s", row.name, f.Payload, row.role)
		}
	}
	if got := r.refused(t, map[string][]string{"Authorization": {"Bearer x"}}); got != 401 {
		t.Errorf("a bad token in the handshake: got %d, want 401", got)
	}
}

// TestDraftsReachNoReader: what the newsroom prepares is on the same log.
func TestDraftsReachNoReader(t *testing.T) {
	r := open(t)
	const stories = `subscription { stories { kind story { title } } }`
	reader, staff := r.ready(t), r.dial(t, `{"Authorization":"Bearer `+r.token(t, news.Editor)+`"}`)
	staff.expect("connection_ack")
	reader.subscribe("1", stories, nil)
	staff.subscribe("1", stories, nil)
	events := r.events(t, "GET", asked(stories, `{}`), "")
	r.await(t, following, 3)
	secret := func(e *desk.StoryEdit) { e.Title, e.Language = "A secret", "fr" }
	draft, err := r.desk.CreateStory(t.Context(), editor, "", secret)
	must(t, err)
	shown, err := r.desk.CreateStory(t.Context(), editor, "", func(e *desk.StoryEdit) { e.Title, e.Language = "Known", "fr" })
	must(t, err)
	_, err = r.desk.PublishStory(t.Context(), editor, shown.ID, shown.Version, desk.Publication{})
	must(t, err)
	_ = draft
	for name, got := range map[string]string{
		"socket": string(reader.expect("next").Payload), "event stream": events.expect("next"),
	} {
		if strings.Contains(got, "secret") || !strings.Contains(got, "Known") {
			t.Errorf("%s: got %s", name, got)
		}
	}
	for _, c := range []*client{reader, staff} {
		if left := c.until(); c == reader && len(left) > 0 {
			t.Errorf("there is more: %+v", left)
		}
	}
}
