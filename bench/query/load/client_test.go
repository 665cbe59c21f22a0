package load_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"depeche/bench/query/load"
)

// serve answers /N with N bytes, those over 2,000 in chunks, and all else with 404.
func serve(t *testing.T) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var n int
		if _, err := fmt.Sscanf(r.URL.Path, "/%d", &n); err != nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(bytes.Repeat([]byte("x"), n))
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func get(path string, size int) load.Request {
	return load.Request{Text: []byte("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"), Size: size}
}

func TestAnswers(t *testing.T) {
	address := serve(t)
	for _, row := range []struct {
		name    string
		request load.Request
		wrong   uint64
	}{
		{"nothing", get("/0", 0), 0},
		{"with a length", get("/1000", 1000), 0},
		{"in chunks", get("/100000", 100_000), 0},
		{"of any size", get("/5000", 0), 0},
		{"of another size", get("/1000", 999), 20},
		{"not found", get("/a", 0), 20},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := load.Dial(address, 3)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			r, err := c.Each(t.Context(), slicesOf(row.request, 20))
			if err != nil || r.Answers != 20 || r.Wrong != row.wrong || r.Latency.Count() != 20 {
				t.Errorf("got %d answers, %d wrong, %d latencies, %v; want 20, %d, 20", r.Answers, r.Wrong, r.Latency.Count(), err, row.wrong)
			}
		})
	}
}

func slicesOf(r load.Request, n int) (all []load.Request) {
	for range n {
		all = append(all, r)
	}
	return all
}

func TestAsk(t *testing.T) {
	address := serve(t)
	for _, size := range []int{10, 50_000} {
		a, err := load.Ask(t.Context(), address, get(fmt.Sprintf("/%d", size), 0).Text)
		if err != nil || a.Status != 200 || string(a.Body) != strings.Repeat("x", size) || a.Header.Get("Date") == "" {
			t.Errorf("%d bytes: got %+v, %v", size, a, err)
		}
	}
}

func TestKeep(t *testing.T) {
	c, err := load.Dial(serve(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Keep(t.Context(), []load.Request{get("/10", 10)}, 1000, 50*time.Millisecond)
	if err != nil || r.Answers != 50 || r.Wrong != 0 {
		t.Errorf("got %d answers, %d wrong, %v; want 50, 0", r.Answers, r.Wrong, err)
	}
	if r.Took < 49*time.Millisecond {
		t.Errorf("it took %s, and the last was due after 49 ms", r.Took)
	}
}

func TestSaturate(t *testing.T) {
	c, err := load.Dial(serve(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	r, err := c.Saturate(t.Context(), []load.Request{get("/10", 10), get("/3000", 3000)}, 20*time.Millisecond)
	if err != nil || r.Answers < 2 || r.Wrong != 0 || r.PerSecond() <= 0 {
		t.Errorf("got %d answers, %d wrong, %v", r.Answers, r.Wrong, err)
	}
}

func TestBroken(t *testing.T) {
	for _, row := range []struct{ name, answer string }{
		{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"},
		{"without a length", "HTTP/1.1 200 OK\r\n\r\n"},
		{"a negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"},
		{"too much", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab"},
		{"a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
		{"an end before the end", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = conn.Write([]byte(row.answer))
				_ = conn.Close()
			}))
			defer server.Close()
			if a, err := load.Ask(t.Context(), strings.TrimPrefix(server.URL, "http://"), get("/", 0).Text); err == nil {
				t.Errorf("got %+v, want an error", a)
			}
		})
	}
}
