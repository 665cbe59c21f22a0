package mongotest_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"depeche/internal/store/mongo/mongotest"
)

// place is a collection of a new database at uri.
func place(t *testing.T, uri string, opts ...*options.ClientOptions) *mongo.Collection {
	t.Helper()
	uri = mongotest.Database(t, uri)
	name := uri[strings.LastIndex(uri, "/")+1:]
	name, _, _ = strings.Cut(name, "?")
	return connect(t, uri, opts...).Database(name).Collection("things")
}

func insert(t *testing.T, things *mongo.Collection, ids ...any) error {
	t.Helper()
	documents := make([]any, len(ids))
	for i, id := range ids {
		documents[i] = bson.D{{Key: "_id", Value: id}}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err := things.InsertMany(ctx, documents)
	return err
}

func count(t *testing.T, things *mongo.Collection) int64 {
	t.Helper()
	n, err := things.CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// once does a about the first command of a name.
func once(name string, a mongotest.Action) func(*mongotest.Command) mongotest.Action {
	var done atomic.Bool
	return func(c *mongotest.Command) mongotest.Action {
		if c.Name == name && !done.Swap(true) {
			return a
		}
		return mongotest.Pass
	}
}

func TestProxyTellsCommands(t *testing.T) {
	p := mongotest.NewProxy(t, mongotest.URI(t))
	things := place(t, p.URI())
	seen := make(chan *mongotest.Command, 100)
	p.On(func(c *mongotest.Command) mongotest.Action {
		seen <- c
		return mongotest.Pass
	})
	if err := insert(t, things, "a", "b"); err != nil {
		t.Fatal(err)
	}
	p.On(nil)
	if n := count(t, things); n != 2 {
		t.Errorf("got %d things, want 2", n)
	}
	monitoring, inserts := 0, 0
	for range len(seen) {
		c := <-seen
		if c.Monitoring {
			monitoring++
			continue
		}
		inserts++
		if c.Name != "insert" || c.Database != things.Database().Name() || c.Collection != "things" || c.Body.Lookup("insert").StringValue() != "things" {
			t.Errorf("got %s of %s.%s: %v", c.Name, c.Database, c.Collection, c.Body)
		}
		if len(c.Documents) != 2 || c.Documents[1].Lookup("_id").StringValue() != "b" {
			t.Errorf("got the documents %v", c.Documents)
		}
	}
	if monitoring == 0 || inserts != 1 {
		t.Errorf("got %d monitoring commands and %d inserts", monitoring, inserts)
	}
	if r := p.Requests(); r["insert"] != 1 || r["aggregate"] != 1 {
		t.Errorf("got the requests %v", r)
	}
}

func TestProxyActions(t *testing.T) {
	for name, test := range map[string]struct {
		action mongotest.Action
		wrong  func(error) bool // nil: nothing
		kept   int64
	}{
		"pass":         {mongotest.Pass, nil, 1},
		"delay":        {mongotest.Delay(30 * time.Millisecond), nil, 1},
		"drop request": {mongotest.DropRequest, mongo.IsNetworkError, 0},
		"drop reply":   {mongotest.DropReply, mongo.IsNetworkError, 1},
		"answer":       {mongotest.Answer(bson.D{{Key: "n", Value: 1}}), nil, 0},
		"fail":         {mongotest.Fail(11000, "DuplicateKey"), mongo.IsDuplicateKeyError, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := mongotest.NewProxy(t, mongotest.URI(t))
			// Against a server that has them, retries would hide what is tested.
			things := place(t, p.URI(), options.Client().SetRetryWrites(false))
			p.On(once("insert", test.action))
			err := insert(t, things, "a")
			if test.wrong == nil && err != nil || test.wrong != nil && !test.wrong(err) {
				t.Errorf("the insert ends with %v", err)
			}
			if n := count(t, things); n != test.kept {
				t.Errorf("got %d things, want %d", n, test.kept)
			}
		})
	}
}

func TestProxyHolds(t *testing.T) {
	for name, hold := range map[string]func(<-chan struct{}) mongotest.Action{
		"command": mongotest.Hold, "reply": mongotest.HoldReply,
	} {
		t.Run(name, func(t *testing.T) {
			p := mongotest.NewProxy(t, mongotest.URI(t))
			things := place(t, p.URI())
			until, held := make(chan struct{}), make(chan struct{})
			p.On(func(c *mongotest.Command) mongotest.Action {
				if c.Name != "insert" {
					return mongotest.Pass
				}
				close(held)
				return hold(until)
			})
			done := make(chan error, 1)
			go func() { done <- insert(t, things, "a") }()
			<-held
			select {
			case err := <-done:
				t.Fatalf("it has been let go: %v", err)
			case <-time.After(30 * time.Millisecond):
			}
			if n := count(t, things); name == "command" && n != 0 {
				t.Errorf("got %d things of a command that is held", n)
			}
			close(until)
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// TestProxyHoldsLonger lets a command go that the driver has given up.
func TestProxyHoldsLonger(t *testing.T) {
	p := mongotest.NewProxy(t, mongotest.URI(t))
	things := place(t, p.URI(), options.Client().SetRetryWrites(false))
	until := make(chan struct{})
	p.On(once("insert", mongotest.Hold(until)))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := things.InsertOne(ctx, bson.D{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the insert ends with %v", err)
	}
	if n := count(t, things); n != 0 {
		t.Errorf("got %d things of a command that is held", n)
	}
	close(until)
	deadline := time.Now().Add(10 * time.Second)
	for count(t, things) == 0 {
		if time.Now().After(deadline) {
			t.Fatal("the command never comes")
		}
	}
}

// TestProxyEndsWhileItHolds ends with a command and a reply that are never let
// go.
func TestProxyEndsWhileItHolds(t *testing.T) {
	p := mongotest.NewProxy(t, mongotest.URI(t))
	things := place(t, p.URI(), options.Client().SetRetryWrites(false).SetRetryReads(false))
	p.On(func(c *mongotest.Command) mongotest.Action {
		switch c.Name {
		case "insert":
			return mongotest.Hold(nil)
		case "find":
			return mongotest.HoldReply(nil)
		}
		return mongotest.Pass
	})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := things.InsertOne(ctx, bson.D{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the insert ends with %v", err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := things.FindOne(ctx, bson.D{}).Err(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the find ends with %v", err)
	}
}

func TestProxyCut(t *testing.T) {
	p := mongotest.NewProxy(t, mongotest.URI(t))
	things := place(t, p.URI(), options.Client().SetServerSelectionTimeout(200*time.Millisecond))
	if err := insert(t, things, "a"); err != nil {
		t.Fatal(err)
	}
	p.Cut()
	if err := insert(t, things, "b"); err == nil {
		t.Error("an insert comes through a cut")
	}
	p.Restore()
	deadline := time.Now().Add(10 * time.Second)
	for insert(t, things, "c") != nil {
		if time.Now().After(deadline) {
			t.Fatal("nothing comes through after the cut")
		}
	}
	if n := count(t, things); n != 2 {
		t.Errorf("got %d things, want 2", n)
	}
}
