package mongotest_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"depeche/internal/store/mongo/mongotest"
)

func replicas(t *testing.T) *mongotest.Replicas {
	t.Helper()
	return mongotest.ReplicaSet(t, mongotest.URI(t))
}

func watch(t *testing.T, things *mongo.Collection, o ...options.Lister[options.ChangeStreamOptions]) *mongo.ChangeStream {
	t.Helper()
	s, err := things.Watch(t.Context(), mongo.Pipeline{}, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	return s
}

// next is the _id of the next inserted document.
func next(t *testing.T, s *mongo.ChangeStream) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if !s.Next(ctx) {
		t.Fatalf("the stream ends: %v", s.Err())
	}
	var e struct {
		OperationType string
		DocumentKey   struct {
			ID string `bson:"_id"`
		} `bson:"documentKey"`
		FullDocument struct {
			ID string `bson:"_id"`
		} `bson:"fullDocument"`
		NS struct{ DB, Coll string }
	}
	if err := bson.Unmarshal(s.Current, &e); err != nil {
		t.Fatal(err)
	}
	if e.FullDocument != e.DocumentKey || e.NS.Coll != "things" {
		t.Errorf("got the event %v", s.Current)
	}
	return e.DocumentKey.ID
}

func mustInsert(t *testing.T, things *mongo.Collection, ids ...any) {
	t.Helper()
	if err := insert(t, things, ids...); err != nil {
		t.Fatal(err)
	}
}

// TestRetriedOnce loses the reply to an insert, which the driver then sends
// again.
func TestRetriedOnce(t *testing.T) {
	for name, lost := range map[string]mongotest.Action{
		"request": mongotest.DropRequest, "reply": mongotest.DropReply,
	} {
		t.Run(name, func(t *testing.T) {
			r := replicas(t)
			things := place(t, r.URI())
			stream := watch(t, things)
			r.On(once("insert", lost))
			mustInsert(t, things, "a", "b")
			if n := r.Requests()["insert"]; n != 2 {
				t.Errorf("got %d inserts, want 2", n)
			}
			mustInsert(t, things, "c")
			for _, want := range []string{"a", "b", "c"} {
				if got := next(t, stream); got != want {
					t.Errorf("got the event of %s, want %s", got, want)
				}
			}
		})
	}
}

// TestRetriedAfterACut loses all connections while the server is at an insert.
func TestRetriedAfterACut(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	mustInsert(t, things, "first")
	until, held := make(chan struct{}), make(chan struct{})
	var one sync.Once
	r.On(func(c *mongotest.Command) mongotest.Action {
		a := mongotest.Action(mongotest.Pass)
		if c.Name == "insert" {
			one.Do(func() {
				close(held)
				a = mongotest.HoldReply(until)
			})
		}
		return a
	})
	done := make(chan error, 1)
	go func() { done <- insert(t, things, "a") }()
	<-held
	r.Cut()
	close(until)
	r.Restore()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if n := count(t, things); n != 2 {
		t.Errorf("got %d things, want 2", n)
	}
}

func TestErrorsOfWritesCome(t *testing.T) {
	things := place(t, replicas(t).URI())
	mustInsert(t, things, "a")
	if err := insert(t, things, "b", "a", "c"); !mongo.IsDuplicateKeyError(err) {
		t.Errorf("the insert ends with %v", err)
	}
	if n := count(t, things); n != 2 {
		t.Errorf("got %d things, want 2", n)
	}
}

// TestStepDown inserts while there is no primary.
func TestStepDown(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	mustInsert(t, things, "first")
	r.StepDown()
	refused := make(chan struct{})
	var one sync.Once
	r.On(func(c *mongotest.Command) mongotest.Action {
		if c.Name == "insert" {
			one.Do(func() { close(refused) })
		}
		return mongotest.Pass
	})
	done := make(chan error, 1)
	go func() { done <- insert(t, things, "a") }()
	<-refused
	select {
	case err := <-done:
		t.Fatalf("the insert ends with %v without a primary", err)
	case <-time.After(50 * time.Millisecond):
	}
	r.StepUp()
	if err := <-done; err != nil {
		t.Errorf("the insert ends with %v", err)
	}
	if n := count(t, things); n != 2 {
		t.Errorf("got %d things, want 2", n)
	}
}

func TestNoPrimary(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	r.StepDown()
	defer r.StepUp()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := things.InsertOne(ctx, bson.D{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the insert ends with %v", err)
	}
}

func TestConcerns(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI(), options.Client().SetReadConcern(readconcern.Majority()).SetWriteConcern(writeconcern.Majority()))
	session, err := things.Database().Client().StartSession(options.Session().SetCausalConsistency(true))
	if err != nil {
		t.Fatal(err)
	}
	ctx := mongo.NewSessionContext(t.Context(), session)
	defer session.EndSession(ctx)
	if _, err := things.InsertOne(ctx, bson.D{}); err != nil {
		t.Fatal(err)
	}
	written := session.OperationTime()
	if written == nil {
		t.Fatal("a write has no operation time")
	}
	if err := things.FindOne(ctx, bson.D{}).Err(); err != nil {
		t.Fatal(err)
	}
	concerns := r.Concerns()
	if len(concerns) != 2 {
		t.Fatalf("got %v, want an insert and a find", concerns)
	}
	if c := concerns[0]; c.Command != "insert" || c.Collection != "things" || c.Write.Lookup("w").StringValue() != "majority" {
		t.Errorf("got %+v", c)
	}
	if c := concerns[1]; c.Command != "find" || c.Level != "majority" || c.After != *written {
		t.Errorf("got %+v, want a read after %v", c, written)
	}
	if _, err := things.InsertOne(ctx, bson.D{}); err != nil {
		t.Fatal(err)
	}
	if !session.OperationTime().After(*written) {
		t.Errorf("the time stands still at %v", written)
	}
}

func TestStreamDelivers(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	mustInsert(t, things, "before")
	stream := watch(t, things)
	if _, err := things.Database().Collection("others").InsertOne(t.Context(), bson.D{}); err != nil {
		t.Fatal(err)
	}
	if stream.TryNext(t.Context()) {
		t.Errorf("got %v before there was anything", stream.Current)
	}
	waiting := make(chan struct{})
	var one sync.Once
	r.On(func(c *mongotest.Command) mongotest.Action {
		if c.Name == "getMore" {
			one.Do(func() { close(waiting) })
		}
		return mongotest.Pass
	})
	inserted := make(chan error, 1)
	go func() {
		<-waiting
		inserted <- insert(t, things, "a", "b")
	}()
	for _, want := range []string{"a", "b"} {
		if got := next(t, stream); got != want {
			t.Errorf("got the event of %s, want %s", got, want)
		}
	}
	if err := <-inserted; err != nil {
		t.Error(err)
	}
	if n := r.Streams(); n != 1 {
		t.Errorf("%d streams are open, want 1", n)
	}
	if err := stream.Close(t.Context()); err != nil {
		t.Error(err)
	}
	r.AwaitStreams(t, 0)
}

func TestStreamResumes(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	stream := watch(t, things)
	mustInsert(t, things, "a", "b")
	if got := next(t, stream); got != "a" {
		t.Errorf("got the event of %s, want a", got)
	}
	after := stream.ResumeToken()
	for name, o := range map[string]*options.ChangeStreamOptionsBuilder{
		"after": options.ChangeStream().SetResumeAfter(after),
		"start": options.ChangeStream().SetStartAfter(after),
		"time":  options.ChangeStream().SetStartAtOperationTime(&bson.Timestamp{T: stamp(t, after).T, I: stamp(t, after).I + 1}),
	} {
		again := watch(t, things, o)
		if got := next(t, again); got != "b" {
			t.Errorf("%s: got the event of %s, want b", name, got)
		}
	}

	// An error that MongoDB calls resumable, and a connection that is lost.
	r.On(once("getMore", mongotest.Fail(11600, "InterruptedAtShutdown", "ResumableChangeStreamError")))
	mustInsert(t, things, "c")
	for _, want := range []string{"b", "c"} {
		if got := next(t, stream); got != want {
			t.Errorf("got the event of %s, want %s", got, want)
		}
	}
	r.On(once("getMore", mongotest.DropReply))
	mustInsert(t, things, "d")
	if got := next(t, stream); got != "d" {
		t.Errorf("got the event of %s, want d", got)
	}
}

// stamp is the time in a resume token.
func stamp(t *testing.T, token bson.Raw) bson.Timestamp {
	t.Helper()
	var at bson.Timestamp
	if _, err := fmt.Sscanf(token.Lookup("_data").StringValue(), "%08X%08X", &at.T, &at.I); err != nil {
		t.Fatal(err)
	}
	return at
}

func TestStreamOutlivesAnElection(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	stream := watch(t, things)
	refused, looking := make(chan struct{}), make(chan struct{})
	var asked, looked sync.Once
	r.On(func(c *mongotest.Command) mongotest.Action {
		select {
		case <-refused:
			if c.Monitoring {
				looked.Do(func() { close(looking) })
			}
		default:
			if c.Name == "getMore" {
				asked.Do(func() { close(refused) })
			}
		}
		return mongotest.Pass
	})
	r.StepDown()
	inserted := make(chan error, 1)
	go func() {
		<-looking // the driver wonders where the primary is
		r.StepUp()
		inserted <- insert(t, things, "a")
	}()
	if got := next(t, stream); got != "a" {
		t.Errorf("got the event of %s, want a", got)
	}
	if err := <-inserted; err != nil {
		t.Error(err)
	}
}

func TestStreamHistoryLost(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	stream := watch(t, things)
	r.FailStreams(286, "ChangeStreamHistoryLost", "NonResumableChangeStreamError")
	if stream.Next(t.Context()) {
		t.Errorf("got %v", stream.Current)
	}
	var lost mongo.ServerError
	if err := stream.Err(); !errors.As(err, &lost) || !lost.HasErrorCode(286) {
		t.Errorf("the stream ends with %v", err)
	}
	r.AwaitStreams(t, 0)
	if _, err := things.Watch(t.Context(), mongo.Pipeline{}); !errors.As(err, &lost) || !lost.HasErrorCode(286) {
		t.Errorf("a stream is opened with %v", err)
	}
	r.MendStreams()
	watch(t, things)

	token := bson.D{{Key: "_data", Value: "0000000100000001"}}
	_, err := things.Watch(t.Context(), mongo.Pipeline{}, options.ChangeStream().SetResumeAfter(token))
	if !errors.As(err, &lost) || !lost.HasErrorCode(286) {
		t.Errorf("a stream of long ago is resumed with %v", err)
	}
	token[0].Value = "a token of another server"
	_, err = things.Watch(t.Context(), mongo.Pipeline{}, options.ChangeStream().SetResumeAfter(token))
	if !errors.As(err, &lost) || !lost.HasErrorCode(260) {
		t.Errorf("a bad token is answered %v", err)
	}
}

func TestStreamInvalidated(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	stream := watch(t, things)
	mustInsert(t, things, "a")
	r.Invalidate()
	mustInsert(t, things, "b")
	if got := next(t, stream); got != "a" {
		t.Errorf("got the event of %s, want a", got)
	}
	if !stream.Next(t.Context()) || stream.Current.Lookup("operationType").StringValue() != "invalidate" {
		t.Fatalf("got %v, %v", stream.Current, stream.Err())
	}
	if stream.Next(t.Context()) || stream.Err() != nil || stream.ID() != 0 {
		t.Errorf("got %v, %v behind the end", stream.Current, stream.Err())
	}
	r.AwaitStreams(t, 0)
	var refused mongo.ServerError
	_, err := things.Watch(t.Context(), mongo.Pipeline{}, options.ChangeStream().SetResumeAfter(stream.ResumeToken()))
	if !errors.As(err, &refused) || !refused.HasErrorCode(260) {
		t.Errorf("an invalid stream is resumed with %v", err)
	}
	if got := next(t, watch(t, things, options.ChangeStream().SetStartAfter(stream.ResumeToken()))); got != "b" {
		t.Errorf("got the event of %s, want b", got)
	}
}

func TestStreamStages(t *testing.T) {
	things := place(t, replicas(t).URI())
	stream, err := things.Watch(t.Context(), mongo.Pipeline{
		{{Key: "$match", Value: bson.D{{Key: "operationType", Value: "insert"}, {Key: "documentKey._id", Value: bson.D{{Key: "$in", Value: bson.A{"b", "c"}}}}}}},
		{{Key: "$project", Value: bson.D{{Key: "documentKey", Value: 1}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close(t.Context())
	mustInsert(t, things, "a", "b", "c")
	for _, want := range []string{"b", "c"} {
		if !stream.Next(t.Context()) || stream.Current.Lookup("documentKey", "_id").StringValue() != want {
			t.Fatalf("got %v, %v, want %s", stream.Current, stream.Err(), want)
		}
		if elements, _ := stream.Current.Elements(); len(elements) != 2 {
			t.Errorf("got all of %v", stream.Current)
		}
	}
	for _, stage := range []bson.D{
		{{Key: "$match", Value: bson.D{{Key: "$or", Value: bson.A{}}}}},
		{{Key: "$match", Value: bson.D{{Key: "a", Value: bson.D{{Key: "$gt", Value: 1}}}}}},
		{{Key: "$project", Value: bson.D{{Key: "_id", Value: 0}}}},
		{{Key: "$project", Value: bson.D{{Key: "a.b", Value: 1}}}},
		{{Key: "$group", Value: bson.D{}}},
	} {
		if _, err := things.Watch(t.Context(), mongo.Pipeline{stage}); err == nil {
			t.Errorf("%v is taken", stage)
		}
	}
}

// TestStreamKeepsOrder inserts from many goroutines and sees each event once, in
// the order of the operation times.
func TestStreamKeepsOrder(t *testing.T) {
	r := replicas(t)
	things := place(t, r.URI())
	stream := watch(t, things, options.ChangeStream().SetBatchSize(3))
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for writer := range writers {
		wg.Go(func() {
			for n := range each {
				if err := insert(t, things, fmt.Sprint(writer, n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	seen := map[string]bool{}
	var last bson.Timestamp
	for range writers * each {
		seen[next(t, stream)] = true
		at := stamp(t, stream.Current.Lookup("_id").Document())
		if !at.After(last) {
			t.Errorf("an event of %v comes after one of %v", at, last)
		}
		last = at
	}
	wg.Wait()
	if len(seen) != writers*each {
		t.Errorf("got the events of %d things, want %d", len(seen), writers*each)
	}
}
