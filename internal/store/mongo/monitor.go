package mongo

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
)

// monitor logs every command at level debug, without what it carries; nil where
// that level is not logged.
func monitor(logger *slog.Logger) *event.CommandMonitor {
	if !logger.Enabled(context.Background(), slog.LevelDebug) {
		return nil
	}
	return &event.CommandMonitor{
		Succeeded: func(ctx context.Context, e *event.CommandSucceededEvent) {
			logger.DebugContext(ctx, "a command of MongoDB", about(e.CommandFinishedEvent)...)
		},
		Failed: func(ctx context.Context, e *event.CommandFailedEvent) {
			logger.DebugContext(ctx, "a command of MongoDB has failed",
				append(about(e.CommandFinishedEvent), "error", kindOf(e.Failure))...)
		},
	}
}

func about(e event.CommandFinishedEvent) []any {
	return []any{
		"op", "mongodb", "command", e.CommandName, "database", e.DatabaseName,
		"duration", e.Duration.Round(time.Microsecond), "connection", e.ConnectionID,
	}
}

// kindOf names an error without its text: a server's may quote documents. The
// driver shows a server's as (Name) and a message.
func kindOf(err error) string {
	if name, ok := strings.CutPrefix(err.Error(), "("); ok {
		if name, _, ok := strings.Cut(name, ") "); ok {
			return name
		}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return "its time was over"
	}
	return "the connection failed"
}
