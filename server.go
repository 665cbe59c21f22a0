// Depeche is a GraphQL news backend: stories, tags, a live ticker and live
// coverages, read by GraphQL queries and followed by GraphQL subscriptions.
//
// Usage:
//
//	depeche [serve] [flags]    serve the newsroom
//	depeche import ...         read news in
//	depeche export             write the newsroom out
//	depeche migrate ...        move the newsroom into another store
//	depeche token ...          make a token for somebody of the newsroom
//	depeche help [COMMAND]     explain a command
//
// depeche --help explains every flag and variable.
package main

//go:generate go tool gqlgen generate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"depeche/graph"
	"depeche/internal/auth"
	"depeche/internal/command"
	"depeche/internal/config"
	"depeche/internal/demo"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/store"
	"depeche/internal/text"
	"depeche/internal/transport"
)

// drainWithin is how long clients have to finish when the server ends.
const drainWithin = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(command.Main(ctx, command.Env{
		Environ: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
	}, os.Args[1:], serve))
}

// serve runs a server until ctx ends.
func serve(ctx context.Context, cfg config.Config, stdout, stderr io.Writer) (err error) {
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: cfg.LogLevel}))
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return err // it names the address
	}
	defer listener.Close()
	if cfg.Demo {
		if cfg.Data, err = os.MkdirTemp("", "depeche-demo-"); err != nil {
			return fmt.Errorf("make a folder for the demo: %w", err)
		}
		defer os.RemoveAll(cfg.Data)
	}

	key, err := auth.OpenKey(cfg.Data, cfg.TokenSecret, time.Now)
	if err != nil {
		return err
	}
	if cfg.MongoDB != "" && cfg.TokenSecret == "" {
		logger.Info("the token secret is this node's own: where there are several, name one with --token-secret", "op", "serve")
	}
	store, err := store.Open(ctx, store.Options{At: cfg.Store(), Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	newsroom := desk.New(store, time.Now)
	if cfg.Demo {
		if err := demo.Load(ctx, newsroom, store); err != nil {
			return err
		}
	}
	follower, err := live.Follow(ctx, store, live.Options{Logger: logger})
	if err != nil {
		return err
	}
	handler := transport.New(transport.Options{
		Executor: graph.NewExecutor(&graph.Resolver{
			Store: store, Desk: newsroom, Live: follower, Text: text.NewRenderer(),
			Zone: cfg.Zone, Now: newsroom.Now, Logger: logger, RequestID: transport.RequestID,
		}),
		Verify:  key.Verify,
		Ready:   func(ctx context.Context) error { _, err := store.Head(ctx); return err },
		Origins: cfg.Origins,
		Logger:  logger,
	})
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}

	var background sync.WaitGroup
	defer background.Wait()
	inBackground, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	background.Go(func() { _ = follower.Run(inBackground) }) // it ends with its context alone
	if cfg.Demo {
		wire, err := demo.NewWire(newsroom, logger)
		if err != nil {
			return err
		}
		background.Go(func() { wire.Run(inBackground) })
	}
	if err := greet(stdout, cfg, listener.Addr(), key); err != nil {
		return err
	}

	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	logger.Info("draining", "op", "serve")
	drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainWithin)
	defer cancel()
	// Side by side: the listener closes at once, and neither waits for the other.
	shut := make(chan error, 1)
	go func() { shut <- server.Shutdown(drained) }()
	err = errors.Join(handler.Drain(drained), <-shut)
	if errors.Is(err, context.DeadlineExceeded) {
		logger.Warn("clients that did not finish in time are cut off", "op", "serve")
		return server.Close()
	}
	return err
}

// greet says where everything is.
func greet(w io.Writer, cfg config.Config, address net.Addr, key *auth.Key) error {
	base := "http://" + address.String()
	text := fmt.Sprintf("API:        %s%s\nplayground: %s%s\n", base, transport.PathGraphQL, base, transport.PathPlayground)
	if cfg.Demo {
		token, err := key.Sign(news.Actor{Name: "demo-editor", Role: news.Editor, Expires: time.Now().Add(24 * time.Hour)})
		if err != nil {
			return err
		}
		text += fmt.Sprintf("The newsroom is made up and gone when the server ends. To write in it, send the header\nAuthorization: Bearer and this\neditor token: %s\n", token)
	} else {
		text += fmt.Sprintf("data:       %s\nTo write, make a token: depeche token --role editor --name YOU --for 8h\n", cfg.Shown())
	}
	_, err := io.WriteString(w, text)
	return err
}
