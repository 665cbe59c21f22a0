package command_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"depeche/internal/command"
)

// terminal opens a pseudo-terminal: what is written to tty can be read from
// screen.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, tty
}

func TestProgressBarOnATerminal(t *testing.T) {
	var archive strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&archive, "{\"title\":\"Titre %d\"}\n", i)
	}
	archive.WriteString("bad\n")
	for _, row := range []struct{ name, file string }{{"a file", "archive.ndjson"}, {"standard input", "-"}} {
		t.Run(row.name, func(t *testing.T) {
			screen, tty := terminal(t)
			folder := t.TempDir()
			file := row.file
			if file != "-" {
				file = filepath.Join(folder, file)
				if err := os.WriteFile(file, []byte(archive.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			shown := make(chan string)
			go func() {
				all, _ := io.ReadAll(screen) // it ends with EIO when the terminal is closed
				shown <- string(all)
			}()
			code := command.Main(context.Background(), command.Env{
				Stdin: strings.NewReader(archive.String()), Stdout: io.Discard, Stderr: tty, Now: time.Now,
			}, []string{"import", "ndjson", file, "--data", folder}, serve)
			if err := tty.Close(); err != nil {
				t.Fatal(err)
			}
			got := <-shown
			if code != 3 || !strings.Contains(got, "line 1501: the line is not JSON") || !strings.Contains(got, "importing") {
				t.Errorf("exit code %d, shown %q", code, got)
			}
			if file != "-" && !strings.Contains(got, "100%") {
				t.Errorf("the bar did not come to its end: %q", got)
			}
		})
	}
}
