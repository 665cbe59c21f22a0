package intake

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"depeche/internal/desk"
	"depeche/internal/news"
	"depeche/internal/text"
)

// NDJSONOptions say how an archive is read.
type NDJSONOptions struct {
	// Strict ends the import at the first line that is refused, and refuses
	// lines with fields that the format does not have.
	Strict bool
	// Report hears of each line that is refused; nil: nobody does.
	Report func(line int, reason string)
	// Progress hears of what has been done so far, after each batch; nil: nobody
	// does. The Summary is its own.
	Progress func(Summary)
}

// A Summary tells what became of an archive.
type Summary struct {
	Lines   int               // read, without empty ones
	Added   map[news.Kind]int // also the tags that were made as needed
	Known   map[news.Kind]int // there already, and left as they were
	Refused int               // lines
	Unknown map[string]int    // fields that the format does not have, and how many lines have them
}

// maxUnknown bounds the names in Summary.Unknown; further ones are counted under
// "…".
const maxUnknown = 50

// A batch is committed when it has so many lines or bytes.
const (
	batchLines = 500
	batchBytes = 4 << 20
)

// ErrRefused ends a strict import.
var ErrRefused = errors.New("a line was refused")

// ImportNDJSON brings in an archive, perhaps packed by gzip, of any size in
// constant memory. A line that can't be used is reported and passed over. What
// is there already is left as it is: it is recognised by its id; without one, a
// story by its slug, a ticker entry by its instant and its headline. So the same
// archive can be brought in again, to go on where it was interrupted or to mend
// lines that were refused.
//
// A story without id and slug gets the slug of its title, with a number where
// that belongs to a story published at another time.
//
// When ctx ends, the batch under way is committed and ctx's error returned. The
// Summary is right in any case. Errors: those of the desk and of reading r, which
// say at what line; with Strict ErrRefused (a rule of the desk is found broken
// when the batch has been committed, so up to a batch of what follows may be in).
func ImportNDJSON(ctx context.Context, d *desk.Desk, store Archive, who news.Actor, r io.Reader, o NDJSONOptions) (Summary, error) {
	i := &ndjson{
		desk: d, store: store, who: who, options: o,
		sum: Summary{Added: make(map[news.Kind]int), Known: make(map[news.Kind]int), Unknown: make(map[string]int)},
	}
	i.names = &names{
		desk: d, store: store, who: who, commit: i.commitKind,
		made: func(*news.Tag) { i.sum.Added[news.KindTag]++ },
		tags: make(memory[news.TagID]), coverages: make(memory[news.CoverageID]), stories: make(memory[news.StoryID]),
		kinds: map[news.TagKind]memory[news.TagID]{news.TagSection: {}, news.TagContributor: {}},
	}
	if err := d.Authorize(who, desk.ImportArchive); err != nil {
		return i.sum, err
	}
	err := i.read(ctx, r)
	return i.sum, err
}

// An ndjson is an archive that is being brought in.
type ndjson struct {
	desk    *desk.Desk
	store   Archive
	who     news.Actor
	options NDJSONOptions
	names   *names
	sum     Summary

	batch []item
	bytes int

	at   time.Time // of the last ticker entry without an id
	rank int       // how many lines of that instant came before it
}

// An item is a line of the batch.
type item struct {
	line    int
	entity  news.Entity
	unnamed bool  // its id has been made up here
	err     error // it is refused
}

func (i *ndjson) read(ctx context.Context, r io.Reader) error {
	archive, err := readArchive(r)
	if err != nil {
		return err
	}
	// A batch that has been begun is brought to its end.
	whole := context.WithoutCancel(ctx)
	for {
		if err := ctx.Err(); err != nil {
			return errors.Join(i.commit(whole), err)
		}
		line, err := archive.next()
		if err != nil && !errors.Is(err, errTooLong) {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return errors.Join(i.commit(whole), err)
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		i.sum.Lines++
		next := item{line: archive.number, err: err}
		if err == nil {
			if next.err = i.decode(whole, line, &next); next.err != nil && !errors.Is(next.err, news.ErrInvalid) {
				return fmt.Errorf("import line %d: %w", archive.number, next.err)
			}
		}
		i.batch = append(i.batch, next)
		i.bytes += len(line)
		if len(i.batch) >= batchLines || i.bytes >= batchBytes || next.err != nil && i.options.Strict {
			if err := i.commit(whole); err != nil {
				return err
			}
		}
	}
}

// decode makes what a line tells of. Errors: ErrInvalid for the line, or what has
// befallen the store.
func (i *ndjson) decode(ctx context.Context, line []byte, next *item) error {
	rec, err := decodeRecord(line)
	if err != nil {
		return err
	}
	if err := i.unknown(rec.unknown); err != nil {
		return err
	}
	if e, ok := rec.entity.(*news.TickerEntry); ok && e.ID == "" {
		// As the desk will have it.
		if headline, err := text.Line(e.Headline); err == nil {
			e.Headline = headline
		}
		if i.rank++; !e.OccurredAt.Equal(i.at) {
			i.at, i.rank = e.OccurredAt, 0
		}
		e.ID = lineID(e.OccurredAt, i.rank, e.Headline)
		next.unnamed = true
	}
	next.entity = rec.entity
	return i.names.settle(ctx, rec)
}

// unknown notes the fields of a line that the format does not have.
func (i *ndjson) unknown(fields []string) error {
	if len(fields) > 0 && i.options.Strict {
		return news.Invalid(fields[0], "is a field that the format does not have")
	}
	for _, name := range slices.Compact(fields) {
		if _, counted := i.sum.Unknown[name]; !counted && len(i.sum.Unknown) >= maxUnknown {
			name = "…"
		}
		i.sum.Unknown[name]++
	}
	return nil
}

func (s Summary) clone() Summary {
	s.Added, s.Known, s.Unknown = maps.Clone(s.Added), maps.Clone(s.Known), maps.Clone(s.Unknown)
	return s
}
