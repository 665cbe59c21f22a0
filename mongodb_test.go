package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"depeche/internal/auth"
	"depeche/internal/command"
	"depeche/internal/config"
	"depeche/internal/news"
	"depeche/internal/store/mongo/mongotest"
)

// A cluster is what the nodes of a newsroom have in common beside the database.
type cluster struct {
	secret string // the file
	token  string // of an editor
}

func newCluster(t *testing.T) cluster {
	t.Helper()
	c := cluster{secret: filepath.Join(t.TempDir(), "secret")}
	if err := os.WriteFile(c.secret, []byte(strings.Repeat("0123456789abcdef", 4)), 0o444); err != nil {
		t.Fatal(err)
	}
	key, err := auth.OpenKey("", c.secret, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c.token, err = key.Sign(news.Actor{Name: "marie", Role: news.Editor, Expires: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// node starts a server on the database at uri, which ends with the test.
func (c cluster) node(t *testing.T, uri string, args ...string) *running {
	t.Helper()
	return c.nodeLogged(t, t.Output(), "error", uri, args...)
}

func (c cluster) nodeLogged(t *testing.T, stderr io.Writer, level, uri string, args ...string) *running {
	t.Helper()
	r := startLogged(t, stderr, append(args, "--mongodb-uri", uri, "--token-secret", c.secret,
		"--data", filepath.Join(t.TempDir(), "not made"), "--log-level", level)...)
	r.token = c.token
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return r
}

// publish writes a line into the ticker.
func (r *running) publish(headline string) error {
	code, err := r.send(`mutation($h: String!) { publishTickerEntry(input: {headline: $h}) { id } }`, map[string]any{"h": headline}, new(any))
	if err == nil && code != "" {
		err = errors.New(code)
	}
	return err
}

// hear subscribes to the ticker. The function that it returns waits for the next
// line and returns its headline.
func (r *running) hear(after string) func() string {
	r.t.Helper()
	next := r.subscribe(`subscription($after: Cursor) { ticker(after: $after) { kind entry { headline } } }`, map[string]any{"after": after})
	return func() string {
		r.t.Helper()
		var event struct {
			Ticker struct {
				Kind  string
				Entry struct{ Headline string }
			}
		}
		next(&event)
		if event.Ticker.Kind != "PUBLISHED" {
			r.t.Errorf("got %+v", event)
		}
		return event.Ticker.Entry.Headline
	}
}

// last is the headline that ends what is heard.
const last = "Fin"

// untilLast publishes the last line and returns what is heard before it.
func (r *running) untilLast(hear ...func() string) [][]string {
	r.t.Helper()
	if err := r.publish(last); err != nil {
		r.t.Fatal(err)
	}
	heard := make([][]string, len(hear))
	for i, next := range hear {
		for headline := next(); headline != last; headline = next() {
			heard[i] = append(heard[i], headline)
		}
	}
	return heard
}

// status is how /readyz answers.
func (r *running) status() int {
	r.t.Helper()
	response, err := http.Get(strings.TrimSuffix(r.api, "/graphql") + "/readyz")
	if err != nil {
		r.t.Fatal(err)
	}
	response.Body.Close()
	return response.StatusCode
}

// await waits until /readyz answers with status.
func (r *running) await(status int) {
	r.t.Helper()
	deadline := time.Now().Add(patience)
	for r.status() != status {
		if time.Now().After(deadline) {
			r.t.Fatalf("/readyz does not become %d", status)
		}
	}
}

// Writers publish lines as fast as they can, each waiting for the answer to one
// before it publishes the next.
type writers struct {
	mu      sync.Mutex
	written map[string]int // lines that were acknowledged, by writer
}

func (w *writers) run(t *testing.T, r *running, name string, more func(n int) bool) {
	for n := 0; more(n); n++ {
		if err := r.publish(fmt.Sprintf("%s %d", name, n)); err != nil {
			t.Errorf("line %d of %s: %v", n, name, err)
			return
		}
		w.mu.Lock()
		if w.written == nil {
			w.written = map[string]int{}
		}
		w.written[name]++
		w.mu.Unlock()
	}
}

// check wants all that was acknowledged to have been heard, once and in the order
// of each writer.
func (w *writers) check(t *testing.T, heard []string) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	got := map[string]int{}
	for _, headline := range heard {
		name, number, _ := strings.Cut(headline, " ")
		if number != fmt.Sprint(got[name]) {
			t.Errorf("heard %q when line %d was due", headline, got[name])
		}
		got[name]++
	}
	if !maps.Equal(got, w.written) {
		t.Errorf("heard %v lines, want %v", got, w.written)
	}
}

// servers are those of MongoDB that can be cut off.
func servers() map[string]func(*testing.T) *mongotest.Proxy {
	return map[string]func(*testing.T) *mongotest.Proxy{
		"standalone":  func(t *testing.T) *mongotest.Proxy { return mongotest.NewProxy(t, mongotest.URI(t)) },
		"replica set": func(t *testing.T) *mongotest.Proxy { return mongotest.ReplicaSet(t, mongotest.URI(t)).Proxy },
	}
}

// Two nodes of a newsroom: what is written on one is heard on the other, by a
// token that is good on both, and when both write at once, both hear the same.
func TestNodesShareANewsroom(t *testing.T) {
	for name, server := range servers() {
		t.Run(name, func(t *testing.T) {
			uri := mongotest.Database(t, server(t).URI())
			c := newCluster(t)
			nodes := []*running{c.node(t, uri), c.node(t, uri)}
			begin := cursor(nodes[0])
			var hear []func() string
			for _, r := range nodes {
				if want := "data:       " + config.Redact(uri) + "\n"; !strings.Contains(r.greeting, want) {
					t.Errorf("got the greeting %q, want %q in it", r.greeting, want)
				}
				hear = append(hear, r.hear(begin))
			}
			for i, r := range nodes {
				headline := fmt.Sprint("Une ligne du serveur ", i)
				if err := r.publish(headline); err != nil {
					t.Fatal(err)
				}
				for j, next := range hear {
					if got := next(); got != headline {
						t.Errorf("node %d: heard %q, want %q", j, got, headline)
					}
				}
			}

			between := cursor(nodes[0])
			w := new(writers)
			var writing sync.WaitGroup
			for i, r := range nodes {
				for j := range 2 {
					writing.Go(func() { w.run(t, r, fmt.Sprintf("writer-%d-%d", i, j), func(n int) bool { return n < 8 }) })
				}
			}
			writing.Wait()
			hear = append(hear, nodes[1].hear(between)) // who comes later hears the same
			heard := nodes[0].untilLast(hear...)
			w.check(t, heard[0])
			for i := range heard {
				if !slices.Equal(heard[i], heard[0]) {
					t.Errorf("one hears\n%q\nand another one\n%q", heard[0], heard[i])
				}
			}
		})
	}
}

func intoLog(c *mongotest.Command) bool { return c.Name == "insert" && c.Collection == "log" }

var (
	host     = regexp.MustCompile(`127\.0\.0\.1:\d+`) // of a proxy
	database = regexp.MustCompile(`depeche_test_[0-9a-f]+`)
)

// While no server of MongoDB can be reached, clients learn it soon and stay
// connected; afterwards all goes on as if nothing had been.
func TestNothingIsLostOverAnOutage(t *testing.T) {
	for name, server := range servers() {
		t.Run(name, func(t *testing.T) {
			proxy := server(t)
			uri, detour := mongotest.Database(t, proxy.URI()), mongotest.Database(t, mongotest.URI(t))
			c := newCluster(t)
			r := c.node(t, uri)
			spared := c.node(t, strings.Replace(detour, database.FindString(detour), database.FindString(uri), 1))
			r.await(http.StatusOK)
			hear := r.hear(cursor(r))
			if err := r.publish("Before"); err != nil {
				t.Fatal(err)
			}
			if got := hear(); got != "Before" {
				t.Errorf("heard %q", got)
			}

			// The first one is written, but nobody is told so any more.
			proxy.On(func(c *mongotest.Command) mongotest.Action {
				if !intoLog(c) {
					return mongotest.Pass
				}
				proxy.Cut()
				return mongotest.DropReply
			})
			begun := time.Now()
			const unsure = `mutation { publishTickerEntry(input: {id: "tick_unsure", headline: "Unsure"}) { version } }`
			if code := r.ask(unsure, nil, new(any)); code != "UNAVAILABLE" {
				t.Errorf("a mutation is answered %q", code)
			}
			// Calls are patient for 15 s when a server may come soon, and for 2 s when none
			// can be reached.
			if took := time.Since(begun); took > 10*time.Second {
				t.Fatalf("it took %v to find out that there is no server", took)
			}
			r.await(http.StatusServiceUnavailable)
			known := time.Now()
			for range 10 {
				if err := r.publish("Never"); err == nil || err.Error() != "UNAVAILABLE" {
					t.Errorf("a mutation is answered %v", err)
				}
				if code := r.ask(`{ stories { nodes { id } } }`, nil, new(any)); code != "UNAVAILABLE" {
					t.Errorf("a query is answered %q", code)
				}
			}
			if took := time.Since(known); took > 10*time.Second {
				t.Errorf("20 calls took %v when it was known that there is no server", took)
			}
			if err := spared.publish("Meanwhile"); err != nil {
				t.Error(err)
			}
			if got := r.status(); got != http.StatusServiceUnavailable {
				t.Errorf("/readyz answers %d", got)
			}

			proxy.On(nil)
			proxy.Restore()
			r.await(http.StatusOK)
			if code := r.ask(unsure, nil, new(any)); code != "" {
				t.Errorf("a mutation that is tried again is answered %q", code)
			}
			want := []string{"Unsure", "Meanwhile"}
			if heard := r.untilLast(hear); !slices.Equal(heard[0], want) {
				t.Errorf("heard %q, want %q", heard[0], want)
			}
			var page struct {
				Ticker struct{ Nodes []struct{ Headline string } }
			}
			if code := r.ask(`{ ticker { nodes { headline } } }`, nil, &page); code != "" {
				t.Fatal(code)
			}
			var got []string
			for _, e := range page.Ticker.Nodes {
				got = append(got, e.Headline)
			}
			slices.Reverse(got)
			if want := []string{"Before", "Unsure", "Meanwhile", last}; !slices.Equal(got, want) {
				t.Errorf("the ticker has %q, want %q", got, want)
			}
		})
	}
}

// seen is sent to for each command of a kind that comes from now on, as long as
// somebody waits for it.
func seen(p *mongotest.Proxy, kind func(*mongotest.Command) bool) <-chan struct{} {
	commands := make(chan struct{}, 1)
	p.On(func(c *mongotest.Command) mongotest.Action {
		if kind(c) {
			select {
			case commands <- struct{}{}:
			default:
			}
		}
		return mongotest.Pass
	})
	return commands
}

func receive(t *testing.T, from <-chan struct{}) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(patience):
		t.Fatal("what is waited for does not come")
	}
}

// Clients of a replica set that loses its primary and elects another one notice
// nothing.
func TestAFailOverGoesUnnoticed(t *testing.T) {
	replicas := mongotest.ReplicaSet(t, mongotest.URI(t))
	r := newCluster(t).node(t, mongotest.Database(t, replicas.URI()))
	replicas.AwaitStreams(t, 1)
	begin := cursor(r)
	hear := r.hear(begin)

	// Three write and one reads, all the time. Each tells what it has got done to
	// whoever waits for it.
	done := make(chan struct{})
	var steps [4]chan struct{}
	for i := range steps {
		steps[i] = make(chan struct{})
	}
	goOn := func(i int) bool {
		select {
		case <-done:
			return false
		case steps[i] <- struct{}{}:
		default:
		}
		return true
	}
	w := new(writers)
	var working sync.WaitGroup
	for i := range 3 {
		working.Go(func() { w.run(t, r, fmt.Sprintf("writer-%d", i), func(int) bool { return goOn(i) }) })
	}
	working.Go(func() {
		for goOn(3) {
			if code, err := r.send(`{ stories { nodes { id } } ticker { nodes { id headline } } }`, nil, new(any)); err != nil || code != "" {
				t.Errorf("a query is answered %q, %v", code, err)
				return
			}
		}
	})
	stop := sync.OnceFunc(func() { close(done); working.Wait() })
	defer stop()
	// A command that is refused is tried once more, so what has met one election
	// is let through before the next one.
	allGoOn := func() {
		t.Helper()
		for i := range steps {
			for range 2 {
				receive(t, steps[i])
			}
		}
	}
	for range 2 {
		allGoOn()
		replicas.StepDown()
		receive(t, seen(replicas.Proxy, func(c *mongotest.Command) bool { return !c.Monitoring }))
		replicas.StepUp()
	}
	// An election may take longer than an outage would be borne with: the driver
	// looks for a primary twice a second.
	allGoOn()
	replicas.StepDown()
	heartbeats := seen(replicas.Proxy, func(c *mongotest.Command) bool { return c.Monitoring })
	for range 8 {
		receive(t, heartbeats)
	}
	replicas.StepUp()
	allGoOn()
	stop()
	heard := r.untilLast(hear, r.hear(begin))
	w.check(t, heard[0])
	w.check(t, heard[1])
}

// A line whose insert gets lost on the way, or the answer to it, is published
// once.
func TestALostAnswerDoublesNothing(t *testing.T) {
	for name, server := range servers() {
		for what, action := range map[string]mongotest.Action{"request": mongotest.DropRequest, "answer": mongotest.DropReply} {
			t.Run(what+", "+name, func(t *testing.T) {
				proxy := server(t)
				r := newCluster(t).node(t, mongotest.Database(t, proxy.URI()))
				begin := cursor(r)
				var lost atomic.Bool
				proxy.On(func(c *mongotest.Command) mongotest.Action {
					if intoLog(c) && !lost.Swap(true) {
						return action
					}
					return mongotest.Pass
				})
				if err := r.publish("Une fois"); err != nil || !lost.Load() {
					t.Fatalf("got %v, and it has been lost: %t", err, lost.Load())
				}
				if heard := r.untilLast(r.hear(begin)); !slices.Equal(heard[0], []string{"Une fois"}) {
					t.Errorf("heard %q", heard[0])
				}
			})
		}
	}
}

// secret is the password of the tests; in a URI it ends in %40.
const secret = "Sentinel7@"

// tellsNothing wants nothing of secret in what a server has put out.
func tellsNothing(t *testing.T, output string) {
	t.Helper()
	if strings.Contains(output, strings.TrimSuffix(secret, "@")) {
		t.Errorf("the password is in\n%s", output)
	}
}

func TestAStartThatFailsTellsNoPassword(t *testing.T) {
	proxy := mongotest.NewProxy(t, mongotest.URI(t))
	for _, row := range []struct{ name, hosts, says string }{
		{"nobody there", "127.0.0.1:1", "127.0.0.1:1: connect: connection refused"},
		{"no such host", "nowhere.invalid", "lookup nowhere.invalid"},
		{"not let in", host.FindString(proxy.URI()), "auth error"},
	} {
		t.Run(row.name, func(t *testing.T) {
			uri := "mongodb://marie:" + url.QueryEscape(secret) + "@" + row.hosts + "/news?serverSelectionTimeoutMS=200"
			var out bytes.Buffer
			code := command.Main(t.Context(), command.Env{Stdout: &out, Stderr: &out, Now: time.Now}, []string{
				"--listen", "127.0.0.1:0", "--log-level", "debug", "--token-secret", newCluster(t).secret, "--mongodb-uri", uri,
			}, serve)
			if code != 1 || !strings.Contains(out.String(), "depeche: open the MongoDB store") || !strings.Contains(out.String(), row.says) {
				t.Errorf("the exit code is %d, and it says\n%s", code, &out)
			}
			tellsNothing(t, out.String())
		})
	}
}

// A server tells everything of a life with an outage, in which it ends, but for
// what it has been told in confidence.
func TestAServerTellsNoPassword(t *testing.T) {
	if mongotest.Real() {
		t.Skip("the password of the test is none of a real server's")
	}
	proxy := mongotest.NewProxy(t, mongotest.URI(t))
	uri := strings.Replace(mongotest.Database(t, proxy.URI()), "//", "//marie:"+url.QueryEscape(secret)+"@", 1) +
		"&authMechanism=PLAIN&authSource=$external&appName=" + url.QueryEscape(secret)
	var out bytes.Buffer
	r := newCluster(t).nodeLogged(t, &out, "debug", uri)
	if err := r.publish("Une ligne"); err != nil {
		t.Error(err)
	}
	if n := proxy.Requests()["saslStart"]; n == 0 {
		t.Error("the server has not been told the password")
	}
	proxy.Cut()
	if err := r.publish("Never"); err == nil || err.Error() != "UNAVAILABLE" {
		t.Errorf("a mutation is answered %v", err)
	}
	r.await(http.StatusServiceUnavailable)
	if err := r.stop(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	for _, want := range []string{"level=DEBUG", "command=insert", "the store failed", "not ready", "draining"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing from what is told:\n%s", want, &out)
		}
	}
	tellsNothing(t, r.greeting+out.String())
}
