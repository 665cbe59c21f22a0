package mongotest

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// setName is the name of the replica set that [Replicas] pretend to be.
const setName = "depeche"

// Replicas are a [Proxy] behind which the stand-in for MongoDB looks like a
// replica set of one member, to a driver and as far as depeche goes: it has
// sessions, an operation time, retryable writes and change streams, and it can
// lose its primary.
//
// A retryable write that comes again is answered with what it was answered
// before, unless that was an error of the whole command. A read concern, a write
// concern and a causal order are taken note of and mean nothing: there is one
// member only. Transactions it has not.
type Replicas struct {
	*Proxy
	start bson.Timestamp // the history of change streams begins after it

	// turn is held for each write, so that the order of events is that of the
	// writes.
	turn sync.Mutex

	mu       sync.Mutex // guards what follows; after turn
	now      bson.Timestamp
	down     bool
	concerns []Concern
	sessions map[string]*session
	events   []event
	streams  map[int64]*stream
	opened   int64 // streams, ever
	failing  bson.D
	invalid  []bson.Timestamp // of invalidate events
	changed  chan struct{}    // closed and replaced when a waiting stream should look
}

// A Concern is what a command said about reads and writes across the members of
// a replica set.
type Concern struct {
	Command, Database, Collection string
	Level                         string         // of the read concern, "" if none
	After                         bson.Timestamp // what the read must reflect: afterClusterTime
	Write                         bson.Raw       // the write concern, nil if none
}

// A session remembers the last retryable write of a driver's session.
type session struct {
	mu    sync.Mutex // held while the write is done
	txn   int64
	reply bson.Raw // nil until it is known
}

// ReplicaSet starts replicas before the stand-in at uri, for the time of the
// test. It skips the test on a real server, which needs no disguise.
func ReplicaSet(tb testing.TB, uri string) *Replicas {
	tb.Helper()
	if Real() {
		tb.Skip("the replica set of the tests is made of the stand-in alone")
	}
	a, err := parseAddress(uri)
	if err != nil {
		tb.Fatal(err)
	}
	r := &Replicas{
		Proxy:    newProxy(tb, uri),
		start:    bson.Timestamp{T: uint32(time.Now().Unix()), I: 1},
		sessions: map[string]*session{},
		streams:  map[int64]*stream{},
		changed:  make(chan struct{}),
	}
	r.now = r.start
	a.hosts = []string{r.address()}
	a.set("directConnection", "")
	a.set("compressors", "")
	a.set("replicaSet", setName)
	r.uri = a.String()
	r.exchange = r.reply
	r.Proxy.start()
	return r
}

func (r *Replicas) address() string {
	return r.listener.Addr().String()
}

// StepDown leaves the set without a primary: hello says so, and everything else
// is answered NotWritablePrimary. Connections are kept.
func (r *Replicas) StepDown() { r.step(true) }

// StepUp gives the set its primary back.
func (r *Replicas) StepUp() { r.step(false) }

func (r *Replicas) step(down bool) {
	r.turn.Lock() // no write is left half done, or done later
	defer r.turn.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
	r.announce()
}

// Concerns are those of all commands that had any, in the order they came.
func (r *Replicas) Concerns() []Concern {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.concerns)
}

// reply is the exchange of the proxy.
func (r *Replicas) reply(l *link, c *Command) (message, error) {
	answer, err := r.answerTo(l, c)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	now := r.now
	r.mu.Unlock()
	answer, err = with(answer, bson.D{
		{Key: "operationTime", Value: now},
		{Key: "$clusterTime", Value: bson.D{
			{Key: "clusterTime", Value: now},
			{Key: "signature", Value: bson.D{
				{Key: "hash", Value: bson.Binary{Data: make([]byte, 20)}},
				{Key: "keyId", Value: int64(0)},
			}},
		}},
	})
	if err != nil || c.silent() {
		return nil, err
	}
	return newReply(c.request, answer), nil
}

// answerTo is the reply to a command but for the time.
func (r *Replicas) answerTo(l *link, c *Command) (bson.Raw, error) {
	if c.Monitoring {
		return r.hello(l, c)
	}
	if refusal := r.refuse(c); refusal != nil {
		return bson.Marshal(refusal)
	}
	r.note(c)
	switch c.Name {
	case "endSessions":
		return bson.Marshal(bson.D{{Key: "ok", Value: 1.0}})
	case "aggregate":
		if options, stages, ok := changeStream(c); ok {
			return r.open(c, options, stages)
		}
	case "getMore":
		if id, ok := streamOf(c); ok {
			return r.more(l, c, id)
		}
	case "killCursors":
		if killed := r.kill(c); killed != nil {
			return bson.Marshal(killed)
		}
	}
	if number, ok := c.Body.Lookup("txnNumber").AsInt64OK(); ok {
		return r.once(l, c, number)
	}
	return r.run(l, c)
}

// hello is what the stand-in says of itself, and what a member of a replica set
// does. It has no topologyVersion, so a driver asks again and again.
func (r *Replicas) hello(l *link, c *Command) (bson.Raw, error) {
	answer, err := r.ask(l, c)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	primary := !r.down
	r.mu.Unlock()
	first := "isWritablePrimary"
	if c.Name != "hello" {
		first = "ismaster"
	}
	fields := bson.D{
		{Key: first, Value: primary},
		{Key: "secondary", Value: !primary},
		{Key: "setName", Value: setName},
		{Key: "setVersion", Value: int32(1)},
		{Key: "hosts", Value: bson.A{r.address()}},
		{Key: "me", Value: r.address()},
		{Key: "logicalSessionTimeoutMinutes", Value: int32(30)},
		{Key: "maxWireVersion", Value: int32(21)},
	}
	if primary {
		fields = append(fields, bson.E{Key: "primary", Value: r.address()})
	}
	return with(answer, fields)
}

// refuse is the answer of a member that is no primary, nil if it is one.
func (r *Replicas) refuse(c *Command) bson.D {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.refusal(c)
}

// refusal is refuse for those that hold mu.
func (r *Replicas) refusal(c *Command) bson.D {
	if !r.down {
		return nil
	}
	var labels []string
	if _, err := c.Body.LookupErr("txnNumber"); err == nil {
		labels = append(labels, "RetryableWriteError")
	}
	if _, ok := streamOf(c); ok {
		labels = append(labels, "ResumableChangeStreamError")
	}
	return failure(10107, "NotWritablePrimary", labels...)
}

// note keeps the concerns of a command.
func (r *Replicas) note(c *Command) {
	concern := Concern{Command: c.Name, Database: c.Database, Collection: c.Collection}
	concern.Write, _ = c.Body.Lookup("writeConcern").DocumentOK()
	read, ok := c.Body.Lookup("readConcern").DocumentOK()
	if !ok && concern.Write == nil {
		return
	}
	if ok {
		concern.Level, _ = read.Lookup("level").StringValueOK()
		concern.After.T, concern.After.I, _ = read.Lookup("afterClusterTime").TimestampOK()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.concerns = append(r.concerns, concern)
}

// once runs a retryable write, or repeats what it was answered.
func (r *Replicas) once(l *link, c *Command, number int64) (bson.Raw, error) {
	id, ok := c.Body.Lookup("lsid").DocumentOK()
	if !ok {
		return bson.Marshal(failure(72, "InvalidOptions"))
	}
	r.mu.Lock()
	s := r.sessions[string(id)]
	if s == nil {
		s = &session{txn: math.MinInt64}
		r.sessions[string(id)] = s
	}
	r.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case number < s.txn:
		return bson.Marshal(failure(225, "TransactionTooOld"))
	case number == s.txn && s.reply != nil:
		return s.reply, nil
	}
	s.txn, s.reply = number, nil
	answer, err := r.run(l, c)
	if err == nil && succeeded(answer) {
		s.reply = answer
	}
	return answer, err
}

func succeeded(answer bson.Raw) bool {
	ok, _ := answer.Lookup("ok").AsFloat64OK()
	return ok == 1
}

// run has the stand-in run a command.
func (r *Replicas) run(l *link, c *Command) (bson.Raw, error) {
	switch c.Name {
	case "find", "aggregate", "count", "distinct", "getMore", "ping", "listCollections", "listDatabases", "listIndexes":
		return r.ask(l, c)
	}
	r.turn.Lock()
	defer r.turn.Unlock()
	if refusal := r.refuse(c); refusal != nil {
		return bson.Marshal(refusal)
	}
	answer, err := r.ask(l, c)
	if err != nil || !succeeded(answer) {
		return answer, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Name == "insert" {
		err = r.record(c, answer)
	}
	r.tick()
	return answer, err
}

// tick moves the time on.
func (r *Replicas) tick() bson.Timestamp {
	if t := uint32(time.Now().Unix()); t > r.now.T {
		r.now = bson.Timestamp{T: t}
	}
	r.now.I++
	return r.now
}

// announce wakes the streams that wait.
func (r *Replicas) announce() {
	close(r.changed)
	r.changed = make(chan struct{})
}

// ask has the stand-in answer a command, without what only a replica set
// understands.
func (r *Replicas) ask(l *link, c *Command) (bson.Raw, error) {
	request := c.request
	if request.kind() == opMsg {
		body, err := without(c.Body, "lsid", "txnNumber", "$clusterTime", "readConcern", "writeConcern")
		if err != nil {
			return nil, err
		}
		request = newRequest(request, body, c.sequences)
	}
	if _, err := l.server.Write(request); err != nil {
		return nil, fmt.Errorf("forward %s: %w", c.Name, err)
	}
	reply, err := readMessage(l.replies)
	if err != nil {
		return nil, fmt.Errorf("read the reply to %s: %w", c.Name, err)
	}
	return reply.document()
}
