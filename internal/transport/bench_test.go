package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"depeche/internal/desk"
)

// frontPage is what readers ask for most.
const frontPage = `query FrontPage { ticker(first: 20) { nodes { id headline priority status occurredAt version } pageInfo { hasNextPage endCursor } liveCursor } }`

// BenchmarkHit asks on one connection for what has been answered before, by the side
// of a handler that writes the same bytes and does nothing else.
func BenchmarkHit(b *testing.B) {
	r := open(b)
	for i := range 20 {
		_, err := r.desk.PublishTickerEntry(b.Context(), editor, "", false, func(e *desk.TickerEdit) {
			e.Headline = fmt.Sprintf("%d: le Sénat vote le budget après une nuit de débats", i)
		})
		must(b, err)
	}
	path, _, _ := strings.Cut(asked(frontPage, `{}`), "&variables") // the shortest
	post := encoded(b, map[string]string{"query": frontPage})
	bare := httptest.NewServer(nil)
	b.Cleanup(bare.Close)
	for _, row := range []struct{ name, method, path, body string }{
		{"GET", "GET", path, ""},
		{"POST", "POST", "/graphql", post},
	} {
		request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: x\r\nUser-Agent: bench\r\nAccept: */*\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", row.method, row.path, len(row.body), row.body)
		_, body := r.send(b, row.method, row.path, row.body, asJSON)
		length := []string{strconv.Itoa(len(body))}
		kind := []string{"application/json; charset=utf-8"}
		bare.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			io.Copy(io.Discard, r.Body)
			w.Header()["Content-Type"] = kind
			w.Header()["Content-Length"] = length
			io.WriteString(w, body)
		})
		b.Run(row.name+"/bare", func(b *testing.B) { askAgain(b, bare.Listener.Addr(), request, len(body), "") })
		b.Run(row.name+"/hit", func(b *testing.B) { askAgain(b, r.Listener.Addr(), request, len(body), "X-Cache: HIT") })
	}
}

// askAgain sends a request again and again on one connection. The answers have size
// bytes and a header.
func askAgain(b *testing.B, server net.Addr, request string, size int, header string) {
	conn, err := net.Dial("tcp", server.String())
	must(b, err)
	defer conn.Close()
	in := bufio.NewReaderSize(conn, 64<<10)
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		if _, err := io.WriteString(conn, request); err != nil {
			b.Fatal(err)
		}
		found := header == ""
		for {
			line, err := in.ReadSlice('\n')
			if err != nil {
				b.Fatal(err)
			}
			if len(line) <= len("\r\n") {
				break
			}
			found = found || strings.HasPrefix(string(line), header)
		}
		if _, err := in.Discard(size); err != nil || !found {
			b.Fatalf("got no %s: %v", header, err)
		}
	}
}
