package graph

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"depeche/graph/scalar"
	"depeche/internal/live"
	"depeche/internal/news"
)

// Subscriptions let readers follow: those with the same operation, variables and
// audience share one execution of it. They may be used by many goroutines at once.
type Subscriptions struct {
	resolver *Resolver
	executor graphql.GraphExecutor
	hub      *live.Hub
}

// NewSubscriptions makes Subscriptions of what executor, made by NewExecutor of
// the same resolver, executes. Hub.Run has to run for them to get anything.
func NewSubscriptions(r *Resolver, executor graphql.GraphExecutor, hub *live.Hub) *Subscriptions {
	return &Subscriptions{resolver: r, executor: executor, hub: hub}
}

// Mark writes a place in the log as a client holds it: live.HubOptions.Mark.
func Mark(at news.LogCursor) string { return string(scalar.OfLog(at)) }

// retryEvery is how often an operation that can't begin for want of the store is
// tried again.
const retryEvery = time.Second

// Join begins to follow what op, a subscription, asks for. Where the reader has
// been before, back tells how far. While the store can't be reached it waits, until
// ctx ends: a reader who comes back then must not be sent away. What refuses the
// operation is a response with errors.
func (s *Subscriptions) Join(ctx context.Context, op *graphql.OperationContext, back live.Return, reader live.Reader) (*live.Subscription, *graphql.Response) {
	for {
		joined, err := s.join(ctx, op, back, reader)
		if err == nil {
			return joined, nil
		}
		if !unavailable(err) || ctx.Err() != nil {
			return nil, s.refuse(ctx, op, err)
		}
		s.resolver.Logger.DebugContext(ctx, "a subscription waits for the store", "op", "subscribe", "requestId", s.resolver.RequestID(ctx), "error", err)
		again := time.NewTimer(retryEvery)
		select {
		case <-again.C:
		case <-ctx.Done():
			again.Stop()
		}
	}
}

func (s *Subscriptions) join(ctx context.Context, op *graphql.OperationContext, back live.Return, reader live.Reader) (*live.Subscription, error) {
	field, err := rootField(op)
	if err != nil {
		return nil, err
	}
	at, err := s.place(field.ArgumentMap(op.Variables)["after"], back)
	if err != nil {
		return nil, err
	}
	who := s.resolver.actor(ctx)
	if expired(who, s.resolver.Now()) {
		who = news.Actor{}
	}
	if err := notLong(op); err != nil {
		return nil, err
	}
	return s.hub.Join(ctx, live.Joining{
		Key:    key(op, field, who.Audience()),
		Open:   func(ctx context.Context) (live.Operation, error) { return s.open(ctx, op, who) },
		After:  at,
		Reader: reader,
	})
}

// longest is how long the document and the variables of a subscription may be, in
// bytes each: its group keeps them.
const longest = 8 << 10

func notLong(op *graphql.OperationContext) error {
	values, err := json.Marshal(op.Variables)
	if err != nil || len(values) > longest || len(op.RawQuery) > longest {
		return fmt.Errorf("the document and the variables of a subscription may have at most %d bytes each: %w", longest, news.ErrTooComplex)
	}
	return nil
}

// place is where somebody begins who gives after, a cursor or nothing, and has
// been served as back tells.
func (s *Subscriptions) place(after any, back live.Return) (*news.LogCursor, error) {
	argument, text := "after", (*scalar.Cursor)(nil)
	switch {
	case back.EventID != "":
		argument, text = "Last-Event-ID", (*scalar.Cursor)(&back.EventID)
	case after != nil:
		c, err := scalar.UnmarshalCursor(after)
		if err != nil {
			return nil, news.BadCursor(argument, "it is not a string")
		}
		text = &c
	}
	at, err := scalar.LogCursor(argument, text)
	if err != nil || back.Served == nil {
		return at, err
	}
	if at == nil || at.Seq < *back.Served && !back.Doubtful {
		served := s.hub.Cursor(*back.Served)
		return &served, nil
	}
	return at, nil
}

// rootField is the field of a subscription: there is exactly one.
func rootField(op *graphql.OperationContext) (*ast.Field, error) {
	fields := graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})
	if len(fields) != 1 {
		return nil, news.Invalid("query", "must be a subscription of one field")
	}
	return fields[0].Field, nil
}

// key names what is followed: the operation without the cursor that it begins
// after, and who may see it.
func key(op *graphql.OperationContext, field *ast.Field, who news.Audience) string {
	text, variables := op.RawQuery, op.Variables
	if after := field.Arguments.ForName("after"); after != nil {
		switch v := after.Value; {
		case v.Kind == ast.Variable && usedOnce(text, v.Raw):
			variables = without(variables, v.Raw)
		case v.Kind == ast.StringValue:
			text = cutRunes(text, v.Position.Start, v.Position.End)
		}
	}
	values, err := json.Marshal(variables)
	if err != nil {
		values = []byte(err.Error()) // they came as JSON
	}
	h := sha256.New()
	for _, part := range []string{text, op.OperationName, string(values), fmt.Sprint(who.Staff), who.Author, string(who.Preview)} {
		h.Write(binary.AppendUvarint(nil, uint64(len(part))))
		h.Write([]byte(part))
	}
	return string(h.Sum(nil))
}

// usedOnce tells whether a variable of a document stands nowhere but in its
// definition and in one argument. In doubt it says no: the cursor is part of the
// key then, and all that is lost is sharing.
func usedOnce(text, name string) bool { return strings.Count(text, "$"+name) == 2 }

func without(variables map[string]any, name string) map[string]any {
	rest := make(map[string]any, len(variables))
	for k, v := range variables {
		if k != name {
			rest[k] = v
		}
	}
	return rest
}

// cutRunes leaves a part of a text out.
func cutRunes(text string, from, to int) string {
	runes := []rune(text)
	if from < 0 || to > len(runes) || from > to {
		return text
	}
	return string(runes[:from]) + string(runes[to:])
}

// An operation executes a subscription for all who share it.
type operation struct {
	ctx       context.Context // of the execution
	feed      *feed
	responses graphql.ResponseHandler
}

var (
	_ live.Reopener = (*operation)(nil)
	_ live.Insider  = (*operation)(nil)
)

// open begins the execution for the audience of who.
func (s *Subscriptions) open(ctx context.Context, op *graphql.OperationContext, who news.Actor) (live.Operation, error) {
	// Connections see to it themselves that they end with their token. A preview is no
	// part of what is followed.
	ctx = news.WithActor(ctx, news.Actor{Name: who.Name, Role: who.Role})
	o := &operation{feed: &feed{events: make(chan live.Event, 1)}}
	ctx = context.WithValue(graphql.StartOperationTrace(ctx), feedKey{}, o.feed)
	o.responses, o.ctx = s.executor.DispatchOperation(ctx, op)
	if o.feed.wanted == nil {
		return nil, &refusal{o.responses(o.ctx)}
	}
	return o, nil
}

// Wants implements live.Operation.
func (o *operation) Wants(line news.Line) bool { return o.feed.wanted(line) }

// WantsPrivate implements live.Insider.
func (o *operation) WantsPrivate(line news.Line) bool {
	return o.feed.private != nil && o.feed.private(line)
}

// Reopens implements live.Reopener.
func (o *operation) Reopens(line news.Line) bool {
	return o.feed.reopens != nil && o.feed.reopens(line)
}

// Admit implements live.Operation.
func (o *operation) Admit(ctx context.Context) error {
	if o.feed.admit == nil {
		return nil
	}
	return o.feed.admit(ctx)
}

// Execute implements live.Operation.
func (o *operation) Execute(e live.Event) ([]byte, error) {
	select {
	case o.feed.events <- e:
	case <-o.ctx.Done():
		return nil, o.ctx.Err()
	}
	response := o.responses(o.ctx)
	if response == nil {
		return nil, errors.New("the subscription gave no response")
	}
	if refused := (&refusal{response}); unavailable(refused) {
		return nil, news.ErrUnavailable // an event must not be lost for that
	}
	return json.Marshal(response)
}

// A refusal is a response that says why an operation could not begin.
type refusal struct{ response *graphql.Response }

func (r *refusal) Error() string { return r.response.Errors.Error() }

// Is makes a refusal for want of the store alone an ErrUnavailable.
func (r *refusal) Is(target error) bool { return target == news.ErrUnavailable && unavailable(r) }

// unavailable tells whether something failed for want of the store alone.
func unavailable(err error) bool {
	var refused *refusal
	if !errors.As(err, &refused) {
		return errors.Is(err, news.ErrUnavailable)
	}
	for _, e := range refused.response.Errors {
		if e.Extensions["code"] == codeUnavailable {
			return true
		}
	}
	return false
}

// refuse answers an operation that could not begin.
func (s *Subscriptions) refuse(ctx context.Context, op *graphql.OperationContext, err error) *graphql.Response {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused.response
	}
	shown := &gqlerror.Error{Err: err}
	if field, err := rootField(op); err == nil {
		shown.Path = ast.Path{ast.PathName(field.Alias)}
		shown.Locations = []gqlerror.Location{{Line: field.Position.Line, Column: field.Position.Column}}
	}
	return s.executor.DispatchError(graphql.WithOperationContext(ctx, op), gqlerror.List{shown})
}

// Fail is the response that tells readers why their subscription has ended.
func (s *Subscriptions) Fail(ctx context.Context, err error) *graphql.Response {
	var refused *refusal
	if errors.As(err, &refused) {
		return refused.response
	}
	ctx = graphql.WithOperationContext(ctx, &graphql.OperationContext{})
	return s.executor.DispatchError(ctx, gqlerror.List{{Err: err}})
}

// Mark is the place of a line as a client is given it.
func (s *Subscriptions) Mark(seq news.Seq) string { return Mark(s.hub.Cursor(seq)) }

// Head is the newest line of the log that has been seen.
func (s *Subscriptions) Head() news.Seq { return s.hub.Head() }
