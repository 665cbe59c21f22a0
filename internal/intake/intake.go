// Package intake reads news in and writes it out: pasted tickers and news pages,
// and the NDJSON archive. Whatever it brings in goes through the desk; bringing
// the same in again adds nothing, and an import never undoes what an editor has
// done since. Each thing that can't be used is reported with its line and the
// reason, and the rest goes on. It reads archives of any size in constant
// memory, and knows neither GraphQL nor any database.
package intake

import (
	"context"
	"fmt"

	"depeche/internal/news"
)

// An Archive is what intake reads of a store: every news.Store is one.
type Archive interface {
	news.Reading
	Version(ctx context.Context, id news.EntityID, version int) (news.Line, error)
}

// An Outcome is what became of something that was imported.
type Outcome string

// The outcomes of an import.
const (
	Added     Outcome = "ADDED"
	Changed   Outcome = "CHANGED"
	Unchanged Outcome = "UNCHANGED"
	// Differing: it is there with another text that is not the import's to
	// change. Only an article can be.
	Differing Outcome = "DIFFERING"
)

// earlier returns the lines that made the versions of an entity before the one
// that ref names, oldest first.
func earlier(ctx context.Context, store Archive, ref news.Ref) ([]news.Line, error) {
	var lines []news.Line
	for version := 1; version < ref.Version; version++ {
		line, err := store.Version(ctx, ref.ID, version)
		if err != nil {
			return nil, fmt.Errorf("read version %d of %s: %w", version, ref.ID, err)
		}
		lines = append(lines, line)
	}
	return lines, nil
}
