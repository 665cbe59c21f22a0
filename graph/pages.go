package graph

import (
	"depeche/graph/model"
	"depeche/graph/scalar"
	"depeche/internal/news"
)

// defaultPage is how many items a page has when nobody says.
const defaultPage = 20

// window reads the paging arguments that every list has. Errors: ErrInvalid,
// ErrBadCursor, each naming the argument.
func window(first, last *int, after, before *scalar.Cursor) (news.Window, error) {
	var w news.Window
	if first != nil && last != nil {
		return w, news.Invalid("last", "may not be combined with first")
	}
	var err error
	switch {
	case last != nil:
		w.Last, err = pageSize("last", *last)
	case first != nil:
		w.First, err = pageSize("first", *first)
	default:
		w.First = defaultPage
	}
	if err != nil {
		return w, err
	}
	if w.After, err = scalar.PageCursor("after", after); err != nil {
		return w, err
	}
	if w.Before, err = scalar.PageCursor("before", before); err != nil {
		return w, err
	}
	return w, nil
}

func pageSize(field string, n int) (int, error) {
	if n < 1 || n > news.MaxPage {
		return 0, news.Invalid(field, "must be between 1 and %d, not %d", news.MaxPage, n)
	}
	return n, nil
}

// bounded reads an argument that says how many, with its default.
func bounded(field string, n *int, otherwise, most int) (int, error) {
	if n == nil {
		return otherwise, nil
	}
	if *n < 1 || *n > most {
		return 0, news.Invalid(field, "must be between 1 and %d, not %d", most, *n)
	}
	return *n, nil
}

// connect puts a page into the shape of a connection. Its edges lie side by side.
func connect[E news.Entity, Edge any](p news.Page[E], edge func(scalar.Cursor, E) Edge) (edges []*Edge, info *model.PageInfo) {
	all := make([]Edge, len(p.Items))
	edges = make([]*Edge, len(p.Items))
	info = &model.PageInfo{HasNextPage: p.HasNext, HasPreviousPage: p.HasPrevious}
	var first, last scalar.Cursor
	for i, item := range p.Items {
		last = scalar.OfPage(news.CursorOf(item))
		if i == 0 {
			first = last
		}
		all[i] = edge(last, item)
		edges[i] = &all[i]
	}
	if len(p.Items) > 0 {
		info.StartCursor, info.EndCursor = &first, &last
	}
	return edges, info
}

func (r *Resolver) storyConnection(p news.Page[*news.Story]) *model.StoryConnection {
	edges, info := connect(p, func(c scalar.Cursor, s *news.Story) model.StoryEdge {
		return model.StoryEdge{Cursor: c, Node: s}
	})
	return &model.StoryConnection{
		Edges: edges, Nodes: nonNil(p.Items), PageInfo: info, LiveCursor: r.cursor(p.At),
	}
}

func (r *Resolver) tickerConnection(p news.Page[*news.TickerEntry]) *model.TickerConnection {
	edges, info := connect(p, func(c scalar.Cursor, e *news.TickerEntry) model.TickerEdge {
		return model.TickerEdge{Cursor: c, Node: e}
	})
	return &model.TickerConnection{
		Edges: edges, Nodes: nonNil(p.Items), PageInfo: info, LiveCursor: r.cursor(p.At),
	}
}

func tagConnection(p news.Page[*news.Tag]) *model.TagConnection {
	edges, info := connect(p, func(c scalar.Cursor, t *news.Tag) model.TagEdge {
		return model.TagEdge{Cursor: c, Node: t}
	})
	return &model.TagConnection{Edges: edges, Nodes: nonNil(p.Items), PageInfo: info}
}

func coverageConnection(p news.Page[*news.Coverage]) *model.CoverageConnection {
	edges, info := connect(p, func(c scalar.Cursor, v *news.Coverage) model.CoverageEdge {
		return model.CoverageEdge{Cursor: c, Node: v}
	})
	return &model.CoverageConnection{Edges: edges, Nodes: nonNil(p.Items), PageInfo: info}
}

func serviceTokenConnection(p news.Page[*news.ServiceToken]) *model.ServiceTokenConnection {
	edges, info := connect(p, func(c scalar.Cursor, t *news.ServiceToken) model.ServiceTokenEdge {
		return model.ServiceTokenEdge{Cursor: c, Node: t}
	})
	return &model.ServiceTokenConnection{Edges: edges, Nodes: nonNil(p.Items), PageInfo: info}
}

func webhookConnection(p news.Page[*news.Webhook]) *model.WebhookConnection {
	edges, info := connect(p, func(c scalar.Cursor, w *news.Webhook) model.WebhookEdge {
		return model.WebhookEdge{Cursor: c, Node: w}
	})
	return &model.WebhookConnection{Edges: edges, Nodes: nonNil(p.Items), PageInfo: info}
}

// nonNil keeps an empty list from being written as null.
func nonNil[E any](list []E) []E {
	if list == nil {
		return []E{}
	}
	return list
}
