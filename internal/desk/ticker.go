package desk

import (
	"context"
	"reflect"
	"time"

	"depeche/internal/news"
)

// A TickerEdit is a ticker entry's content while somebody edits it. Its Tags,
// Story and Coverage are what they were; set the refs to change them.
type TickerEdit struct {
	news.TickerContent
	TagRefs     []string // slugs or ids; nil leaves the tags as they are
	StoryRef    *string  // slug or id, empty for none; nil leaves it as it is
	CoverageRef *string  // slug or id, empty for none; nil leaves it as it is
	// Occurred is OccurredAt as clocks show it; the zero Moment leaves OccurredAt as
	// it is. A time without a day is on the day that the entry is on, or, for a new
	// one, the last such time.
	Occurred Moment
}

// PublishTickerEntry publishes the line that edit fills in, pinned or not. An
// OccurredAt that is left out is now. id may be empty; with an id, a publication
// that is asked for again answers with the entry that is there. Errors:
// ErrInvalid, ErrConflict (the id belongs to something else), and those of
// Authorize.
func (d *Desk) PublishTickerEntry(ctx context.Context, who news.Actor, id string, pinned bool, edit func(*TickerEdit)) (*news.TickerEntry, error) {
	if err := d.Authorize(who, WriteTicker); err != nil {
		return nil, err
	}
	var e TickerEdit
	edit(&e)
	timeGiven, err := d.newLine(&e)
	if err != nil {
		return nil, err
	}
	var rules rulebook
	rules.id(id)
	content, err := d.tickerContent(ctx, &rules, e)
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = d.newID(news.KindTickerEntry.IDPrefix())
	}
	return create(ctx, d, who, creation[*news.TickerEntry]{
		kind: news.KindTickerEntry, op: news.OpPublished, id: news.EntityID(id),
		make: func(string) *news.TickerEntry {
			now := d.now()
			return &news.TickerEntry{
				ID: news.TickerEntryID(id), Version: 1, Status: news.TickerPublished,
				TickerContent: content, Pinned: pinned, PublishedAt: now, UpdatedAt: now,
			}
		},
		same: func(first *news.TickerEntry) bool {
			asked := content
			if !timeGiven {
				asked.OccurredAt = first.OccurredAt
			}
			return first.Pinned == pinned && reflect.DeepEqual(first.TickerContent, asked)
		},
	})
}

// CorrectTickerEntry changes an entry as edit does and keeps the public note with
// it. Errors: ErrNotFound, ErrConflict (the entry is in another version than
// expected), ErrInvalid (also when it is retracted), and those of Authorize.
func (d *Desk) CorrectTickerEntry(ctx context.Context, who news.Actor, id news.TickerEntryID, expected int, note string, kind news.CorrectionKind, edit func(*TickerEdit)) (*news.TickerEntry, error) {
	if err := d.Authorize(who, WriteTicker); err != nil {
		return nil, err
	}
	var rules rulebook
	note = rules.line("note", note, maxNote)
	if kind != news.Correcting && kind != news.Clarifying {
		rules.refuse("kind", "must be CORRECTION or CLARIFICATION; to withdraw a line, retract it")
	}
	if rules.err != nil {
		return nil, rules.err
	}
	current, err := d.tickerEntry(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	e := TickerEdit{TickerContent: current.Clone().TickerContent}
	edit(&e)
	if err := d.occurred(&e, current.OccurredAt, current.OccurredAt, sameDay); err != nil {
		return nil, err
	}
	content, err := d.tickerContent(ctx, &rules, e)
	if err != nil {
		return nil, err
	}
	next := d.nextTickerEntry(current)
	next.TickerContent = content
	explain(&next.Corrections, news.Correction{
		At: next.UpdatedAt, Note: note, Kind: kind, FromVersion: current.Version, ToVersion: next.Version,
	})
	return commitOne[*news.TickerEntry](ctx, d, who, news.OpCorrected, next, current)
}

// ReviseTickerEntry gives an entry the headline that its source has given it
// since. It is for imports: there is nobody who could say why. Errors: as
// CorrectTickerEntry.
func (d *Desk) ReviseTickerEntry(ctx context.Context, who news.Actor, id news.TickerEntryID, expected int, headline string) (*news.TickerEntry, error) {
	if err := d.Authorize(who, WriteTicker); err != nil {
		return nil, err
	}
	current, err := d.tickerEntry(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	var rules rulebook
	headline = rules.line("headline", headline, maxTitle)
	if rules.err != nil {
		return nil, rules.err
	}
	next := d.nextTickerEntry(current)
	next.Headline = headline
	return commitOne[*news.TickerEntry](ctx, d, who, news.OpUpdated, next, current)
}

// RetractTickerEntry withdraws an entry for good: the body goes, the headline
// and the public note stay. Errors: as CorrectTickerEntry.
func (d *Desk) RetractTickerEntry(ctx context.Context, who news.Actor, id news.TickerEntryID, expected int, note string) (*news.TickerEntry, error) {
	if err := d.Authorize(who, WriteTicker); err != nil {
		return nil, err
	}
	var rules rulebook
	if note = rules.line("note", note, maxNote); rules.err != nil {
		return nil, rules.err
	}
	current, err := d.tickerEntry(ctx, who, id, expected)
	if err != nil {
		return nil, err
	}
	next := d.nextTickerEntry(current)
	next.Status = news.TickerRetracted
	next.Body = ""
	next.Pinned, next.PinnedUntil = false, time.Time{}
	explain(&next.Corrections, news.Correction{
		At: next.UpdatedAt, Note: note, Kind: news.Retracting, FromVersion: current.Version, ToVersion: next.Version,
	})
	return commitOne[*news.TickerEntry](ctx, d, who, news.OpRetracted, next, current)
}

// PinTickerEntry pins an entry, until a moment or until it is unpinned, or unpins
// it; where it is so already, nothing changes. Errors: as CorrectTickerEntry.
func (d *Desk) PinTickerEntry(ctx context.Context, who news.Actor, id news.TickerEntryID, expected int, pinned bool, until Moment) (*news.TickerEntry, error) {
	if err := d.Authorize(who, WriteTicker); err != nil {
		return nil, err
	}
	end, err := d.pinEnd(pinned, until)
	if err != nil {
		return nil, err
	}
	current, err := d.tickerEntry(ctx, who, id, expected)
	if err != nil || current.Pinned == pinned && current.PinnedUntil.Equal(end) {
		return current, err
	}
	next := d.nextTickerEntry(current)
	next.Pinned, next.PinnedUntil = pinned, end
	op := news.OpUnpinned
	if pinned {
		op = news.OpPinned
	}
	return commitOne[*news.TickerEntry](ctx, d, who, op, next, current)
}

// tickerEntry reads the entry that who wants to change.
func (d *Desk) tickerEntry(ctx context.Context, who news.Actor, id news.TickerEntryID, expected int) (*news.TickerEntry, error) {
	found, err := d.store.TickerEntriesByID(ctx, []news.TickerEntryID{id})
	if err != nil {
		return nil, err
	}
	current, err := inVersion(ctx, d, who, found, "ticker entry", id, expected)
	if err != nil {
		return nil, err
	}
	if current.Status == news.TickerRetracted {
		return nil, news.Invalid("id", "names an entry that has been retracted")
	}
	return current, nil
}

func (d *Desk) nextTickerEntry(current *news.TickerEntry) *news.TickerEntry {
	next := current.Clone()
	next.Version++
	next.UpdatedAt = d.later(current.UpdatedAt)
	return next
}

// tickerContent checks an edit and finds what its refs name.
func (d *Desk) tickerContent(ctx context.Context, rules *rulebook, e TickerEdit) (news.TickerContent, error) {
	content := rules.ticker(e.TickerContent, d.now())
	if rules.err != nil {
		return content, rules.err
	}
	var err error
	if e.TagRefs != nil {
		if content.Tags, err = d.tags(ctx, "tags", e.TagRefs, "", maxTags); err != nil {
			return content, err
		}
	}
	if e.StoryRef != nil {
		if content.Story, err = d.storyRef(ctx, *e.StoryRef); err != nil {
			return content, err
		}
	}
	if e.CoverageRef != nil {
		if content.Coverage, err = d.coverageRef(ctx, *e.CoverageRef); err != nil {
			return content, err
		}
	}
	rules.aside(content)
	return content, rules.err
}

// maxCorrections bounds what an entity carries along with it; the log has all.
const maxCorrections = 100

func explain(corrections *[]news.Correction, c news.Correction) {
	*corrections = append([]news.Correction{c}, *corrections...)
	if len(*corrections) > maxCorrections {
		*corrections = (*corrections)[:maxCorrections]
	}
}
