package mongo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"depeche/internal/news"
)

// connectWithin is how long a connection may take to be made, and to be ended,
// where the URI says nothing else (connectTimeoutMS).
const connectWithin = 3 * time.Second

// format is the format of the documents, as docs/mongodb.md describes them. Format
// 2 has the documents of format 1; it tells that the newsroom may have states, and
// kinds, that a depeche of format 1 does not know: it would show a story that is
// under embargo.
const format = 2

// Open opens the store in the database that o names, and makes one where there
// is none. It fails when the server can't be reached within about 15 s (or what
// serverSelectionTimeoutMS of the URI says), when the database is of another
// application or of a newer depeche, and when the newest lines of the log are
// damaged. What processes that died have left unprojected is mended.
func Open(ctx context.Context, o Options) (*Store, error) {
	clientOptions, database, err := parse(o.URI)
	if err != nil {
		return nil, fmt.Errorf("open the MongoDB store: %w", err)
	}
	s, err := open(ctx, o, clientOptions, database)
	if err != nil {
		return nil, fmt.Errorf("open the MongoDB store %s: %w", database, err)
	}
	return s, nil
}

func open(ctx context.Context, o Options, c *options.ClientOptions, database string) (_ *Store, err error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	s := &Store{
		readOnly: o.ReadOnly, poll: o.Poll, logger: o.Logger, contact: newContact(),
		nudge: make(chan struct{}, 1), closed: make(chan struct{}),
	}
	s.end = sync.OnceValue(s.close)
	if s.client, err = driver.Connect(s.configure(c)); err != nil {
		return nil, errors.New(scrub(err.Error(), o.URI))
	}
	background, stop := context.WithCancel(context.Background())
	s.stop = stop
	defer func() {
		if err != nil {
			_ = s.Close() // err says why
		}
	}()
	if s.server, err = greet(ctx, s.client); err != nil {
		return nil, err
	}
	s.db = s.client.Database(database, s.server.concerns())
	if err := s.prepare(ctx, o.Epoch); err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		if err := s.furnish(ctx); err != nil {
			return nil, err
		}
	}
	soon, cancel := patiently(ctx)
	defer cancel()
	if err := s.causally(soon, s.recover); err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		s.writer = startWriter(s)
	}
	s.background.Go(func() { s.follow(background) })
	if s.server.streams {
		s.background.Go(func() { s.stream(background) })
	}
	level := slog.LevelInfo
	if o.ReadOnly {
		level = slog.LevelDebug
	}
	s.logger.Log(ctx, level, "the MongoDB store is open", "op", "open", "database", database,
		"server", s.server.kind, "stream", s.server.streams, "line", int64(s.tail.end().seq))
	return s, nil
}

// configure adds to the URI's options what is depeche's to say, and what is
// good for it where the URI says nothing.
func (s *Store) configure(o *options.ClientOptions) *options.ClientOptions {
	if o.AppName == nil {
		o.SetAppName("depeche")
	}
	if o.ConnectTimeout == nil {
		o.SetConnectTimeout(connectWithin)
	}
	if o.ServerSelectionTimeout == nil {
		o.SetServerSelectionTimeout(patience)
	}
	o.Timeout = nil     // a change stream would end with it; calls have their own
	o.ReadConcern = nil // see concerns
	o.SetReadPreference(readpref.Primary())
	o.SetWriteConcern(writeconcern.Majority())
	o.SetServerMonitor(s.contact.monitor())
	if m := monitor(s.logger); m != nil {
		o.SetMonitor(m)
	}
	return o
}

// prepare reads the epoch of the log, and enters one where there is none.
func (s *Store) prepare(ctx context.Context, epoch news.Epoch) error {
	ctx, cancel := patiently(ctx)
	defer cancel()
	if !s.readOnly {
		if err := s.establish(ctx, epoch); err != nil {
			return err
		}
	}
	meta, err := s.readMeta(ctx)
	switch {
	case errors.Is(err, driver.ErrNoDocuments):
		return errors.New("there is no store yet")
	case err != nil:
		return fmt.Errorf("read the epoch: %w", err)
	case meta.Format > format:
		return fmt.Errorf("it was written by a newer depeche: it has format %d, this one knows formats up to %d", meta.Format, format)
	case meta.Format < 1 || meta.Epoch == "":
		return fmt.Errorf("%w: the document log of the collection meta has lost its epoch or format", errDamaged)
	case epoch != "" && meta.Epoch != epoch:
		return fmt.Errorf("it holds another newsroom: its epoch is %s, not %s", meta.Epoch, epoch)
	}
	s.epoch = meta.Epoch
	if s.readOnly || meta.Format == format {
		return nil
	}
	if err := s.raise(ctx); err != nil {
		return fmt.Errorf("raise the format: %w", err)
	}
	return nil
}

// raise keeps a depeche that knows an earlier format only from opening the store
// from now on.
func (s *Store) raise(ctx context.Context) error {
	earlier := bson.D{{Key: "_id", Value: "log"}, {Key: "format", Value: bson.D{{Key: "$lt", Value: format}}}}
	_, err := s.meta().UpdateOne(ctx, earlier, bson.D{{Key: "$set", Value: bson.D{{Key: "format", Value: format}}}})
	return err
}

// A metaDocument is the one that describes the log.
type metaDocument struct {
	Epoch  news.Epoch `bson:"epoch"`
	Format int        `bson:"format"`
}

// readMeta reads it. One that another process has just entered may not be seen
// by a majority yet, so who has seen to it that there is one waits for it.
func (s *Store) readMeta(ctx context.Context) (meta metaDocument, err error) {
	for {
		err = s.meta().FindOne(ctx, bson.D{{Key: "_id", Value: "log"}}).Decode(&meta)
		if s.readOnly || !errors.Is(err, driver.ErrNoDocuments) {
			return meta, err
		}
		select {
		case <-ctx.Done():
			return meta, err
		case <-time.After(maxPause):
		}
	}
}

// establish enters the epoch where there is none. The first of several processes
// decides.
func (s *Store) establish(ctx context.Context, epoch news.Epoch) error {
	err := s.meta().FindOne(ctx, bson.D{{Key: "_id", Value: "log"}}).Err()
	if !errors.Is(err, driver.ErrNoDocuments) {
		return err
	}
	for _, name := range collections() {
		err := s.db.Collection(name).FindOne(ctx, bson.D{}).Err()
		if err == nil {
			return fmt.Errorf("the database is another application's, or has lost its epoch: "+
				"there are documents in the collection %s, and none with the _id log in the collection meta", name)
		}
		if !errors.Is(err, driver.ErrNoDocuments) {
			return err
		}
	}
	if epoch == "" {
		epoch = news.Epoch(rand.Text())
	}
	_, err = s.meta().InsertOne(ctx, bson.D{
		{Key: "_id", Value: "log"}, {Key: "epoch", Value: string(epoch)}, {Key: "format", Value: format},
	})
	if driver.IsDuplicateKeyError(err) {
		return nil
	}
	return err
}

// recover reads the newest lines and mends what is missing of their projection.
func (s *Store) recover(ctx context.Context) error {
	head, err := s.newest(ctx)
	if err != nil {
		return fmt.Errorf("read the newest line: %w", err)
	}
	begin := max(head-trusted, 0)
	s.counts = newCounts(begin)
	s.tail = newTail(begin, func(added []*link) {
		s.counts.apply(added)
		s.watchers.Wake()
	})
	if err := s.catchUp(ctx); err != nil {
		return fmt.Errorf("read the newest lines: %w", err)
	}
	if s.readOnly {
		return nil
	}
	err = s.mend(ctx, time.Now().Add(2*overdueAfter))
	if err != nil && !isTransient(err) {
		// One entity that can't be written must not keep the others from being
		// read, which take it from the log.
		s.logger.ErrorContext(ctx, "lines of the log can't be projected", "op", "open", "error", err)
		return nil
	}
	return err
}

// newest is the number of the newest line.
func (s *Store) newest(ctx context.Context) (news.Seq, error) {
	var line struct {
		Seq int64 `bson:"_id"`
	}
	err := s.log().FindOne(ctx, bson.D{}, options.FindOne().
		SetSort(bson.D{{Key: "_id", Value: -1}}).SetProjection(bson.D{{Key: "_id", Value: 1}})).Decode(&line)
	if errors.Is(err, driver.ErrNoDocuments) {
		return 0, nil
	}
	return news.Seq(line.Seq), err
}

// A server is what the other side can do.
type server struct {
	kind     string
	sessions bool // it knows an order of operations across servers
	streams  bool // it has change streams
}

// concerns are the guarantees that are asked for: where there are several
// servers, nothing is read that a fail-over could take back.
func (s server) concerns() *options.DatabaseOptionsBuilder {
	o := options.Database()
	if s.sessions {
		o.SetReadConcern(readconcern.Majority())
	}
	return o
}

// oldestWire is the wire protocol of MongoDB 5.0.
const oldestWire = 13

// greet asks the server what it is.
func greet(ctx context.Context, client *driver.Client) (server, error) {
	var hello struct {
		SetName string `bson:"setName"`
		Msg     string `bson:"msg"`
		Wire    int    `bson:"maxWireVersion"`
		Primary bool   `bson:"isWritablePrimary"`
	}
	if err := client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&hello); err != nil {
		return server{}, err
	}
	switch {
	case hello.Wire < oldestWire:
		return server{}, fmt.Errorf("the server is too old: its wire version is %d, and MongoDB 5.0 has %d", hello.Wire, oldestWire)
	case !hello.Primary:
		return server{}, errors.New("the server is no primary: leave directConnection out of the URI, and name the set (replicaSet)")
	case hello.SetName != "":
		return server{"replica set " + hello.SetName, true, true}, nil
	case hello.Msg == "isdbgrid":
		return server{"sharded cluster", true, true}, nil
	}
	return server{kind: "standalone server"}, nil
}
