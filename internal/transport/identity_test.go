package transport_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"depeche/internal/auth"
	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/transport"
)

// A journal is what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(b)
}

func (j *journal) take() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	defer j.text.Reset()
	return j.text.String()
}

// serve has a server write into the journal.
func (j *journal) serve(o *transport.Options) { o.Logger = slog.New(slog.NewTextHandler(j, nil)) }

// TestFailedAuthenticationsAreLogged: why, whose and where, and nothing of the token.
func TestFailedAuthenticationsAreLogged(t *testing.T) {
	var log journal
	r := openWith(t, options{serve: log.serve, trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	good := r.token(t, news.Editor)
	part := strings.Split(good, ".")
	forged := part[0] + "." + part[1] + "." + strings.Repeat("A", 43)
	service := news.ServiceTokenText("token_1", news.ServiceSecret{1})
	const from = "X-Forwarded-For: 192.0.2.7"
	wantLogged := func(name, way, reason, address, token string) {
		t.Helper()
		got := log.take()
		if strings.Count(got, "\n") != 1 || !strings.Contains(got, "level=WARN") || !regexp.MustCompile(`requestId=[A-Z2-7]{16} `).MatchString(got) {
			t.Errorf("%s: got %s", name, got)
		}
		for _, want := range []string{"op=authenticate", "way=" + way, reason, address, "peer=127.0.0.1:"} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
		}
		for at := 0; at+10 <= len(token); at++ {
			if strings.Contains(got, token[at:at+10]) {
				t.Errorf("%s: the log has %q of the token: %s", name, token[at:at+10], got)
				return
			}
		}
	}
	response, body := r.send(t, "GET", byGet, "", "Authorization: Bearer "+forged, from)
	if response.StatusCode != 401 || code(t, body) != "UNAUTHENTICATED" || !strings.Contains(body, "signature of the token is wrong") {
		t.Errorf("got %s %s", response.Status, body)
	}
	wantLogged("by GET", "http", "signature of the token is wrong", "from=192.0.2.7", forged)
	r.send(t, "POST", "/graphql", `{"query":"{viewer{role}}"}`, asJSON, "Authorization: Bearer "+service)
	wantLogged("a service token", "http", "the service token is not known", "", service)
	r.send(t, "GET", byGet, "", "Authorization: Basic bWFyaWU6c2VjcmV0Cg==")
	wantLogged("another scheme", "http", "must be", "", "bWFyaWU6c2VjcmV0Cg==")
	if s := r.events(t, "GET", asked(follow, `{}`), "", "Authorization: Bearer "+forged, from); s.response.StatusCode != 401 {
		t.Errorf("an event stream: got %s", s.response.Status)
	}
	wantLogged("an event stream", "events", "signature", "from=192.0.2.7", forged)
	if got := r.refused(t, http.Header{"Authorization": {"Bearer " + forged}}); got != 401 {
		t.Errorf("a handshake: got %d", got)
	}
	wantLogged("a handshake", "websocket", "signature", "", forged)
	for _, protocol := range []string{modern, legacy} {
		c := r.call(t, websocket.DialOptions{Subprotocols: []string{protocol}, HTTPHeader: http.Header{"X-Forwarded-For": {"192.0.2.8"}}})
		c.say(`{"type":"connection_init","payload":{"Authorization":"Bearer ` + forged + `"}}`)
		if status, err := c.closed(); status != 4403 || !strings.Contains(err.Error(), "signature of the token is wrong") {
			t.Errorf("%s: closed with %d: %v", protocol, status, err)
		}
		wantLogged(protocol, "websocket", "signature", "from=192.0.2.8", forged)
	}
	r.send(t, "GET", byGet, "", "Authorization: Bearer "+good)
	if got := log.take(); got != "" {
		t.Errorf("of a good one: got %s", got)
	}
}

// TestNobodyCanSayWhoTheyAre: what can't be found out now may be another time, and why
// is nobody's business.
func TestNobodyCanSayWhoTheyAre(t *testing.T) {
	var log journal
	r := openWith(t, options{serve: func(o *transport.Options) {
		log.serve(o)
		o.Verify = func(context.Context, string) (news.Actor, error) {
			return news.Actor{}, fmt.Errorf("ask 10.0.0.7: %w", news.ErrUnavailable)
		}
	}})
	response, body := r.send(t, "GET", byGet, "", "Authorization: Bearer x")
	if response.StatusCode != 503 || response.Header.Get("Retry-After") == "" || code(t, body) != "UNAVAILABLE" || strings.Contains(body, "10.0.0.7") {
		t.Errorf("got %s %v %s", response.Status, response.Header, body)
	}
	if got := log.take(); !strings.Contains(got, "can't be checked") || !strings.Contains(got, "10.0.0.7") {
		t.Errorf("got %s", got)
	}
	for _, protocol := range []string{modern, legacy} {
		c := r.call(t, websocket.DialOptions{Subprotocols: []string{protocol}})
		c.say(`{"type":"connection_init","payload":{"Authorization":"Bearer x"}}`)
		if status, err := c.closed(); status != websocket.StatusTryAgainLater || strings.Contains(err.Error(), "10.0.0.7") {
			t.Errorf("%s: closed with %d: %v", protocol, status, err)
		}
	}
}

// TestWhoeverTakesLongHoldsNobodyUp: a token may have to be asked about elsewhere.
// Meanwhile its connection is looked after like any other.
func TestWhoeverTakesLongHoldsNobodyUp(t *testing.T) {
	asked, let := make(chan struct{}), make(chan struct{})
	r := openWith(t, options{limits: transport.Limits{InitWithin: time.Millisecond}, serve: func(o *transport.Options) {
		o.Verify = func(context.Context, string) (news.Actor, error) {
			close(asked)
			<-let
			return editor, nil
		}
	}})
	c := r.dial(t, `{"Authorization":"Bearer x"}`)
	<-asked
	status, err := c.closed()
	if status != 4408 {
		t.Errorf("closed with %d: %v, want 4408", status, err)
	}
	close(let)
}

// TestPreview: whoever has the link sees the one story as if it were published, and
// nothing else; and nobody keeps what they are told.
func TestPreview(t *testing.T) {
	r := openWith(t, options{serve: cdn})
	ctx := t.Context()
	write := func(title string) *news.Story {
		t.Helper()
		s, err := r.desk.CreateStory(ctx, editor, "", func(e *desk.StoryEdit) { e.Title, e.Language, e.Body = title, "fr", "The text of "+title })
		must(t, err)
		return s
	}
	shown, hidden := write("Shown"), write("Hidden")
	who, err := r.desk.PreviewStory(ctx, editor, shown.ID, time.Hour)
	must(t, err)
	token, err := r.key.Sign(who)
	must(t, err)
	bearer := "Authorization: Bearer " + token
	bySlug := func(slug string) string { return asked(`{story(slug:"`+slug+`"){title status body{markdown}}}`, `{}`) }
	const all = `{stories(first:20){nodes{title}}}`
	everything := asked(`{stories(first:20){nodes{title}} viewer{name role} one:node(id:"`+string(hidden.ID)+`"){id} two:node(id:"`+string(shown.ID)+`"){id}}`, `{}`)
	for _, path := range []string{bySlug("shown"), bySlug("hidden"), everything} { // so that there are answers to be mixed up with
		for range 2 {
			if _, body := r.send(t, "GET", path, ""); strings.Contains(body, "Shown") || strings.Contains(body, "Hidden") {
				t.Errorf("a reader got %s", body)
			}
		}
	}
	for _, row := range []struct {
		name, method, path, body string
		sees                     bool
	}{
		{"by slug", "GET", bySlug("shown"), "", true},
		{"by slug again", "GET", bySlug("shown"), "", true},
		{"by POST", "POST", "/graphql", encoded(t, map[string]string{"query": `{story(slug:"shown"){title status body{markdown}}}`}), true},
		{"another one", "GET", bySlug("hidden"), "", false},
		{"a list", "GET", asked(all, `{}`), "", false},
	} {
		response, body := r.send(t, row.method, row.path, row.body, asJSON, bearer)
		h := response.Header
		if h.Get("Cache-Control") != "private, no-store" || h.Get("X-Cache") != "BYPASS" || h.Get("ETag") != "" || !strings.Contains(h.Get("Vary"), "Authorization") {
			t.Errorf("%s: got %v", row.name, h)
		}
		if got := strings.Contains(body, "The text of Shown") && strings.Contains(body, `"PUBLISHED"`); got != row.sees || strings.Contains(body, "Hidden") || !row.sees && strings.Contains(body, "Shown") {
			t.Errorf("%s: got %s", row.name, body)
		}
	}
	if s := r.events(t, "GET", bySlug("shown"), "", bearer); !strings.HasPrefix(s.response.Header.Get("Cache-Control"), "private, no-store") {
		t.Errorf("as an event stream: got %v", s.response.Header)
	}
	if _, body := r.send(t, "GET", everything, "", bearer); strings.Contains(body, string(hidden.ID)) || strings.Contains(body, `"title"`) ||
		!strings.Contains(body, `"two":{"id":"`+string(shown.ID)) || !strings.Contains(body, `"role":"READER"`) {
		t.Errorf("got %s", body)
	}
	_, body := r.send(t, "POST", "/graphql", `{"query":"mutation{unpublishStory(input:{id:\"`+string(shown.ID)+`\",expectedVersion:1}){id}}"}`, asJSON, bearer)
	if code(t, body) != "FORBIDDEN" {
		t.Errorf("got %s", body)
	}
	if response, body := r.send(t, "GET", bySlug("shown"), ""); strings.Contains(body, "Shown") || response.Header.Get("X-Cache") != "HIT" {
		t.Errorf("a reader afterwards got %s %v", body, response.Header)
	}
	r.ahead.Store(int64(time.Hour))
	if response, body := r.send(t, "GET", bySlug("shown"), "", bearer); response.StatusCode != 401 || !strings.Contains(body, "expired") {
		t.Errorf("when it is over: got %s %s", response.Status, body)
	}
}

// TestPreviewsAreNobodyInParticular: all have one name, and who has a link is counted
// like any other stranger.
func TestPreviewsAreNobodyInParticular(t *testing.T) {
	r := openWith(t, options{limits: transport.Limits{Rate: 1}, trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	r.handler.FreezeRates()
	token, err := r.key.Sign(news.Actor{Name: "preview", Role: news.Reader, Expires: time.Now().Add(time.Hour), Preview: "story_1"})
	must(t, err)
	for _, row := range []struct {
		from string
		want int
	}{{"192.0.2.1", 200}, {"192.0.2.1", 200}, {"192.0.2.1", 429}, {"192.0.2.2", 200}} {
		response, _ := r.send(t, "GET", asked(`{viewer{role}}`, `{}`), "", "Authorization: Bearer "+token, "X-Forwarded-For: "+row.from)
		if response.StatusCode != row.want {
			t.Errorf("from %s: got %s, want %d", row.from, response.Status, row.want)
		}
	}
}

// TestServiceTokenOverHTTP: a program writes under its name until it is revoked.
func TestServiceTokenOverHTTP(t *testing.T) {
	r := open(t)
	admin := news.Actor{Name: "ada", Role: news.Admin}
	token, text, err := r.desk.CreateServiceToken(t.Context(), admin, "wire", news.Editor)
	must(t, err)
	bearer := "Authorization: Bearer " + text
	const publish = `{"query":"mutation{publishTickerEntry(input:{id:\"t-1\",headline:\"By a program\"}){id}}"}`
	if response, body := r.send(t, "POST", "/graphql", publish, asJSON, bearer); response.StatusCode != 200 || !strings.Contains(body, `"t-1"`) {
		t.Fatalf("got %s %s", response.Status, body)
	}
	line, err := r.store.Version(t.Context(), "t-1", 1)
	must(t, err)
	if line.By != "wire" {
		t.Errorf("the log says by %q, want wire", line.By)
	}
	c := r.dial(t, `{"Authorization":"Bearer `+text+`"}`)
	c.expect("connection_ack")
	c.subscribe("1", `{viewer{name role}}`, nil)
	if f := c.expect("next"); !strings.Contains(string(f.Payload), `"wire"`) || !strings.Contains(string(f.Payload), "EDITOR") {
		t.Errorf("over a WebSocket: got %s", f.Payload)
	}
	_, err = r.desk.RevokeServiceToken(t.Context(), admin, token.ID, token.Version)
	must(t, err)
	head, err := r.store.Head(t.Context())
	must(t, err)
	for begun := time.Now(); r.follower.Head() < head; { // until this node has heard of it
		if time.Since(begun) > patience {
			t.Fatal("the log is not followed")
		}
	}
	response, body := r.send(t, "POST", "/graphql", publish, asJSON, bearer)
	if response.StatusCode != 401 || code(t, body) != "UNAUTHENTICATED" || !strings.Contains(body, "revoked") {
		t.Errorf("when it is revoked: got %s %s", response.Status, body)
	}
	if _, err := auth.Bearer("Bearer " + text); err != nil || url.QueryEscape(text) != text {
		t.Errorf("the token %q can't be sent as it is: %v", text, err)
	}
}
