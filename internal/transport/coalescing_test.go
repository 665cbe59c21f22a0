package transport_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"depeche/internal/desk"
	"depeche/internal/news"
)

// A counting executor counts what is executed; each waits before it is.
type counting struct {
	graphql.GraphExecutor
	n    *atomic.Int64
	wait func()
}

func (c counting) DispatchOperation(ctx context.Context, op *graphql.OperationContext) (graphql.ResponseHandler, context.Context) {
	c.n.Add(1)
	c.wait()
	return c.GraphExecutor.DispatchOperation(ctx, op)
}

// A told body tells when it has been read.
type told struct {
	io.Reader
	read func()
}

func (b *told) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if err == nil && b.Reader.(*strings.Reader).Len() == 0 {
		b.read()
	}
	return n, err
}

// TestStampede: a thousand ask for the same at once, and it is made once. It is not
// made before all of them have asked.
func TestStampede(t *testing.T) {
	const clients = 1000
	var executed atomic.Int64
	var asked sync.WaitGroup
	asked.Add(clients)
	r := openWith(t, options{executor: func(e graphql.GraphExecutor) graphql.GraphExecutor {
		return counting{e, &executed, asked.Wait}
	}})
	r.publish(t, "first")
	body := encoded(t, map[string]string{"query": headlines})
	outcomes := make(chan string, clients)
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			request := httptest.NewRequestWithContext(t.Context(), "POST", "/graphql", &told{strings.NewReader(body), sync.OnceFunc(asked.Done)})
			request.ContentLength = int64(len(body))
			request.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			r.handler.ServeHTTP(w, request)
			if w.Code != 200 || !bytes.Contains(w.Body.Bytes(), []byte("first")) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			outcomes <- w.Header().Get("X-Cache")
		})
	}
	all.Wait()
	close(outcomes)
	counts := map[string]int{}
	for o := range outcomes {
		counts[o]++
	}
	if got := executed.Load(); got != 1 || counts["BYPASS"] != 0 || counts["MISS"] == 0 {
		t.Errorf("executed %d times: %v", got, counts)
	}
}

// TestThoseWhoCantShare: what is no query is not done for several, and not once for
// all: each who asks is refused alone.
func TestThoseWhoCantShare(t *testing.T) {
	r := open(t)
	body := `{"query":"mutation{publishTickerEntry(input:{headline:\"x\"}){id}}"}`
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			response, text := r.send(t, "POST", "/graphql", body, asJSON)
			if response.Header.Get("X-Cache") != "BYPASS" || !strings.Contains(text, "FORBIDDEN") && !strings.Contains(text, "UNAUTHENTICATED") {
				t.Errorf("got %v %s", response.Header, text)
			}
		})
	}
	all.Wait()
}

// TestNothingOldAfterAWrite: who has been told that something is written finds it, and
// so does who has been told by a subscription.
func TestNothingOldAfterAWrite(t *testing.T) {
	r := open(t)
	token := "Authorization: Bearer " + r.token(t, news.Editor)
	reader := r.stream(t, `"`+r.place(0)+`"`)
	if _, body := r.send(t, "GET", byGet, ""); strings.Contains(body, "headline 0;") {
		t.Fatal(body)
	}
	for i := range 30 {
		want := fmt.Sprintf("headline %d;", i)
		for range 2 { // so that it is there
			r.send(t, "GET", byGet, "")
		}
		if i%2 == 0 {
			_, body := r.send(t, "POST", "/graphql", encoded(t, map[string]string{"query": `mutation{publishTickerEntry(input:{headline:"` + want + `"}){id}}`}), asJSON, token)
			if !strings.Contains(body, `"id"`) {
				t.Fatal(body)
			}
			if response, body := r.send(t, "GET", byGet, ""); !strings.Contains(body, want) {
				t.Errorf("after the write: got %s %s", response.Header.Get("X-Cache"), body)
			}
			if got := reader.line(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			continue
		}
		// Somebody else's change, which is in the log and has not passed Over.
		must(t, r.elsewhere(want))
		if got := reader.line(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if response, body := r.send(t, "GET", byGet, ""); !strings.Contains(body, want) {
			t.Errorf("after the event: got %s %s", response.Header.Get("X-Cache"), body)
		}
	}
	if response, _ := r.send(t, "GET", byGet, ""); response.Header.Get("X-Cache") != "HIT" {
		t.Errorf("got %v", response.Header)
	}
	if got := r.metric(t, "depeche_cache_invalidated_total"); got == 0 {
		t.Error("nothing has been dropped")
	}
}

// elsewhere publishes an entry as another process would.
func (r *room) elsewhere(headline string) error {
	_, err := desk.New(r.store, time.Now).PublishTickerEntry(context.Background(), editor, "", false, func(e *desk.TickerEdit) { e.Headline = headline })
	return err
}
