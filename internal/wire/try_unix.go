//go:build unix

package wire

import (
	"io"
	"net"
	"os"
	"syscall"
)

// nonBlocking returns what c can be read and written by without blocking, nil
// where it can't.
func nonBlocking(c net.Conn) syscall.RawConn {
	sc, ok := c.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// tryWrite writes as much of b as the kernel takes now, which may be nothing.
func tryWrite(fd uintptr, b []byte) (int, error) {
	for {
		n, err := writeNow(int(fd), b)
		switch err {
		case nil:
			return n, nil
		case syscall.EINTR:
		case syscall.EAGAIN:
			return 0, nil
		default:
			return 0, os.NewSyscallError("write", err)
		}
	}
}

// tryRead reads what there is now. Errors: syscall.EAGAIN, which is nothing yet;
// io.EOF.
func tryRead(fd uintptr, b []byte) (int, error) {
	for {
		n, err := syscall.Read(int(fd), b)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return 0, syscall.EAGAIN
		case err != nil:
			return 0, os.NewSyscallError("read", err)
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}
