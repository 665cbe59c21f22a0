package graph

import (
	"context"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql/handler/transport"

	"depeche/graph/scalar"
	"depeche/internal/live"
	"depeche/internal/news"
)

// follow answers a subscription: what is wanted of the log after a cursor, made
// into events. The goroutine that it starts ends with ctx.
func follow[T any](ctx context.Context, r *Resolver, after *scalar.Cursor, wanted func(news.Line) bool, event func(scalar.Cursor, live.Event) T) (<-chan T, error) {
	from, err := scalar.LogCursor("after", after)
	if err != nil {
		return nil, err
	}
	reader, err := r.Live.Read(ctx, from)
	if err != nil {
		return nil, err
	}
	events := make(chan T)
	go func() {
		defer close(events)
		defer func() {
			if v := recover(); v != nil {
				transport.AddSubscriptionError(ctx, r.present(ctx, r.recovered(ctx, v)))
			}
		}()
		err := reader.Each(ctx, wanted, func(e live.Event) error {
			select {
			case events <- event(scalar.OfLog(r.Live.Cursor(e.Seq)), e):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if !errors.Is(err, ctx.Err()) {
			transport.AddSubscriptionError(ctx, r.present(ctx, err))
		}
	}()
	return events, nil
}

// selected wants the lines that concern one of some selections.
func selected(selections ...news.Selection) func(news.Line) bool {
	return func(line news.Line) bool {
		for _, s := range selections {
			if line.Concerns(s) {
				return true
			}
		}
		return false
	}
}

// followedStory finds the story of a subscription. A reader who resumes may have
// missed that it was taken down, and has to be told so; anybody else can only
// follow what is public.
func (r *Resolver) followedStory(ctx context.Context, slug string, resuming bool) (news.EntityID, error) {
	found, err := r.Store.StoriesBySlug(ctx, news.Audience{Staff: true}, []string{slug})
	if err != nil {
		return "", err
	}
	s := found[slug]
	if s == nil {
		return "", notFound("story", slug)
	}
	known := s.Status == news.StoryPublished
	if !known && resuming && !s.PublishedAt.IsZero() {
		if known, err = r.wasPublicAs(ctx, s, slug); err != nil {
			return "", err
		}
	}
	if !known {
		return "", notFound("story", slug)
	}
	return news.EntityID(s.ID), nil
}

// wasPublicAs tells whether the slug of a story that has been taken down is one
// that it was taken down with, and not one that it has been given since.
func (r *Resolver) wasPublicAs(ctx context.Context, s *news.Story, slug string) (bool, error) {
	for version := s.Version; version > 0; version-- {
		line, err := r.Store.Version(ctx, news.EntityID(s.ID), version)
		if err != nil {
			return false, err
		}
		if line.Op == news.OpUnpublished {
			return slices.Contains(line.Doc.Slugs(), slug), nil
		}
	}
	return false, nil
}
