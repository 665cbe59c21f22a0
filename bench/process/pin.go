package process

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// Anywhere is the core of what is not pinned.
const Anywhere = -1

// Cores are those that this process may run on, in ascending order.
func Cores() ([]int, error) {
	var allowed unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		return nil, fmt.Errorf("ask for the cores: %w", err)
	}
	var cores []int
	for core := 0; len(cores) < allowed.Count(); core++ {
		if allowed.IsSet(core) {
			cores = append(cores, core)
		}
	}
	return cores, nil
}

// Pin keeps all threads of this process, and those that they make, on one core.
func Pin(core int) error {
	if core == Anywhere {
		return nil
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return fmt.Errorf("list the threads: %w", err)
	}
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return fmt.Errorf("list the threads: %w", err)
		}
		if err := pin(id, core); err != nil {
			return err
		}
	}
	return nil
}

// onCore runs f on a thread of that core; a process that f starts stays there.
func onCore(core int, f func() error) error {
	if core == Anywhere {
		return f()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return fmt.Errorf("ask for the cores of a thread: %w", err)
	}
	if err := pin(0, core); err != nil {
		return err
	}
	defer unix.SchedSetaffinity(0, &before) //nolint:errcheck // it was so before
	return f()
}

func pin(thread, core int) error {
	var only unix.CPUSet
	only.Set(core)
	if err := unix.SchedSetaffinity(thread, &only); err != nil {
		return fmt.Errorf("pin thread %d to core %d: %w", thread, core, err)
	}
	return nil
}

// StandApart keeps the generator on the last core and returns another for the servers.
func StandApart(stderr io.Writer) (core int, err error) {
	cores, err := Cores()
	if err != nil {
		return Anywhere, err
	}
	if len(cores) < 2 {
		fmt.Fprintln(stderr, "there is one core only: generator and server share it, and the figures tell little")
		return Anywhere, nil
	}
	runtime.GOMAXPROCS(2)
	return cores[len(cores)-2], Pin(cores[len(cores)-1])
}
