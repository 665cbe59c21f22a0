package graph

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"depeche/graph/scalar"
	"depeche/internal/live"
	"depeche/internal/news"
)

// A feed leads events into a subscription that runs for a group of readers. Its
// resolver says what it wants of the log; the events that it is sent then come out
// as answers.
type feed struct {
	wanted  func(news.Line) bool
	private func(news.Line) bool        // which lines of private kinds are wanted; nil: none
	reopens func(news.Line) bool        // behind which lines the resolver has to be asked anew; nil: none
	admit   func(context.Context) error // whether somebody may begin; nil: anybody may
	events  chan live.Event
}

type feedKey struct{}

var errNoFeed = errors.New("a subscription runs for a group of readers alone")

// follow answers a subscription: what is wanted of the log, made into events. The
// goroutine that it starts ends with ctx.
func follow[T any](ctx context.Context, r *Resolver, wanted func(news.Line) bool, event func(scalar.Cursor, live.Event) T) (<-chan T, error) {
	from, ok := ctx.Value(feedKey{}).(*feed)
	if !ok {
		return nil, errNoFeed
	}
	from.wanted = wanted
	out := make(chan T)
	go func() {
		defer close(out)
		defer func() {
			if v := recover(); v != nil {
				r.recovered(ctx, v) //nolint:errcheck // it has been logged, and there is no answer
			}
		}()
		for {
			select {
			case e := <-from.events:
				select {
				case out <- event(r.cursor(e.Seq), e):
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

// admitting has whoever begins to follow without a place to go on from asked for.
func admitting(ctx context.Context, admit func(context.Context) error) {
	if from, ok := ctx.Value(feedKey{}).(*feed); ok {
		from.admit = admit
	}
}

// reopening has the resolver asked anew behind the lines that reopens tells.
func reopening(ctx context.Context, reopens func(news.Line) bool) {
	if from, ok := ctx.Value(feedKey{}).(*feed); ok {
		from.reopens = reopens
	}
}

// private wants lines of private kinds.
func private(ctx context.Context, wanted func(news.Line) bool) {
	if from, ok := ctx.Value(feedKey{}).(*feed); ok {
		from.private = wanted
	}
}

// ofTags wants what wants of the tags that a filter names, which is asked for what
// they stand for at each time: tags may be merged.
func (r *Resolver) ofTags(ctx context.Context, names []string, wants func(tags []news.TagID) func(news.Line) bool) (func(news.Line) bool, error) {
	if len(names) == 0 {
		return wants(nil), nil
	}
	trace, err := live.TraceTags(ctx, r.Store, names)
	if err != nil {
		return nil, err
	}
	reopening(ctx, trace.Reopens)
	return trace.Wants(wants), nil
}

// cursor is the place of a line in the log, as clients hold it.
func (r *Resolver) cursor(seq news.Seq) scalar.Cursor {
	return scalar.OfLog(news.LogCursor{Epoch: r.Store.Epoch(), Seq: seq})
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
	known := s.Public()
	if !known && resuming {
		if known, err = r.wasPublicAs(ctx, s, slug); err != nil {
			return "", err
		}
	}
	if !known {
		return "", notFound("story", slug)
	}
	return news.EntityID(s.ID), nil
}

// wasPublicAs tells whether a story that is not public was taken down or retracted
// with the slug, and has not been given it since.
func (r *Resolver) wasPublicAs(ctx context.Context, s *news.Story, slug string) (bool, error) {
	if s.WithdrawnIn == 0 {
		return false, nil
	}
	line, err := r.Store.Version(ctx, news.EntityID(s.ID), s.WithdrawnIn)
	if err != nil {
		return false, fmt.Errorf("see as what %s was taken down: %w", s.ID, err)
	}
	return slices.Contains(line.Doc.Slugs(), slug), nil
}
