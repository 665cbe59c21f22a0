package transport

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// maxTurns is how many operations of one socket are executed at a time: what a few
// connections ask for at once must not keep all others waiting.
const maxTurns = 4

// executeInTurn executes a query or a mutation when there is room for it, on its
// socket and among all; nil when ctx ends before.
func (k *socket) executeInTurn(ctx context.Context, op *graphql.OperationContext) *graphql.Response {
	for _, turns := range []chan struct{}{k.ownTurns(), k.c.turns} {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		defer func() { <-turns }()
	}
	return execute(ctx, k.c.exec, op)
}

// ownTurns is made when it is first needed: most sockets only follow.
func (k *socket) ownTurns() chan struct{} {
	k.conn.Lock()
	defer k.conn.Unlock()
	if k.turns == nil {
		k.turns = make(chan struct{}, maxTurns)
	}
	return k.turns
}
