// Goclient prints the front page of a depeche newsroom and then follows its ticker, until
// it is interrupted. It shows how a Go program reads, pages and follows: copy what you
// need.
//
//	go run . -api http://127.0.0.1:8080/graphql
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
)

//go:generate go tool genqlient

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := Run(ctx, os.Args[1:], os.Stdout)
	if err != nil && ctx.Err() == nil {
		slog.Error("goclient ends", "error", err, "code", CodeOf(err))
		stop()
		os.Exit(1)
	}
}

// Run is the program; it writes to out. It ends with an error, if only that of ctx,
// unless it was asked for all stories or for help.
func Run(ctx context.Context, args []string, out io.Writer) error {
	var n Newsroom
	flags := flag.NewFlagSet("goclient", flag.ContinueOnError)
	flags.StringVar(&n.API, "api", "http://127.0.0.1:8080/graphql", "the `address` of the API")
	flags.StringVar(&n.Token, "token", "", "who asks; readers need none")
	language := flags.String("language", "", "only stories in this one, such as fr")
	all := flags.Bool("all", false, "list all stories, and end")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case *all:
		return listStories(ctx, out, &n, *language)
	}
	return followNews(ctx, out, &n, *language)
}

// listStories prints all stories.
func listStories(ctx context.Context, out io.Writer, n *Newsroom, language string) error {
	for story, err := range Stories(ctx, n, language) {
		if err != nil {
			return fmt.Errorf("list the stories: %w", err)
		}
		fmt.Fprintln(out, story.PublishedAt.Local().Format("2006-01-02 15:04"), story.Title)
	}
	return nil
}

// followNews prints the front page, and then what happens on the ticker. A place that is
// lost, as after a long sleep, is found again with a new page.
func followNews(ctx context.Context, out io.Writer, n *Newsroom, language string) error {
	ticker := NewTicker(out)
	for first := true; ; first = false {
		page, err := FrontPage(ctx, n, language, 5, 20)
		if err != nil {
			return fmt.Errorf("read the front page: %w", err)
		}
		if first {
			for _, story := range page.Stories.Nodes {
				fmt.Fprintf(out, "%s\n  %s\n", story.Title, story.Summary)
			}
		}
		for _, line := range slices.Backward(page.Ticker.Nodes) { // the newest is shown last
			ticker.Apply(EventKindPublished, line)
		}
		err = followTicker(ctx, n, ticker, page.Ticker.LiveCursor)
		var lost *CursorError
		if !errors.As(err, &lost) {
			return err
		}
	}
}

// followTicker shows what happens on the ticker behind a place.
func followTicker(ctx context.Context, n *Newsroom, ticker *Ticker, after string) error {
	for change, err := range n.FollowTicker(ctx, after) {
		if err != nil {
			return err
		}
		ticker.Apply(change.Kind, change.Entry)
	}
	return nil
}
