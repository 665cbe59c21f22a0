package main_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	goclient "depeche/examples/goclient"
)

// soon has the client come back at once.
const soon = "retry: 1\n\n"

// next is an event of the ticker.
func next(cursor string) string {
	return fmt.Sprintf("id: %s\nevent: next\ndata: {\"data\":{\"ticker\":{\"cursor\":%[1]q,\"kind\":\"PUBLISHED\",\"entry\":{\"headline\":\"Line %[1]s\"}}}}\n\n", cursor)
}

const complete = "event: complete\ndata: \n\n"

// failed is an event that says why there is none.
func failed(code string) string {
	return `event: next` + "\n" + `data: {"errors":[{"message":"no","extensions":{"code":"` + code + `"}}],"data":null}` + "\n\n" + complete
}

// A play is what a server does, one connection after the other, and what it was asked.
type play struct {
	t      *testing.T
	scenes []http.HandlerFunc

	mu    sync.Mutex
	asked []asked
}

// asked is what a client sent.
type asked struct{ lastEventID, after, token string }

func (p *play) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		OperationName string
		Variables     struct{ After string }
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.OperationName != "FollowTicker" || r.Header.Get("Accept") != "text/event-stream" {
		p.t.Errorf("got %s %+v (%v), want a subscription", r.Method, body, err)
	}
	p.mu.Lock()
	scene := len(p.asked)
	p.asked = append(p.asked, asked{r.Header.Get("Last-Event-ID"), body.Variables.After, r.Header.Get("Authorization")})
	p.mu.Unlock()
	if scene >= len(p.scenes) {
		p.t.Errorf("there is a connection too many, after %q", r.Header.Get("Last-Event-ID"))
		w.WriteHeader(http.StatusNotFound)
		return
	}
	p.scenes[scene](w, r)
}

// says is a connection with an event stream that then ends.
func says(parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		io.WriteString(w, strings.Join(parts, "")) //nolint:errcheck // the client notices
		w.(http.Flusher).Flush()
	}
}

// breaks is says, and the connection is cut.
func breaks(parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		says(parts...)(w, r)
		panic(http.ErrAbortHandler)
	}
}

// answers is a connection on which there is no event stream.
func answers(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		io.WriteString(w, body) //nolint:errcheck // the client notices
	}
}

// coded is a body that says why there is none.
func coded(code string) string {
	return `{"errors":[{"message":"no","extensions":{"code":"` + code + `"}}]}`
}

func (p *play) open() *goclient.Newsroom {
	server := httptest.NewUnstartedServer(p)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.Start()
	p.t.Cleanup(server.Close)
	return &goclient.Newsroom{API: server.URL, HTTP: server.Client(), Logger: slog.New(slog.DiscardHandler)}
}

// follow follows to the end, and returns the cursors of what it has heard.
func follow(ctx context.Context, n *goclient.Newsroom, after string) (heard []string, err error) {
	for change, err := range n.FollowTicker(ctx, after) {
		if err != nil {
			return heard, err
		}
		heard = append(heard, change.Cursor)
	}
	return heard, nil
}

func TestFollow(t *testing.T) {
	half := next("2")[:30]
	for _, row := range []struct {
		name   string
		scenes []http.HandlerFunc
		heard  string // cursors
		came   string // the Last-Event-ID of each connection but the first
		code   goclient.Code
		fails  string // in the error, where there is no code
	}{
		{"to the end", []http.HandlerFunc{says(soon, next("1"), next("2"), complete)}, "1 2", "", "", ""},
		{"the stream ends", []http.HandlerFunc{says(soon, next("1")), says(next("2"), complete)}, "1 2", "1", "", ""},
		{"it breaks within an event", []http.HandlerFunc{breaks(soon, next("1"), half), says(next("2"), complete)}, "1 2", "1", "", ""},
		{"it ends within an event", []http.HandlerFunc{says(soon, next("1"), half), says(next("2"), complete)}, "1 2", "1", "", ""},
		{"before the first one", []http.HandlerFunc{says(soon, half), says(next("2"), complete)}, "2", "", "", ""},
		{"events come twice", []http.HandlerFunc{says(soon, next("1"), next("2"), next("2")), says(next("1"), next("2"), next("3"), complete)}, "1 2 3", "2", "", ""},
		{"an id without an event", []http.HandlerFunc{says(soon, next("1"), ":\nid: 7\n\n"), says(next("8"), complete)}, "1 8", "7", "", ""},
		{"CR LF", []http.HandlerFunc{says(strings.ReplaceAll(soon+next("1")+complete, "\n", "\r\n"))}, "1", "", "", ""},
		{"data on many lines", []http.HandlerFunc{says(strings.ReplaceAll(next("1"), ",", ",\ndata: "), complete)}, "1", "", "", ""},
		{"other events", []http.HandlerFunc{says("event: weather\ndata: rain\n\n", next("1"), complete)}, "1", "", "", ""},

		{"the store is away", []http.HandlerFunc{says(soon, next("1"), failed("UNAVAILABLE")), says(next("2"), complete)}, "1 2", "1", "", ""},
		{"it is too slow", []http.HandlerFunc{
			says(soon, next("1"), "event: error\ndata: [{\"message\":\"no\",\"extensions\":{\"code\":\"SLOW_CONSUMER\"}}]\n\n", soon), says(next("2"), complete),
		}, "1 2", "1", "", ""},
		{"what may be had later", []http.HandlerFunc{
			says(soon, "event: next\ndata: {\"errors\":[{\"message\":\"no\",\"extensions\":{\"code\":\"NEW\",\"retryable\":true}}]}\n\n"), says(next("1"), complete),
		}, "1", "", "", ""},
		{"half an event", []http.HandlerFunc{
			says(soon, "id: 1\nevent: next\ndata: {\"data\":{\"ticker\":{}},\"errors\":[{\"message\":\"no\",\"extensions\":{\"code\":\"UNAVAILABLE\"}}]}\n\n"), says(next("1"), complete),
		}, "1", "", "", ""},
		{"the server is full", []http.HandlerFunc{says(soon, next("1")), answers(503, coded("RATE_LIMITED")), says(next("2"), complete)}, "1 2", "1 1", "", ""},
		{"a proxy without a server", []http.HandlerFunc{says(soon, next("1")), answers(502, "<html>"), says(next("2"), complete)}, "1 2", "1 1", "", ""},

		{"a place too far back", []http.HandlerFunc{says(failed("CURSOR_EXPIRED"))}, "", "", goclient.CodeCursorExpired, ""},
		{"a place too far back, later", []http.HandlerFunc{says(soon, next("1")), says(failed("CURSOR_EXPIRED"))}, "1", "1", goclient.CodeCursorExpired, ""},
		{"a place of another database", []http.HandlerFunc{says(soon, next("1")), says(failed("BAD_CURSOR"))}, "1", "1", goclient.CodeBadCursor, ""},
		{"a token that is not good", []http.HandlerFunc{answers(401, coded("UNAUTHENTICATED"))}, "", "", "UNAUTHENTICATED", ""},
		{"a token that ends", []http.HandlerFunc{
			says(next("1"), "event: error\ndata: [{\"message\":\"no\",\"extensions\":{\"code\":\"UNAUTHENTICATED\"}}]\n\n", soon),
		}, "1", "", "UNAUTHENTICATED", ""},
		{"a fault of the server", []http.HandlerFunc{says(failed("INTERNAL"))}, "", "", "INTERNAL", ""},
		{"no such page", []http.HandlerFunc{answers(404, "<html>")}, "", "", "", "404"},
		{"a page", []http.HandlerFunc{answers(200, "{}")}, "", "", "", "200 OK, application/json"},
		{"no JSON", []http.HandlerFunc{says("event: next\ndata: {\n\n")}, "", "", "", "read an event"},
		{"other JSON", []http.HandlerFunc{says("event: next\ndata: {\"data\":{\"ticker\":7}}\n\n")}, "", "", "", "read an event"},
		{"no JSON for an error", []http.HandlerFunc{says("event: error\ndata: no\n\n")}, "", "", "", "read an error"},
		{"an event without an end", []http.HandlerFunc{says(soon, next("1"), "data: ", strings.Repeat("x", 5<<20))}, "1", "", "", goclient.ErrEventTooLong.Error()},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := &play{t: t, scenes: row.scenes}
			n := p.open()
			n.Token = "secret"
			heard, err := follow(t.Context(), n, "0")
			if got := strings.Join(heard, " "); got != row.heard {
				t.Errorf("heard %q, want %q", got, row.heard)
			}
			var lost *goclient.CursorError
			switch wants := row.code == goclient.CodeCursorExpired || row.code == goclient.CodeBadCursor; {
			case goclient.CodeOf(err) != row.code, (err != nil) != (row.code != "" || row.fails != ""), err != nil && !strings.Contains(err.Error(), row.fails):
				t.Errorf("it ends with %v, want %s%s", err, row.code, row.fails)
			case errors.As(err, &lost) != wants:
				t.Errorf("it ends with %v; is the place lost? want %t", err, wants)
			}
			want := []asked{{after: "0", token: "Bearer secret"}}
			for range len(row.scenes) - 1 {
				want = append(want, want[0])
			}
			for i, id := range strings.Fields(row.came) {
				want[i+1].lastEventID = id
			}
			if !slices.Equal(p.asked, want) {
				t.Errorf("it was asked %+v, want %+v", p.asked, want)
			}
		})
	}
}

// Whoever has heard enough leaves, and the connection with them.
func TestEnough(t *testing.T) {
	gone := make(chan struct{})
	p := &play{t: t, scenes: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		says(next("1"), next("2"))(w, r)
		<-r.Context().Done()
		close(gone)
	}}}
	n := p.open()
	for change, err := range n.FollowTicker(t.Context(), "0") {
		if err != nil || change.Cursor != "1" {
			t.Errorf("got %+v, %v", change, err)
		}
		break
	}
	<-gone
}

func TestFollowUntilToldToStop(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := &play{t: t, scenes: []http.HandlerFunc{func(w http.ResponseWriter, r *http.Request) {
		says(next("1"))(w, r)
		<-r.Context().Done()
	}}}
	n := p.open()
	var ended error
	for _, err := range n.FollowTicker(ctx, "0") {
		cancel()
		ended = err
	}
	if !errors.Is(ended, context.Canceled) {
		t.Errorf("it ends with %v, want %v", ended, context.Canceled)
	}
}

// A wire is a network of its own, so that time can be made up: each connection is
// what a function writes.
type wire func(to io.Writer, r *http.Request) error

func (w wire) RoundTrip(r *http.Request) (*http.Response, error) {
	body, to := io.Pipe()
	stop := context.AfterFunc(r.Context(), func() { to.CloseWithError(r.Context().Err()) })
	opened := make(chan error, 1)
	go func() {
		defer stop()
		err := w(&opening{to, opened}, r)
		select {
		case opened <- err: // nothing was written
		default:
		}
		to.CloseWithError(err)
	}()
	select {
	case err := <-opened:
		if err != nil {
			return nil, err
		}
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: body, Request: r}, nil
}

// opening tells when a connection is written to.
type opening struct {
	io.Writer
	opened chan<- error
}

func (o *opening) Write(p []byte) (int, error) {
	select {
	case o.opened <- nil:
	default:
	}
	return o.Writer.Write(p)
}

// over is a newsroom that is reached over a wire.
func over(w wire) *goclient.Newsroom {
	return &goclient.Newsroom{API: "http://news.example/graphql", HTTP: &http.Client{Transport: w}, Logger: slog.New(slog.DiscardHandler)}
}

func TestADeadLine(t *testing.T) {
	for name, before := range map[string]string{
		"nobody answers":         "",
		"nothing more is heard":  "retry: 1000\n\n" + next("1"),
		"nothing but a greeting": ":\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var connections atomic.Int32
				heard, err := follow(t.Context(), over(func(to io.Writer, r *http.Request) error {
					if connections.Add(1) > 1 {
						_, err := io.WriteString(to, next("2")+complete)
						return err
					}
					if before != "" {
						io.WriteString(to, before) //nolint:errcheck // the client notices
					}
					<-r.Context().Done()
					return r.Context().Err()
				}), "0")
				if took := time.Since(began); err != nil || heard[len(heard)-1] != "2" || took < 61*time.Second || took > 62*time.Second {
					t.Errorf("heard %q after %s, %v; want 2 after 61 s", heard, took, err)
				}
			})
		})
	}
}

// A comment every 25 seconds is a sign of life, though nothing happens.
func TestAQuietLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections := 0
		heard, err := follow(t.Context(), over(func(to io.Writer, _ *http.Request) error {
			connections++
			for range 100 {
				time.Sleep(25 * time.Second)
				if _, err := io.WriteString(to, ":\n\n"); err != nil {
					return err
				}
			}
			_, err := io.WriteString(to, next("1")+complete)
			return err
		}), "0")
		if err != nil || len(heard) != 1 || connections != 1 {
			t.Errorf("heard %q over %d connections, %v", heard, connections, err)
		}
	})
}

// A newsroom that is away is asked less and less often, never earlier than it wants, and
// at once again when it is back.
func TestANewsroomThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var came []time.Duration // between connections
		last := time.Now()
		heard, err := follow(t.Context(), over(func(to io.Writer, _ *http.Request) error {
			came, last = append(came, time.Since(last)), time.Now()
			switch len(came) {
			case 1, 12:
				_, err := io.WriteString(to, "retry: 3000\n\n"+next(fmt.Sprint(len(came))))
				return err
			case 13:
				_, err := io.WriteString(to, next("13")+complete)
				return err
			}
			return errors.New("connection refused")
		}), "0")
		if err != nil || !slices.Equal(heard, []string{"1", "12", "13"}) {
			t.Fatalf("heard %q, %v", heard, err)
		}
		least := []time.Duration{0, 3, 6, 12, 24, 30, 30, 30, 30, 30, 30, 30, 3}
		for i, rest := range came {
			// As much as it wants, and up to half of it more.
			if from := least[i] * time.Second; rest < from || rest > from*3/2 {
				t.Errorf("connection %d comes after %s, want %s to %s", i+1, rest, from, from*3/2)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n *goclient.Newsroom
		began, connections := time.Now(), 0
		n = over(nil)
		n.HTTP.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if connections++; connections > 1 {
				return wire(func(to io.Writer, _ *http.Request) error {
					_, err := io.WriteString(to, complete)
					return err
				}).RoundTrip(r)
			}
			return &http.Response{
				StatusCode: 429, Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {"20"}},
				Body: io.NopCloser(strings.NewReader(coded("RATE_LIMITED"))), Request: r,
			}, nil
		})
		if _, err := follow(t.Context(), n, "0"); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took < 20*time.Second || took > 30*time.Second {
			t.Errorf("it comes back after %s, want 20 to 30 s", took)
		}
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
