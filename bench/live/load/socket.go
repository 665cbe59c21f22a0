package load

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// read reads a socket that does not block. It does without the scheduler's
// bookkeeping of system calls, which would cost as much as a short read.
func read(fd int, buf []byte) (int, unix.Errno) {
	n, _, err := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(buf))), uintptr(len(buf)))
	return int(n), err
}
