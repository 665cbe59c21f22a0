package mongotest

import (
	"bufio"
	"errors"
	"fmt"
	"maps"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A Proxy stands between drivers and a server, as a network does, and does to
// commands and connections what a test wants. It may be used by many goroutines
// at once.
type Proxy struct {
	tb       testing.TB
	uri      string
	host     string // of the server
	listener net.Listener
	serving  sync.WaitGroup
	ended    chan struct{}
	// exchange is the server: it takes a command and gives the reply, nil for
	// none.
	exchange func(*link, *Command) (message, error)

	mu       sync.Mutex // guards what follows
	hook     func(*Command) Action
	requests map[string]int
	links    map[*link]bool
	cut      bool
}

// A link is a connection of a driver, with one to the server behind.
type link struct {
	client, server net.Conn
	requests       *bufio.Reader
	replies        *bufio.Reader
	broken         chan struct{}
	breaking       sync.Once
}

// shut ends the connection of the driver. The server finishes what it is at, as
// it does when a network fails.
func (l *link) shut() {
	l.breaking.Do(func() {
		close(l.broken)
		_ = l.client.Close()
	})
}

// NewProxy starts a proxy before the server of uri, for the time of the test.
// The test is skipped where the server is not one host that is reached in plain
// text.
func NewProxy(tb testing.TB, uri string) *Proxy {
	tb.Helper()
	p := newProxy(tb, uri)
	a, err := parseAddress(uri)
	if err != nil {
		tb.Fatal(err)
	}
	a.hosts = []string{p.listener.Addr().String()}
	a.set("directConnection", "true")
	a.set("compressors", "")
	p.uri = a.String()
	p.exchange = p.forward
	p.start()
	return p
}

// newProxy is a proxy that has yet to be given its exchange and to be started.
func newProxy(tb testing.TB, uri string) *Proxy {
	tb.Helper()
	a, err := parseAddress(uri)
	if err != nil {
		tb.Fatal(err)
	}
	if a.scheme != "mongodb://" || len(a.hosts) != 1 || a.option("tls") == "true" || a.option("ssl") == "true" {
		tb.Skip("a proxy stands before one host, and can't look into encrypted connections")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	host := a.hosts[0]
	if _, _, err := net.SplitHostPort(host); err != nil {
		host = net.JoinHostPort(strings.Trim(host, "[]"), "27017")
	}
	return &Proxy{
		tb:       tb,
		host:     host,
		listener: listener,
		ended:    make(chan struct{}),
		requests: map[string]int{},
		links:    map[*link]bool{},
	}
}

func (p *Proxy) start() {
	p.serving.Go(func() {
		for {
			client, err := p.listener.Accept()
			if err != nil {
				return
			}
			p.serving.Go(func() { p.serve(client) })
		}
	})
	p.tb.Cleanup(p.end)
}

func (p *Proxy) end() {
	close(p.ended)
	_ = p.listener.Close()
	p.mu.Lock()
	p.cut = true
	for l := range p.links {
		l.shut()
		_ = l.server.Close()
	}
	p.mu.Unlock()
	p.serving.Wait()
}

// URI is that of the server, with the proxy as its only host.
func (p *Proxy) URI() string {
	return p.uri
}

// On has f decide about each command that comes from now on, in place of what
// did before; nil passes everything. f may be called by many goroutines at once
// and must not wait: there are actions for that.
func (p *Proxy) On(f func(*Command) Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = f
}

// Requests counts the commands that came, by their names, whatever was done
// about them.
func (p *Proxy) Requests() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return maps.Clone(p.requests)
}

// Cut ends all connections, and new ones at once. What a server has been asked
// before, it does.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for l := range p.links {
		l.shut()
	}
}

// Restore lets connections through after [Proxy.Cut].
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.ended:
	default:
		p.cut = false
	}
}

// keep notes a link, and says whether it may be used.
func (p *Proxy) keep(l *link) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.links[l] = true
	return !p.cut
}

func (p *Proxy) drop(l *link) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.links, l)
	l.shut()
	_ = l.server.Close()
}

func (p *Proxy) isCut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut
}

func (p *Proxy) serve(client net.Conn) {
	if p.isCut() {
		_ = client.Close()
		return
	}
	server, err := net.Dial("tcp", p.host)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{
		client: client, server: server,
		requests: bufio.NewReader(client), replies: bufio.NewReader(server),
		broken: make(chan struct{}),
	}
	defer p.drop(l)
	if !p.keep(l) {
		return
	}
	for {
		request, err := readMessage(l.requests)
		if err != nil {
			return
		}
		c, err := parseCommand(request)
		if err != nil {
			p.tb.Errorf("read a command: %v", err)
			return
		}
		if err := p.act(l, c, p.decide(c)); err != nil {
			return
		}
	}
}

func (p *Proxy) decide(c *Command) Action {
	p.mu.Lock()
	p.requests[c.Name]++
	hook := p.hook
	p.mu.Unlock()
	if hook == nil {
		return Pass
	}
	return hook(c)
}

// errDropped ends a connection.
var errDropped = errors.New("the connection is dropped")

// act does what a hook decided about a command; after an error, the connection
// ends.
func (p *Proxy) act(l *link, c *Command, a Action) error {
	switch a := a.(type) {
	case delayAction:
		timer := time.NewTimer(time.Duration(a))
		defer timer.Stop()
		if err := wait(p, l, timer.C); err != nil {
			return err
		}
	case holdAction:
		if err := wait(p, l, (<-chan struct{})(a)); err != nil {
			return err
		}
	case answerAction:
		return p.answer(l, c, bson.D(a))
	case simpleAction:
		if a == DropRequest {
			return errDropped
		}
	}
	reply, err := p.exchange(l, c)
	if err != nil {
		return err
	}
	if a == DropReply {
		return errDropped
	}
	if until, ok := a.(holdReplyAction); ok {
		if err := wait(p, l, (<-chan struct{})(until)); err != nil {
			return err
		}
	}
	_, err = l.client.Write(reply)
	return err
}

func (p *Proxy) answer(l *link, c *Command, reply bson.D) error {
	document, err := bson.Marshal(reply)
	if err != nil {
		p.tb.Errorf("answer %s: %v", c.Name, err)
		return err
	}
	if _, err := bson.Raw(document).LookupErr("ok"); err != nil {
		if document, err = with(document, bson.D{{Key: "ok", Value: 1.0}}); err != nil {
			return err
		}
	}
	if c.silent() {
		return nil
	}
	_, err = l.client.Write(newReply(c.request, document))
	return err
}

// wait waits for a signal, or ends early with the connection.
func wait[T any](p *Proxy, l *link, signal <-chan T) error {
	select {
	case <-signal:
		return nil
	case <-l.broken:
		return errDropped
	case <-p.ended:
		return errDropped
	}
}

// forward sends a command on as it is and gives the reply. A server may answer
// one hello many times; all but the last of these go to the driver from here.
func (p *Proxy) forward(l *link, c *Command) (message, error) {
	if _, err := l.server.Write(c.request); err != nil {
		return nil, fmt.Errorf("forward %s: %w", c.Name, err)
	}
	if c.silent() {
		return nil, nil
	}
	for {
		reply, err := readMessage(l.replies)
		if err != nil {
			return nil, fmt.Errorf("read the reply to %s: %w", c.Name, err)
		}
		if reply.flags()&moreToCome == 0 {
			return reply, nil
		}
		if _, err := l.client.Write(reply); err != nil {
			return nil, err
		}
	}
}
