package news

import (
	"context"
	"time"
)

// A Store keeps the log and what follows from it. Every method may be called by
// many goroutines at once, ends early with the context's error when ctx ends,
// and answers ErrUnavailable when the store can't be reached. Instants go in and
// come out in UTC with millisecond precision. A Store reads no clock and applies
// no rule of the trade; the one rule that it does apply is visibility: what an
// Audience may not see does not exist for it.
//
// Entities that come out are shared: they must not be changed.
//
// Whatever an implementation promises is in internal/store/storetest.
type Store interface {
	Log
	Reading
	Handover
	Leasing

	// Commit appends changes to the log, a line each, in order, and makes them
	// readable. When it returns without an error, they are durable and every
	// reading that begins afterwards shows them.
	//
	// On an error the lines that it returns have been committed: a beginning of
	// changes, never one behind a gap. The error speaks of the first change that
	// was not: *ConflictError when its version does not follow the version that
	// is there (or the id belongs to another kind), *TakenError when a slug of
	// it belongs to another entity of the kind. After a context's error or
	// ErrUnavailable some more may have been committed; the same call made again
	// then meets a *ConflictError and doubles nothing.
	Commit(ctx context.Context, changes []Change) ([]Line, error)

	// Close ends the store after the calls under way. Later calls fail with
	// ErrUnavailable, and so does a Watch under way; closing again is no error.
	Close() error
}

// A Log is the reading side of the log.
type Log interface {
	// Epoch names the log. It never changes.
	Epoch() Epoch

	// Head is the number of the newest line, 0 while there is none.
	Head(ctx context.Context) (Seq, error)

	// Lines returns up to limit lines from the one after after on, without
	// holes, oldest first; empty at the head. Once a line has been returned, no
	// line below it ever turns up. limit is bounded to 1..1000.
	Lines(ctx context.Context, after Seq, limit int) ([]Line, error)

	// Version returns the line that made the version of an entity. It is for
	// the newsroom and knows no audience. Errors: ErrNotFound.
	Version(ctx context.Context, id EntityID, version int) (Line, error)

	// Versions returns lines that made versions of an entity, the newest first: up
	// to limit from the first version below before on, or from the newest where
	// before is 0; empty where there is none. It is for the newsroom and knows no
	// audience. limit is bounded to 1..1000.
	Versions(ctx context.Context, id EntityID, before, limit int) ([]Line, error)
	// Watch calls wake, from one goroutine, soon after lines have been added,
	// by whomever, until ctx ends; it then returns ctx's error. One call may
	// stand for many lines, and a call may come without need: wake is a hint
	// to read the log. wake must not block.
	Watch(ctx context.Context, wake func()) error
}

// Reading is what queries ask. Lists are as Page describes them, and a Window
// that can't be used is refused as Window.Check does. What is asked for by id or
// slug and is not there (or may not be seen) is left out of the answer.
//
// Stories and RelatedStories give stories in brief, as Story.InBrief does: a list
// loads no bodies. Everything else, of a Log too, gives them whole.
type Reading interface {
	// Nodes leaves out entities of private kinds. What is said of tags holds here too.
	Nodes(ctx context.Context, who Audience, ids []EntityID) (map[EntityID]Entity, error)

	StoriesByID(ctx context.Context, who Audience, ids []StoryID) (map[StoryID]*Story, error)
	// TagsByID gives for a merged tag the one that it was merged into, at the end of
	// the chain where that was merged too, and leaves out deleted ones. So do
	// TagsBySlug and Nodes.
	TagsByID(ctx context.Context, ids []TagID) (map[TagID]*Tag, error)
	TickerEntriesByID(ctx context.Context, ids []TickerEntryID) (map[TickerEntryID]*TickerEntry, error)
	CoveragesByID(ctx context.Context, ids []CoverageID) (map[CoverageID]*Coverage, error)

	// By slug, also by one that the entity had before.
	StoriesBySlug(ctx context.Context, who Audience, slugs []string) (map[string]*Story, error)
	TagsBySlug(ctx context.Context, slugs []string) (map[string]*Tag, error)
	CoveragesBySlug(ctx context.Context, slugs []string) (map[string]*Coverage, error)

	// Stories gives them in brief.
	Stories(ctx context.Context, who Audience, f StoryFilter, w Window) (Page[*Story], error)
	Tags(ctx context.Context, f TagFilter, w Window) (Page[*Tag], error)
	TickerEntries(ctx context.Context, f TickerFilter, w Window) (Page[*TickerEntry], error)
	Coverages(ctx context.Context, f CoverageFilter, w Window) (Page[*Coverage], error)

	// Listed is the list of any selection, as Page describes lists: those of private
	// kinds by time, newest first. It is for the newsroom, knows no audience, and
	// gives stories whole.
	Listed(ctx context.Context, sel Selection, w Window) (Page[Entity], error)
	// TagUses tells how much carries each tag, whatever its state. Tags that nothing
	// carries may be left out.
	TagUses(ctx context.Context, tags []TagID) (map[TagID]TagUse, error)
	// StoryCounts tells how many published stories carry each tag.
	StoryCounts(ctx context.Context, tags []TagID) (map[TagID]int, error)

	// TrendingTags ranks the tags of the given kinds by the number of published
	// stories, published since then, that carry them; ties by name, then id. It
	// looks at the newest 10,000 such stories at most.
	// A tag that is merged or deleted is not ranked: what still carries a merged one
	// counts for the one that stands for it as soon as it has been moved there.
	TrendingTags(ctx context.Context, since time.Time, kinds []TagKind, limit int) ([]TagCount, error)

	// RelatedStories ranks, for each story, the published stories that share
	// tags with it: by the sum of TagWeight over the shared tags, then newest
	// first. For each tag it looks at the newest 100 stories. It finds at most
	// limit stories for each, and gives them in brief.
	RelatedStories(ctx context.Context, who Audience, ids []StoryID, limit int) (map[StoryID][]*Story, error)

	// Entities walks all entities of a kind, private ones too, whatever their state, by ascending
	// id: up to limit from the first id above after. It is for archives and
	// knows no audience. limit is bounded to 1..1000.
	Entities(ctx context.Context, kind Kind, after EntityID, limit int) ([]Entity, error)
}

// A TagCount is a tag and a number of stories.
type TagCount struct {
	Tag     *Tag
	Stories int
}
