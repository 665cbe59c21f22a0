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

//go:generate go run ./tools/gqlgen

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"depeche/graph"
	"depeche/internal/auth"
	"depeche/internal/cache"
	"depeche/internal/command"
	"depeche/internal/config"
	"depeche/internal/demo"
	"depeche/internal/desk"
	"depeche/internal/live"
	"depeche/internal/news"
	"depeche/internal/playground"
	"depeche/internal/store"
	"depeche/internal/text"
	"depeche/internal/transport"
	"depeche/internal/web"
	"depeche/internal/webhook"
)

// finishWithin is how long requests have to finish when the server ends, beside
// the time over which open connections are ended.
const finishWithin = 10 * time.Second

// revalidateWithin is how long at most caches on the way may give an answer again
// while they ask for a newer one.
const revalidateWithin = 10 * time.Second

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
	if cfg.TLSCert != "" { // nobody is to be told of a server that can't serve
		if _, err := tls.LoadX509KeyPair(cfg.TLSCert, cfg.TLSKey); err != nil {
			return fmt.Errorf("read the certificate %s and its key %s: %w", cfg.TLSCert, cfg.TLSKey, err)
		}
	}
	var own []fs.FS
	if cfg.Reader {
		own = append(own, web.Operations())
	}
	operations, err := graph.LoadOperations(cfg.Operations, own...)
	if err != nil {
		return err
	}
	if cfg.Operations != "" {
		logger.Info("operations are registered", "op", "serve", "documents", operations.Len())
	}
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

	answers := cache.New(cacheOptions(cfg))
	store = answers.Over(store)
	newsroom := desk.New(store, time.Now)
	if cfg.Demo {
		if err := demo.Load(ctx, newsroom, store, baseURL(cfg, listener.Addr())); err != nil {
			return err
		}
	}
	services := auth.NewServiceTokens(store, time.Now)
	verifier := &auth.Verifier{Key: key, Services: services, Skew: cfg.ClockSkew}
	if cfg.OIDC.Issuer != "" {
		if verifier.Provider, err = auth.OpenProvider(ctx, provider(cfg, logger)); err != nil {
			return err
		}
	}
	webhooks := webhook.New(store, newsroom, webhook.Options{
		Mark: graph.Mark, AllowPrivate: cfg.WebhookPrivate, Logger: logger,
	})
	follower, err := live.Follow(ctx, store, live.Options{Logger: logger, Seen: func(lines []news.Line) {
		answers.Passed(lines)
		services.Passed(lines)
		webhooks.Passed(lines)
	}})
	if err != nil {
		return err
	}
	if err := services.Load(ctx, store); err != nil {
		return err
	}
	hub := live.NewHub(follower, live.HubOptions{Mark: graph.Mark, Logger: logger})
	resolver := &graph.Resolver{
		Store: store, Desk: newsroom, Text: text.NewRenderer(),
		Zone: cfg.Zone, Now: newsroom.Now, Logger: logger, RequestID: transport.RequestID,
		Sign: key.Sign, Delivered: webhooks.Delivered,
	}
	executor := graph.NewExecutor(resolver, graph.ExecutorOptions{
		NoIntrospection: !cfg.Introspection, Operations: operations, OnlyRegistered: cfg.OnlyRegistered,
	})
	handler := transport.New(transport.Options{
		Executor:       executor,
		Subscriber:     graph.NewSubscriptions(resolver, executor, hub),
		Places:         live.NewPlaces(store, live.PlacesOptions{Logger: logger}),
		Stats:          hub.Stats(),
		Verify:         verifier.Verify,
		Ready:          func(ctx context.Context) error { _, err := store.Head(ctx); return err },
		Origins:        cfg.Origins,
		TrustedProxies: cfg.TrustedProxies,
		Limits: transport.Limits{
			Connections: cfg.MaxConnections, ConnectionsPerAddress: cfg.MaxConnectionsPerAddress,
			ExecuteWithin: cfg.ExecuteWithin, Rate: cfg.RateLimit,
		},
		Logger:               logger,
		Cache:                answers,
		MaxAge:               cfg.MaxAge,
		StaleWhileRevalidate: min(revalidateWithin, 5*cfg.MaxAge),
		StaleIfError:         cfg.StaleIfError,
		Batch:                cfg.Batch,
	})
	pages, err := pages(cfg, handler, baseURL(cfg, listener.Addr()), logger)
	if err != nil {
		return err
	}
	server := httpServer(cfg, pages, logger)

	var background sync.WaitGroup
	defer background.Wait()
	inBackground, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	background.Go(func() { _ = follower.Run(inBackground) }) // it ends with its context alone
	background.Go(func() { _ = hub.Run(inBackground) })      // likewise
	background.Go(func() { handler.Run(inBackground) })
	background.Go(func() { _ = newsroom.KeepTime(inBackground, logger) }) // likewise
	background.Go(func() { _ = webhooks.Run(inBackground, follower) })    // likewise
	if verifier.Provider != nil {
		background.Go(func() { _ = verifier.Provider.Run(inBackground) }) // likewise
	}
	if cfg.Demo {
		wire, err := demo.NewWire(newsroom, logger)
		if err != nil {
			return err
		}
		background.Go(func() { wire.Run(inBackground) })
	}
	if err := greet(stdout, cfg, baseURL(cfg, listener.Addr()), key); err != nil {
		return err
	}

	served := make(chan error, 1)
	go func() {
		if cfg.TLSCert != "" {
			served <- server.ServeTLS(listener, cfg.TLSCert, cfg.TLSKey)
			return
		}
		served <- server.Serve(listener)
	}()
	select {
	case err := <-served:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	logger.Info("draining", "op", "serve", "over", cfg.Drain)
	drained, cancel := context.WithTimeout(context.WithoutCancel(ctx), cfg.Drain+finishWithin)
	defer cancel()
	// The listener stays open meanwhile: stock clients give up for good when they
	// can't connect, but come back later when they are told to.
	err = errors.Join(handler.Drain(drained, cfg.Drain), server.Shutdown(drained))
	if errors.Is(err, context.DeadlineExceeded) {
		logger.Warn("clients that did not finish in time are cut off", "op", "serve", "error", err)
		return server.Close()
	}
	return err
}

func provider(cfg config.Config, logger *slog.Logger) auth.ProviderOptions {
	o := cfg.OIDC
	return auth.ProviderOptions{
		Issuer: o.Issuer, Audience: o.Audience, JWKS: o.JWKS, Algorithm: o.Algorithm,
		RoleClaim: o.RoleClaim, RolePrefix: o.RolePrefix, NameClaim: o.NameClaim, Logger: logger,
	}
}

func cacheOptions(cfg config.Config) cache.Options {
	o := cache.Options{Bytes: cfg.CacheSize, Lifetime: cfg.CacheLifetime, StaleFor: cfg.StaleIfError}
	if cfg.CacheSize == 0 {
		o.Bytes = -1
	}
	return o
}

// pages puts what people look at before the API.
func pages(cfg config.Config, api http.Handler, base string, logger *slog.Logger) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/", api)
	try := playground.Handler(transport.PathGraphQL)
	mux.Handle(playground.Path, try)
	mux.Handle(playground.Path+"/", try)
	if !cfg.Reader {
		mux.Handle("GET /{$}", http.RedirectHandler(playground.Path, http.StatusFound))
		return mux, nil
	}
	options := web.Options{
		API: mux, Zone: cfg.Zone, Now: time.Now, Name: cfg.SiteName,
		PublicURL: cfg.PublicURL, ImageSources: cfg.ImageSources, Logger: logger,
	}
	if cfg.Demo {
		options.Pictures, options.PicturesAt = demo.Pictures(), base
	}
	return web.New(options)
}

func httpServer(cfg config.Config, handler http.Handler, logger *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true) // where there is TLS
	protocols.SetUnencryptedHTTP2(cfg.H2C)
	server := &http.Server{
		Handler:           handler,
		Protocols:         protocols,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelWarn),
	}
	new(transport.Silent).Watch(server)
	return server
}

// baseURL is where the server is found, without a slash at its end.
func baseURL(cfg config.Config, address net.Addr) string {
	if cfg.PublicURL != "" {
		return cfg.PublicURL
	}
	scheme, host := "http", address.String()
	if cfg.TLSCert != "" {
		scheme = "https"
	}
	if a, err := netip.ParseAddrPort(host); err == nil && a.Addr().IsUnspecified() {
		host = fmt.Sprintf("localhost:%d", a.Port())
	}
	return scheme + "://" + host
}

// greet says where everything is.
func greet(w io.Writer, cfg config.Config, base string, key *auth.Key) error {
	text := fmt.Sprintf("API:        %s%s\nplayground: %s%s\n", base, transport.PathGraphQL, base, playground.Path)
	if cfg.Reader {
		text = fmt.Sprintf("newspaper:  %s/\n", base) + text
	}
	if cfg.Demo {
		token, err := key.Sign(news.Actor{Name: "demo-admin", Role: news.Admin, Expires: time.Now().Add(24 * time.Hour)})
		if err != nil {
			return err
		}
		text += fmt.Sprintf("The newsroom is made up and gone when the server ends. To write in it, send the header\nAuthorization: Bearer and this\nadmin token: %s\n", token)
	} else {
		text += fmt.Sprintf("data:       %s\nTo write, make a token: depeche token --role editor --name YOU --for 8h\n", cfg.Shown())
	}
	_, err := io.WriteString(w, text)
	return err
}
