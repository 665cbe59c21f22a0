//go:build !unix

package wire

import (
	"errors"
	"net"
	"syscall"
)

// nonBlocking returns nil: system calls that do not block are known on unix only.
func nonBlocking(net.Conn) syscall.RawConn { return nil }

func tryWrite(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }

func tryRead(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
