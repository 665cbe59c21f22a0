package mongotest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// buildTime is what a slow machine may take to build the stand-in.
const buildTime = 5 * time.Minute

// standIn is the URI of the stand-in for MongoDB, which the first call starts.
var standIn = sync.OnceValues(func() (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "depeche").Output()
	if err != nil {
		return "", fmt.Errorf("find the folder of the module: %w", err)
	}
	// With a go.mod of its own, it runs in its own folder only.
	folder := filepath.Join(strings.TrimSpace(string(root)), "tools", "mongodev")
	cmd := exec.Command("go", "run", "-C", folder, ".", "--until-stdin-ends")
	stderr := new(bytes.Buffer)
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	giveUp := time.AfterFunc(buildTime, func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if !giveUp.Stop() {
		err = errors.Join(err, fmt.Errorf("not within %v", buildTime))
	}
	if err != nil {
		_ = stdin.Close()
		err = errors.Join(err, cmd.Wait())
		return "", fmt.Errorf("%w: %s", err, stderr)
	}
	// This also holds on to stdin: the garbage collector would close it, and the
	// stand-in ends with it.
	go func() { _ = cmd.Wait() }()
	return strings.TrimSuffix(line, "\n"), nil
})
