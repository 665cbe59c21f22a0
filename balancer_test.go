package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
)

// A balancer is one address for all nodes of a newsroom: each connection goes to
// the next of them that accepts it, and waits while there is none.
type balancer struct {
	listener net.Listener
	joined   sync.WaitGroup

	mu      sync.Mutex
	nodes   []string      // their addresses
	turn    int           // of the nodes
	changed chan struct{} // closed and replaced when the nodes change; nil when there will be none
}

// newBalancer makes a balancer without nodes, which ends with the test.
func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{listener: listener, changed: make(chan struct{})}
	b.joined.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			b.joined.Go(func() { b.join(client.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		b.mu.Lock()
		close(b.changed)
		b.changed = nil
		b.mu.Unlock()
		b.joined.Wait()
	})
	return b
}

// use says which nodes there are.
func (b *balancer) use(nodes ...*running) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.nodes = nil
	for _, r := range nodes {
		b.nodes = append(b.nodes, r.address())
	}
	close(b.changed)
	b.changed = make(chan struct{})
}

// join carries what a client and a node say to each other.
func (b *balancer) join(client *net.TCPConn) {
	defer client.Close()
	node := b.pick()
	if node == nil {
		return
	}
	defer node.Close()
	var both sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{client, node}, {node, client}} {
		both.Go(func() {
			io.Copy(way[1], way[0]) //nolint:errcheck // one of them has gone
			way[1].CloseWrite()     //nolint:errcheck // likewise
		})
	}
	both.Wait()
}

// pick finds a node that accepts; nil when there will be none.
func (b *balancer) pick() *net.TCPConn {
	for {
		b.mu.Lock()
		nodes, changed := slices.Clone(b.nodes), b.changed
		b.turn++
		turn := b.turn
		b.mu.Unlock()
		if changed == nil {
			return nil
		}
		for i := range nodes {
			if node, err := net.Dial("tcp", nodes[(turn+i)%len(nodes)]); err == nil {
				return node.(*net.TCPConn)
			}
		}
		<-changed
	}
}

// address is where the server listens.
func (r *running) address() string {
	u, err := url.Parse(r.api)
	if err != nil {
		r.t.Fatal(err)
	}
	return u.Host
}

// front is the newsroom at the address of the balancer. Each request has a
// connection of its own, and so is any node's.
func (b *balancer) front(t *testing.T, token string) *running {
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	return &running{t: t, api: "http://" + b.listener.Addr().String() + "/graphql", client: client, token: token}
}
