// Package serve is what the servers under test that are built on net/http have in
// common.
package serve

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// HTTP serves on a free port of the loopback interface, which it prints, until ctx
// ends. Open connections end with the process.
func HTTP(ctx context.Context, stdout io.Writer, handler http.Handler) error {
	listener, err := Listen(stdout)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	defer context.AfterFunc(ctx, func() { server.Close() })() //nolint:errcheck // it ends either way
	if err := server.Serve(listener); ctx.Err() == nil {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Listen listens on a free port of the loopback interface and prints it.
func Listen(stdout io.Writer) (net.Listener, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if _, err := fmt.Fprintf(stdout, "http://%s\n", listener.Addr()); err != nil {
		return nil, fmt.Errorf("print the address: %w", err)
	}
	return listener, nil
}
