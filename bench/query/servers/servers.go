// Package servers runs the servers under test that are of this module. Each runs
// in a process of its own, which is this program started again.
package servers

import (
	"context"
	"fmt"
	"io"

	"depeche/bench/query/servers/limit"
	"depeche/bench/query/servers/stock"
)

// Command is the first argument of the program when it shall be a server.
const Command = "serve"

// Serve runs the server that args name, with its file, until ctx ends.
func Serve(ctx context.Context, stdout io.Writer, args ...string) error {
	if len(args) != 2 {
		return fmt.Errorf("want the name of a server and a file, got %q", args)
	}
	switch args[0] {
	case "limit":
		return limit.Serve(ctx, stdout, args[1])
	case "stock":
		return stock.Serve(ctx, stdout, args[1])
	}
	return fmt.Errorf("there is no server %q", args[0])
}
