package wire_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"

	"depeche/internal/wire"
)

// TestIdleMemory reports what an idle connection takes, after it has received
// and sent something, and holds that it is little. It needs 10,000 files, and so
// is asked for by DEPECHE_TEST_MEMORY=1. The peers are in a process of their own.
func TestIdleMemory(t *testing.T) {
	const (
		inChild     = "DEPECHE_TEST_MEMORY_DIAL"
		connections = 10_000
		bound       = 5 << 10 // bytes a connection
	)
	if addr := os.Getenv(inChild); addr != "" {
		dialAndTalk(t, addr, connections)
		return
	}
	if os.Getenv("DEPECHE_TEST_MEMORY") == "" {
		t.Skip("DEPECHE_TEST_MEMORY is not set")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestIdleMemory$")
	child.Env = append(os.Environ(), inChild+"="+l.Addr().String())
	done, err := child.StdinPipe() // closed when the peers may go
	if err != nil {
		t.Fatal(err)
	}
	child.Stderr = os.Stderr
	before := resident(t)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}

	var gone, answered sync.WaitGroup
	gone.Add(connections)
	answered.Add(connections)
	conns := make(chan *wire.Conn, connections)
	frame := bytes.Repeat([]byte("x"), 300)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, early, err := wire.Upgrade(w, r, "")
		if err != nil {
			t.Error(err)
			return
		}
		c := wire.New(nc, nothing{}, wire.Options{Gone: func(error) { gone.Done() }})
		conns <- c
		go func() {
			_ = c.Receive(early, func([]byte) error {
				deep(64)
				c.Lock()
				defer c.Unlock()
				defer answered.Done()
				if err := c.Append(frame); err != nil {
					return err
				}
				c.Flush()
				return nil
			})
		}()
	})}
	defer s.Close()
	go func() { _ = s.Serve(l) }()
	answered.Wait()
	debug.FreeOSMemory()
	after := resident(t)
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	each := (after - before) / connections
	t.Logf("%d bytes a connection: resident %d, of the heap %d, of stacks %d",
		each, after-before, m.HeapAlloc, m.StackInuse)
	if each > bound {
		t.Errorf("an idle connection takes %d bytes, want at most %d", each, bound)
	}
	done.Close()
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
	for range connections {
		(<-conns).Cut(nil)
	}
	gone.Wait()
}

// dialAndTalk upgrades n connections, sends once on each of them, and holds them
// until its input ends.
func dialAndTalk(t *testing.T, addr string, n int) {
	conns := make([]net.Conn, n)
	for i := range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns[i] = c
		if _, err := io.WriteString(c, request()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range conns {
		if _, err := c.Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// deep uses some stack, as handling a message does.
//
//go:noinline
func deep(n int) byte {
	var b [256]byte
	if n > 0 {
		b[n] = deep(n - 1)
	}
	return b[n] + byte(n)
}

// resident is the memory of this process, in bytes.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
			if err != nil {
				t.Fatal(err)
			}
			return kb << 10
		}
	}
	t.Fatal(fmt.Errorf("no VmRSS in %q", status))
	return 0
}
