//go:build unix && !linux

package wire

import "syscall"

func writeNow(fd int, b []byte) (int, error) { return syscall.Write(fd, b) }
