package transport

import "context"

// maxTurns is how many operations of one socket are executed at a time: what a few
// connections ask for at once must not keep all others waiting.
const maxTurns = 4

// inTurn does something for an operation when there is room for it, on its socket and
// among all; false when ctx ends before.
func (k *socket) inTurn(ctx context.Context, do func()) bool {
	for _, turns := range []chan struct{}{k.ownTurns(), k.c.turns} {
		select {
		case turns <- struct{}{}:
		case <-ctx.Done():
			return false
		}
		defer func() { <-turns }()
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
