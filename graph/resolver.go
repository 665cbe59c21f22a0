// Package graph is everything that knows GraphQL: the schema's resolvers, its
// scalars and what gqlgen makes of them. Resolvers are thin. They read their
// arguments, ask the desk or the store one thing, and return it in the shape of
// the schema; no rule of the trade is here.
package graph

import (
	"context"
	"log/slog"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/text"
)

// A Resolver answers the schema from a store and a desk.
// Every field is required.
type Resolver struct {
	Store  news.Store
	Desk   *desk.Desk
	Text   *text.Markdown
	Zone   *time.Location // of wall-clock times that say none
	Now    func() time.Time
	Logger *slog.Logger
	// RequestID names the request of a context in errors and logs.
	RequestID func(context.Context) string
	// Sign makes a token that lets its bearer be somebody.
	Sign func(news.Actor) (string, error)
	// Delivered tells the last line of the log that was delivered to webhooks. Those
	// to which none was are left out.
	Delivered func(ctx context.Context, ids []news.WebhookID) (map[news.WebhookID]news.Seq, error)
}
