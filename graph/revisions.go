package graph

import (
	"context"

	"depeche/graph/model"
	"depeche/graph/scalar"
	"depeche/internal/desk"
	"depeche/internal/news"
)

// revisions answers the list of a story's versions.
func (r *Resolver) revisions(ctx context.Context, s *news.Story, first *int, after *scalar.Cursor) (*model.RevisionConnection, error) {
	n, err := bounded("first", first, defaultPage, news.MaxPage)
	if err != nil {
		return nil, err
	}
	before, err := scalar.RevisionCursor("after", s.ID, after)
	if err != nil {
		return nil, err
	}
	list, more, err := r.Desk.Revisions(ctx, r.actor(ctx), s.ID, before, n)
	if err != nil {
		return nil, err
	}
	c := &model.RevisionConnection{
		Edges: make([]*model.RevisionEdge, len(list)), Nodes: make([]*model.Revision, len(list)),
		PageInfo: &model.PageInfo{HasNextPage: more, HasPreviousPage: after != nil && before <= s.Version},
	}
	stories := make([]*news.Story, len(list))
	for i, rev := range list {
		stories[i] = rev.Doc.(*news.Story)
		c.Nodes[i] = &model.Revision{
			Version: stories[i].Version, Change: rev.Op, At: rev.At, By: rev.By,
			ChangedFields: nonNil(rev.Changed), Story: stories[i],
		}
		c.Edges[i] = &model.RevisionEdge{Cursor: scalar.OfRevision(s.ID, stories[i].Version), Node: c.Nodes[i]}
	}
	if len(list) > 0 {
		c.PageInfo.StartCursor, c.PageInfo.EndCursor = &c.Edges[0].Cursor, &c.Edges[len(list)-1].Cursor
	}
	loadersFrom(ctx).announceStories(stories...)
	return c, nil
}

// fieldDiffs puts what differs into the shape of the schema.
func fieldDiffs(diffs []desk.FieldDiff) []*model.FieldDiff {
	list := make([]*model.FieldDiff, len(diffs))
	for i, d := range diffs {
		list[i] = &model.FieldDiff{Field: d.Field, Before: d.Before, After: d.After, Parts: make([]*model.DiffPart, len(d.Parts))}
		for k, part := range d.Parts {
			list[i].Parts[k] = &model.DiffPart{Kind: model.DiffKind(part.Kind), Text: part.Text}
		}
	}
	return list
}
