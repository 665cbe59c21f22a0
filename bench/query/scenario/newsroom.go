package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"depeche/bench/query/newsroom"
)

const (
	plainFile     = "plain.db"
	depecheFolder = "depeche"
)

// newsroom is the folder of the newsroom of n stories, which is made where it is
// not there yet.
func (e *Env) newsroom(ctx context.Context, n int) (folder string, err error) {
	folder = filepath.Join(e.Newsrooms, strconv.Itoa(n))
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	e.say("making a newsroom of %d stories", n)
	unfinished, err := os.MkdirTemp(e.Newsrooms, "unfinished-")
	if err != nil {
		return "", fmt.Errorf("make a newsroom: %w", err)
	}
	defer os.RemoveAll(unfinished)
	if err := newsroom.WritePlain(ctx, filepath.Join(unfinished, plainFile), n); err != nil {
		return "", err
	}
	if err := importArchive(ctx, e.Program, filepath.Join(unfinished, depecheFolder), n); err != nil {
		return "", err
	}
	return folder, os.Rename(unfinished, folder)
}

// importArchive has depeche bring in the archive of n stories.
func importArchive(ctx context.Context, program, folder string, n int) error {
	read, write := io.Pipe()
	command := exec.CommandContext(ctx, program, "import", "ndjson", "--strict", "--data", folder, "--log-level", "warn", "-")
	command.Stdin = read
	written := make(chan error, 1)
	go func() {
		err := newsroom.WriteArchive(write, n)
		written <- errors.Join(err, write.Close())
	}()
	out, err := command.CombinedOutput()
	_ = read.Close() // so that what still writes ends
	if err := errors.Join(err, <-written); err != nil {
		return fmt.Errorf("import an archive: %w: %s", err, out)
	}
	return nil
}

// copyFolder copies the files of a folder into a temporary one.
func copyFolder(from string) (to string, err error) {
	if to, err = os.MkdirTemp("", "depeche-bench-"); err != nil {
		return "", fmt.Errorf("copy a newsroom: %w", err)
	}
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		_ = os.RemoveAll(to)
		return "", fmt.Errorf("copy a newsroom: %w", err)
	}
	return to, nil
}
