// Package servers runs the servers under test that are not depeche. Each runs in a
// process of its own, which is this program started again.
package servers

import (
	"context"
	"fmt"
	"io"

	"depeche/bench/live/servers/libraries"
	"depeche/bench/live/servers/limit"
	"depeche/bench/live/servers/stock"
)

// Command is the first argument of the program when it shall be a server.
const Command = "serve"

// Serve runs the server that args name until ctx ends.
func Serve(ctx context.Context, stdout io.Writer, args ...string) error {
	if len(args) != 1 {
		return fmt.Errorf("want the name of a server, got %q", args)
	}
	switch args[0] {
	case "limit":
		return limit.Serve(ctx, stdout, false)
	case "plain":
		return limit.Serve(ctx, stdout, true)
	case "stock":
		return stock.Serve(ctx, stdout)
	}
	return libraries.Serve(ctx, stdout, args[0])
}
