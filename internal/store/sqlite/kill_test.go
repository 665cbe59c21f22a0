//go:build !windows

package sqlite_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"depeche/internal/news"
)

// TestKilledWriter kills a process that writes, over and over, and looks
// whether everything that it had acknowledged is there, and nothing by half.
func TestKilledWriter(t *testing.T) {
	kills := 40
	if testing.Short() {
		kills = 3
	}
	path := filepath.Join(t.TempDir(), "news.db")
	total := 0
	for range kills {
		acknowledged := runAndKill(t, path, time.Duration(rand.Int64N(int64(30*time.Millisecond))))
		total += len(acknowledged)
		s := open(t, path)
		for _, a := range acknowledged {
			line, err := s.Version(t.Context(), a.id, a.version)
			if err != nil {
				t.Fatalf("acknowledged line %d: %v", a.seq, err)
			}
			if line.Seq != a.seq {
				t.Fatalf("version %d of %s is line %d, acknowledged as %d", a.version, a.id, line.Seq, a.seq)
			}
		}
		audit(t, s, path)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d lines acknowledged", kills, total)
	if total == 0 {
		t.Error("no line was acknowledged before a kill: the test shows nothing")
	}
}

type acknowledgement struct {
	id      news.EntityID
	version int
	seq     news.Seq
}

// runAndKill starts a writer and kills it some time after its first line.
func runAndKill(t *testing.T, path string, after time.Duration) []acknowledgement {
	t.Helper()
	cmd := child(t, "write", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []acknowledgement
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var a acknowledgement
		if _, err := fmt.Sscan(lines.Text(), &a.id, &a.version, &a.seq); err != nil {
			t.Errorf("the child says %q", lines.Text())
			break
		}
		if len(acknowledged) == 0 {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		acknowledged = append(acknowledged, a)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return acknowledged
}
