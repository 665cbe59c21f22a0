package mongotest

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

const (
	// firstStream is above the cursors that the stand-in counts up.
	firstStream = int64(1) << 62

	defaultAwait  = time.Second // of MongoDB
	maxBatchBytes = 16 << 20
)

// An event is what change streams tell about an insert.
type event struct {
	at                   bson.Timestamp
	database, collection string
	document             bson.Raw
}

// A stream is a change stream that is open.
type stream struct {
	database, collection string // collection is "" for all
	stages               []stage
	after                bson.Timestamp // events up to it have been given
	end                  *bson.Timestamp
}

// FailStreams answers the change streams that are open, and those that are
// opened from now on, that code went wrong, until [Replicas.MendStreams]. Such
// are ChangeStreamHistoryLost (286, with NonResumableChangeStreamError) and
// whatever has the label ResumableChangeStreamError.
func (r *Replicas) FailStreams(code int, name string, labels ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = failure(code, name, labels...)
	r.announce()
}

// MendStreams lets change streams be opened again.
func (r *Replicas) MendStreams() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = nil
}

// Invalidate ends all change streams that are open with an invalidate event, as
// MongoDB does when the collection is dropped.
func (r *Replicas) Invalidate() {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := r.tick()
	r.invalid = append(r.invalid, at)
	for _, s := range r.streams {
		if s.end == nil {
			s.end = &at
		}
	}
	r.announce()
}

// Streams is the number of change streams that are open.
func (r *Replicas) Streams() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.streams)
}

// AwaitStreams waits until n change streams are open, for 10 s at most.
func (r *Replicas) AwaitStreams(tb testing.TB, n int) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), 10*time.Second)
	defer cancel()
	for {
		r.mu.Lock()
		open, changed := len(r.streams), r.changed
		r.mu.Unlock()
		if open == n {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			tb.Fatalf("%d change streams are open, want %d", open, n)
		}
	}
}

// record enters what an insert inserted, judged by the answer to it.
func (r *Replicas) record(c *Command, answer bson.Raw) error {
	failed := map[int64]bool{}
	if errs, ok := answer.Lookup("writeErrors").ArrayOK(); ok {
		values, err := errs.Values()
		if err != nil {
			return err
		}
		for _, v := range values {
			if d, ok := v.DocumentOK(); ok {
				failed[d.Lookup("index").AsInt64()] = true
			}
		}
	}
	n, _ := answer.Lookup("n").AsInt64OK()
	for i, d := range c.Documents {
		if n == 0 {
			break
		}
		if failed[int64(i)] {
			continue
		}
		n--
		at := r.tick()
		document, err := bson.Marshal(bson.D{
			{Key: "_id", Value: token(at)},
			{Key: "operationType", Value: "insert"},
			{Key: "clusterTime", Value: at},
			{Key: "wallTime", Value: time.Now()},
			{Key: "fullDocument", Value: d},
			{Key: "ns", Value: bson.D{{Key: "db", Value: c.Database}, {Key: "coll", Value: c.Collection}}},
			{Key: "documentKey", Value: bson.D{{Key: "_id", Value: d.Lookup("_id")}}},
		})
		if err != nil {
			return err
		}
		r.events = append(r.events, event{at, c.Database, c.Collection, document})
	}
	r.announce()
	return nil
}

// token is the resume token of what happened at a time.
func token(at bson.Timestamp) bson.D {
	return bson.D{{Key: "_data", Value: fmt.Sprintf("%016X", number(at))}}
}

func parseToken(v bson.RawValue) (bson.Timestamp, bool) {
	d, ok := v.DocumentOK()
	if !ok {
		return bson.Timestamp{}, false
	}
	data, _ := d.Lookup("_data").StringValueOK()
	n, err := strconv.ParseUint(data, 16, 64)
	return timestamp(n), err == nil && len(data) == 16
}

// number and timestamp turn a time into a number of the same order, and back.
func number(t bson.Timestamp) uint64 { return uint64(t.T)<<32 | uint64(t.I) }

func timestamp(n uint64) bson.Timestamp {
	return bson.Timestamp{T: uint32(n >> 32), I: uint32(n)}
}

// changeStream parts the pipeline of an aggregate that opens a change stream.
func changeStream(c *Command) (options bson.Raw, rest []bson.RawValue, ok bool) {
	pipeline, ok := c.Body.Lookup("pipeline").ArrayOK()
	if !ok {
		return nil, nil, false
	}
	values, err := pipeline.Values()
	if err != nil || len(values) == 0 {
		return nil, nil, false
	}
	first, ok := values[0].DocumentOK()
	if !ok {
		return nil, nil, false
	}
	options, ok = first.Lookup("$changeStream").DocumentOK()
	return options, values[1:], ok
}

// open opens a change stream. Its first batch is empty.
func (r *Replicas) open(c *Command, options bson.Raw, rest []bson.RawValue) (bson.Raw, error) {
	stages, err := parseStages(rest)
	if err != nil {
		return bson.Marshal(append(failure(40324, "Location40324"), bson.E{Key: "detail", Value: err.Error()}))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing != nil {
		return bson.Marshal(r.failing)
	}
	s := &stream{database: c.Database, collection: c.Collection, stages: stages, after: r.now}
	elements, err := options.Elements()
	if err != nil {
		return nil, err
	}
	for _, e := range elements {
		ok := true
		switch e.Key() {
		case "resumeAfter":
			s.after, ok = parseToken(e.Value())
			ok = ok && !slices.Contains(r.invalid, s.after)
		case "startAfter":
			s.after, ok = parseToken(e.Value())
		case "startAtOperationTime":
			// What happened at that time is to be given, too.
			s.after.T, s.after.I, ok = e.Value().TimestampOK()
			s.after = timestamp(number(s.after) - 1)
		}
		if !ok {
			return bson.Marshal(failure(260, "InvalidResumeToken"))
		}
	}
	if s.after.Before(r.start) {
		return bson.Marshal(failure(286, "ChangeStreamHistoryLost", "NonResumableChangeStreamError"))
	}
	id := firstStream + r.opened
	r.opened++
	r.streams[id] = s
	r.announce()
	return bson.Marshal(s.answer("firstBatch", id, nil, token(s.after)))
}

// streamOf is the change stream of a getMore.
func streamOf(c *Command) (id int64, ok bool) {
	id, ok = c.Body.Lookup("getMore").AsInt64OK()
	return id, ok && id >= firstStream
}

// more answers a getMore on a change stream when there is something to tell, or
// time is up.
func (r *Replicas) more(l *link, c *Command, id int64) (bson.Raw, error) {
	await := defaultAwait
	if ms, ok := c.Body.Lookup("maxTimeMS").AsInt64OK(); ok && ms > 0 {
		await = time.Duration(ms) * time.Millisecond
	}
	limit, _ := c.Body.Lookup("batchSize").AsInt64OK()
	timer := time.NewTimer(await)
	defer timer.Stop()
	for late := false; ; {
		r.mu.Lock()
		answer, changed := r.refusal(c), r.changed
		if answer == nil {
			answer = r.batch(id, int(limit), late)
		}
		r.mu.Unlock()
		if answer != nil {
			return bson.Marshal(answer)
		}
		select {
		case <-changed:
		case <-timer.C:
			late = true
		case <-l.broken:
			// A getMore whose connection ends takes its cursor along.
			r.mu.Lock()
			r.close(id)
			r.mu.Unlock()
			return nil, errDropped
		case <-r.ended:
			return nil, errDropped
		}
	}
}

// batch is the answer to a getMore on a change stream; nil if there is nothing
// to tell and it is not late yet. A limit of 0 is none.
func (r *Replicas) batch(id int64, limit int, late bool) bson.D {
	s := r.streams[id]
	switch {
	case s == nil:
		return failure(43, "CursorNotFound")
	case r.failing != nil:
		r.close(id)
		return r.failing
	}
	var documents []bson.Raw
	size := 0
	i, found := slices.BinarySearchFunc(r.events, s.after, func(e event, at bson.Timestamp) int { return e.at.Compare(at) })
	if found {
		i++
	}
	for ; i < len(r.events) && (s.end == nil || r.events[i].at.Before(*s.end)); i++ {
		if limit > 0 && len(documents) == limit || size > maxBatchBytes {
			break
		}
		e := r.events[i]
		s.after = e.at
		if e.database != s.database || s.collection != "" && e.collection != s.collection {
			continue
		}
		if d, ok := s.pass(e.document); ok {
			documents = append(documents, d)
			size += len(d)
		}
	}
	switch {
	case i < len(r.events) && (s.end == nil || r.events[i].at.Before(*s.end)):
	case s.end != nil:
		s.after = *s.end
		d, err := bson.Marshal(bson.D{
			{Key: "_id", Value: token(*s.end)},
			{Key: "operationType", Value: "invalidate"},
			{Key: "clusterTime", Value: *s.end},
			{Key: "wallTime", Value: time.Now()},
		})
		if d, ok := s.pass(d); ok && err == nil {
			documents = append(documents, d)
		}
		r.close(id)
		id = 0
	default:
		s.after = r.now
	}
	if len(documents) == 0 && id != 0 && !late {
		return nil
	}
	return s.answer("nextBatch", id, documents, token(s.after))
}

func (s *stream) answer(batch string, id int64, documents []bson.Raw, at bson.D) bson.D {
	if documents == nil {
		documents = []bson.Raw{}
	}
	collection := s.collection
	if collection == "" {
		collection = "$cmd.aggregate"
	}
	return bson.D{
		{Key: "cursor", Value: bson.D{
			{Key: batch, Value: documents},
			{Key: "postBatchResumeToken", Value: at},
			{Key: "id", Value: id},
			{Key: "ns", Value: s.database + "." + collection},
		}},
		{Key: "ok", Value: 1.0},
	}
}

// close forgets a stream.
func (r *Replicas) close(id int64) {
	delete(r.streams, id)
	r.announce()
}

// kill closes the change streams that a killCursors names, nil if it names none.
func (r *Replicas) kill(c *Command) bson.D {
	cursors, ok := c.Body.Lookup("cursors").ArrayOK()
	if !ok {
		return nil
	}
	values, err := cursors.Values()
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	killed, missing := bson.A{}, bson.A{}
	ours := false
	for _, v := range values {
		id, _ := v.AsInt64OK()
		ours = ours || id >= firstStream
		if r.streams[id] != nil {
			killed = append(killed, id)
			r.close(id)
		} else {
			missing = append(missing, id)
		}
	}
	if !ours {
		return nil
	}
	return bson.D{
		{Key: "cursorsKilled", Value: killed},
		{Key: "cursorsNotFound", Value: missing},
		{Key: "cursorsAlive", Value: bson.A{}},
		{Key: "cursorsUnknown", Value: bson.A{}},
		{Key: "ok", Value: 1.0},
	}
}
