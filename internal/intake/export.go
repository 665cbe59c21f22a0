package intake

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"

	"depeche/internal/news"
)

// Export writes the whole newsroom as an archive: tags, coverages, stories and
// ticker entries, each ordered by id, in constant memory. It shows the newsroom
// at one line of the log, whatever happens meanwhile: brought into an empty
// store and exported again, the archive is the same to the byte.
func Export(ctx context.Context, store news.Store, w io.Writer) error {
	out := bufio.NewWriterSize(w, 64<<10)
	x := &export{store: store, changed: make(map[news.EntityID]int), slugs: make(memory[string])}
	if err := x.run(ctx, out); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// An export shows the newsroom at one line of the log.
type export struct {
	store news.Store
	seen  news.Seq // the log has been read up to here
	// changed holds the version that was in force of what has changed since; 0
	// where it was not there.
	changed map[news.EntityID]int
	slugs   memory[string] // by id
}

// exportPage is the number of entities that are read at a time.
const exportPage = 100

func (x *export) run(ctx context.Context, w io.Writer) (err error) {
	if x.seen, err = x.store.Head(ctx); err != nil {
		return err
	}
	for _, kind := range news.Kinds() {
		for last := news.EntityID(""); ; {
			page, err := x.store.Entities(ctx, kind, last, exportPage)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			last = page[len(page)-1].Ref().ID
			if page, err = x.asOf(ctx, page); err != nil {
				return err
			}
			if err := x.write(ctx, w, page); err != nil {
				return err
			}
		}
	}
	return nil
}

// asOf takes entities that have just been read back to how they were.
func (x *export) asOf(ctx context.Context, entities []news.Entity) ([]news.Entity, error) {
	for {
		lines, err := x.store.Lines(ctx, x.seen, 1000)
		if err != nil {
			return nil, err
		}
		if len(lines) == 0 {
			break
		}
		for _, line := range lines {
			x.seen = line.Seq
			ref := line.Doc.Ref()
			if _, known := x.changed[ref.ID]; !known {
				x.changed[ref.ID] = ref.Version - 1
			}
		}
	}
	var were []news.Entity
	for _, e := range entities {
		id := e.Ref().ID
		version, changed := x.changed[id]
		if changed && version > 0 {
			line, err := x.store.Version(ctx, id, version)
			if err != nil {
				return nil, fmt.Errorf("read version %d of %s: %w", version, id, err)
			}
			e = line.Doc
		}
		if !changed || version > 0 {
			were = append(were, e)
		}
	}
	return were, nil
}

func (x *export) write(ctx context.Context, w io.Writer, entities []news.Entity) error {
	for _, e := range entities {
		if tag, ok := e.(*news.Tag); ok && tag.Status != news.TagInUse {
			continue // the one that a merged tag was merged into has its names
		}
		line, err := x.line(ctx, e)
		if err != nil {
			return fmt.Errorf("%s: %w", e.Ref().ID, err)
		}
		if err := writeLine(w, line); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) line(ctx context.Context, e news.Entity) (any, error) {
	switch e := e.(type) {
	case *news.Tag:
		return encodeTag(e), nil
	case *news.Coverage:
		tags, err := x.slugsOf(ctx, e.Tags)
		return encodeCoverage(e, tags), err
	case *news.Story:
		tags, err := x.slugsOf(ctx, e.Tags)
		if err != nil {
			return nil, err
		}
		authors, err := x.slugsOf(ctx, e.Authors)
		return encodeStory(e, tags, authors), err
	case *news.TickerEntry:
		tags, err := x.slugsOf(ctx, e.Tags)
		if err != nil {
			return nil, err
		}
		story, err := x.slugOf(ctx, news.EntityID(e.Story))
		if err != nil {
			return nil, err
		}
		coverage, err := x.slugOf(ctx, news.EntityID(e.Coverage))
		return encodeTicker(e, tags, story, coverage), err
	}
	return nil, fmt.Errorf("a %T has no place in an archive", e)
}

func (x *export) slugsOf(ctx context.Context, tags []news.TagID) ([]string, error) {
	var slugs []string
	for _, id := range tags {
		slug, err := x.slugOf(ctx, news.EntityID(id))
		if err != nil {
			return nil, err
		}
		if !slices.Contains(slugs, slug) { // as of two tags that have been merged
			slugs = append(slugs, slug)
		}
	}
	return slugs, nil
}

// slugOf is the slug of an entity; empty where id is.
func (x *export) slugOf(ctx context.Context, id news.EntityID) (string, error) {
	if id == "" {
		return "", nil
	}
	if slug := x.slugs[string(id)]; slug != "" {
		return slug, nil
	}
	found, err := x.store.Nodes(ctx, news.Audience{Staff: true}, []news.EntityID{id})
	if err != nil {
		return "", err
	}
	if found[id] == nil {
		return "", fmt.Errorf("%s is named by it and is not there: %w", id, news.ErrNotFound)
	}
	was, err := x.asOf(ctx, []news.Entity{found[id]})
	if err != nil {
		return "", err
	}
	if len(was) == 0 {
		return "", fmt.Errorf("%s is named by it and came after it: %w", id, news.ErrNotFound)
	}
	slug := was[0].Slugs()[0]
	x.slugs.keep(string(id), slug)
	return slug, nil
}
