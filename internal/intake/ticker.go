package intake

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"depeche/internal/desk"
	"depeche/internal/intake/page"
	"depeche/internal/news"
)

// The bounds of a pasted text.
const (
	maxPageText = 1_000_000 // characters
	maxEntries  = 2_000
)

// A TickerPage is a pasted ticker and what it can't say of itself.
type TickerPage struct {
	Text     string         // up to 1,000,000 characters, 2,000 lines of news
	At       time.Time      // when the page was taken: no line is younger
	Zone     *time.Location // of the times on the page
	Coverage *string        // slug or id of the lines' coverage; nil for none
	TagRefs  []string       // slugs or ids of the lines' tags
	Priority news.Priority  // of the lines; empty is ROUTINE
	Source   *news.Source   // of the lines
	DryRun   bool           // only tell what would be done
	Chrome   []string       // furniture of the page, beside what is known
}

// A TickerResult tells what became of a pasted ticker.
type TickerResult struct {
	DryRun                    bool
	Added, Changed, Unchanged int
	Lines                     []TickerLine // those that were understood, as on the page
	Refused                   []Refusal    // those that were not, as on the page
}

// A TickerLine is one line of a pasted ticker.
type TickerLine struct {
	Line       int // on the page, from 1
	Outcome    Outcome
	OccurredAt time.Time
	Confidence Confidence
	Headline   string
	Entry      *news.TickerEntry // nil for a new line in a dry run
}

// A Confidence says how sure the instant is that was made of a time.
type Confidence = page.Confidence

// The confidences of instants. The clock showed an ambiguous time twice.
const (
	Inferred  = page.Inferred
	Ambiguous = page.Ambiguous
)

// A Refusal is a line that could not be used, and why.
type Refusal = page.Refusal

// ImportTicker publishes the lines of a pasted ticker that are not there yet. A
// line is there when the same minute has an entry that has or once had its
// headline, or has been retracted under one near to it; where a near headline is
// in force, the source has edited the line, and the entry is revised. Entries of
// one minute are matched one to one.
//
// It may be called again with the same page, or with a later one, also at the
// same time: nothing is doubled. Errors: ErrInvalid (also when most lines are
// there on another day, so that the page can't be of that instant), and those of
// the desk. After an error some lines may be in.
func ImportTicker(ctx context.Context, d *desk.Desk, store Archive, who news.Actor, in TickerPage) (TickerResult, error) {
	if err := d.Authorize(who, desk.WriteTicker); err != nil {
		return TickerResult{}, err
	}
	p, err := in.parse(page.ParseTicker)
	if err != nil {
		return TickerResult{}, err
	}
	return importEntries(ctx, d, store, who, in, p)
}

func (in TickerPage) parse(parse func(string, page.Options) (page.Page, error)) (page.Page, error) {
	if n := utf8.RuneCountInString(in.Text); n > maxPageText {
		return page.Page{}, news.Invalid("text", "has %d characters; at most %d are allowed", n, maxPageText)
	}
	p, err := parse(in.Text, page.Options{Anchor: in.At, Zone: in.Zone, Chrome: in.Chrome})
	switch {
	case errors.Is(err, page.ErrNoAnchor):
		return p, news.Invalid("at", "is missing: %v", err)
	case errors.Is(err, page.ErrNoZone):
		return p, news.Invalid("timezone", "is missing: %v", err)
	case err != nil:
		return p, news.Invalid("text", "can't be read: %v", err)
	case len(p.Entries) > maxEntries:
		return p, news.Invalid("text", "has %d lines of news; at most %d are allowed", len(p.Entries), maxEntries)
	}
	return p, nil
}

// importEntries matches the entries of p with what is there and does what is
// left to do, from the bottom of the page to its top: so the log, and the ids
// of one minute, have the order in which the lines came.
func importEntries(ctx context.Context, d *desk.Desk, store Archive, who news.Actor, in TickerPage, p page.Page) (TickerResult, error) {
	result := TickerResult{DryRun: in.DryRun, Refused: p.Refused}
	if len(p.Entries) == 0 {
		return result, nil
	}
	// The newest line is the one that may be too far ahead. All else that the
	// desk looks at is the same for every line, or has been checked by page.
	like, err := d.CheckTickerEntry(ctx, who, func(e *desk.TickerEdit) {
		e.Headline, e.OccurredAt = p.Entries[0].Headline, p.Entries[0].OccurredAt
		e.Priority, e.Source = in.Priority, in.Source
		e.TagRefs, e.CoverageRef = in.TagRefs, in.Coverage
	})
	var invalid *news.InvalidError
	if errors.As(err, &invalid) && invalid.Field == "occurredAt" {
		return result, news.Invalid("at", "makes the newest line one that %s", invalid.Reason)
	}
	if err != nil {
		return result, err
	}
	lines := lineUp(p.Entries)
	if err := match(ctx, store, lines, in.Zone); err != nil {
		return result, err
	}
	if !in.DryRun {
		for _, l := range slices.Backward(lines) {
			if err := l.settle(ctx, d, who, like); err != nil {
				return result, fmt.Errorf("import line %d: %w", l.Line, err)
			}
		}
	}
	for _, l := range lines {
		if l.twin != nil {
			l.Entry = l.twin.Entry
		}
		switch l.Outcome {
		case Added:
			result.Added++
		case Changed:
			result.Changed++
		default:
			result.Unchanged++
		}
		result.Lines = append(result.Lines, l.TickerLine)
	}
	return result, nil
}

// settle publishes or revises the entry of a line, like the others of the page.
func (l *line) settle(ctx context.Context, d *desk.Desk, who news.Actor, like news.TickerContent) (err error) {
	switch l.Outcome {
	case Added:
		l.Entry, err = d.PublishTickerEntry(ctx, who, string(l.id), false, func(e *desk.TickerEdit) {
			e.TickerContent = like
			e.Headline, e.OccurredAt = l.Headline, l.OccurredAt
		})
	case Changed:
		l.Entry, err = d.ReviseTickerEntry(ctx, who, l.Entry.ID, l.Entry.Version, l.Headline)
	}
	return err
}

// lineID makes the id of a ticker entry that came without one. It follows from
// the line, so that two imports of one line at the same time make one entry; it
// is ordered by time; and rank, the number of lines of that instant below it,
// keeps lines of one instant in their order.
func lineID(at time.Time, rank int, headline string) news.TickerEntryID {
	var id ulid.ULID
	_ = id.SetTime(uint64(max(0, at.UnixMilli()))) // it fails after the year 10889
	binary.BigEndian.PutUint16(id[6:], uint16(rank))
	sum := sha256.Sum256([]byte(headline))
	copy(id[8:], sum[:])
	return news.TickerEntryID(news.KindTickerEntry.IDPrefix() + id.String())
}
