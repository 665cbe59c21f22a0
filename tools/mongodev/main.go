// Mongodev is a stand-in for MongoDB on the loopback interface, for tests and
// for trying depeche where there is no MongoDB:
//
//	go run -C tools/mongodev . [--listen 127.0.0.1:0] [--data FOLDER] [--until-stdin-ends]
//
// It prints one line with its URI when it answers, and errors to standard
// error. Its data is in a temporary folder that goes with it, or stays in
// FOLDER. It ends on SIGINT, on SIGTERM and, with --until-stdin-ends, when its
// standard input ends: a test that holds the other end of that pipe can't be
// outlived, however it dies. (A stand-in that is killed leaves its temporary
// folder.)
//
// Inside is FerretDB 1.24 over SQLite. It speaks MongoDB's wire protocol, and
// what it can do it does like MongoDB, but it is one server alone: no replica
// set, no change streams, no transactions, no sessions to speak of. It has no
// validators, it reads all documents of a collection for each query, whatever
// the indexes (about 35 ms per 1000 documents), and a bulk write ends at its
// first error even when it is unordered.
//
// FerretDB takes two updates of one document apart into reads and writes that
// cross; MongoDB never does. So all commands come in by a [door] that lets one
// in at a time. One that takes long makes all others wait: awaitData cursors,
// for one, are better left alone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "mongodev:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends or, when that is asked for, stdin does.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	flags := flag.NewFlagSet("mongodev", flag.ContinueOnError)
	flags.SetOutput(stderr)
	listen := flags.String("listen", "127.0.0.1:0", "listen on `ADDRESS`, a loopback address; port 0 is a free one")
	data := flags.String("data", "", "keep the data in `FOLDER`")
	untilStdinEnds := flags.Bool("until-stdin-ends", false, "end when the standard input does")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if *untilStdinEnds {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}

	address, err := netip.ParseAddrPort(*listen)
	if err != nil {
		return fmt.Errorf("read --listen: %w", err)
	}
	if !address.Addr().IsLoopback() {
		return fmt.Errorf("%s is not a loopback address", address.Addr())
	}
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(address))
	if err != nil {
		return err
	}
	defer listener.Close()

	temp, err := os.MkdirTemp("", "mongodev-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	if *data == "" {
		*data = filepath.Join(temp, "data")
	}
	if err := os.MkdirAll(*data, 0o700); err != nil {
		return fmt.Errorf("make the folder of the data: %w", err)
	}
	socket := filepath.Join(temp, "socket")
	stop, err := startEngine(socket, *data, stderr)
	if err != nil {
		return err
	}
	defer stop()

	d := openDoor(listener, func() (net.Conn, error) { return net.Dial("unix", socket) })
	defer d.close()
	uri := "mongodb://" + listener.Addr().String() + "/"
	switch err := ping(ctx, uri); {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		return fmt.Errorf("wait for the first answer: %w", err)
	}
	fmt.Fprintln(stdout, uri)
	<-ctx.Done()
	return nil
}

// startEngine starts FerretDB on a socket, with its data in a folder. stop ends
// it; a connection that is still open delays that by 3 seconds.
func startEngine(socket, data string, stderr io.Writer) (stop func(), err error) {
	folder, err := filepath.Abs(data)
	if err != nil {
		return nil, err
	}
	source := url.URL{
		Scheme: "file",
		Opaque: (&url.URL{Path: filepath.ToSlash(folder) + "/"}).EscapedPath(),
		// What a crash of the machine loses is no loss to tests, and whoever
		// tries things keeps what a crash of this program leaves.
		RawQuery: url.Values{"_pragma": {"synchronous(off)"}}.Encode(),
	}
	engine, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Handler:   "sqlite",
		SQLiteURL: source.String(),
		Logger:    slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return nil, fmt.Errorf("start FerretDB: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = engine.Run(ctx) // always nil
	}()
	return func() {
		cancel()
		<-done
	}, nil
}

func ping(ctx context.Context, uri string) error {
	client, err := mongo.Connect(options.Client().ApplyURI(uri))
	if err != nil {
		return err
	}
	return errors.Join(client.Ping(ctx, nil), client.Disconnect(ctx))
}
