package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/wire"
)

// A running is an operation of a socket.
type running struct {
	id     []byte             // JSON
	cancel context.CancelFunc // until it follows, or to its end
	sub    *live.Subscription // nil until it follows
	err    error              // why there is no more
	place  *live.Place        // nil where the reader can't be known again
	pinged news.Seq           // how far it had been served at the last ping
	since  news.Seq           // what came before has not been delivered live
}

// start takes an operation.
func (k *socket) start(m said) error {
	if m.ID == nil || *m.ID == "" || len(*m.ID) > maxID {
		return badMessage
	}
	if !k.introduced {
		return &wire.CloseError{Code: closeNotBegun, Reason: "Unauthorized"}
	}
	id, err := json.Marshal(*m.ID)
	if err != nil {
		return badMessage
	}
	if k.find(id) != nil {
		if !k.dialect.replaces {
			return &wire.CloseError{Code: closeTaken, Reason: "Subscriber for " + *m.ID + " already exists"}
		}
		k.stop(*m.ID)
	}
	if len(k.operations) >= maxOperations {
		k.say(k.dialect.appendError(nil, id, failure(codeRateLimited, fmt.Sprintf("at most %d operations may run on one connection", maxOperations))))
		return nil
	}
	if most := k.c.limits.BodyBytes; k.who.Name == "" && len(m.Payload) > most {
		k.say(k.dialect.appendError(nil, id, failure(codeInvalid, fmt.Sprintf("the operation is larger than %d bytes", most))))
		return nil
	}
	ctx, cancel := k.operationContext()
	o := &running{id: id, cancel: cancel}
	k.operations = append(k.operations, o)
	go k.run(ctx, o, m.params, identity{*m.ID, m.Payload, k.who})
	return nil
}

func (k *socket) find(id []byte) *running {
	for _, o := range k.operations {
		if bytes.Equal(o.id, id) {
			return o
		}
	}
	return nil
}

// stop ends an operation that its client wants no more. Nothing is said of it.
func (k *socket) stop(id string) {
	text, err := json.Marshal(id)
	if err != nil {
		return
	}
	if o := k.find(text); o != nil {
		k.remove(o)
		k.drop(o, true)
	}
}

// remove takes an operation from the socket; false when it is gone already.
func (k *socket) remove(o *running) bool {
	i := slices.Index(k.operations, o)
	if i < 0 {
		return false
	}
	k.operations = slices.Delete(k.operations, i, i+1)
	return true
}

// drop ends an operation that is no longer among those of the socket. One whose
// reader wanted it to end, or was told that it has, is not remembered.
func (k *socket) drop(o *running, wanted bool) {
	if o.cancel != nil {
		o.cancel()
	}
	if o.sub != nil {
		o.sub.Leave()
		k.c.metrics.following.Dec()
		k.debug("a reader follows no more", "id", string(o.id), "at", o.sub.At())
	}
	switch {
	case o.place == nil:
	case wanted:
		k.c.places.Forget(o.place)
	default:
		k.c.places.Lose(o.place)
	}
}

// run executes an operation.
func (k *socket) run(ctx context.Context, o *running, params *graphql.RawParams, who identity) {
	defer func() {
		if v := recover(); v != nil {
			k.c.logger.ErrorContext(ctx, "an operation panicked", "op", "websocket", "requestId", k.request, "panic", v, "stack", string(debug.Stack()))
			k.answer(o, nil, internal(k.request))
		}
	}()
	var op *graphql.OperationContext
	var errs gqlerror.List
	if !k.inTurn(ctx, func() { op, errs = k.c.exec.CreateOperationContext(ctx, params) }) {
		return // the operation has been stopped
	}
	if errs != nil {
		k.answer(o, nil, k.c.exec.DispatchError(graphql.WithOperationContext(ctx, op), errs).Errors)
		return
	}
	if op.Operation.Operation == ast.Subscription {
		k.join(ctx, o, op, who)
		return
	}
	var response *graphql.Response
	if !k.inTurn(ctx, func() { response = execute(ctx, k.c.exec, op) }) || response == nil {
		return // the operation has been stopped
	}
	k.answer(o, encoded(response, k.request), nil)
}

// answer says what became of an operation that is over.
func (k *socket) answer(o *running, response []byte, errs gqlerror.List) {
	k.conn.Lock()
	defer k.conn.Unlock()
	if !k.remove(o) {
		return // nobody wants to know any more
	}
	k.drop(o, true)
	if errs != nil {
		k.say(k.dialect.appendError(nil, o.id, errs))
		return
	}
	k.say(appendMessage(appendMessage(nil, o.id, k.dialect.next, response), o.id, "complete", nil))
}

// join has a subscription follow, from where its reader was.
func (k *socket) join(ctx context.Context, o *running, op *graphql.OperationContext, who identity) {
	key, again := who.key(k.c.follow.Mark(0)) // which names the log
	var back live.Return
	if again {
		var goesOn bool
		if back, goesOn = k.comeBack(ctx, o, key); !goesOn {
			return
		}
	}
	since := k.c.follow.Head()
	sub, refused := k.c.follow.Join(ctx, op, back, k)
	if refused != nil {
		if ctx.Err() != nil {
			return // the operation has been stopped
		}
		if isRetryable(refused) {
			k.sendAway()
			return
		}
		k.answer(o, nil, refused.Errors)
		return
	}
	k.conn.Lock()
	defer k.conn.Unlock()
	o.cancel()
	if !slices.Contains(k.operations, o) {
		go sub.Leave()
		return
	}
	following := 0
	for _, other := range k.operations {
		if other.sub != nil {
			following++
		}
	}
	o.sub, o.since, o.pinged, o.cancel = sub, since, sub.At(), nil
	k.c.metrics.following.Inc()
	if following >= maxSubscriptions {
		k.remove(o)
		go k.drop(o, true)
		k.say(k.dialect.appendError(nil, o.id, failure(codeRateLimited, fmt.Sprintf("at most %d subscriptions may run on one connection", maxSubscriptions))))
		return
	}
	if back.Served != nil {
		k.c.metrics.returns.WithLabelValues("server").Inc()
	}
	if again && o.place == nil {
		o.place = k.c.places.Begin(key, sub.At(), k)
	}
	k.debug("a reader follows", "id", string(o.id), "from", sub.At(), "returning", back.Served != nil)
	k.conn.Flush()
}

// sendAway closes the socket because there is no room for what its reader follows:
// who is told of an error does not come back, and its place would be lost.
func (k *socket) sendAway() {
	k.conn.Lock()
	defer k.conn.Unlock()
	k.end(closeTryAgain, "too much is followed at the moment")
}

// comeBack finds how far the reader of an operation had been served, if it has been
// here before; goesOn is false when it is gone again. Who breaks off before it is
// served is remembered as it was.
func (k *socket) comeBack(ctx context.Context, o *running, key live.PlaceKey) (back live.Return, goesOn bool) {
	place, back, known, err := k.c.places.Back(ctx, key, k)
	if err != nil {
		return live.Return{}, false // the operation has been stopped
	}
	if !known || place == nil {
		return back, true
	}
	k.conn.Lock()
	defer k.conn.Unlock()
	if !slices.Contains(k.operations, o) {
		k.c.places.Lose(place)
		return live.Return{}, false
	}
	o.place = place
	return back, true
}
