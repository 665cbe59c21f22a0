package sqlite_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"depeche/internal/store/storetest"
)

// TestOpenWithoutPermission opens, as somebody who may not write there, a file
// and one in a folder. Where the test runs as root, whom no permission stops, a
// child does so as nobody.
func TestOpenWithoutPermission(t *testing.T) {
	const nobody = 65534
	for _, tt := range []struct {
		name         string
		folder, file os.FileMode
		says         string
	}{
		{"read-only file", 0o777, 0o444, "can't be written to"},
		{"unreadable file", 0o777, 0o000, "can't be read or written to"},
		{"read-only folder", 0o555, 0o666, "permission denied"},
		{"closed folder", 0o000, 0o666, "permission denied"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			folder := filepath.Join(base, "folder")
			path := filepath.Join(folder, "news.db")
			s := open(t, path)
			commit(t, s, storetest.Tag("tag_a"))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			cmd := child(t, "open", path)
			if os.Geteuid() == 0 {
				cmd.Path = filepath.Join(base, "program")
				copyFile(t, os.Args[0], cmd.Path)
				cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
				for _, dir := range []string{filepath.Dir(base), base} {
					chmod(t, dir, 0o755)
				}
			}
			chmod(t, path, tt.file)
			if err := os.Remove(path + ".lock"); err != nil {
				t.Fatal(err)
			}
			chmod(t, folder, tt.folder)
			defer chmod(t, folder, 0o700)
			out, err := cmd.Output()
			if err == nil {
				t.Fatal("it was opened")
			}
			for _, want := range []string{path, tt.says} {
				if !strings.Contains(string(out), want) {
					t.Errorf("it says %q, nothing of %q (%v)", out, want, err)
				}
			}
		})
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}
