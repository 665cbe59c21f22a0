package mongo

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// clock is the newest operation time of the server that this store has seen.
// What is read is never older: not even from a former primary that has not
// noticed yet that there is another one.
type clock struct {
	mu   sync.Mutex
	time *bson.Timestamp
}

func (c *clock) now() *bson.Timestamp {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.time
}

func (c *clock) advance(t *bson.Timestamp) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t != nil && (c.time == nil || t.After(*c.time)) {
		c.time = t
	}
}

// causally runs f so that its commands see the effect of all commands that
// ended before. f uses the context for one command at a time.
func (s *Store) causally(ctx context.Context, f func(context.Context) error) error {
	if !s.server.sessions {
		return f(ctx)
	}
	session, err := s.client.StartSession(options.Session().SetCausalConsistency(true))
	if err != nil {
		return err
	}
	defer session.EndSession(ctx)
	if now := s.clock.now(); now != nil {
		if err := session.AdvanceOperationTime(now); err != nil {
			return err
		}
	}
	ctx = driver.NewSessionContext(ctx, session)
	if err := f(ctx); err != nil {
		// The time of a command that failed may be that of a write which no
		// majority has got: what waits for it may wait for long.
		return err
	}
	s.witness(ctx)
	return nil
}

// witness notes the time of the commands of ctx that have succeeded, before
// anything is said of them that others rely on.
func (s *Store) witness(ctx context.Context) {
	if session := driver.SessionFromContext(ctx); session != nil {
		s.clock.advance(session.OperationTime())
	}
}
