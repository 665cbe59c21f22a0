package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/Khan/genqlient/graphql"
)

const (
	// leastRest is the rest before a lost connection is opened again, where the server
	// has not said how long; mostRest is where it ends that it doubles each time.
	leastRest, mostRest = time.Second, 30 * time.Second
	// remembered is how many cursors are known again, in case that something on the
	// way sends events twice.
	remembered = 100
)

// Follow follows a subscription over as many connections as it takes, and hands out what
// happens, once and in order. Where it begins say the variables of the subscription; from
// then on it keeps the place itself.
//
// What passes it gets over by itself: lost connections, a server that restarts, the codes
// SLOW_CONSUMER, UNAVAILABLE and RATE_LIMITED. The last pair has the error that it can't
// get over: a CursorError when the place is lost, that of ctx, or what the API said, for
// which there is CodeOf. There is none when the server has completed the subscription.
func Follow[T any](ctx context.Context, n *Newsroom, subscription *graphql.Request) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		body, err := json.Marshal(subscription)
		if err != nil {
			yield(none, fmt.Errorf("write the subscription: %w", err))
			return
		}
		wanted := true
		f := follower{newsroom: n, body: body, retry: leastRest, hand: func(data json.RawMessage) error {
			var event T
			if err := json.Unmarshal(data, &event); err != nil {
				return fmt.Errorf("read an event: %w", err)
			}
			if wanted = yield(event, nil); !wanted {
				return errEnough
			}
			return nil
		}}
		if err := f.follow(ctx); err != nil && wanted {
			yield(none, err)
		}
	}
}

// FollowTicker follows the ticker, beginning right after a line of the log: the
// liveCursor of a page, or the cursor of a change.
func (n *Newsroom) FollowTicker(ctx context.Context, after string) iter.Seq2[TickerChange, error] {
	subscription := &graphql.Request{
		OpName:    "FollowTicker",
		Query:     FollowTicker_Operation,
		Variables: __FollowTickerInput{After: after},
	}
	return func(yield func(TickerChange, error) bool) {
		for event, err := range Follow[FollowTickerResponse](ctx, n, subscription) {
			if !yield(event.Ticker, err) {
				return
			}
		}
	}
}

var errEnough = errors.New("nobody wants more")

// A follower follows one subscription.
type follower struct {
	newsroom *Newsroom
	body     []byte                           // of each request
	hand     func(data json.RawMessage) error // hands an event on

	place    string        // the last cursor that was heard; empty: where the variables say
	seen     []string      // the last cursors that were handed on
	retry    time.Duration // the least rest, as the server wants it
	failures int           // connections in a row that brought nothing
}

// follow returns when the subscription is over. The error is nil when it is complete.
func (f *follower) follow(ctx context.Context) error {
	for {
		again, err := f.connect(ctx)
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("follow: %w", ctx.Err())
		case err == nil:
			return nil
		case !again:
			return fmt.Errorf("follow: %w", err)
		}
		rest := f.rest()
		f.failures++
		f.newsroom.logger().InfoContext(ctx, "the newsroom is followed again in a moment", "rest", rest, "after", f.place, "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(rest):
		}
	}
}

// rest is how long to wait before the next connection: not less than the server wants,
// longer each time that nothing came of one, and not the same for all.
func (f *follower) rest() time.Duration {
	rest := max(f.retry, min(f.retry<<min(f.failures, 5), mostRest))
	return rest + rand.N(rest/2+1)
}
