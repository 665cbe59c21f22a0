package main_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	mrand "math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	goclient "depeche/examples/goclient"
)

// patience is how long anything may take on a busy machine.
const patience = 60 * time.Second

// A server is depeche on a data folder and an address of its own.
type server struct {
	program, data, address string
	process                *exec.Cmd // nil while it is not running
}

func newServer(t *testing.T, program string) *server {
	s := &server{program: program, data: t.TempDir(), address: freeAddress(t)}
	t.Cleanup(s.kill)
	return s
}

// depeche is the program: the one that DEPECHE_TEST_BINARY names, or one that is built of
// this tree.
func depeche(t *testing.T) (program string) {
	if program = os.Getenv("DEPECHE_TEST_BINARY"); program != "" {
		return program
	}
	program = filepath.Join(t.TempDir(), "depeche")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("build depeche: %v\n%s", err, out)
	}
	return program
}

// freeAddress is one that nobody listens on. Its port is below those that the system gives
// to outgoing connections, one of which could take it while the server is away.
func freeAddress(t *testing.T) string {
	for {
		address := fmt.Sprint("127.0.0.1:", 20_000+mrand.N(10_000))
		if l, err := net.Listen("tcp", address); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return address
		}
	}
}

// command is the program with nothing of the environment that would set it up.
func (s *server) command(args ...string) *exec.Cmd {
	c := exec.Command(s.program, args...)
	c.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "DEPECHE_") || strings.HasPrefix(v, "MONGODB_URI=")
	})
	c.Stderr = io.Discard
	return c
}

// start starts the server and returns when it has said that it listens.
func (s *server) start(t *testing.T) {
	t.Helper()
	s.process = s.command("--listen", s.address, "--data", s.data)
	out, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); ; {
		if !lines.Scan() {
			t.Fatalf("the server ends before it listens: %v", s.process.Wait())
		}
		if strings.HasPrefix(lines.Text(), "API:") {
			return // what else it says fits into the pipe
		}
	}
}

// kill ends the server as a crash does, if it is running.
func (s *server) kill() {
	if s.process != nil {
		s.process.Process.Kill() //nolint:errcheck // it may have ended
		s.process.Wait()         //nolint:errcheck // it has been killed
		s.process = nil
	}
}

// token makes an editor's.
func (s *server) token(t *testing.T) string {
	out, err := s.command("token", "--role", "editor", "--name", "marie", "--for", "1h", "--data", s.data).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

func TestDepeche(t *testing.T) {
	program := depeche(t)
	t.Run("a server is killed", func(t *testing.T) { aServerIsKilled(t, newServer(t, program)) })
	t.Run("the program", func(t *testing.T) { theProgram(t, newServer(t, program)) })
}

// A server that is killed twice, while lines are published, costs a reader nothing and
// doubles nothing.
func aServerIsKilled(t *testing.T, s *server) {
	s.start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	quiet := slog.New(slog.DiscardHandler)
	reader := &goclient.Newsroom{API: "http://" + s.address + "/graphql", Logger: quiet}
	editor := &goclient.Newsroom{API: reader.API, Token: s.token(t), Logger: quiet}
	page, err := goclient.FrontPage(ctx, reader, "", 1, 1)
	if err != nil {
		t.Fatal(err)
	}

	const last = "the last one"
	enough := make(chan struct{})
	published := make(chan []string, 1)
	go func() {
		var lines []string
		defer func() { published <- lines }()
		for over := false; !over && ctx.Err() == nil; {
			line := fmt.Sprint("line ", len(lines))
			select {
			case <-enough:
				line, over = last, true
			default:
			}
			id := rand.Text()
			// With an id of its own, a line may be sent again where it is not known
			// what has become of it.
			for _, err := goclient.PublishLine(ctx, editor, id, line); err != nil; _, err = goclient.PublishLine(ctx, editor, id, line) {
				if code := goclient.CodeOf(err); ctx.Err() != nil || code != "" && code != goclient.CodeUnavailable {
					t.Errorf("publish %q: %v", line, err)
					return
				}
			}
			lines = append(lines, line)
		}
	}()

	var heard []string
	for change, err := range reader.FollowTicker(ctx, page.Ticker.LiveCursor) {
		if err != nil {
			t.Fatalf("after %d lines: %v", len(heard), err)
		}
		heard = append(heard, change.Entry.Headline)
		if change.Entry.Headline == last {
			break
		}
		switch len(heard) {
		case 20, 60:
			s.kill()
			s.start(t)
		case 100:
			close(enough)
		}
	}
	if lines := <-published; !slices.Equal(heard, lines) {
		t.Errorf("heard %d lines\n%q\nwant %d\n%q", len(heard), heard, len(lines), lines)
	}
}

// The program shows the front page and follows.
func theProgram(t *testing.T, s *server) {
	s.start(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	api := "http://" + s.address + "/graphql"
	editor := &goclient.Newsroom{API: api, Token: s.token(t)}
	if _, err := goclient.PublishLine(ctx, editor, "line_1", "Three bridges closed"); err != nil {
		t.Fatal(err)
	}
	out, in := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := goclient.Run(ctx, []string{"-api", api}, in)
		in.CloseWithError(err)
		ended <- err
	}()
	lines := bufio.NewScanner(out)
	for _, want := range []string{"Three bridges closed", "Two bridges closed"} {
		if !lines.Scan() || !strings.HasSuffix(lines.Text(), "  "+want) {
			t.Fatalf("got %q, %v, want %q", lines.Text(), lines.Err(), want)
		}
		if _, err := goclient.PublishLine(ctx, editor, "line_2", "Two bridges closed"); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ended; err == nil {
		t.Error("it ends by itself")
	}
	if err := goclient.Run(t.Context(), []string{"-api", api, "-all"}, io.Discard); err != nil {
		t.Errorf("list all stories: %v", err)
	}
}
