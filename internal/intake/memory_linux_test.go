package intake_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// TestImportMemory holds that an import takes no more memory for ten times as
// many stories. It takes minutes, and so is asked for by DEPECHE_TEST_MEMORY=1.
// Each size is measured in a process of its own.
func TestImportMemory(t *testing.T) {
	const inChild = "DEPECHE_TEST_MEMORY_STORIES"
	if n, err := strconv.Atoi(os.Getenv(inChild)); err == nil {
		took := bring(t, n)
		fmt.Printf("%d stories in %v, %.0f/s\n", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
		return
	}
	if os.Getenv("DEPECHE_TEST_MEMORY") == "" {
		t.Skip("DEPECHE_TEST_MEMORY is not set")
	}
	peak := make(map[int]int64) // kB by stories
	for _, n := range []int{10_000, 100_000} {
		child := exec.Command(os.Args[0], "-test.run=^TestImportMemory$")
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%d", inChild, n))
		out, err := child.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		peak[n] = child.ProcessState.SysUsage().(*syscall.Rusage).Maxrss
		t.Logf("%s\tpeak memory %d MB", out, peak[n]>>10)
	}
	if small, large := peak[10_000], peak[100_000]; large > small*3/2 {
		t.Errorf("10,000 stories took %d kB, 100,000 took %d kB", small, large)
	}
}
