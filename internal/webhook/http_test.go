package webhook_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/news"
	"depeche/internal/webhook"
)

// A failing desk tells why webhooks are given up.
type failing struct{ why chan string }

func (f failing) FailWebhook(_ context.Context, _ news.WebhookID, _ int, reason string) error {
	f.why <- reason
	return nil
}

// whyDead is why a webhook at an address is given up after one attempt.
func whyDead(t *testing.T, address string, o webhook.Options) string {
	t.Helper()
	s := newScene()
	s.hook("hook").URL = news.URL(address)
	s.publish("one")
	o.Mark, o.MaxFailures, o.Poll = mark, 1, time.Hour
	desk := failing{make(chan string, 1)}
	n := run(t, webhook.New(s, desk, o), s)
	defer n.stop()
	return strings.TrimPrefix(<-desk.why, "1 attempts in a row have failed; the last: ")
}

func TestWhatReceiversDo(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see that the connection ends
		<-r.Context().Done()
	}
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		timeout time.Duration
		want    string
	}{
		{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }, 0, "the receiver answered 403"},
		{"redirects", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, 0, "the receiver answered 307, and redirects are not followed"},
		{"redirects without saying where to", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusFound) }, 0, "the receiver answered 302, and redirects are not followed"},
		{"never answers", hang, 50 * time.Millisecond, "no answer came in time"},
		{"breaks off", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 0, "the connection broke off before there was an answer"},
		{"speaks something else", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n")
				conn.Close()
			}
		}, 0, "the connection broke off before there was an answer"},
		{"answers with an endless header", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Endless", strings.Repeat("x", 1<<20))
		}, 0, "the connection broke off before there was an answer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var elsewhere atomic.Bool
			mux := http.NewServeMux()
			mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere.Store(true) })
			mux.HandleFunc("/", test.answer)
			server := httptest.NewServer(mux)
			defer server.Close()
			got := whyDead(t, server.URL, webhook.Options{AllowPrivate: true, Timeout: test.timeout})
			if got != test.want {
				t.Errorf("the reason is %q, want %q", got, test.want)
			}
			if elsewhere.Load() {
				t.Error("the redirect was followed")
			}
		})
	}
	t.Run("is not there", func(t *testing.T) {
		server := httptest.NewServer(nil)
		server.Close()
		if got, want := whyDead(t, server.URL, webhook.Options{AllowPrivate: true}), "the receiver can't be connected to"; got != want {
			t.Errorf("the reason is %q, want %q", got, want)
		}
	})
	t.Run("has a certificate of its own making", func(t *testing.T) {
		server := httptest.NewUnstartedServer(http.NotFoundHandler())
		server.Config.ErrorLog = quiet()
		server.StartTLS()
		defer server.Close()
		if got, want := whyDead(t, server.URL, webhook.Options{AllowPrivate: true}), "the certificate of the receiver is not valid for the address"; got != want {
			t.Errorf("the reason is %q, want %q", got, want)
		}
	})
	t.Run("speaks no TLS", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		if got, want := whyDead(t, "https"+strings.TrimPrefix(server.URL, "http"), webhook.Options{AllowPrivate: true}), "the receiver does not speak TLS"; got != want {
			t.Errorf("the reason is %q, want %q", got, want)
		}
	})
}

func TestPrivateAddressesAreNotSpokenWith(t *testing.T) {
	var reached atomic.Int64
	server := httptest.NewUnstartedServer(nil)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			reached.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]"} {
		t.Run(host, func(t *testing.T) {
			if got, want := whyDead(t, "http://"+host+":"+port+"/", webhook.Options{}), "the address is not public"; got != want {
				t.Errorf("the reason is %q, want %q", got, want)
			}
		})
	}
	if n := reached.Load(); n > 0 {
		t.Errorf("%d connections were made", n)
	}
}

// TestAnswersAreNotReadForEver has receivers answer at length: what they have
// acknowledged is delivered all the same.
func TestAnswersAreNotReadForEver(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
	}{
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			for chunk := make([]byte, 64<<10); r.Context().Err() == nil; {
				if _, err := w.Write(chunk); err != nil {
					return
				}
			}
		}},
		{"hanging", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			told := make(chan string, 10)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, err := io.ReadAll(r.Body)
				if err != nil {
					t.Error(err)
				}
				told <- attempt{body: body}.told()
				test.answer(w, r)
			}))
			defer server.Close()
			s := newScene()
			s.hook("hook").URL = news.URL(server.URL)
			for _, text := range []string{"one", "two", "three"} {
				s.publish(text)
			}
			n := run(t, webhook.New(s, s, webhook.Options{Mark: mark, AllowPrivate: true}), s)
			for _, want := range []string{"one", "two", "three"} {
				if got := <-told; got != "story.published "+want {
					t.Errorf("it was told %q, want %s", got, want)
				}
			}
			n.stop()
		})
	}
}

func TestReceiverWithTLS(t *testing.T) {
	told := make(chan attempt, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		told <- attempt{header: r.Header, body: body}
	}))
	defer server.Close()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
	s := newScene()
	s.hook("hook").URL = news.URL(server.URL)
	s.publish("one")
	n := run(t, webhook.New(s, s, webhook.Options{Mark: mark, Transport: transport}), s)
	defer n.stop()
	a := <-told
	if err := webhook.Verify([]byte("secret of hook"), a.header, a.body, time.Now(), time.Minute); err != nil {
		t.Error(err)
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("it came as %q", got)
	}
}
