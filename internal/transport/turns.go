package transport

import "context"

// maxTurns is how many operations of one socket are executed at a time: what a few
// connections ask for at once must not keep all others waiting.
const maxTurns = 4

// inTurn does something for an operation when there is room for it, on its socket and
// among all; false when ctx ends before.
func (k *socket) inTurn(ctx context.Context, do func()) bool {
	return inTurn(ctx, do, k.ownTurns(), k.c.turns)
}

// inTurn does something when there is room for it in each of turns, which are taken in
// order; false when ctx ends before.
func inTurn(ctx context.Context, do func(), turns ...chan struct{}) bool {
	for _, of := range turns {
		select {
		case of <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		defer func() { <-of }()
	}
	do()
	return true
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
