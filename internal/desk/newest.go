package desk

import (
	"context"

	"depeche/internal/news"
)

// newest reads an entity as the log has it, whatever its state, and the line that
// made it so. ok is false where there is none by the id, or one of another kind:
// what that is, is nobody's business here.
func newest[E news.Entity](ctx context.Context, d *Desk, id news.EntityID) (line news.Line, e E, ok bool, err error) {
	lines, err := d.store.Versions(ctx, id, 0, 1)
	if err != nil || len(lines) == 0 {
		return line, e, false, err
	}
	e, ok = lines[0].Doc.(E)
	return lines[0], e, ok, nil
}

// pageOf is a page of a selection of one kind.
func pageOf[E news.Entity](ctx context.Context, d *Desk, sel news.Selection, w news.Window) (page news.Page[E], err error) {
	listed, err := d.store.Listed(ctx, sel, w)
	if err != nil {
		return page, err
	}
	page.HasPrevious, page.HasNext, page.At = listed.HasPrevious, listed.HasNext, listed.At
	for _, e := range listed.Items {
		page.Items = append(page.Items, e.(E))
	}
	return page, nil
}
