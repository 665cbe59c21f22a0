package command_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"depeche/internal/auth"
	"depeche/internal/command"
	"depeche/internal/config"
	"depeche/internal/intake"
	"depeche/internal/store/sqlite"
)

// serve stands in for the server: it says what it was told.
func serve(_ context.Context, cfg config.Config, stdout, _ io.Writer) error {
	if cfg.Listen == ":1" {
		return errors.New("listen on :1: no")
	}
	_, err := fmt.Fprintf(stdout, "serving %s from %s\n", cfg.Listen, cfg.Shown())
	return err
}

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"depeche": func() {
			os.Exit(command.Main(context.Background(), command.Env{
				Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
			}, os.Args[1:], serve))
		},
	})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"hold": hold, "cutoff": cutOff, "verify": verify, "exitcode": exitCode,
		},
	})
}

// hold FOLDER opens the database of a folder for writing, as a server does, until
// the end of the script.
func hold(ts *testscript.TestScript, _ bool, args []string) {
	store, err := sqlite.Open(context.Background(), sqlite.Options{Path: filepath.Join(ts.MkAbs(args[0]), config.Database)})
	ts.Check(err)
	ts.Defer(func() { ts.Check(store.Close()) })
}

// cutoff FILE cuts the second half of a file off.
func cutOff(ts *testscript.TestScript, _ bool, args []string) {
	name := ts.MkAbs(args[0])
	info, err := os.Stat(name)
	ts.Check(err)
	ts.Check(os.Truncate(name, info.Size()/2))
}

// verify FOLDER ROLE NAME DURATION holds that the last output is a token.
func verify(ts *testscript.TestScript, _ bool, args []string) {
	key, err := auth.OpenKey(ts.MkAbs(args[0]), "", time.Now)
	ts.Check(err)
	who, err := key.Verify(strings.TrimSpace(ts.ReadFile("stdout")))
	ts.Check(err)
	life, err := time.ParseDuration(args[3])
	ts.Check(err)
	if got := time.Until(who.Expires); string(who.Role) != args[1] || who.Name != args[2] || got > life || got < life-time.Minute {
		ts.Fatalf("the token is of %+v, for %v", who, got)
	}
}

// exitcode CODE COMMAND... runs a command that ends with an exit code.
func exitCode(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var exit interface{ ExitCode() int }
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("the exit code is %d, not %s", code, args[0])
	}
}

// An interrupt ends an import that waits for input: what has been read is in, and
// the sums are told.
func TestInterrupt(t *testing.T) {
	data := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		in, feed := io.Pipe()
		defer feed.Close()
		var stdout, stderr bytes.Buffer
		done := make(chan int)
		go func() {
			done <- command.Main(ctx, command.Env{Stdin: in, Stdout: &stdout, Stderr: &stderr, Now: time.Now},
				[]string{"import", "ndjson", "-", "--data", data}, serve)
		}()
		for i := range 3 {
			if _, err := fmt.Fprintf(feed, "{\"title\":\"Titre %d\"}\n", i); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		cancel()
		if code := <-done; code != 1 || !strings.Contains(stderr.String(), "interrupted; run it again to go on") {
			t.Errorf("exit code %d, %s", code, stderr.String())
		}
		if !strings.Contains(stdout.String(), "stories:   3 added") {
			t.Errorf("got %s", stdout.String())
		}
	})
}

// A closed output is an error, and a file that can't be written leaves nothing.
func TestExportThatFails(t *testing.T) {
	data := t.TempDir()
	env := command.Env{Stdin: strings.NewReader(`{"title":"a"}`), Stdout: io.Discard, Stderr: io.Discard, Now: time.Now}
	if code := command.Main(t.Context(), env, []string{"import", "ndjson", "-", "--data", data}, serve); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	var stderr bytes.Buffer
	env.Stdout, env.Stderr = brokenWriter{}, &stderr
	if code := command.Main(t.Context(), env, []string{"export", "--data", data}, serve); code != 1 || !strings.Contains(stderr.String(), "broken") {
		t.Errorf("exit code %d, %s", code, stderr.String())
	}
	folder := t.TempDir()
	inTheWay := filepath.Join(folder, "x")
	if err := os.MkdirAll(filepath.Join(inTheWay, "y"), 0o700); err != nil {
		t.Fatal(err)
	}
	if code := command.Main(t.Context(), env, []string{"export", "--data", data, "--output", inTheWay}, serve); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestProgressInPlainLines(t *testing.T) {
	var out strings.Builder
	p := command.NewProgress(&out, 100, func() int64 { return 0 })
	for _, lines := range []int{500, 9_999, 10_000, 10_500, 30_200, 39_999} {
		p.Show(intake.Summary{Lines: lines})
	}
	p.End()
	want := "10000 lines read: 0 added, 0 known, 0 refused\n30200 lines read: 0 added, 0 known, 0 refused\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
