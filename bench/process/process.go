// Package process runs the servers under test as processes of their own and reads
// from /proc what they use.
package process

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	startWithin = 20 * time.Second
	stopWithin  = 3 * time.Second // between SIGTERM and SIGKILL
)

// A Process is a running server.
type Process struct {
	// Address is where it listens, host and port.
	Address string

	cmd    *exec.Cmd
	ended  chan struct{}
	stderr tail
}

// Start runs a command on one core, with one P, and waits until it prints the
// address where it listens. It does not outlive this process.
func Start(ctx context.Context, core int, path string, args ...string) (*Process, error) {
	p := &Process{cmd: exec.Command(path, args...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
	if core == Anywhere {
		p.cmd.Env = os.Environ()
	}
	p.cmd.Stderr = &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	if err := onCore(core, p.cmd.Start); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	address := make(chan string, 1)
	go func() {
		announced(stdout, address)
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	select {
	case p.Address = <-address:
		return p, nil
	case <-p.ended:
		return nil, fmt.Errorf("%s has ended: %s", path, p.stderr.String())
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(startWithin):
		err = errors.New("no address in time")
	}
	p.Stop()
	return nil, fmt.Errorf("start %s: %w: %s", path, err, p.stderr.String())
}

var addressIn = regexp.MustCompile(`http://(127\.[0-9.]+:[0-9]+)`)

// announced sends the first address that is printed and reads on to the end.
func announced(stdout io.Reader, address chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if m := addressIn.FindStringSubmatch(lines.Text()); m != nil {
			address <- m[1]
			break
		}
	}
	_, _ = io.Copy(io.Discard, stdout)
}

// Stop ends the process, at last by force, and waits for it.
func (p *Process) Stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
}

// Ended tells whether the process has ended, and what it said last.
func (p *Process) Ended() (bool, string) {
	select {
	case <-p.ended:
		return true, p.stderr.String()
	default:
		return false, ""
	}
}

// Stderr is the end of what the process wrote to its standard error.
func (p *Process) Stderr() string { return p.stderr.String() }

// CPU is what the process has used, in user and system mode together, of all its
// threads. It is exact to nanoseconds, where /proc/PID/stat counts hundredths.
func (p *Process) CPU() (time.Duration, error) {
	const clock = 2 // CPUCLOCK_SCHED: see clock_getcpuclockid(3)
	var used unix.Timespec
	if err := unix.ClockGettime(int32(^p.cmd.Process.Pid<<3|clock), &used); err != nil {
		return 0, fmt.Errorf("read the CPU clock of process %d: %w", p.cmd.Process.Pid, err)
	}
	return time.Duration(used.Nano()), nil
}

// OwnCPU is what this process has used itself, 0 where the kernel does not tell.
func OwnCPU() time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// RSS is the memory of the process that is in RAM, in bytes.
func (p *Process) RSS() (int64, error) { return p.status("VmRSS:") }

// PeakRSS is the most that RSS has been, in bytes.
func (p *Process) PeakRSS() (int64, error) { return p.status("VmHWM:") }

func (p *Process) status(name string) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read the memory of a process: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no %s", p.cmd.Process.Pid, name)
}

// Sockets is how many sockets the process has open.
func (p *Process) Sockets() (int, error) {
	folder := fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid)
	files, err := os.ReadDir(folder)
	if err != nil {
		return 0, fmt.Errorf("count the sockets of a process: %w", err)
	}
	sockets := 0
	for _, file := range files {
		target, err := os.Readlink(filepath.Join(folder, file.Name()))
		if err == nil && strings.HasPrefix(target, "socket:") { // else it has just been closed
			sockets++
		}
	}
	return sockets, nil
}

// SocketMemory is what the kernel holds for all TCP sockets of the machine, in
// bytes.
func SocketMemory() (int64, error) {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, fmt.Errorf("read the memory of sockets: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if _, pages, ok := strings.Cut(line, " mem "); ok && strings.HasPrefix(line, "TCP:") {
			n, err := strconv.ParseInt(strings.TrimSpace(pages), 10, 64)
			return n * int64(os.Getpagesize()), err
		}
	}
	return 0, errors.New("the kernel tells no memory of sockets")
}

// A tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(text []byte) (int, error) {
	const most = 4 << 10
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, text...)
	if len(t.text) > most {
		t.text = append(t.text[:0], t.text[len(t.text)-most:]...)
	}
	return len(text), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.text))
}
